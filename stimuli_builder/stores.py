"""The concept stores a study is built from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.opened_store import open_store
from craft_core.provenance import file_sha256
from craft_core.store import StoredImage
from stimuli_builder.errors import StimuliError


@dataclass(frozen=True, eq=False, kw_only=True)
class ConceptStore:
    """A concept store that was read.

    Attributes
    ----------
    path
        Its folder.
    described
        What ``store.json`` holds.
    images
        The rows of ``images.csv``.
    banks
        Class -> its concepts.
    """

    path: Path
    described: dict[str, Any]
    images: list[StoredImage]
    banks: dict[str, ConceptBank]

    @property
    def classes(self) -> list[str]:
        """Class names, in the network's order."""
        return list(self.banks)

    @property
    def method(self) -> str:
        """How its concepts were found."""
        return next(iter(self.banks.values())).method

    @property
    def sha256(self) -> str:
        """Of ``store.json``."""
        return file_sha256(self.path / "store.json")


def read_store(path: Path, checkpoint: Path | None = None) -> ConceptStore:
    """Read a concept store and the banks of all its classes.

    Parameters
    ----------
    path
        Its folder.
    checkpoint
        File of the network's weights; None takes the one that the store's configuration names.

    Returns
    -------
    ConceptStore
        With its networks loaded.

    Raises
    ------
    StimuliError
        If a part of it is missing or was altered, or it has no class.
    """
    try:
        opened = open_store(path, checkpoint)
        banks = {name: opened.bank(name) for name in opened.classes}
    except CraftError as error:
        raise StimuliError(str(error)) from error
    if not banks:
        raise StimuliError(f"concept store {path} must have a class; got none.")
    return ConceptStore(path=path, described=opened.described, images=opened.images, banks=banks)


def read_stores(paths: Sequence[Path], checkpoint: Path | None = None) -> list[ConceptStore]:
    """Read the concept stores of one network, found by different methods.

    Parameters
    ----------
    paths
        Their folders; the first one's images and classes are the study's.
    checkpoint
        As for `read_store`.

    Returns
    -------
    list[ConceptStore]
        In the same order.

    Raises
    ------
    StimuliError
        If one can't be read, two are of one method, or their networks or images differ.
    """
    stores = [read_store(path, checkpoint) for path in paths]
    first = stores[0]
    for other in stores[1:]:
        if other.method in [store.method for store in stores if store is not other]:
            raise StimuliError(
                f"concept stores must be of different methods; got {other.method!r} twice."
            )
        theirs, ours = (store.described["network"]["weights_sha256"] for store in (other, first))
        if theirs != ours:
            raise StimuliError(
                f"concept stores must be of one network; got weights {theirs[:12]}… in "
                f"{other.path} and {ours[:12]}… in {first.path}. Extract {other.path} again with "
                f'"--probe {first.path}".'
            )
        if not _are_same(other.images, first.images):
            raise StimuliError(
                f"concept stores must be of the same images with the same splits; got others in "
                f"{other.path} than in {first.path}."
            )
    return stores


def _are_same(images: Sequence[StoredImage], others: Sequence[StoredImage]) -> bool:
    """Compare images, splits and predictions; probabilities may differ in their last digits."""
    ours, theirs = (
        [replace(image, probability=0.0) for image in every] for every in (images, others)
    )
    return ours == theirs
