"""How pictures become what a network takes.

Letters: H x W pixels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms import v2

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Transform:
    """Size and units of a network's input.

    Attributes
    ----------
    size_px
        Side of the network's square input.
    mean, std
        Of each colour, subtracted and divided by, for values in [0, 1].
    """

    size_px: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def whole(self, picture: Tensor) -> Tensor:
        """Scale the shorter side to the input and cut out the centre.

        Parameters
        ----------
        picture
            (3, H, W), bytes.

        Returns
        -------
        Tensor
            (3, size_px, size_px).
        """
        scaled = v2.functional.resize(picture, [self.size_px], antialias=True)
        centre: Tensor = v2.functional.center_crop(scaled, [self.size_px, self.size_px])
        return self.normalise(centre)

    def normalise(self, picture: Tensor) -> Tensor:
        """Turn bytes into the network's units.

        Parameters
        ----------
        picture
            (..., 3, H, W), bytes.

        Returns
        -------
        Tensor
            (..., 3, H, W).
        """
        normalised: Tensor = v2.functional.normalize(picture / 255, list(self.mean), list(self.std))
        return normalised

    def seen_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Say which part of a picture `whole` leaves.

        Parameters
        ----------
        height
            H.
        width
            W.

        Returns
        -------
        tuple[int, int, int, int]
            Left, top, right, bottom of the centre square, pixels of the picture.

        Examples
        --------
        >>> Transform().seen_box(100, 160)
        (30, 0, 130, 100)
        """
        side = min(height, width)
        left, top = round((width - side) / 2), round((height - side) / 2)
        return left, top, left + side, top + side

    def to_picture(self, maps: Tensor, height: int, width: int) -> Tensor:
        """Bring maps of the network's input into the pixels of the picture it was made of.

        Parameters
        ----------
        maps
            (..., size_px, size_px).
        height
            H of the picture.
        width
            W.

        Returns
        -------
        Tensor
            (..., H, W), zero where the network sees nothing.
        """
        left, top, right, bottom = self.seen_box(height, width)
        flat = maps.reshape(1, -1, *maps.shape[-2:])
        scaled = torch.nn.functional.interpolate(
            flat, size=(bottom - top, right - left), mode="bilinear", antialias=True
        )
        placed = maps.new_zeros(*maps.shape[:-2], height, width)
        placed[..., top:bottom, left:right] = scaled.reshape(*maps.shape[:-2], *scaled.shape[-2:])
        return placed
