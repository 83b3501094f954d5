"""Confidence intervals for a mean, a difference and a ratio of two means.

x, y    (n,), (m,)   one value a participant, of two arms that share nobody
a, b    means of x and y
u, v    their squared standard errors, var(x) / n and var(y) / m
t       quantile of Student's t
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.checks import check_share
from analysis.errors import (
    BaselineError,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    Attributes
    ----------
    value
        The estimate.
    ci_low
        Lower bound; NaN where there is no interval, minus infinity where it has no bound.
    ci_high
        Upper bound; NaN or infinity likewise.
    """

    value: float
    ci_low: float
    ci_high: float


def mean_interval(x: Values, *, level: float = 0.95, name: str = "values") -> Estimate:
    """Mean with Student's t interval.

    Parameters
    ----------
    x
        (n,), finite.
    level
        Coverage, in (0, 1).
    name
        What the values are, for warnings.

    Returns
    -------
    Estimate
        With ``n - 1`` degrees of freedom; NaN bounds for n < 2 or values that are all the same.

    Raises
    ------
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If n < 2.
    ZeroVarianceWarning
        If the values are all the same.

    Examples
    --------
    >>> mean_interval(np.array([0.5, 0.7]), level=0.5)
    Estimate(value=0.6, ci_low=0.5, ci_high=0.7)
    """
    check_share("level", level)
    a = float(x.mean()) if len(x) else math.nan
    if not _is_estimable(x, name) or not _varies(x, name):
        return Estimate(a, math.nan, math.nan)
    margin = float(stats.t.ppf((1 + level) / 2, len(x) - 1)) * math.sqrt(_squared_error(x))
    return Estimate(a, a - margin, a + margin)


def difference_interval(
    x: Values, y: Values, *, level: float = 0.95, names: tuple[str, str] = ("x", "y")
) -> Estimate:
    """Difference of two means with Welch's interval.

    Parameters
    ----------
    x
        (n,), finite.
    y
        (m,), finite; what is subtracted.
    level
        Coverage, in (0, 1).
    names
        What the two are, for warnings.

    Returns
    -------
    Estimate
        Of ``mean(x) - mean(y)`` with Welch-Satterthwaite degrees of freedom; NaN bounds where an
        arm has fewer than two values or nobody differs from anybody in either.

    Raises
    ------
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If an arm has fewer than two values.
    ZeroVarianceWarning
        If the values of an arm are all the same; it then counts as known exactly.
    """
    check_share("level", level)
    difference = float(x.mean() - y.mean()) if len(x) and len(y) else math.nan
    if not _are_comparable(x, y, names):
        return Estimate(difference, math.nan, math.nan)
    u, v = _squared_error(x), _squared_error(y)
    margin = _t_quantile(x, y, level=level, ratio=1.0) * math.sqrt(u + v)
    return Estimate(difference, difference - margin, difference + margin)


def ratio_interval(
    x: Values, y: Values, *, level: float = 0.95, names: tuple[str, str] = ("x", "y")
) -> Estimate:
    """Ratio of two means with Fieller's interval, which counts the uncertainty of both.

    The interval holds every ratio r that the data do not reject:
    ``(a - r b)^2 <= t^2 (u + r^2 v)`` (Fieller 1954, without covariance). Variances may differ, so
    t has the Welch-Satterthwaite degrees of freedom of ``x - r y`` at the estimated ratio
    (Hasler, Vonk & Hothorn 2008).

    Parameters
    ----------
    x
        (n,), finite.
    y
        (m,), finite; what is divided by.
    level
        Coverage, in (0, 1).
    names
        What the two are, for warnings and errors.

    Returns
    -------
    Estimate
        Of ``mean(x) / mean(y)``; NaN bounds as for `difference_interval`; infinite ones where
        the data do not tell the divisor from zero (``g = t^2 v / b^2 >= 1``).

    Raises
    ------
    BaselineError
        If `y` is empty or its mean is zero.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If an arm has fewer than two values.
    ZeroVarianceWarning
        If the values of an arm are all the same; it then counts as known exactly.
    UnboundedIntervalWarning
        If g >= 1.

    Examples
    --------
    >>> ratio_interval(np.array([0.8, 0.9, 1.0]), np.array([0.5, 0.6, 0.7])).value
    1.5
    """
    check_share("level", level)
    if not len(y) or y.mean() == 0:
        got = "nobody" if not len(y) else "0.0"
        raise BaselineError(f"mean accuracy of {names[1]} must be above 0; got {got}.")
    a, b = float(x.mean()) if len(x) else math.nan, float(y.mean())
    if not _are_comparable(x, y, names):
        return Estimate(a / b, math.nan, math.nan)
    u, v = _squared_error(x), _squared_error(y)
    squared_t = _t_quantile(x, y, level=level, ratio=a / b) ** 2
    if squared_t * v >= b * b:
        warnings.warn(
            f"g of {names[0]} over {names[1]} must be below 1 for a bounded interval; "
            f"got {squared_t * v / (b * b):.3g}. More participants are needed.",
            UnboundedIntervalWarning,
            stacklevel=2,
        )
        return Estimate(a / b, -math.inf, math.inf)
    low, high = _fieller_roots(a, b, u, v, squared_t)
    return Estimate(a / b, low, high)


def _fieller_roots(a: float, b: float, u: float, v: float, squared_t: float) -> tuple[float, float]:
    """Solve ``(b^2 - t^2 v) r^2 - 2 a b r + (a^2 - t^2 u) = 0`` for r, given a positive lead."""
    lead = b * b - squared_t * v
    half = math.sqrt(max((a * b) ** 2 - lead * (a * a - squared_t * u), 0.0))
    return (a * b - half) / lead, (a * b + half) / lead


def _t_quantile(x: Values, y: Values, *, level: float, ratio: float) -> float:
    """Quantile for ``x - ratio * y`` with Welch-Satterthwaite degrees of freedom."""
    u, v = _squared_error(x), ratio**2 * _squared_error(y)
    if u + v == 0:  # x is zero for everybody, and so is the ratio
        return float(stats.t.ppf((1 + level) / 2, len(y) - 1))
    degrees = (u + v) ** 2 / (u**2 / (len(x) - 1) + v**2 / (len(y) - 1))
    return float(stats.t.ppf((1 + level) / 2, degrees))


def _squared_error(x: Values) -> float:
    return float(x.var(ddof=1)) / len(x) if _differ(x) else 0.0


def _differ(x: Values) -> bool:
    return bool(x.max() > x.min() + 1e-12)


def _are_comparable(x: Values, y: Values, names: tuple[str, str]) -> bool:
    is_estimable = [_is_estimable(x, names[0]), _is_estimable(y, names[1])]
    return all(is_estimable) and any([_varies(x, names[0]), _varies(y, names[1])])


def _is_estimable(x: Values, name: str) -> bool:
    if len(x) < 2:
        warnings.warn(
            f"{name} must have 2 participants or more for an interval; got {len(x)}.",
            SmallArmWarning,
            stacklevel=4,
        )
    return len(x) >= 2


def _varies(x: Values, name: str) -> bool:
    if not _differ(x):
        warnings.warn(
            f"{name} must vary between participants for an interval that can be trusted; "
            f"got {x[0]:.3f} from all {len(x)}.",
            ZeroVarianceWarning,
            stacklevel=4,
        )
    return _differ(x)
