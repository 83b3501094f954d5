"""How much each concept matters to a class (section 3.3).

Letters: n images, r concepts, p channels; M masks, one value a concept; c contributions.
"""

from typing import Literal

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank, Importance
from craft_core.designs import SobolDesign, sobol_design
from craft_core.errors import ClassError, CraftError
from craft_core.images import Images, batches
from craft_core.nnls import nnls
from craft_core.sobol import students_t, total_sobol_indices

ROWS_PER_PASS = 2048  # activations decoded at once


def concept_importance(  # noqa: PLR0913 - the estimator's own parameters
    bank: ConceptBank,
    images: Images,
    class_id: int,
    method: Literal["sobol"] = "sobol",
    *,
    generator: torch.Generator,
    n_points: int = 32,
    n_scramblings: int = 8,
    level: float = 0.95,
) -> Importance:
    """Estimate the total Sobol index of each concept for a class's logit.

    An image's coefficients are multiplied by masks, uniform in [0, 1], and the logit of what they
    rebuild is computed (Eq. 3). Where the head is average pooling and a linear layer, the logit is
    a weighted sum of masks and the index is known exactly, ``c_i^2 / sum c_j^2`` with
    ``c_i = u_i <W_i, w_class>``; nothing is sampled then. At other layers with positions, the NNLS
    is solved at each position, and one mask value scales a concept at all of them.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    method
        ``sobol``.
    generator
        Seeds the scramblings, where masks are sampled.
    n_points
        Masks of a scrambling; see `craft_core.designs.sobol_design`.
    n_scramblings
        On which the interval rests.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Importance
        Means over the images; the intervals count the images' variation and, where masks were
        sampled, the scramblings'.

    Raises
    ------
    ClassError
        If there is no image.
    CraftError
        If the method is unknown.
    """
    if method != "sobol":
        raise CraftError(f"method must be one of ['sobol']; got {method!r}.")
    if not len(images):
        raise ClassError("images must be at least 1; got 0.")
    head = bank.backbone.linear_head
    if head is not None:
        indices = linear_total_indices(bank.encode(images), bank.W, head.weight[class_id])
        return _summary("sobol, exact for a linear head", indices[None], level=level)
    design = sobol_design(
        bank.n_concepts, generator=generator, n_points=n_points, n_scramblings=n_scramblings
    )
    by_scrambling = torch.cat(
        [
            total_sobol_indices(_outputs(bank, batch, class_id, design), design).by_scrambling
            for batch in batches(images, bank.backbone.transform, size=1)
        ],
        dim=1,
    )  # (S, n, r)
    words = f"sobol, Jansen's estimator, {n_scramblings} scramblings of {n_points} points"
    return _summary(words, by_scrambling, level=level)


def linear_total_indices(U: Tensor, W: Tensor, weight: Tensor) -> Tensor:
    """Compute total Sobol indices exactly where the logit is linear in the activations.

    Parameters
    ----------
    U
        (n, r). Pooled coefficients.
    W
        (r, p).
    weight
        (p,). The class's row of the linear layer.

    Returns
    -------
    Tensor
        (n, r), float64; rows sum to 1, or are zero where no concept contributes.
    """
    with torch.no_grad():
        squares = (U.double() * (W.double() @ weight.double())).square()
        total = squares.sum(dim=1, keepdim=True)
        return squares / torch.where(total > 0, total, 1.0)


def _outputs(bank: ConceptBank, image: Tensor, class_id: int, design: SobolDesign) -> Tensor:
    """Decode one image under every mask; (S, r + 1, N, 1)."""
    coefficients, shape = _positional(bank, image)  # (positions, r)
    masks = design.masks.to(bank.W).flatten(0, 2)  # (S (r + 1) N, r)
    rows = max(1, ROWS_PER_PASS // len(coefficients))
    logits = [
        _decode(bank.backbone, coefficients, part, bank.W, shape)[:, class_id]
        for part in torch.split(masks, rows)
    ]
    return torch.cat(logits).reshape(*design.masks.shape[:3], 1)


def _positional(bank: ConceptBank, image: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """Solve the NNLS at each position of one image."""
    with torch.no_grad():
        activations = bank.backbone.encode(image)[0]  # (p, h, w) or (p,)
        rows = activations.flatten(1).T if activations.ndim == 3 else activations[None]
        return nnls(rows, bank.W), tuple(activations.shape[1:])


def _decode(
    backbone: Backbone, coefficients: Tensor, masks: Tensor, W: Tensor, shape: tuple[int, ...]
) -> Tensor:
    """Rebuild activations from masked coefficients and compute their logits."""
    with torch.no_grad():
        rebuilt = (coefficients[None] * masks[:, None]) @ W  # (masks, positions, p)
        spatial = rebuilt.transpose(1, 2).reshape(len(masks), W.shape[1], *shape)
        return backbone.decode(spatial)


def _summary(method: str, by_scrambling: Tensor, *, level: float) -> Importance:
    """Average over scramblings and images; (S, n, r) -> (r,)."""
    values = by_scrambling.mean(dim=(0, 1))
    squared_error = torch.zeros_like(values)
    freedom = by_scrambling.shape[1]
    for over_others in (by_scrambling.mean(dim=0), by_scrambling.mean(dim=1)):
        if len(over_others) > 1:  # one image, or nothing sampled: no variation to see
            squared_error += over_others.var(dim=0) / len(over_others)
            freedom = min(freedom, len(over_others) - 1)
    margin = students_t(max(1, freedom), level) * squared_error.sqrt()
    return Importance(
        method=method, values=values, low=(values - margin).clamp(0), high=values + margin
    )
