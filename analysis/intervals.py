"""Confidence intervals for a mean accuracy, a difference and a ratio of two.

    a, b      two mean accuracies, of arms that share nobody
    l1, h1    lower and upper Wilson limit of a, and l2, h2 of b (`shares.wilson_limits`)

A difference and a ratio are made of the two arms' limits by recovering the variance at each limit
(Zou & Donner 2008; Donner & Zou 2012). With limits that are symmetric about the mean this would be
Welch's interval for a difference and Fieller's for a ratio. Near 0 and 1, where accuracies are
skewed, Wilson's limits are not symmetric, and these intervals cover where those of Welch and
Fieller do not (docs/benchmarks.md); `analysis.classic_intervals` has the latter.
"""

import math
import warnings
from dataclasses import dataclass

from analysis.checks import check_share
from analysis.errors import BaselineError, UnboundedIntervalWarning
from analysis.shares import Limits, Share, are_estimable, t_quantile, wilson_limits


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


def mean_interval(share: Share, *, level: float = 0.95) -> Estimate:
    """Mean accuracy with Wilson's limits, answers telling at most as much as independent ones.

    Parameters
    ----------
    share
        Of any number of participants.
    level
        Coverage, in (0, 1).

    Returns
    -------
    Estimate
        NaN bounds for fewer than two participants.

    Raises
    ------
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If there are fewer than two participants.
    ZeroVarianceWarning
        If all have the same accuracy.

    Examples
    --------
    >>> share = Share(
    ...     name="craft", value=0.6, squared_error=0.01, degrees=1, n_participants=2, n_answers=14)
    >>> estimate = mean_interval(share)
    >>> round(estimate.ci_low, 3), round(estimate.ci_high, 3)
    (0.029, 0.987)
    """
    check_share("level", level)
    if not are_estimable(share):
        return Estimate(share.value, math.nan, math.nan)
    limits = wilson_limits(share, tail=(1 - level) / 2, has_floor=True)
    return Estimate(share.value, *limits)


def difference_interval(x: Share, y: Share, *, level: float = 0.95) -> Estimate:
    """Difference of two mean accuracies, from the limits of each.

    ``a - b - sqrt((a - l1)^2 + (h2 - b)^2)`` to ``a - b + sqrt((h1 - a)^2 + (b - l2)^2)``: the
    hybrid interval of Newcombe (1998), here for participants who differ.

    Parameters
    ----------
    x
        Of any number of participants.
    y
        Likewise; what is subtracted.
    level
        Coverage, in (0, 1).

    Returns
    -------
    Estimate
        Of ``a - b``; NaN bounds where an arm has fewer than two participants.

    Raises
    ------
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If an arm has fewer than two participants.
    ZeroVarianceWarning
        If all of an arm have the same accuracy; their answers then count as independent.
    """
    check_share("level", level)
    difference = x.value - y.value
    if not are_estimable(x, y):
        return Estimate(difference, math.nan, math.nan)
    return Estimate(difference, *difference_limits(x, y, tail=(1 - level) / 2))


def ratio_interval(x: Share, y: Share, *, level: float = 0.95) -> Estimate:
    """Ratio of two mean accuracies with a Fieller-type interval, from Wilson's limits of each.

    Fieller's interval (1954) holds every ratio that the data do not reject, and so counts the
    uncertainty of both means. Here each mean's variance is that at its limits and not that at its
    estimate (Donner & Zou 2012), so that other numbers come out than by Fieller's own formula,
    `classic_intervals.fieller_interval`.

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
        Of ``a / b``; NaN bounds where an arm has fewer than two participants; infinite ones where
        the data do not tell the divisor from zero: Fieller's g, the squared t quantile times b's
        squared standard error over ``b^2``, is 1 or more.

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
        If all of an arm have the same accuracy; their answers then count as independent.
    UnboundedIntervalWarning
        If g is 1 or more.

    Examples
    --------
    >>> x = Share(
    ...     name="craft", value=0.9, squared_error=1e-3, degrees=15, n_participants=16,
    ...     n_answers=336)
    >>> y = Share(
    ...     name="baseline", value=0.6, squared_error=2e-3, degrees=15, n_participants=16,
    ...     n_answers=336)
    >>> estimate = ratio_interval(x, y)
    >>> round(estimate.value, 3), round(estimate.ci_low, 3), round(estimate.ci_high, 3)
    (1.5, 1.261, 1.804)
    """
    check_share("level", level)
    check_divisor(y)
    tail, value = (1 - level) / 2, x.value / y.value
    if not are_estimable(x, y):
        return Estimate(value, math.nan, math.nan)
    g = t_quantile(y, tail=tail) ** 2 * y.squared_error / y.value**2
    if g >= 1:
        warn_unbounded(x.name, y.name, g)
        return Estimate(value, -math.inf, math.inf)
    return Estimate(value, *ratio_limits(x, y, tail=tail))


def difference_limits(x: Share, y: Share, *, tail: float) -> Limits:
    """Limits of ``a - b``.

    Parameters
    ----------
    x
        Of two participants or more.
    y
        Likewise.
    tail
        Probability beyond each limit, in (0, 0.5).

    Returns
    -------
    Limits
        In [-1, 1].
    """
    a, b = x.value, y.value
    (l1, h1), (l2, h2) = wilson_limits(x, tail=tail), wilson_limits(y, tail=tail)
    return a - b - math.hypot(a - l1, h2 - b), a - b + math.hypot(h1 - a, b - l2)


def ratio_limits(x: Share, y: Share, *, tail: float) -> Limits:
    """Limits of ``a / b``, from the Wilson limits of each.

    Parameters
    ----------
    x
        Of two participants or more.
    y
        Likewise, with a right answer.
    tail
        Probability beyond each limit, in (0, 0.5).

    Returns
    -------
    Limits
        At least 0; the upper one is infinite where a tail is so small that b's limit is 0.
    """
    of_a, of_b = wilson_limits(x, tail=tail), wilson_limits(y, tail=tail)
    return ratio_of_limits(x.value, of_a, y.value, of_b)


def ratio_of_limits(a: float, of_a: Limits, b: float, of_b: Limits) -> Limits:
    """Limits of ``a / b`` from the limits of a and of b (equations 9 and 10 of Donner & Zou 2012).

    The lower one is ``(a b - sqrt(a^2 b^2 - l1 (2 a - l1) h2 (2 b - h2))) / (h2 (2 b - h2))``; the
    upper one has a plus, h1 and l2. The lower one is computed as its conjugate, which needs no
    division by ``2 b - h2``.

    Parameters
    ----------
    a
        At least 0.
    of_a
        Its limits l1 and h1, at least 0.
    b
        Above 0.
    of_b
        Its limits l2 and h2, at least 0.

    Returns
    -------
    Limits
        At least 0; the upper one is infinite where l2 is 0.

    Examples
    --------
    >>> low, high = ratio_of_limits(1.5, (1.4, 1.6), 0.5, (0.4, 0.6))  # symmetric: Fieller's
    >>> round(low, 4), round(high, 4)
    (2.4675, 3.7825)
    """
    (l1, h1), (l2, h2) = of_a, of_b
    lead = l2 * (2 * b - l2)
    root = math.sqrt(max((a * b) ** 2 - h1 * (2 * a - h1) * lead, 0.0))
    high = (a * b + root) / lead if lead > 0 else math.inf
    if a == 0:
        return 0.0, high
    at_low = l1 * (2 * a - l1)
    low = at_low / (a * b + math.sqrt(max((a * b) ** 2 - at_low * h2 * (2 * b - h2), 0.0)))
    return low, high


def check_divisor(share: Share) -> None:
    """Require a mean accuracy that can be divided by.

    Parameters
    ----------
    share
        Of the baseline.

    Raises
    ------
    BaselineError
        If nobody is in it, or nobody was ever right.
    """
    if not share.value > 0:
        got = "nobody" if not share.n_participants else "0.0"
        raise BaselineError(f"mean accuracy of {share.name} must be above 0; got {got}.")


def warn_unbounded(name: str, divisor: str, g: float) -> None:
    """Warn that a ratio has no bounds.

    Parameters
    ----------
    name
        Of the arm.
    divisor
        Of the arm that is divided by.
    g
        Fieller's g, at least 1.
    """
    warnings.warn(
        f"g of {name} over {divisor} must be below 1 for a bounded interval; got {g:.3g}. "
        "More participants are needed.",
        UnboundedIntervalWarning,
        stacklevel=3,
    )
