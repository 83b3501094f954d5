"""Images that a person would take for the same (perceptual hashes, by imagehash)."""

from collections.abc import Mapping, Sequence

import imagehash
import numpy as np
from PIL import Image

HASH_SIDE = 16  # 256 bits
BLOCK = 512  # pictures that are compared with all others at once
MAX_DISTANCE = (
    48  # of the 256 bits; measured: 26 to 48 for a twentieth cut off, >= 58 between images
)


def perceptual_hash(image: Image.Image) -> np.ndarray:
    """Reduce a picture to what its low frequencies say (pHash).

    Parameters
    ----------
    image
        RGB.

    Returns
    -------
    np.ndarray
        (256,), boolean.
    """
    found: np.ndarray = imagehash.phash(image, hash_size=HASH_SIDE).hash.ravel()
    return found


def near_duplicates(hashes: Mapping[str, np.ndarray]) -> list[tuple[str, str]]:
    """Find pairs of pictures that are nearly the same.

    Parameters
    ----------
    hashes
        Name -> of `perceptual_hash`.

    Returns
    -------
    list[tuple[str, str]]
        Names, in the order of the mapping.
    """
    names, bits = list(hashes), _stacked(hashes)
    pairs = []
    for first in range(0, len(names), BLOCK):
        distances = _distances(bits[first : first + BLOCK], bits)
        near = np.triu(distances <= MAX_DISTANCE, k=first + 1)
        pairs += [
            (names[first + row], names[column])
            for row, column in zip(*np.nonzero(near), strict=True)
        ]
    return pairs


def without_near_duplicates(
    names: Sequence[str], hashes: Mapping[str, np.ndarray], *, certain: int = 0
) -> list[str]:
    """Keep the first of pictures that are nearly the same.

    Parameters
    ----------
    names
        In the order in which they are kept.
    hashes
        Name -> of `perceptual_hash`.
    certain
        How many of the first are kept whatever they are like.

    Returns
    -------
    list[str]
        In the same order.
    """
    twins: dict[str, set[str]] = {name: set() for name in names}
    for first, second in near_duplicates({name: hashes[name] for name in names}):
        twins[first].add(second)
        twins[second].add(first)
    kept: dict[str, None] = {}
    for place, name in enumerate(names):
        if place < certain or not twins[name] & kept.keys():
            kept[name] = None
    return list(kept)


def _stacked(hashes: Mapping[str, np.ndarray]) -> np.ndarray:
    """Stack hashes, (n, 256), zeros and ones."""
    if not hashes:
        return np.zeros((0, HASH_SIDE**2), dtype=np.float32)
    return np.stack(list(hashes.values())).astype(np.float32)


def _distances(some: np.ndarray, every: np.ndarray) -> np.ndarray:
    """Count the bits in which hashes differ, (m, n)."""
    found: np.ndarray = some.sum(axis=1)[:, None] + every.sum(axis=1)[None] - 2 * some @ every.T
    return found
