"""Maps at a layer's positions: Grad-CAM, and the coefficients of each position.

Letters: n images of H x W pixels, p channels, h x w positions, k scores.
"""

import torch
from torch import Tensor

from craft_core.errors import CraftError
from craft_core.maps.geometry import position_centres, to_pixels
from craft_core.maps.targets import Target


def grad_cam(target: Target, images: Tensor) -> Tensor:
    """Weight each channel by the score's mean derivative (Selvaraju et al. 2017).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).

    Returns
    -------
    Tensor
        (n, k, H, W), >= 0, in units of the score: its share from each position.
    """
    with torch.no_grad():
        activations = target.backbone.encode(images)
        slopes = target.slopes(activations)
        features = _on_grid(target, activations, images)
        return _upsampled(target, weighted_channels(features, slopes), images)


def positional(target: Target, images: Tensor) -> Tensor:
    """Solve for the coefficients at every position, as the paper's public code does.

    Parameters
    ----------
    target
        Of k concepts.
    images
        (n, 3, H, W).

    Returns
    -------
    Tensor
        (n, k, H, W), in units of the coefficient at a position.

    Raises
    ------
    CraftError
        If the scores are logits, which have no value at a position.
    """
    if target.positions is None:
        raise CraftError("method must not be 'positional' for logits; got 'positional'.")
    with torch.no_grad():
        features = _on_grid(target, target.backbone.encode(images), images)
        n, p, h, w = features.shape
        rows = features.movedim(1, -1).reshape(-1, p)
        coarse = target.positions(rows).reshape(n, h, w, -1).movedim(-1, 1)
        return _upsampled(target, coarse, images)


def weighted_channels(features: Tensor, slopes: Tensor) -> Tensor:
    """Weight channels by the mean derivative at a position, and keep what is positive (Grad-CAM).

    Parameters
    ----------
    features
        (n, p, h, w).
    slopes
        (n, k, p). Derivatives of k scores with respect to the pooled features.

    Returns
    -------
    Tensor
        (n, k, h, w), >= 0.
    """
    n_positions = features.shape[2] * features.shape[3]
    return torch.einsum("nkp,nphw->nkhw", slopes / n_positions, features).clamp_min(0)


def _on_grid(target: Target, activations: Tensor, images: Tensor) -> Tensor:
    aspect = images.shape[2] / images.shape[3]
    return target.backbone.layout.on_grid(activations, aspect)


def _upsampled(target: Target, coarse: Tensor, images: Tensor) -> Tensor:
    height, width = images.shape[2:]
    grid = (coarse.shape[2], coarse.shape[3])
    centres = position_centres(target.backbone, (height, width), grid)
    return to_pixels(coarse, centres, height, width)
