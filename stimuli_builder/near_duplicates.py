"""Images that a person would take for the same (perceptual hashes, by imagehash)."""

from collections.abc import Mapping, Sequence

import imagehash
import numpy as np
from PIL import Image

HASH_SIDE = 16  # 256 bits
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
    distances = (bits[:, None] != bits[None]).sum(axis=2) if names else np.zeros((0, 0))
    rows, columns = np.nonzero(np.triu(distances <= MAX_DISTANCE, k=1))
    return [(names[row], names[column]) for row, column in zip(rows, columns, strict=True)]


def without_near_duplicates(names: Sequence[str], hashes: Mapping[str, np.ndarray]) -> list[str]:
    """Keep the first of pictures that are nearly the same.

    Parameters
    ----------
    names
        In the order in which they are kept.
    hashes
        Name -> of `perceptual_hash`.

    Returns
    -------
    list[str]
        In the same order.
    """
    twins: dict[str, set[str]] = {name: set() for name in names}
    for first, second in near_duplicates({name: hashes[name] for name in names}):
        twins[first].add(second)
        twins[second].add(first)
    kept: list[str] = []
    for name in names:
        if not twins[name] & set(kept):
            kept.append(name)
    return kept


def _stacked(hashes: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.stack(list(hashes.values())) if hashes else np.zeros((0, HASH_SIDE**2), dtype=bool)
