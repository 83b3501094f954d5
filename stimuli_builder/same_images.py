"""Which image files a person would take for the same, such as two shots of one moment."""

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import imagehash
import numpy as np

from craft_core import images
from craft_core.images import read_picture
from craft_core.pictures import as_image
from craft_core.provenance import file_sha256
from stimuli_builder import near_duplicates as search
from stimuli_builder.cache import keep, kept
from stimuli_builder.errors import StimuliError
from stimuli_builder.near_duplicates import near_duplicates, perceptual_hash

_CODE = b"".join(  # that hashes
    file_sha256(Path(inspect.getfile(each))).encode() for each in (images, search, imagehash)
)
HASHED_BY: Final = hashlib.sha256(_CODE).hexdigest()[:16]


def first_of_same(folder: Path, files: Iterable[str]) -> dict[str, str]:
    """Name for each image the first of those that are nearly the same.

    Parameters
    ----------
    folder
        Of the images.
    files
        In it.

    Returns
    -------
    dict[str, str]
        File -> file; of an image like no other, its own. Of three of which the last is like both
        others, all have the first.

    Raises
    ------
    StimuliError
        If one cannot be read.
    """
    first = {file: file for file in files}
    place = {file: number for number, file in enumerate(first)}
    for one, other in near_duplicates({file: hash_image(folder / file) for file in first}):
        kept, dropped = sorted((first[one], first[other]), key=place.__getitem__)
        first = {file: kept if each == dropped else each for file, each in first.items()}
    return first


def hash_images(
    folder: Path, sha256s: Mapping[str, str], cache: Path | None
) -> dict[str, np.ndarray]:
    """Hash images by what a person sees, those anew that were not hashed before.

    Parameters
    ----------
    folder
        Of the images.
    sha256s
        Image file -> hash of its bytes, which were checked.
    cache
        Where hashes are kept between builds; None keeps none.

    Returns
    -------
    dict[str, np.ndarray]
        File -> as from `hash_image`, in the same order.

    Raises
    ------
    StimuliError
        If one cannot be read.
    """
    hashes = {}
    for name, sha256 in sha256s.items():
        place = None if cache is None else cache / f"{sha256}-{HASHED_BY}.phash"
        packed = None if place is None else kept(place)
        if packed is None:
            packed = np.packbits(hash_image(folder / name)).tobytes()
            if place is not None:
                keep(place, packed)
        hashes[name] = np.unpackbits(np.frombuffer(packed, dtype=np.uint8)).astype(bool)
    return hashes


def hash_image(file: Path) -> np.ndarray:
    """Hash an image file by what a person sees.

    Parameters
    ----------
    file
        Its path.

    Returns
    -------
    np.ndarray
        (256,), boolean, of `near_duplicates.perceptual_hash`.

    Raises
    ------
    StimuliError
        If it cannot be read.
    """
    picture = read_picture(file)
    if picture is None:
        raise StimuliError(f"image must be readable; got {file}.")
    return perceptual_hash(as_image(picture))
