"""Scaling and cutting of pictures, by torchvision.

It is imported where it is first used: that takes as long as importing torch, and a build whose
pictures are all kept needs none of it.
"""

from collections.abc import Sequence

from torch import Tensor


def resized(pictures: Tensor, size: Sequence[int]) -> Tensor:
    """Scale pictures with antialiasing.

    Parameters
    ----------
    pictures
        (..., H, W), bytes or numbers.
    size
        New height and width, or the new shorter side alone.

    Returns
    -------
    Tensor
        Of the same type.
    """
    from torchvision.transforms.v2 import functional

    scaled: Tensor = functional.resize(pictures, list(size), antialias=True)
    return scaled


def centre(pictures: Tensor, size: Sequence[int]) -> Tensor:
    """Cut the centre out of pictures.

    Parameters
    ----------
    pictures
        (..., H, W).
    size
        Height and width of the centre.

    Returns
    -------
    Tensor
        A view, where the pictures are not smaller.
    """
    from torchvision.transforms.v2 import functional

    cut: Tensor = functional.center_crop(pictures, list(size))
    return cut
