"""Figures for publication, by the names that the paper's figures have, from a concept store."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from craft_core.attribution import concept_maps
from craft_core.bank import ConceptBank
from craft_core.checks import check_choice
from craft_core.class_extraction import class_generator
from craft_core.class_images import ClassImages
from craft_core.concepts import ClassCrops, crop_activations
from craft_core.errors import CraftError
from craft_core.explanation import Explanation, explain_image
from craft_core.explanation_figures import explanation_figure
from craft_core.fidelity_figures import BANK_NAMES, save_publication
from craft_core.figures import CROPS_SHOWN, IMAGES_SHOWN, class_figure
from craft_core.images import predict
from craft_core.opened_store import OpenedStore, open_store
from craft_core.pictures import concept_color, crop_image
from craft_core.report import StoredClass, feature_pictures, open_class
from craft_core.sanity import sanity_check
from craft_core.sanity_figures import sanity_figure
from craft_core.tree_figures import tree_figure

CELL_PX, GAP_PX, CELLS = 112, 5, (2, 3)  # rows and columns of a concept's crops
FEATURE_STEPS = 128


def draw_figure(  # noqa: PLR0913 - the options of one command
    name: str,
    store: Path,
    folder: Path,
    out: Path,
    *,
    class_name: str | None = None,
    beside: Path | None = None,
    checkpoint: Path | None = None,
) -> list[Path]:
    """Draw a figure of the paper's kind and write it as PNG, PDF and SVG.

    Parameters
    ----------
    name
        One of `FIGURES`, of a class; or of `GRIDS`, of all classes; in either case of letters.
        ``s4`` and ``s5`` are of the kind of ``s3``.
    store
        Of ``craft-concepts extract``.
    folder
        Of the pictures that the store was made of.
    out
        Folder for the files, which are named after figure and class.
    class_name
        Of the figure; None takes the store's first, or all where the figure is of all.
    beside
        Store of the same classes by another method, for figure ``s1``.
    checkpoint
        File of the network's weights, where it has moved since the store was made.

    Returns
    -------
    list[Path]
        The files.

    Raises
    ------
    CraftError
        If there is no such figure, or the store has not what it shows.
    """
    name = name.lower()
    kind = ALIASES.get(name, name)
    check_choice("figure", kind, [*FIGURES, *GRIDS])
    opened = [open_store(each, checkpoint) for each in _stores(kind, store, beside)]
    names = list(opened[0].classes)
    if kind in GRIDS:
        shown = names if class_name is None else [class_name]
        classes = [open_class(each, shown_name, folder) for shown_name in shown for each in opened]
        figure = concepts_grid(classes, GRIDS[kind], with_features=kind == "5")
        stem = f"figure_{name}" if class_name is None else f"figure_{name}_{class_name}"
    else:
        stored = open_class(opened[0], class_name or names[0], folder)
        figure, stem = FIGURES[kind](stored), f"figure_{name}_{stored.bank.class_name}"
    out.mkdir(parents=True, exist_ok=True)
    return save_publication(figure, out / stem)


def explain_stored(
    store: Path,
    image: Path,
    stem: Path,
    *,
    class_name: str | None = None,
    folder: Path | None = None,
    checkpoint: Path | None = None,
) -> tuple[Explanation, list[Path]]:
    """Explain any image in the concepts of a store's class, and draw it.

    Parameters
    ----------
    store
        Of ``craft-concepts extract``.
    image
        A readable picture, of the store or not.
    stem
        Path of the figure without an ending.
    class_name
        Which class; None takes the one that the network predicts.
    folder
        Of the pictures that the store was made of; None draws no crops.
    checkpoint
        File of the network's weights, where it has moved since the store was made.

    Returns
    -------
    tuple[Explanation, list[Path]]
        What was found, and the figure's files.

    Raises
    ------
    CraftError
        If the store has no concepts of the predicted class; the message says which it has.
    """
    opened = open_store(store, checkpoint)
    if class_name is not None:
        check_choice("class", class_name, list(opened.classes))
        chosen = class_name
    else:
        chosen = _predicted(opened, image)
    bank = opened.bank(chosen) if folder is None else open_class(opened, chosen, folder).bank
    files = [] if folder is None else [folder / file for file in bank.files]
    found = explain_image(bank, image)
    stem.parent.mkdir(parents=True, exist_ok=True)
    return found, save_publication(explanation_figure(found, files), stem)


def concepts_grid(
    stored: list[StoredClass], n_concepts: int, *, with_features: bool = False
) -> Figure:
    """Show the most important concepts of several classes by their best crops.

    Figure 5 has an image made for each concept beside the crops; figures S1 and S2 have crops
    alone. S1 puts methods below each other, which are then named.

    Parameters
    ----------
    stored
        Classes with importance.
    n_concepts
        At most so many of each.
    with_features
        Whether each concept has a feature visualisation.

    Returns
    -------
    Figure
        One row a class, or a class and method.
    """
    width = 3.9 if with_features else 2.5
    figure = Figure(
        figsize=(width * n_concepts, 2.0 * len(stored) + 0.2), dpi=150, layout="constrained"
    )
    grid = figure.subplots(len(stored), n_concepts, squeeze=False)
    several = len({each.bank.method for each in stored}) > 1
    for row, each in zip(grid, stored, strict=True):
        for axes in row:
            axes.axis("off")
        ranking = _ranking(each.bank)[:n_concepts]
        features = feature_pictures(each, FEATURE_STEPS, ranking) if with_features else []
        for rank, (axes, concept) in enumerate(zip(row, ranking, strict=False)):
            _crops_cell(axes, each, concept, rank, features[rank] if features else None)
        method = BANK_NAMES.get(each.bank.method, each.bank.method)
        title = f"“{each.bank.class_name}”" + (f"\n{method}" if several else "")
        named = {"rotation": 90, "ha": "right", "va": "center", "fontsize": 10}
        row[0].text(-0.03, 0.5, title, transform=row[0].transAxes, **named)
    return figure


def _stores(kind: str, store: Path, beside: Path | None) -> list[Path]:
    """List the stores that a figure shows: two of figure S1, one of others."""
    if kind == "s1" and beside is None:
        raise CraftError(
            "figure s1 must have a second store, by another method; got none. Name it with "
            "--beside."
        )
    return [store] if beside is None or kind != "s1" else [store, beside]


def _misclassified(stored: StoredClass) -> Figure:
    """Figure 1: the surest error among the images called by the class's name."""
    if not stored.wrong:
        raise CraftError(
            f"figure 1 must have an image wrongly called {stored.bank.class_name}; got none in the "
            'store. "craft-concepts explain" takes any image.'
        )
    row = stored.wrong[0]
    found = explain_image(stored.bank, stored.folder / row.file)
    return explanation_figure(found, stored.files, true_class=row.label)


def _class(stored: StoredClass) -> Figure:
    """Figure 2: importance, best crops, and where concepts are."""
    shown = stored.files[:IMAGES_SHOWN] if stored.bank.backbone.is_spatial else []
    maps = concept_maps(stored.bank, shown) if shown else torch.zeros(0)
    return class_figure(stored.bank, stored.files, shown, maps)


def _tree(stored: StoredClass) -> Figure:
    """Figure 3: concepts and their sub-concepts."""
    if not stored.bank.children:
        raise CraftError(
            f"figure 3 must have sub-concepts of {stored.bank.class_name}; got none in the store. "
            "Add [recursion] to its configuration."
        )
    return tree_figure(stored.bank, stored.files)


def _features(stored: StoredClass) -> Figure:
    """Figures S3 to S5: feature visualisations beside the crops they should look like."""
    bank = stored.bank
    pictures = feature_pictures(stored, FEATURE_STEPS)
    figure = Figure(figsize=(7.2, 1.35 * bank.n_concepts), dpi=150, layout="constrained")
    grid = figure.subplots(bank.n_concepts, 1 + CROPS_SHOWN, squeeze=False)
    for rank, (row, concept) in enumerate(zip(grid, _ranking(bank), strict=True)):
        for axes in row:
            axes.axis("off")
        row[0].imshow(np.asarray(pictures[concept]))
        row[0].set_title(_title(bank, concept), fontsize=8, loc="left", color=concept_color(rank))
        for axes, crop in zip(row[1:], bank.best_crops(concept, CROPS_SHOWN), strict=False):
            axes.imshow(np.asarray(crop_image(bank, crop, stored.files, CELL_PX)))
    return figure


def _sanity(stored: StoredClass) -> Figure:
    """Figure S9: the same crops in a network whose weights are drawn anew."""
    bank = stored.bank
    of = ClassImages(
        images=stored.files,
        names=bank.files,
        class_id=bank.class_id,
        class_name=bank.class_name,
        selection=bank.selection,
    )
    A = crop_activations(bank.backbone, stored.files, bank.crops)
    found = ClassCrops(backbone=bank.backbone, of=of, crops=bank.crops, A=A)
    generator = class_generator(stored.seed, bank.class_id)
    check = sanity_check(found, bank.n_concepts, generator=generator, scope="cascade", n_steps=4)
    return sanity_figure(check, stored.files)


FIGURES: dict[str, Callable[[StoredClass], Figure]] = {
    "1": _misclassified,
    "2": _class,
    "3": _tree,
    "s3": _features,
    "s9": _sanity,
}
GRIDS = {"5": 3, "s2": 4, "s1": 3}  # concepts of each class
ALIASES = {"s4": "s3", "s5": "s3"}  # the same of other classes


def _crops_cell(
    axes: Axes, stored: StoredClass, concept: int, rank: int, feature: Image.Image | None
) -> None:
    """Draw a concept's best crops, right of the image made for it where there is one."""
    bank, (rows, columns) = stored.bank, CELLS
    each = CELL_PX + GAP_PX
    side = rows * each - GAP_PX
    start = 0 if feature is None else side + GAP_PX
    cell = np.ones((side, start + columns * each - GAP_PX, 3))
    if feature is not None:
        cell[:, :side] = np.asarray(feature.resize((side, side), Image.Resampling.LANCZOS)) / 255
    for place, crop in enumerate(bank.best_crops(concept, rows * columns)):
        top, left = place // columns * each, start + place % columns * each
        pixels = np.asarray(crop_image(bank, crop, stored.files, CELL_PX)) / 255
        cell[top : top + CELL_PX, left : left + CELL_PX] = pixels
    axes.imshow(cell)
    axes.set_title(_title(bank, concept), fontsize=9, loc="left", color=concept_color(rank))


def _title(bank: ConceptBank, concept: int) -> str:
    found = bank.concepts[concept]
    return found.name if found.importance is None else f"{found.name} ({found.importance:.2f})"


def _ranking(bank: ConceptBank) -> list[int]:
    return list(range(bank.n_concepts)) if bank.importance is None else bank.importance.ranking


def _predicted(store: OpenedStore, image: Path) -> str:
    """Name the class that the network predicts, which must be one of the store's."""
    names = list(store.classes)
    predicted = int(predict(store.backbone, [image]).argmax())
    of_class = [name for name, class_id in store.classes.items() if class_id == predicted]
    if not of_class:
        raise CraftError(
            f"image {image.name} must be predicted as one of {names}; got class {predicted}. Name "
            "one of them with --class to see what speaks for it."
        )
    return of_class[0]
