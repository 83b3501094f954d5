"""The crops of a concept: those whose coefficient is high, and higher than every other concept's.

Letters: n crops, r concepts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from craft_core.bank import ConceptBank
from stimuli_builder.errors import SelectionError


@dataclass(frozen=True, eq=False, kw_only=True)
class Cluster:
    """The crops of one concept.

    Attributes
    ----------
    bank
        Where they come from.
    concept
        Row of its W.
    rows
        Crops, the highest coefficient first.
    """

    bank: ConceptBank
    concept: int
    rows: np.ndarray

    @property
    def path(self) -> str:
        """The class, then rows of the banks from the top, such as ``wolf/3/1``."""
        numbers = [self.concept]
        bank = self.bank
        while bank.parent is not None and bank.origin is not None:
            numbers.append(bank.origin.concept)
            bank = bank.parent
        return "/".join([bank.class_name, *map(str, reversed(numbers))])

    @property
    def images(self) -> np.ndarray:
        """Source image of each row, by number."""
        return np.asarray(owners(self.bank)[self.rows])

    @property
    def coefficients(self) -> np.ndarray:
        """Of the concept, for each row."""
        return np.asarray(coefficients(self.bank)[self.rows, self.concept])


def clusters_of(bank: ConceptBank, percentile: float) -> list[Cluster]:
    """Find the crops of every concept.

    Parameters
    ----------
    bank
        Of concepts or of sub-concepts.
    percentile
        In [0, 100): of a concept's coefficients; crops above it belong to the concept, if it is
        their largest one, coefficients counted in its own maxima.

    Returns
    -------
    list[Cluster]
        One a concept.
    """
    U = coefficients(bank)  # (n, r)
    shares = U / np.maximum(U.max(axis=0, keepdims=True), np.finfo(float).tiny)
    first = shares.argmax(axis=1)
    found = []
    for concept in range(bank.n_concepts):
        high = U[:, concept] > np.percentile(U[:, concept], percentile)
        rows = np.flatnonzero(high & (first == concept))
        order = rows[np.argsort(-U[rows, concept], kind="stable")]
        found.append(Cluster(bank=bank, concept=concept, rows=order))
    return found


def coefficients(bank: ConceptBank) -> np.ndarray:
    """Return U as an array.

    Parameters
    ----------
    bank
        Any bank.

    Returns
    -------
    np.ndarray
        (n, r).
    """
    found: np.ndarray = bank.U.detach().cpu().double().numpy()
    return found


def owners(bank: ConceptBank) -> np.ndarray:
    """Return the source image of each crop.

    Parameters
    ----------
    bank
        Any bank.

    Returns
    -------
    np.ndarray
        (n,), numbers of `bank.files`.
    """
    found: np.ndarray = bank.crops.image.numpy()
    return found


def crop_shares(bank: ConceptBank) -> np.ndarray:
    """Return the side of each crop, as a share of the largest crop of its image.

    Parameters
    ----------
    bank
        Any bank.

    Returns
    -------
    np.ndarray
        (n,), in (0, 1]; 1 everywhere where crops have one size.
    """
    boxes = bank.crops.boxes.numpy()
    sides = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]).astype(float)
    images = owners(bank)
    largest = np.zeros(images.max(initial=0) + 1)
    np.maximum.at(largest, images, sides)
    shares: np.ndarray = sides / largest[images]
    return shares


def take_distinct(
    rows: Iterable[int], images: np.ndarray, n: int, *, without: set[int], what: str
) -> list[int]:
    """Take the first crops of different images.

    Parameters
    ----------
    rows
        To take from, in order.
    images
        Source image of each crop of the bank.
    n
        Crops.
    without
        Images that may not come.
    what
        They are, for the message.

    Returns
    -------
    list[int]
        Rows.

    Raises
    ------
    SelectionError
        If there are too few images.
    """
    chosen: dict[int, int] = {}
    for row in rows:
        image = int(images[row])
        if image not in without and image not in chosen and len(chosen) < n:
            chosen[image] = int(row)
    if len(chosen) < n:
        raise SelectionError(
            f"{what} must have crops of {n - len(chosen)} more images for the design; got "
            f"{len(chosen)} of {n}. Give more images, more crops an image, or a lower percentile."
        )
    return list(chosen.values())
