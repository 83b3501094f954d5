"""P-values that agree with the intervals: the level at which a limit reaches the null value."""

import math
from collections.abc import Callable
from typing import Final

from scipy import optimize

from analysis.intervals import difference_limits, ratio_limits
from analysis.shares import Limits, Share

LEAST: Final = 1e-15  # the smallest tail that is looked for


def p_above(limits: Callable[[float], Limits], value: float, null: float) -> float:
    """One-sided p-value of "at most `null`" against "above it".

    Parameters
    ----------
    limits
        From the tail beyond each limit to both limits; they meet in `value` at a tail of one half.
    value
        The estimate.
    null
        The largest value of the hypothesis.

    Returns
    -------
    float
        In [1e-15, 1 - 1e-15].
    """
    if value == null:
        return 0.5
    is_above = value > null
    side = 0 if is_above else 1

    def excess(log_tail: float) -> float:
        return limits(math.exp(log_tail))[side] - null

    low, high = math.log(LEAST), math.log(0.5 - 1e-9)
    if (excess(low) > 0) == is_above:
        tail = LEAST
    elif (excess(high) > 0) != is_above:
        tail = 0.5
    else:
        tail = math.exp(float(optimize.brentq(excess, low, high, xtol=1e-10)))
    return tail if is_above else 1 - tail


def p_difference_above(x: Share, y: Share, null: float = 0.0) -> float:
    """One-sided p-value of "x is at most `null` above y", by `intervals.difference_limits`.

    Parameters
    ----------
    x
        Of two participants or more.
    y
        Likewise; what is subtracted.
    null
        In [-1, 1].

    Returns
    -------
    float
        In (0, 1).
    """
    return p_above(lambda tail: difference_limits(x, y, tail=tail), x.value - y.value, null)


def p_ratio_above(x: Share, y: Share, null: float = 1.0) -> float:
    """One-sided p-value of "x over y is at most `null`", by `intervals.ratio_limits`.

    Parameters
    ----------
    x
        Of two participants or more.
    y
        Likewise, with a right answer; what is divided by.
    null
        Above 0.

    Returns
    -------
    float
        In (0, 1).
    """
    return p_above(lambda tail: ratio_limits(x, y, tail=tail), x.value / y.value, null)


def two_sided(p: float) -> float:
    """Turn a one-sided p-value into a two-sided one.

    Parameters
    ----------
    p
        In [0, 1].

    Returns
    -------
    float
        Twice the smaller tail.

    Examples
    --------
    >>> round(two_sided(0.98), 2)
    0.04
    """
    return 2 * min(p, 1 - p)
