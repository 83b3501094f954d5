"""Maps from superpixels: LIME and KernelSHAP, by captum, on segments by scikit-image.

Letters: n images of H x W pixels, k scores.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skimage.segmentation import slic
from torch import Tensor

from craft_core.maps.targets import Recorded, Target, seeded

SEGMENTS, COMPACTNESS = 50, 10.0
SAMPLES = 500


def lime(
    target: Target, images: Tensor, *, generator: torch.Generator, n_samples: int = SAMPLES
) -> Tensor:
    """Fit a sparse linear model on superpixels being there (Ribeiro et al. 2016).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).
    generator
        Draws which superpixels are there.
    n_samples
        Perturbed copies of each image.

    Returns
    -------
    Tensor
        (n, k, H, W), of both signs; constant on a superpixel.
    """
    from captum import attr  # loads for seconds

    return _by_segments(attr.Lime, target, images, generator=generator, n_samples=n_samples)


def kernel_shap(
    target: Target, images: Tensor, *, generator: torch.Generator, n_samples: int = SAMPLES
) -> Tensor:
    """Estimate the superpixels' Shapley values by weighted regression (Lundberg and Lee 2017).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).
    generator
        Draws coalitions.
    n_samples
        Perturbed copies of each image.

    Returns
    -------
    Tensor
        (n, k, H, W), of both signs; constant on a superpixel.
    """
    from captum import attr  # loads for seconds

    return _by_segments(attr.KernelShap, target, images, generator=generator, n_samples=n_samples)


def superpixels(image: Tensor, *, n_segments: int = SEGMENTS) -> Tensor:
    """Segment an image by colour and place (SLIC).

    Parameters
    ----------
    image
        (3, H, W), in any units.
    n_segments
        About as many.

    Returns
    -------
    Tensor
        (H, W), integer, from 0, on the image's device.
    """
    low, high = image.min(), image.max()
    pixels = ((image - low) / (high - low).clamp_min(1e-6)).permute(1, 2, 0).cpu().numpy()
    labels = slic(
        pixels.astype(np.float64), n_segments=n_segments, compactness=COMPACTNESS, start_label=0
    )
    return torch.from_numpy(labels).long().to(image.device)


def _by_segments(
    library_method: Callable[..., Any],
    target: Target,
    images: Tensor,
    *,
    generator: torch.Generator,
    n_samples: int,
) -> Tensor:
    """Explain image by image, with the same perturbed copies for all scores."""
    maps = []
    for image in images:
        segments = superpixels(image)[None, None]
        recorded = Recorded(target)
        method = library_method(recorded)
        state = generator.get_state()
        columns = []
        for k in range(target.n_scores):
            generator.set_state(state)
            recorded.rewind(k)
            with seeded(generator, images.device):
                attributed = method.attribute(
                    image[None],
                    feature_mask=segments,
                    n_samples=n_samples,
                    perturbations_per_eval=target.backbone.batch_size,
                )
            columns.append(attributed[0, 0])
        maps.append(torch.stack(columns))
    return torch.stack(maps)
