"""Logits of what masks leave of an image's concepts (section 3.3).

Letters:

    U  (m, r)     coefficients at the m positions of an image (one, where there are none)
    W  (r, p)     concept bank
    M  (k, r)     masks: how much of each concept is kept, one value at all positions

Masked activations are linear in the mask, ``sum_i M_i (U_i W_i)``, and so is what affine operations
make of them: the concept bank is folded into the first affine operations of the tail, which run
once a concept and not once a mask.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.checks import check_shapes
from craft_core.coders import Coder
from craft_core.errors import ShapeError
from craft_core.layouts import with_negatives
from craft_core.modules import evaluating


@dataclass(frozen=True, eq=False, kw_only=True)
class FoldedConcepts:
    """One image's concepts, brought through the affine beginning of the tail.

    Attributes
    ----------
    bases
        Each (1, ...): what the affine operations make of no concept, that is, of the coder's mean.
    changes
        Each (r, ...): what each concept adds to it; channels last where there are positions.
    rest
        From these tensors to logits; None where they are the logits.
    """

    bases: tuple[Tensor, ...]
    changes: tuple[Tensor, ...]
    rest: Callable[..., Tensor] | None


def fold_concepts(
    backbone: Backbone, U: Tensor, coder: Coder, shape: tuple[int, ...]
) -> FoldedConcepts:
    """Bring each concept of an image through the affine operations that follow the layer.

    Parameters
    ----------
    backbone
        Cut at the layer of the concepts.
    U
        (m, r). Coefficients at its positions.
    coder
        The concepts.
    shape
        Of one image's activations, as the layer gives them; see `Backbone.layout`.

    Returns
    -------
    FoldedConcepts
        For any number of masks.

    Raises
    ------
    ShapeError
        If coefficients, bank and positions do not match.
    """
    sizes = check_shapes(U=(U, "m r"), W=(coder.W, "r p"))
    axis = backbone.layout.channel_axis
    n_positions = math.prod(shape) // shape[axis - (axis > 0)]
    if n_positions != sizes["m"]:
        raise ShapeError(f"U must have {n_positions} rows, one a position; got {sizes['m']}.")
    each = U.T[:, :, None] * coder.W[:, None, :]  # (r, m, p)
    each = torch.cat([each, torch.zeros_like(each[:1])])  # and nothing
    if coder.mean is not None:
        each = each + coder.mean  # which no mask takes away
    activations = with_negatives(
        backbone.layout.native(each, shape), backbone.layout, backbone.negatives
    )
    tail = backbone.split_tail
    with torch.no_grad(), evaluating(backbone.module):
        parts = (activations,) if tail.affine is None else tail.affine(activations)
    parts = tuple(_channels_last(part) for part in parts)
    return FoldedConcepts(
        bases=tuple(part[-1:] for part in parts),
        changes=tuple(part[:-1] - part[-1:] for part in parts),
        rest=tail.rest,
    )


def decode_masks(backbone: Backbone, folded: FoldedConcepts, M: Tensor) -> Tensor:
    """Compute the logits of what each mask leaves.

    Parameters
    ----------
    backbone
        Cut at the layer of the concepts.
    folded
        Of `fold_concepts`.
    M
        (k, r). One batch of the network.

    Returns
    -------
    Tensor
        (k, classes).

    Raises
    ------
    ShapeError
        If a mask has not one value a concept.
    """
    r = len(folded.changes[0])
    if M.ndim != 2 or M.shape[1] != r:
        raise ShapeError(f"masks must have shape (k, r={r}); got {tuple(M.shape)}.")
    parts = [
        _weighted(M, base, change)
        for base, change in zip(folded.bases, folded.changes, strict=True)
    ]
    if folded.rest is None:
        return parts[0]
    with torch.no_grad(), evaluating(backbone.module):
        return folded.rest(*parts)


def contributions(folded: FoldedConcepts, class_id: int) -> Tensor | None:
    """Read off what each concept adds to a logit, where the whole tail is affine.

    Parameters
    ----------
    folded
        Of `fold_concepts`.
    class_id
        Whose logit.

    Returns
    -------
    Tensor or None
        (r,), float64; None where the tail is not affine.
    """
    return folded.changes[0][:, class_id].double() if folded.rest is None else None


def _weighted(M: Tensor, base: Tensor, change: Tensor) -> Tensor:
    """Add up changes by mask, in the memory layout that convolutions like."""
    last = change.movedim(1, -1)  # (r, ..., c), contiguous
    start = base.movedim(1, -1).reshape(1, -1)
    added = torch.addmm(start, M.to(change), last.reshape(len(last), -1))  # (k, ... c)
    return added.reshape(len(M), *last.shape[1:]).movedim(-1, 1)


def _channels_last(part: Tensor) -> Tensor:
    return part.movedim(1, -1).contiguous().movedim(-1, 1)
