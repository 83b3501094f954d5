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
    rows, n = torch.zeros(0, 0, device=backbone.device), 0
    with torch.no_grad():
        for batch in batches:
            found = in_halves(lambda part: _pooled_with_minima(backbone, part), batch)
            rows = _with_room(rows, n + len(found), found)
            rows[n : n + len(found)] = found
            n += len(found)
    if not n:
        return torch.zeros(0, 0, device=backbone.device)
    lowest = rows[:n, -1].min()
    if lowest < 0 and not signed:
        raise ActivationError(
            f"activations at layer {backbone.layer!r} must be >= 0; got a minimum of "
            f"{lowest:.3g}. Layers that would do: {backbone.layers}; or let negatives be "
            "'rectify' or 'split'."
        )
    return rows[:n, :-1].contiguous()


def _with_room(rows: Tensor, needed: int, like: Tensor) -> Tensor:
    """Give room for `needed` rows, twice as many as before."""
    # Small tensors kept from every batch would lie between the large ones that come and go, and
    # keep the allocator from using their places again: measured, 0.14 MB a crop.
    if needed <= len(rows):
        return rows
    grown = like.new_zeros(max(needed, 2 * len(rows)), like.shape[1])
    if len(rows):
        grown[: len(rows)] = rows
    return grown


def _pooled_with_minima(backbone: Backbone, batch: Tensor) -> Tensor:
    """Pool activations, and put each image's lowest one behind; (m, p + 1)."""
    activations = backbone.encode(batch)
    lowest = activations.flatten(1).amin(dim=1, keepdim=True)
    return torch.cat([backbone.pool(activations), lowest], dim=1)
