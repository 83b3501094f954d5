"""Images as functions of what is optimised: their spectrum, or the phase of it alone.

Letters: k images of S x S pixels.
"""

from typing import Protocol

import torch
from torch import Tensor

DECAY = 0.8  # appendix B.3
# Colours of photographs lie along grey, blue-yellow and red-green; what is optimised is mixed by
# the root of ImageNet's colour covariance (the constants of lucid, Olah et al. 2017).
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


class Parametrisation(Protocol):
    """What `craft_core.feature_viz` optimises."""

    parameters: Tensor

    def pictures(self) -> Tensor:
        """Draw the images; (k, 3, S, S), in [0, 1], differentiable."""
        ...


class FourierImages:
    """Images by their spectrum, in which each frequency is weighted by ``f^-decay``.

    Gradient steps then change coarse and fine structure alike; in pixels they make noise (Olah et
    al. 2017).

    Parameters
    ----------
    k
        Images.
    size_px
        S.
    generator
        Draws the start.
    device
        Of the parameters.
    """

    def __init__(
        self, k: int, size_px: int, *, generator: torch.Generator, device: torch.device
    ) -> None:
        shape = (k, 3, size_px, size_px // 2 + 1, 2)
        drawn = torch.randn(shape, generator=generator, device=generator.device)
        self.parameters = (0.01 * drawn).to(device).requires_grad_()
        frequencies = frequency_lengths(size_px).to(device)
        self._scale = frequencies.clamp_min(1 / size_px) ** -DECAY / 4  # lucid's constant
        self._size_px = size_px
        self._colours = colour_mixing().to(device)

    def pictures(self) -> Tensor:
        """Draw the images.

        Returns
        -------
        Tensor
            (k, 3, S, S), in [0, 1].
        """
        spectrum = torch.view_as_complex(self.parameters) * self._scale
        signal = torch.fft.irfft2(spectrum, s=(self._size_px, self._size_px), norm="ortho")
        return torch.sigmoid(torch.einsum("dc,kchw->kdhw", self._colours, signal))


class MagnitudeConstrainedImages:
    """Images whose spectrum has the magnitude of natural images, ``1/f``, and a free phase (MaCo).

    Parameters
    ----------
    k
        Images.
    size_px
        S.
    generator
        Draws the start.
    device
        Of the parameters.
    """

    def __init__(
        self, k: int, size_px: int, *, generator: torch.Generator, device: torch.device
    ) -> None:
        shape = (k, 3, size_px, size_px // 2 + 1)
        drawn = torch.rand(shape, generator=generator, device=generator.device) * 2 - 1
        self.parameters = (torch.pi * drawn).to(device).requires_grad_()
        frequencies = frequency_lengths(size_px).to(device)
        magnitude = 1 / frequencies.clamp_min(1 / size_px)
        magnitude[0, 0] = 0  # the mean colour is grey
        self._magnitude, self._size_px = magnitude, size_px
        self._colours = colour_mixing().to(device)

    def pictures(self) -> Tensor:
        """Draw the images.

        Returns
        -------
        Tensor
            (k, 3, S, S), in [0, 1].
        """
        spectrum = torch.polar(self._magnitude.expand_as(self.parameters), self.parameters)
        signal = torch.fft.irfft2(spectrum, s=(self._size_px, self._size_px), norm="ortho")
        signal = signal / signal.std(dim=(1, 2, 3), keepdim=True).clamp_min(1e-6)
        return torch.sigmoid(torch.einsum("dc,kchw->kdhw", self._colours, signal))


def frequency_lengths(size_px: int) -> Tensor:
    """Compute the length of each frequency of a real transform.

    Parameters
    ----------
    size_px
        S.

    Returns
    -------
    Tensor
        (S, S // 2 + 1), cycles a pixel.
    """
    down = torch.fft.fftfreq(size_px)[:, None]
    across = torch.fft.rfftfreq(size_px)[None]
    lengths: Tensor = (down.square() + across.square()).sqrt()
    return lengths


def colour_mixing() -> Tensor:
    """Give the matrix from uncorrelated to photographs' colours.

    Returns
    -------
    Tensor
        (3, 3), its longest column of length 1.
    """
    root = torch.tensor(COLOURS)
    mixing: Tensor = root / root.norm(dim=0).max()
    return mixing
