"""Which image files a person would take for the same, such as two shots of one moment."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from craft_core.images import read_picture
from craft_core.pictures import as_image
from stimuli_builder.errors import StimuliError
from stimuli_builder.near_duplicates import near_duplicates, perceptual_hash


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
        File -> file; of an image like no other, its own.

    Raises
    ------
    StimuliError
        If one cannot be read.
    """
    first = {file: file for file in files}
    for one, other in near_duplicates({file: hash_image(folder / file) for file in first}):
        first[other] = first[one]
    return first


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
