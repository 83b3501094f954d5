"""Maps from derivatives with respect to pixels, by captum.

Letters: n images of H x W pixels, k scores.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from craft_core.maps.targets import Target, seeded

STEPS = 50  # of integrated gradients
SAMPLES, NOISE = 25, 0.15  # of SmoothGrad; the noise as a share of the images' range


def saliency(target: Target, images: Tensor) -> Tensor:
    """Take the largest absolute derivative over the colours (Simonyan et al. 2014).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).

    Returns
    -------
    Tensor
        (n, k, H, W), >= 0.
    """
    from captum import attr  # loads for seconds

    method = attr.Saliency(target.score)
    return _each(target, images, lambda pixels, k: method.attribute(pixels, k).amax(dim=1))


def gradient_input(target: Target, images: Tensor) -> Tensor:
    """Multiply derivatives by pixels, and add up the colours (Shrikumar et al. 2017).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W), in the network's units, whose zero is the mean colour.

    Returns
    -------
    Tensor
        (n, k, H, W), of both signs.
    """
    from captum import attr  # loads for seconds

    method = attr.InputXGradient(target.score)
    return _each(target, images, lambda pixels, k: method.attribute(pixels, k).sum(dim=1))


def integrated_gradients(target: Target, images: Tensor, *, n_samples: int = STEPS) -> Tensor:
    """Average derivatives on the way from the mean colour (Sundararajan et al. 2017).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W), in the network's units, whose zero is the mean colour.
    n_samples
        Steps on the way.

    Returns
    -------
    Tensor
        (n, k, H, W), of both signs; the sum over pixels is what the score has more than a grey
        image's, as far as the steps are fine enough.
    """
    from captum import attr  # loads for seconds

    method = attr.IntegratedGradients(target.score)
    at_once = max(target.backbone.batch_size, len(images))
    return _each(
        target,
        images,
        lambda pixels, k: method.attribute(
            pixels, target=k, n_steps=n_samples, internal_batch_size=at_once
        ).sum(dim=1),
    )


def smoothgrad(
    target: Target, images: Tensor, *, generator: torch.Generator, n_samples: int = SAMPLES
) -> Tensor:
    """Average derivatives over noisy copies (Smilkov et al. 2017), then as in saliency.

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).
    generator
        Draws the noise, of which the deviation is 0.15 of the images' range.
    n_samples
        Copies.

    Returns
    -------
    Tensor
        (n, k, H, W), >= 0.
    """
    from captum import attr  # loads for seconds

    method = attr.NoiseTunnel(attr.Saliency(target.score))
    spread = NOISE * float(images.max() - images.min())

    def one(pixels: Tensor, k: int) -> Tensor:
        with seeded(generator, images.device):
            slopes: Tensor = method.attribute(
                pixels,
                nt_type="smoothgrad",
                nt_samples=n_samples,
                nt_samples_batch_size=max(1, target.backbone.batch_size // len(pixels)),
                stdevs=spread,
                target=k,
                abs=False,
            )
        return slopes.abs().amax(dim=1)

    return _each(target, images, one)


def _each(target: Target, images: Tensor, attribute: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Explain one score after the other."""
    maps = [
        attribute(images.detach().clone().requires_grad_(), k).detach()
        for k in range(target.n_scores)
    ]
    return torch.stack(maps, dim=1)
