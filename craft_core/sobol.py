"""Sobol indices from the outputs of a design (section 3.3, appendix D).

Letters: r concepts, N points, S scramblings, m outputs (images) evaluated on the same design.

Intervals are Student's t over the scramblings, which are independent of each other. The points of
one scrambling are not: they are spread evenly, so that resampling them as a bootstrap does gives
intervals several times too wide (docs/benchmarks.md).
"""

from dataclasses import dataclass

import torch
from scipy import special
from torch import Tensor

from craft_core.designs import SobolDesign
from craft_core.errors import CraftError, ShapeError

ROUNDING = 16.0  # rounding errors: a standard deviation below that many is a constant output's


@dataclass(frozen=True, eq=False, kw_only=True)
class SobolIndices:
    """Indices with their intervals, each (r,), or (m, r) of several outputs.

    Attributes
    ----------
    total, low, high
        Total indices, at least 0, and the bounds of their intervals.
    effect
        Mean change of the output when a concept goes from absent to whole, in the output's unit. A
        Sobol index does not tell a concept that speaks for the class from one that speaks against.
    by_scrambling
        (S, ...). The total indices linearised in each scrambling, whose mean is `total`.
    first, first_low, first_high
        First-order indices, which leave interactions out; None where block B was not evaluated.
    """

    total: Tensor
    low: Tensor
    high: Tensor
    effect: Tensor
    by_scrambling: Tensor
    first: Tensor | None = None
    first_low: Tensor | None = None
    first_high: Tensor | None = None


def total_sobol_indices(
    outputs: Tensor, design: SobolDesign, *, level: float = 0.95
) -> SobolIndices:
    """Estimate total Sobol indices (Eq. 2), and first-order ones where block B is there.

    ``S_i = E[(f(A) - f(A with column i of B))^2] / (2 Var f)``, and of first order
    ``1 - E[(f(B) - f(A with column i of B))^2] / (2 Var f)`` (Jansen 1999). Numerator and variance
    are pooled over the scramblings before they are divided. A constant output has indices 0.

    Parameters
    ----------
    outputs
        (S, blocks, N) or (S, blocks, N, m): the output for each mask of the design.
    design
        Which the outputs were computed on.
    level
        Coverage of the intervals, in (0, 1). They count the design's error alone.

    Returns
    -------
    SobolIndices
        One index a concept, and image where there are several.

    Raises
    ------
    ShapeError
        If the outputs do not fit the design.
    CraftError
        If `level` is not in (0, 1), or an output is not finite.

    Examples
    --------
    >>> from craft_core.designs import sobol_design
    >>> design = sobol_design(2, generator=torch.Generator().manual_seed(0))
    >>> outputs = design.masks @ torch.tensor([3.0, 1.0]).double()
    >>> [round(index, 1) for index in total_sobol_indices(outputs, design).total.tolist()]
    [0.9, 0.1]
    """
    check_level(level)
    scramblings, blocks, points = design.masks.shape[:3]
    if outputs.shape[:3] != (scramblings, blocks, points) or outputs.ndim > 4:
        raise ShapeError(
            f"outputs must have shape (S={scramblings}, blocks={blocks}, N={points}) or one axis "
            f"more; got {tuple(outputs.shape)}."
        )
    if not outputs.isfinite().all():
        raise CraftError(f"outputs must be finite; got {int((~outputs.isfinite()).sum())} others.")
    return estimate_indices(outputs, design, level=level)


def estimate_indices(outputs: Tensor, design: SobolDesign, *, level: float) -> SobolIndices:
    """Estimate indices from outputs that were checked; nothing is asked of the device.

    Parameters
    ----------
    outputs
        As for `total_sobol_indices`.
    design
        As for `total_sobol_indices`.
    level
        As for `total_sobol_indices`.

    Returns
    -------
    SobolIndices
        One index a concept, and image where there are several.
    """
    r = design.n_concepts
    precision = torch.finfo(outputs.dtype).eps
    values = outputs.double()
    variance = output_variance(values, precision=precision)  # (S, ...)
    by_scrambling = _ratio(jansen_total(values[:, : r + 1]), variance)  # (S, r, ...)
    total, low, high = _interval(by_scrambling, level)
    effect = mean_effect(values[:, : r + 1], design.masks)
    if not design.has_first_order:
        return SobolIndices(
            total=total, low=low, high=high, effect=effect, by_scrambling=by_scrambling
        )
    explained = variance[:, None] - _half_squares(values[:, 1 : r + 1] - values[:, r + 1 :])
    first, first_low, first_high = _interval(_ratio(explained, variance), level)
    return SobolIndices(
        total=total,
        low=low,
        high=high,
        effect=effect,
        by_scrambling=by_scrambling,
        first=first,
        first_low=first_low,
        first_high=first_high,
    )


def output_variance(outputs: Tensor, *, precision: float) -> Tensor:
    """Estimate the output's variance from all blocks, each of which is uniform by itself.

    Parameters
    ----------
    outputs
        (S, blocks, N, ...), float64.
    precision
        Relative rounding error of the outputs as they were computed.

    Returns
    -------
    Tensor
        (S, ...); zero where the output varies by no more than its rounding errors.
    """
    spread = outputs - outputs.mean(dim=2, keepdim=True)
    variance = spread.square().mean(dim=(1, 2))
    rounding = (ROUNDING * precision) ** 2 * outputs.square().mean(dim=(1, 2))
    is_constant = variance.mean(dim=0) <= rounding.mean(dim=0)
    return torch.where(is_constant, 0.0, variance)


def jansen_total(outputs: Tensor) -> Tensor:
    """Estimate the variance left when all concepts but one are fixed.

    Parameters
    ----------
    outputs
        (S, r + 1, N, ...).

    Returns
    -------
    Tensor
        (S, r, ...).
    """
    return _half_squares(outputs[:, :1] - outputs[:, 1:])


def mean_effect(outputs: Tensor, masks: Tensor) -> Tensor:
    """Regress changes of the output on changes of one mask alone.

    Parameters
    ----------
    outputs
        (S, r + 1, N) or (S, r + 1, N, m).
    masks
        (S, at least r + 1, N, r), of the design.

    Returns
    -------
    Tensor
        (r,) or (m, r): slope through the origin, exact for a linear output.
    """
    r = masks.shape[3]
    blocks = masks[:, 1 : r + 1].diagonal(dim1=1, dim2=3)  # (S, N, r), column i of block i
    moves = (blocks - masks[:, 0]).movedim(-1, 1).to(outputs)  # (S, r, N)
    changes = outputs[:, 1:] - outputs[:, :1]  # (S, r, N, ...)
    weights: Tensor = moves / moves.square().sum(dim=(0, 2), keepdim=True)
    weights = weights if outputs.ndim == 3 else weights[..., None]
    slopes: Tensor = (weights * changes).sum(dim=(0, 2)).movedim(0, -1)
    return slopes


def interval_margin(by_scrambling: Tensor, level: float) -> Tensor:
    """Return half the width of Student's t interval over independent scramblings.

    Parameters
    ----------
    by_scrambling
        (S, ...).
    level
        Coverage, in (0, 1).

    Returns
    -------
    Tensor
        (...).
    """
    n = len(by_scrambling)
    squares = (by_scrambling - by_scrambling.mean(dim=0)).square().sum(dim=0)
    return students_t(n - 1, level) * (squares / (n * (n - 1))).sqrt()


def students_t(degrees_of_freedom: float, level: float) -> float:
    """Return the two-sided quantile of Student's t.

    Parameters
    ----------
    degrees_of_freedom
        At least 1.
    level
        Coverage, in (0, 1).

    Returns
    -------
    float
        The quantile.
    """
    return float(special.stdtrit(degrees_of_freedom, (1 + level) / 2))


def check_level(level: float) -> None:
    """Refuse a coverage that is not in (0, 1).

    Parameters
    ----------
    level
        Coverage.

    Raises
    ------
    CraftError
        If it is not in (0, 1).
    """
    if not 0 < level < 1:
        raise CraftError(f"level must be in (0, 1); got {level}. Give a share, not a percentage.")


def _half_squares(differences: Tensor) -> Tensor:
    return differences.square().mean(dim=2) / 2


def _ratio(parts: Tensor, variance: Tensor) -> Tensor:
    """Divide means over the scramblings, and linearise the ratio in each; (S, ..., r)."""
    whole = variance.mean(dim=0)  # (...)
    safe = torch.where(whole > 0, whole, 1.0)
    ratio = parts.mean(dim=0) / safe  # (r, ...)
    linear = ratio + (parts - ratio * variance[:, None]) / safe
    return torch.where(whole > 0, linear, 0.0).movedim(1, -1)


def _interval(by_scrambling: Tensor, level: float) -> tuple[Tensor, Tensor, Tensor]:
    """Average over scramblings, with Student's t; indices are not below 0."""
    mean = by_scrambling.mean(dim=0)
    margin = interval_margin(by_scrambling, level)
    return mean.clamp_min(0), (mean - margin).clamp_min(0), (mean + margin).clamp_min(0)
