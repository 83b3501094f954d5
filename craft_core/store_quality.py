"""One table of how good banks are, for stores made by different methods or from different seeds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2

from craft_core.bank import ConceptBank
from craft_core.bank_quality import bank_quality, quality_table
from craft_core.errors import ClassError, CraftError
from craft_core.fidelity_tables import write_table
from craft_core.opened_store import open_store
from craft_core.report import StoredClass, open_class

COLUMNS = [
    *("class_name", "store", "name", "n_concepts", "error", "sparsity", "coherence", "overlap"),
    *("explained", "logit_error", "stability", "mask_energy"),
]
Row = Mapping[str, object]


def compare_stores(
    stores: Sequence[Path],
    folder: Path,
    *,
    class_name: str | None = None,
    masks: Path | None = None,
    generator: torch.Generator,
    checkpoint: Path | None = None,
) -> list[Row]:
    """Measure every class's bank in every store, on the images that are predicted as the class.

    Parameters
    ----------
    stores
        Of ``craft-concepts extract``, from the same images and network.
    folder
        Of the pictures.
    class_name
        One class alone; None takes all of the first store.
    masks
        Folder of the drawn scenario that the pictures come from, for ``mask_energy``; see
        `deciding_masks`.
    generator
        Draws the crops that best crops are compared with.
    checkpoint
        File of the network's weights, where it has moved since the stores were made.

    Returns
    -------
    list[Row]
        Class by class, one row a store, with `COLUMNS`; see `craft_core.bank_quality` for what the
        figures say. The stability is that over stores of the same method, layer and number of
        concepts, None where there is one.

    Raises
    ------
    CraftError
        If stores are of different networks, or the scenario has no masks of an image.
    StoreError
        If a store lacks the class or was altered, or pictures are missing.
    ClassError
        If no image is predicted as the class.
    """
    read = [open_store(store, checkpoint) for store in stores]
    names = list(read[0].classes) if class_name is None else [class_name]
    rows: list[Row] = []
    for name in names:
        opened = [open_class(store, name, folder) for store in read]
        _check_network(stores, opened)
        rows += _rows_of_class(name, stores, opened, masks, generator)
    return rows


def write_quality(file: Path, rows: Sequence[Row]) -> None:
    """Write rows as a CSV file.

    Parameters
    ----------
    file
        Its folder is made.
    rows
        Of `compare_stores`.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    write_table(file, COLUMNS, [[row[column] for column in COLUMNS] for row in rows])


def deciding_masks(folder: Path, files: Sequence[str], *, size_px: int) -> Tensor:
    """Tell where the parts that decide are seen in the images of a drawn scenario.

    Parameters
    ----------
    folder
        Of the scenario: ``scenario.json`` names the deciding parts, ``masks/parts.json`` their
        values, and ``masks/FILE`` says which part is seen at each pixel.
    files
        n of its images.
    size_px
        Side of the network's input.

    Returns
    -------
    Tensor
        (n, size_px, size_px), boolean, of the square that the network sees.

    Raises
    ------
    CraftError
        If a file of the scenario is missing or can't be read.
    """
    try:
        deciding = json.loads((folder / "scenario.json").read_bytes())["deciding_parts"]
        values = json.loads((folder / "masks" / "parts.json").read_bytes())
        wanted = [values[part] for part in deciding]
        seen = [_square(folder / "masks" / file, size_px) for file in files]
    except (OSError, ValueError, KeyError) as error:
        raise CraftError(
            f"masks must be the folder of a drawn scenario with its maps of parts; got {folder}: "
            f"{error}."
        ) from error
    return torch.from_numpy(np.isin(np.stack(seen), wanted))


def _square(file: Path, size_px: int) -> np.ndarray:
    """Cut a map of parts as `craft_core.transforms.Transform.whole` cuts its image."""
    nearest = v2.InterpolationMode.NEAREST
    with Image.open(file) as labels:
        scaled = v2.functional.resize(labels.convert("L"), [size_px], interpolation=nearest)
    return np.asarray(v2.functional.center_crop(scaled, [size_px, size_px]))


def _rows_of_class(
    name: str,
    stores: Sequence[Path],
    opened: Sequence[StoredClass],
    masks: Path | None,
    generator: torch.Generator,
) -> list[Row]:
    first = opened[0]
    names = [row.file for row in first.images if row.predicted == name]
    files = [first.folder / file for file in names]
    if not files:
        raise ClassError(f"class {name} must have images that are predicted as it; got 0.")
    found = [
        bank_quality(
            stored.bank,
            files,
            generator=generator,
            others=[
                other.bank
                for other in opened
                if other is not stored and _made_alike(other.bank, stored.bank)
            ],
            masks=None
            if masks is None
            else deciding_masks(masks, names, size_px=stored.bank.backbone.transform.size_px),
        )
        for stored in opened
    ]
    return [
        {"class_name": name, "store": str(store), **row}
        for store, row in zip(stores, quality_table(found), strict=True)
    ]


def _made_alike(bank: ConceptBank, other: ConceptBank) -> bool:
    """Return whether two banks differ in their seeds alone."""
    ours, theirs = ((each.method, each.n_concepts, each.backbone.layer) for each in (bank, other))
    return ours == theirs


def _check_network(stores: Sequence[Path], opened: Sequence[StoredClass]) -> None:
    ours = opened[0].bank.backbone.weights_sha256
    for store, stored in zip(stores, opened, strict=True):
        theirs = stored.bank.backbone.weights_sha256
        if theirs != ours:
            raise CraftError(
                f"stores must be of one network; got weights {theirs[:12]}… in {store} and "
                f"{ours[:12]}… in {stores[0]}."
            )
