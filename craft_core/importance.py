"""How much each concept matters to a class (section 3.3).

Letters: n images, r concepts, p channels; S scramblings of a design of masks.
"""

import warnings
from collections.abc import Iterator
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from craft_core.bank import ConceptBank, Importance
from craft_core.checks import check_choice
from craft_core.designs import LEAST_SCRAMBLINGS, SobolDesign, sobol_design
from craft_core.errors import ClassError, ConvergenceWarning
from craft_core.images import Images, batches_for, progress
from craft_core.masked_decoding import FoldedConcepts, contributions, decode_masks, fold_concepts
from craft_core.memory import in_halves
from craft_core.sobol import (
    check_level,
    interval_margin,
    students_t,
    total_sobol_indices,
)
from craft_core.tcav import tcav_importance

MOST_SCRAMBLINGS = 128


def concept_importance(  # noqa: PLR0913 - the estimator's own parameters
    bank: ConceptBank,
    images: Images,
    class_id: int,
    method: Literal["sobol", "tcav"] = "sobol",
    *,
    generator: torch.Generator,
    n_points: int = 32,
    n_scramblings: int = LEAST_SCRAMBLINGS,
    half_width: float | None = None,
    level: float = 0.95,
) -> Importance:
    """Estimate the total Sobol index of each concept for a class's logit.

    An image's coefficients are multiplied by masks, uniform in [0, 1], and the logit of what they
    rebuild is computed (Eq. 3). Where what follows the layer is affine, as average pooling and a
    linear layer are, the logit is a weighted sum of masks and the index is known exactly,
    ``c_i^2 / sum c_j^2`` with c_i what concept i adds to the logit; nothing is sampled then. Before
    pooling and a linear layer the pooled coefficients are used; at other layers with positions, the
    NNLS is solved at each position, and one mask value scales a concept at all of them.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    method
        ``sobol``, or ``tcav`` (see `craft_core.tcav`), which takes neither points nor scramblings.
    generator
        Seeds the scramblings, where masks are sampled, or draws TCAV's random counterparts.
    n_points
        Masks of a scrambling; see `craft_core.designs.sobol_design`.
    n_scramblings
        On which the interval rests, at least 8.
    half_width
        > 0. Scramblings are added, as many again each time and 128 at most, until the design's part
        of every interval is at most so far from its middle; None adds none.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Importance
        Means over the images; the intervals count the images' variation and, where masks were
        sampled, the scramblings'. Beside each index its mean effect on the logit, whose sign the
        index does not tell.

    Raises
    ------
    ClassError
        If there is no image.
    CraftError
        If the method is unknown, or an argument is out of range.
    BackboneError
        If the layer can't be decoded.

    Warns
    -----
    ConvergenceWarning
        If 128 scramblings do not reach `half_width`.
    """
    check_choice("method", method, ["sobol", "tcav"])
    check_level(level)
    if not len(images):
        raise ClassError("images must be at least 1; got 0.")
    if method == "tcav":
        return tcav_importance(bank, images, class_id, generator=generator, level=level)
    exact = _exact_contributions(bank, images, class_id)
    if exact is not None:
        indices = shares_of_variance(exact)[None]
        words = "sobol, exact for a linear head"
        return _summary(words, indices, exact.mean(dim=0), level=level)
    by_scrambling, effects = [], []  # (S, n, r) and (r,) each
    while True:
        design = sobol_design(
            bank.n_concepts, generator=generator, n_points=n_points, n_scramblings=n_scramblings
        )
        indices, effect = _sampled(bank, images, class_id, design)
        by_scrambling.append(indices)
        effects.append(effect)
        if half_width is None or _is_narrow(torch.cat(by_scrambling), half_width, level=level):
            break
    sampled = torch.cat(by_scrambling)
    words = f"sobol, Jansen's estimator, {len(sampled)} scramblings of {n_points} points"
    return _summary(words, sampled, torch.stack(effects).mean(dim=0), level=level)


def shares_of_variance(c: Tensor) -> Tensor:
    """Compute total Sobol indices exactly where the logit is a weighted sum of the masks.

    Parameters
    ----------
    c
        (n, r), float64. What each concept adds to the logit.

    Returns
    -------
    Tensor
        (n, r); rows sum to 1, or are zero where no concept contributes.
    """
    squares = c.square()
    total = squares.sum(dim=1, keepdim=True)
    return squares / torch.where(total > 0, total, 1.0)


def positional_coefficients(bank: ConceptBank, images: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """Express each position of some images in concepts.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed: one batch of the network.

    Returns
    -------
    tuple[Tensor, tuple[int, ...]]
        U, (n, positions, r), tokens before the image's included, and one position where the layer
        has none; and the shape of one image's activations as the layer gives them.
    """
    backbone = bank.backbone
    with torch.no_grad():
        activations = in_halves(backbone.encode, images)
        rows = backbone.layout.rows(activations)  # (n, positions, p)
        U = bank.coder.coefficients(rows.flatten(0, 1)).reshape(*rows.shape[:2], -1)
    return U, tuple(activations.shape[1:])


def _exact_contributions(bank: ConceptBank, images: Images, class_id: int) -> Tensor | None:
    """Compute what each concept adds to the logit of each image, where that is a sum; (n, r)."""
    head = bank.backbone.linear_head
    if head is not None:
        with torch.no_grad():
            return bank.encode(images).double() * (bank.W.double() @ head.weight[class_id].double())
    if bank.backbone.split_tail.rest is not None:
        return None
    found = [contributions(folded, class_id) for folded in _folded_images(bank, images)]
    return torch.stack([c for c in found if c is not None])


def _sampled(
    bank: ConceptBank, images: Images, class_id: int, design: SobolDesign
) -> tuple[Tensor, Tensor]:
    """Estimate every image's indices on one design; (S, n, r), and the mean effects, (r,)."""
    masks = design.masks.to(bank.W).flatten(0, 2)  # (S (r + 1) N, r)
    outputs = [
        torch.cat(
            [
                in_halves(partial(decode_masks, bank.backbone, folded), part)[:, class_id]
                for part in torch.split(masks, bank.backbone.batch_size)
            ]
        )
        for folded in _folded_images(bank, images)
    ]
    on_device = SobolDesign(masks=design.masks.to(bank.W.device))
    stacked = torch.stack(outputs, dim=-1).reshape(*design.masks.shape[:3], len(outputs))
    found = total_sobol_indices(stacked, on_device)
    return found.by_scrambling, found.effect.mean(dim=0)


def _folded_images(bank: ConceptBank, images: Images) -> Iterator[FoldedConcepts]:
    """Fold the concepts of one image after the other."""
    loop = progress(batches_for(bank.backbone, images), len(images), "importance")
    for batch in loop:
        U, shape = positional_coefficients(bank, batch)
        for coefficients in U:
            yield fold_concepts(bank.backbone, coefficients, bank.coder, shape)


def _is_narrow(by_scrambling: Tensor, half_width: float, *, level: float) -> bool:
    """Say whether the design's part of every interval is narrow enough, or can't be made so."""
    widest = float(interval_margin(by_scrambling.mean(dim=1), level).max())
    if widest > half_width and len(by_scrambling) >= MOST_SCRAMBLINGS:
        warnings.warn(
            f"half_width must be reached with at most {MOST_SCRAMBLINGS} scramblings; got "
            f"{widest:.2g} instead of {half_width}. Raise n_points or half_width.",
            ConvergenceWarning,
            stacklevel=3,
        )
        return True
    return widest <= half_width


def _summary(method: str, by_scrambling: Tensor, effects: Tensor, *, level: float) -> Importance:
    """Average over scramblings and images; (S, n, r) -> (r,)."""
    values = by_scrambling.mean(dim=(0, 1))
    margin = _margin(by_scrambling, level)
    return Importance(
        method=method,
        values=values.clamp_min(0),
        low=(values - margin).clamp_min(0),
        high=(values + margin).clamp_min(0),
        effects=effects,
    )


def _margin(by_scrambling: Tensor, level: float) -> Tensor:
    """Add the errors over images and over scramblings, with Satterthwaite's degrees of freedom."""
    # one image, or nothing sampled, has no variation to see
    means = [means for means in (by_scrambling.mean(0), by_scrambling.mean(1)) if len(means) > 1]
    if not means:
        return torch.zeros_like(by_scrambling[0, 0])
    errors = torch.stack([others.var(dim=0) / len(others) for others in means])  # (1 or 2, r)
    freedom = torch.tensor([[len(others) - 1.0] for others in means]).to(errors)
    spread = (errors.square() / freedom).sum(dim=0)
    joint = errors.sum(dim=0).square() / torch.where(spread > 0, spread, 1.0)
    quantiles = [students_t(max(1.0, value), level) for value in joint.tolist()]
    return torch.tensor(quantiles).to(errors) * errors.sum(dim=0).sqrt()
