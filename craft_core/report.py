"""The concept report: ``craft-concepts report`` writes one self-contained page a class.

Pictures lie in the pages as data, so that a page can be sent as it is; nothing is loaded from
anywhere. `craft_core/templates/concepts.html` is the page.
"""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import torch
from matplotlib.figure import Figure
from PIL import Image

from craft_core.attribution import concept_maps
from craft_core.bank import ConceptBank
from craft_core.class_extraction import class_generator
from craft_core.errors import StoreError
from craft_core.explanation import Explanation, explain_image
from craft_core.explanation_figures import driver_picture, rank_of
from craft_core.feature_viz import visualise_concepts
from craft_core.map_figures import IMAGE_PX, LINES, outline_strongest
from craft_core.opened_store import OpenedStore, open_store
from craft_core.pictures import (
    PALETTE,
    as_image,
    concept_color,
    crop_image,
    picture_of,
    seen_square,
)
from craft_core.store import StoredImage, replacing

CROPS_SHOWN, CROP_PX, SHOWN_PX = 6, 128, 336
IMAGES_SHOWN, WRONG_SHOWN = 6, 3
MARK = "index.html"
DASHES = ("none", "8 3", "2 2.5", "9 3 2 3", "5 2 2 2 2 2")  # of `LINES`, for SVG


@dataclass(frozen=True, eq=False, kw_only=True)
class StoredClass:
    """A class of a store, with its pictures at hand.

    Attributes
    ----------
    bank
        With its source images.
    folder
        Of the pictures.
    images
        All rows of the store's ``images.csv``.
    seed
        Of the store.
    """

    bank: ConceptBank
    folder: Path
    images: Sequence[StoredImage]
    seed: int

    @property
    def files(self) -> list[Path]:
        """Paths of the bank's source images."""
        return [self.folder / file for file in self.bank.files]

    @property
    def wrong(self) -> list[StoredImage]:
        """Images that the network puts into the class and that are of another, surest first."""
        name = self.bank.class_name
        found = [row for row in self.images if row.predicted == name and row.label != name]
        return sorted(found, key=lambda row: -row.probability)


def open_class(store: OpenedStore | Path, name: str, folder: Path) -> StoredClass:
    """Read a class of a store and check that its pictures are there.

    Parameters
    ----------
    store
        Of ``craft-concepts extract``; one that was opened has its network loaded once.
    name
        Of the class.
    folder
        Of the pictures, as ``extract`` was given.

    Returns
    -------
    StoredClass
        Whose bank has its source images.

    Raises
    ------
    StoreError
        If the store has no such class, a file was altered or is missing, or the network's weights
        are others than those the bank was made with.
    """
    opened = store if isinstance(store, OpenedStore) else open_store(store)
    bank = opened.bank(name)
    missing = [file for file in bank.files if not (folder / file).is_file()]
    if missing:
        raise StoreError(
            f"image folder must hold the {len(bank.files)} images of class {name}; {missing[0]} is "
            f"not in {folder}. Give the folder that the store was made of with --images."
        )
    return StoredClass(
        bank=replace(bank, images=[folder / file for file in bank.files]),
        folder=folder,
        images=opened.images,
        seed=opened.described["seed"],
    )


def write_report(
    store: Path,
    folder: Path,
    out: Path,
    *,
    feature_steps: int = 64,
    checkpoint: Path | None = None,
) -> list[Path]:
    """Write a page a class, and a page that lists them.

    Parameters
    ----------
    store
        Of ``craft-concepts extract``.
    folder
        Of the pictures.
    out
        A folder, new or of an earlier report.
    feature_steps
        Of the feature visualisation; 0 leaves it out.
    checkpoint
        File of the network's weights, where it has moved since the store was made.

    Returns
    -------
    list[Path]
        The pages, the list first.

    Raises
    ------
    StoreError
        If store and pictures do not belong together, or the folder holds something else.
    """
    opened = open_store(store, checkpoint)
    names = list(opened.classes)
    with replacing(out, MARK) as unfinished:
        for name in names:
            stored = open_class(opened, name, folder)
            page = render_page(stored, names=names, feature_steps=feature_steps)
            (unfinished / page_file(name, names)).write_text(page)
        listed = _template("concepts_index.html").render(
            store=opened.described, pages=_pages(names)
        )
        (unfinished / MARK).write_text(listed)
    return [out / MARK, *(out / page for page in _pages(names).values())]


def page_file(name: str, names: Sequence[str]) -> str:
    """Name a class's page; the list of classes is called index.

    Parameters
    ----------
    name
        Of the class.
    names
        Of all classes.

    Returns
    -------
    str
        A file.

    Examples
    --------
    >>> page_file("wolf", ["wolf", "index"]), page_file("index", ["wolf", "index"])
    ('wolf.html', '_index.html')
    """
    stem = name
    while stem.casefold() == "index" or (stem != name and stem in names):
        stem = f"_{stem}"
    return f"{stem}.html"


def _pages(names: Sequence[str]) -> dict[str, str]:
    return {name: page_file(name, names) for name in names}


def render_page(stored: StoredClass, *, names: Sequence[str] = (), feature_steps: int = 64) -> str:
    """Write a class's page.

    Parameters
    ----------
    stored
        Of `open_class`.
    names
        Of all classes, for links to their pages.
    feature_steps
        Of the feature visualisation; 0 leaves it out.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    StoreError
        If the bank has no importance.
    """
    bank = stored.bank
    if bank.importance is None:
        raise StoreError(f"bank {bank.class_name} must have importance to be reported; got none.")
    wrong = stored.wrong[:WRONG_SHOWN]
    return _template("concepts.html").render(
        bank=bank,
        pages=_pages(names),
        measure="TCAV score" if bank.importance.method.startswith("tcav") else "total Sobol index",
        probe="" if bank.backbone.probe is None else "a probe on ",
        concepts=_concepts(stored, feature_steps),
        images=_image_rows(stored),
        wrong=[_wrong_row(stored, row) for row in wrong],
        n_wrong=len(stored.wrong),
        n_predicted=sum(row.predicted == bank.class_name for row in stored.images),
        has_features=feature_steps > 0,
    )


def picture_data(image: Image.Image) -> str:
    """Turn a picture into a URL that holds it.

    Parameters
    ----------
    image
        RGB.

    Returns
    -------
    str
        ``data:image/jpeg;base64,...``
    """
    held = io.BytesIO()
    image.save(held, "JPEG", quality=88, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode()


def ink_on(color: str) -> str:
    """Choose black or white, whichever reads better on a colour.

    Parameters
    ----------
    color
        ``#rrggbb``.

    Returns
    -------
    str
        The one whose contrast by WCAG 2 is larger.

    Examples
    --------
    >>> ink_on("#0072b2"), ink_on("#e69f00")
    ('#ffffff', '#000000')
    """
    shares = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def outlined(file: Path, heat: torch.Tensor, ranking: Sequence[int]) -> Image.Image:
    """Draw an image with the outlines of its strongest concepts.

    Parameters
    ----------
    file
        The picture.
    heat
        (r, H, W).
    ranking
        Concepts in the order of importance.

    Returns
    -------
    Image.Image
        336 pixels wide and high.
    """
    figure = Figure(figsize=(IMAGE_PX / 100, IMAGE_PX / 100), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(np.asarray(seen_square(picture_of(file), IMAGE_PX)))
    axes.axis("off")
    outline_strongest(axes, heat, ranking)
    held = io.BytesIO()
    figure.savefig(held, format="png")
    return Image.open(held).convert("RGB")


def feature_pictures(
    stored: StoredClass, n_steps: int, concepts: Sequence[int] | None = None
) -> list[Image.Image]:
    """Find an image for each concept.

    Parameters
    ----------
    stored
        Of `open_class`.
    n_steps
        Of the optimisation.
    concepts
        Those wanted; None takes all, in the order of the bank.

    Returns
    -------
    list[Image.Image]
        One a concept.
    """
    generator = class_generator(stored.seed, stored.bank.class_id)
    seen = visualise_concepts(stored.bank, concepts, generator=generator, n_steps=n_steps)
    bytes_ = (seen.pictures * 255).round().to(torch.uint8).cpu()
    return [as_image(picture) for picture in bytes_]


def _concepts(stored: StoredClass, feature_steps: int) -> list[dict[str, Any]]:
    """Describe the concepts, the most important first."""
    bank = stored.bank
    features = feature_pictures(stored, feature_steps) if feature_steps else []
    most = 0.0 if bank.importance is None else float(bank.importance.high.max())
    rows = []
    for rank, concept in enumerate(bank.importance.ranking if bank.importance else []):
        found = bank.concepts[concept]
        rows.append(
            {
                "number": rank + 1,
                "name": found.name,
                "color": concept_color(rank),
                "ink": ink_on(concept_color(rank)),
                "dash": DASHES[rank // len(PALETTE) % len(LINES)],
                "value": found.importance,
                "low": found.low,
                "high": found.high,
                "effect": found.effect,
                "most": most or 1.0,
                "crops": _crops(bank, concept, stored.files),
                "feature": picture_data(features[concept]) if features else "",
                "below": _below(bank, concept, stored.files),
            }
        )
    return rows


def _below(bank: ConceptBank, concept: int, files: Sequence[Path]) -> list[dict[str, Any]]:
    """Describe sub-concepts and what lies below them; shams are left out."""
    rows = []
    for child in bank.children:
        origin = child.origin
        if origin is None or origin.kind != "split" or origin.concept != concept:
            continue
        for inner in child.shares.argsort(descending=True, stable=True).tolist():
            rows.append(
                {
                    "name": child.concepts[inner].name,
                    "share": child.concepts[inner].share,
                    "layer": child.backbone.layer,
                    "crops": _crops(child, inner, files),
                    "below": _below(child, inner, files),
                }
            )
    return rows


def _crops(bank: ConceptBank, concept: int, files: Sequence[Path]) -> list[str]:
    best = bank.best_crops(concept, CROPS_SHOWN)
    return [picture_data(crop_image(bank, crop, files, CROP_PX)) for crop in best]


def _image_rows(stored: StoredClass) -> list[dict[str, str]]:
    """Draw some of the class's images with the outlines of their concepts."""
    bank = stored.bank
    files = stored.files[:IMAGES_SHOWN]
    if not bank.backbone.is_spatial or bank.importance is None:
        return []
    maps = concept_maps(bank, files)
    return [
        {
            "name": file.name,
            "picture": picture_data(outlined(file, heat, bank.importance.ranking)),
        }
        for file, heat in zip(files, maps, strict=True)
    ]


def _wrong_row(stored: StoredClass, row: StoredImage) -> dict[str, Any]:
    found = explain_image(stored.bank, stored.folder / row.file)
    return {
        "name": row.file,
        "label": row.label,
        "probability": row.probability,
        "picture": picture_data(seen_square(picture_of(found.file), SHOWN_PX)),
        "drivers": [_driver(found, concept) for concept in found.drivers],
    }


def _driver(found: Explanation, concept: int) -> dict[str, Any]:
    rank = rank_of(found.bank, concept)
    return {
        "name": found.bank.concepts[concept].name,
        "number": rank + 1,
        "color": concept_color(rank),
        "ink": ink_on(concept_color(rank)),
        "effect": float(found.effects[concept]),
        "picture": picture_data(driver_picture(found, concept, (), size_px=SHOWN_PX)),
    }


def _template(name: str) -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True).get_template(name)
