"""How well numbers tell classes apart, beside how well they tell shuffled ones.

Leaving one image out puts the classes of the others out of balance by it, and their means move away
from it: numbers that tell nothing are then wrong more often than right, down to never right, and a
weak lead looks harmless. Here nothing is left out. A line through all images tells shuffled classes
too, a little, and it is what it tells of these that counts as chance.
"""

from itertools import combinations

import numpy as np

LEAST_IMAGES = 3  # of a class, or any line tells it
SHRINKAGE = 0.05  # of the covariance towards an equal one, since images are few
TINY = 1e-9
QUANTILES = (0.025, 0.975)


def can_be_told(labels: np.ndarray) -> bool:
    """Say whether there are two classes of enough images.

    Parameters
    ----------
    labels
        (n,). Class of each image.

    Returns
    -------
    bool
        Whether `told_pairs` has pairs.
    """
    return len(_classes(labels)) > 1


def told_pairs(features: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of pairs of two classes that numbers put in the right order.

    The order is that along the linear discriminant of the two classes: the share is the area under
    its ROC curve.

    Parameters
    ----------
    features
        (n, d). Numbers of each image.
    labels
        (n,). Class of each image; those of fewer than three images are left out.

    Returns
    -------
    float
        In [0, 1]. Pairs that numbers leave equal count half.
    """
    scaled = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), TINY)
    told = [
        _told(scaled[labels == one], scaled[labels == other])
        for one, other in combinations(_classes(labels), 2)
    ]
    return float(np.concatenate(told).mean())


def told_by_chance(
    features: np.ndarray, labels: np.ndarray, *, generator: np.random.Generator, n_shuffles: int
) -> tuple[float, float, float]:
    """Return what `told_pairs` comes to where numbers tell nothing.

    Parameters
    ----------
    features
        (n, d). Numbers of each image.
    labels
        (n,). Class of each image; shuffled.
    generator
        Shuffles.
    n_shuffles
        At least 1.

    Returns
    -------
    tuple[float, float, float]
        The mean over shuffles, and the ends of the range of 95 % of them.
    """
    found = [told_pairs(features, generator.permutation(labels)) for _ in range(n_shuffles)]
    low, high = np.quantile(found, QUANTILES)
    return float(np.mean(found)), float(low), float(high)


def _classes(labels: np.ndarray) -> list[str]:
    names, counts = np.unique(labels, return_counts=True)
    return [str(name) for name, n in zip(names, counts, strict=True) if n >= LEAST_IMAGES]


def _told(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Say of each pair whether it is told, (pairs,)."""
    off = np.concatenate([one - one.mean(axis=0), other - other.mean(axis=0)])
    scatter = off.T @ off
    size = len(scatter)
    equal = (SHRINKAGE * np.trace(scatter) / size + TINY) * np.eye(size)
    line = np.linalg.solve((1 - SHRINKAGE) * scatter + equal, one.mean(axis=0) - other.mean(axis=0))
    merits = np.subtract.outer(one @ line, other @ line).ravel()
    is_equal = np.abs(merits) <= TINY * np.abs(merits).max()
    return np.where(is_equal, 0.5, merits > 0)
