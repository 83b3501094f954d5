"""Pooled activations of many images or crops.

Letters: n images or crops, p channels of the layer.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.errors import ActivationError


def pool(activations: Tensor) -> Tensor:
    """Average over positions, where there are any (section 3.1).

    Parameters
    ----------
    activations
        (n, p, h, w) or (n, p).

    Returns
    -------
    Tensor
        (n, p).
    """
    return activations.mean(dim=(2, 3)) if activations.ndim == 4 else activations


def pooled_activations(backbone: Backbone, batches: Iterable[Tensor]) -> Tensor:
    """Compute activations with global average pooling, batch by batch.

    Parameters
    ----------
    backbone
        The network, cut at a layer.
    batches
        (m, 3, H, W) each, transformed.

    Returns
    -------
    Tensor
        A, (n, p), >= 0, on the backbone's device.

    Raises
    ------
    ActivationError
        If an activation is negative before pooling; the message names layers that would do.
    """
    parts, minima = [], []
    with torch.no_grad():
        for batch in batches:
            activations = backbone.encode(batch)
            minima.append(activations.min())
            parts.append(pool(activations))
    if not parts:
        return torch.zeros(0, 0, device=backbone.device)
    lowest = torch.stack(minima).min()
    if lowest < 0:
        raise ActivationError(
            f"activations at layer {backbone.layer!r} must be >= 0; got a minimum of "
            f"{lowest:.3g}. Layers that would do: {backbone.layers}."
        )
    return torch.cat(parts)
