"""The intervals of Welch and Fieller from Student's t, by the names readers know.

    x, y    (n,), (m,)   one value a participant, of two arms that share nobody
    a, b    means of x and y
    u, v    their squared standard errors

They fall short of their level where arms differ in size and accuracies are near 1: in simulations
of 8 against 40 participants at .95 to .97, a 95 % interval covers 91 % (docs/benchmarks.md). So
`analysis.intervals` has the default ones.
"""

import math

from scipy import stats

from analysis.checks import check_share
from analysis.intervals import Estimate, check_divisor, warn_unbounded
from analysis.shares import Share, are_estimable


def fieller_interval(x: Share, y: Share, *, level: float = 0.95) -> Estimate:
    """Ratio of two means with Fieller's interval (1954), for arms that share nobody.

    All r with ``(a - r b)^2 <= t^2 (u + r^2 v)``. Variances may differ, so t has the
    Welch-Satterthwaite degrees of freedom of ``x - r y`` at the estimated ratio (Hasler, Vonk &
    Hothorn 2008).

    Parameters
    ----------
    x
        Of any number of participants.
    y
        Likewise; what is divided by.
    level
        Coverage, in (0, 1).

    Returns
    -------
    Estimate
        NaN bounds as for `welch_interval`; infinite ones where ``g = t^2 v / b^2 >= 1``.

    Raises
    ------
    BaselineError
        If `y` has nobody, or no right answer.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If an arm has fewer than two participants.
    ZeroVarianceWarning
        If all of an arm have the same value; it then counts as known exactly.
    UnboundedIntervalWarning
        If g is 1 or more.
    """
    check_share("level", level)
    check_divisor(y)
    value = x.value / y.value
    if not _are_comparable(x, y):
        return Estimate(value, math.nan, math.nan)
    a, b, u, v = x.value, y.value, x.squared_error, y.squared_error
    degrees = welch_degrees(x, y, ratio=value) if value else y.degrees
    squared_t = float(stats.t.ppf((1 + level) / 2, degrees)) ** 2
    lead = b * b - squared_t * v
    if lead <= 0:
        warn_unbounded(x.name, y.name, squared_t * v / (b * b))
        return Estimate(value, -math.inf, math.inf)
    half = math.sqrt(max((a * b) ** 2 - lead * (a * a - squared_t * u), 0.0))
    return Estimate(value, (a * b - half) / lead, (a * b + half) / lead)


def welch_degrees(x: Share, y: Share, *, ratio: float = 1.0) -> float:
    """Welch-Satterthwaite degrees of freedom of ``a - ratio * b``.

    Parameters
    ----------
    x
        Of two participants or more.
    y
        Likewise.
    ratio
        What b is multiplied by.

    Returns
    -------
    float
        At least the smaller arm's.
    """
    u, v = x.squared_error, ratio**2 * y.squared_error
    return (u + v) ** 2 / (u**2 / x.degrees + v**2 / y.degrees)


def _are_comparable(x: Share, y: Share) -> bool:
    return are_estimable(x, y) and x.squared_error + y.squared_error > 0
