"""How pictures become what a network takes.

Letters: H x W pixels.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from craft_core.resizing import centre, resized

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
        scaled = resized(picture, [self.size_px])
        return self.normalise(centre(scaled, [self.size_px, self.size_px]))

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
        numbers = picture / 255
        mean, std = (numbers.new_tensor(x)[:, None, None] for x in (self.mean, self.std))
        return (numbers - mean) / std

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

    def to_picture(self, maps: Tensor, height: int, width: int, *, outside: float = 0.0) -> Tensor:
        """Bring maps of the network's input into the pixels of the picture it was made of.

        The steps of `whole` are undone one by one, so that a pixel of the map lies where the
        pixels lay that it was made of.

        Parameters
        ----------
        maps
            (..., size_px, size_px).
        height
            H of the picture.
        width
            W.
        outside
            Value where the network sees nothing.

        Returns
        -------
        Tensor
            (..., H, W).
        """
        flat = maps.reshape(-1, 1, *maps.shape[-2:])
        scaled, (top, left) = self._scaled_size(height, width), self._corner(height, width)
        canvas = flat.new_zeros(len(flat), 1, *scaled)
        inside = (slice(top, top + self.size_px), slice(left, left + self.size_px))
        canvas[..., inside[0], inside[1]] = flat
        seen = flat.new_zeros(1, 1, *scaled)
        seen[..., inside[0], inside[1]] = 1
        placed, share = (
            functional.interpolate(each, size=(height, width), mode="bilinear", antialias=True)
            for each in (canvas, seen)
        )
        found = torch.where(share >= 0.5, placed / share.clamp_min(0.5), outside)
        return found.reshape(*maps.shape[:-2], height, width)

    def _scaled_size(self, height: int, width: int) -> tuple[int, int]:
        """Size of a picture whose shorter side is scaled to the input, as torchvision rounds it."""
        longer = self.size_px * max(height, width) // min(height, width)
        return (self.size_px, longer) if height <= width else (longer, self.size_px)

    def _corner(self, height: int, width: int) -> tuple[int, int]:
        """Top and left of the scaled picture's centre, as torchvision rounds them."""
        top, left = (round((side - self.size_px) / 2) for side in self._scaled_size(height, width))
        return top, left
