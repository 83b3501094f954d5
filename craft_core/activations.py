"""Pooled activations of many images or crops.

Letters: n images or crops, p channels of the layer.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.errors import ActivationError
from craft_core.memory import in_halves


def pooled_activations(
    backbone: Backbone, batches: Iterable[Tensor], *, signed: bool = False
) -> Tensor:
    """Compute activations, one vector an image, batch by batch.

    Parameters
    ----------
    backbone
        The network, cut at a layer.
    batches
        (m, 3, H, W) each, transformed.
    signed
        Whether negative activations will do.

    Returns
    -------
    Tensor
        A, (n, p), on the backbone's device.

    Raises
    ------
    ActivationError
        If an activation is negative before pooling; the message names layers that would do.
    """
    parts, minima = [], []
    with torch.no_grad():
        for batch in batches:
            found = in_halves(lambda part: _pooled_with_minima(backbone, part), batch)
            parts.append(found[:, :-1])
            minima.append(found[:, -1].min())
    if not parts:
        return torch.zeros(0, 0, device=backbone.device)
    lowest = torch.stack(minima).min()
    if lowest < 0 and not signed:
        raise ActivationError(
            f"activations at layer {backbone.layer!r} must be >= 0; got a minimum of "
            f"{lowest:.3g}. Layers that would do: {backbone.layers}; or let negatives be "
            "'rectify' or 'split'."
        )
    return torch.cat(parts)


def _pooled_with_minima(backbone: Backbone, batch: Tensor) -> Tensor:
    """Pool activations, and put each image's lowest one behind; (m, p + 1)."""
    activations = backbone.encode(batch)
    lowest = activations.flatten(1).amin(dim=1, keepdim=True)
    return torch.cat([backbone.pool(activations), lowest], dim=1)
