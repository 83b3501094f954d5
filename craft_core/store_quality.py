"""One table of how good banks are, for stores made by different methods or from different seeds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from craft_core.bank import ConceptBank
from craft_core.bank_quality import bank_quality, quality_table
from craft_core.errors import ClassError, CraftError
from craft_core.fidelity_tables import write_table
from craft_core.opened_store import open_store
from craft_core.report import StoredClass, open_class

COLUMNS = [
    *("class_name", "store", "name", "n_concepts", "error", "sparsity", "coherence", "overlap"),
    *("explained", "logit_error", "stability"),
]
Row = Mapping[str, object]


def compare_stores(
    stores: Sequence[Path],
    folder: Path,
    *,
    class_name: str | None = None,
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
        If stores are of different networks.
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
        rows += _rows_of_class(name, stores, opened, generator)
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


def _rows_of_class(
    name: str,
    stores: Sequence[Path],
    opened: Sequence[StoredClass],
    generator: torch.Generator,
) -> list[Row]:
    first = opened[0]
    files = [first.folder / row.file for row in first.images if row.predicted == name]
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
