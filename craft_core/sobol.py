"""Total Sobol indices from the outputs of a design (section 3.3, appendix D).

Letters: r concepts, N points, S scramblings, m outputs (images) evaluated on the same design.
"""

from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

from craft_core.designs import SobolDesign
from craft_core.errors import ShapeError


@dataclass(frozen=True, eq=False, kw_only=True)
class SobolIndices:
    """Total indices with their intervals.

    Attributes
    ----------
    total
        (r,) or (m, r), each at least 0: mean over the scramblings.
    low, high
        Of the same shape: bounds of the interval by Student's t over the scramblings.
    by_scrambling
        (S, r) or (S, m, r).
    """

    total: Tensor
    low: Tensor
    high: Tensor
    by_scrambling: Tensor


def total_sobol_indices(
    outputs: Tensor, design: SobolDesign, *, level: float = 0.95
) -> SobolIndices:
    """Estimate total Sobol indices by Jansen's estimator (Eq. 2).

    ``S_i = E[(f(A) - f(A with column i of B))^2] / (2 Var f)``; a constant output has indices 0.

    Parameters
    ----------
    outputs
        (S, r + 1, N) or (S, r + 1, N, m): the output for each mask of the design.
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
    """
    scramblings, blocks, points = design.masks.shape[:3]
    if outputs.shape[:3] != (scramblings, blocks, points) or outputs.ndim > 4:
        raise ShapeError(
            f"outputs must have shape (S={scramblings}, r+1={blocks}, N={points}) or one axis "
            f"more; got {tuple(outputs.shape)}."
        )
    values = outputs.double()
    unexplained = jansen_total(values)  # (S, r, ...)
    variance = values.var(dim=2, correction=0).mean(dim=1)  # (S, ...)
    is_constant = variance <= torch.finfo(values.dtype).eps * values.square().mean(dim=(1, 2))
    safe = torch.where(is_constant, 1.0, variance)[:, None]
    indices = torch.where(is_constant[:, None], 0.0, unexplained / safe).movedim(1, -1)
    mean = indices.mean(dim=0)
    margin = students_t(scramblings - 1, level) * indices.std(dim=0) / scramblings**0.5
    return SobolIndices(
        total=mean, low=(mean - margin).clamp_min(0), high=mean + margin, by_scrambling=indices
    )


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
    return (outputs[:, :1] - outputs[:, 1:]).square().mean(dim=2) / 2


def students_t(degrees_of_freedom: int, level: float) -> float:
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
    return float(stats.t.ppf((1 + level) / 2, degrees_of_freedom))
