"""A mean accuracy with what is known of its error, and Wilson's limits of it.

a    the mean, in [0, 1]
u    its squared standard error
n    answers that would tell as much if they were independent, a (1 - a) / u
t    quantile of Student's t
"""

import dataclasses
import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.errors import SmallArmWarning, ZeroVarianceWarning

Values = NDArray[np.float64]
Limits = tuple[float, float]

ALIKE = 1e-12  # spread below which all values are the same


@dataclass(frozen=True, kw_only=True)
class Share:
    """A mean accuracy, estimated from participants who may differ.

    Attributes
    ----------
    name
        For warnings and errors.
    value
        In [0, 1]; NaN of nobody.
    squared_error
        Squared standard error; 0 where all participants are alike.
    degrees
        Degrees of freedom of the squared error.
    n_participants
        How many there are.
    n_answers
        How many answers were given, or a number that is surely not above it.
    is_counted
        Whether `n_answers` is exact.
    """

    name: str
    value: float
    squared_error: float
    degrees: float
    n_participants: int
    n_answers: int
    is_counted: bool = True


def share_of(values: Values, *, name: str, n_answers: int, is_counted: bool = True) -> Share:
    """Average the accuracies of participants.

    Parameters
    ----------
    values
        (n,), in [0, 1], one a participant.
    name
        Of the arm.
    n_answers
        How many answers these are shares of, or a number that is surely not above it.
    is_counted
        Whether `n_answers` is exact.

    Returns
    -------
    Share
        With n - 1 degrees of freedom.

    Examples
    --------
    >>> round(share_of(np.array([0.5, 0.7]), name="craft", n_answers=20).squared_error, 6)
    0.01
    """
    n = len(values)
    varies = n > 1 and bool(np.ptp(values) > ALIKE)
    return Share(
        name=name,
        value=float(values.mean()) if n else math.nan,
        squared_error=float(values.var(ddof=1)) / n if varies else 0.0,
        degrees=n - 1,
        n_participants=n,
        n_answers=n_answers,
        is_counted=is_counted,
    )


def wilson_limits(share: Share, *, tail: float, has_floor: bool = False) -> Limits:
    """Wilson's limits of a mean accuracy, with the spread between participants.

    In Wilson's score interval, the number of answers is replaced by n and the normal quantile by t
    (Korn & Graubard 1998; Dean & Pagano 2015).

    Parameters
    ----------
    share
        Of two participants or more.
    tail
        Probability beyond each limit, in (0, 0.5).
    has_floor
        Whether answers tell at most as much as independent ones: n is cut at the number of answers
        where that is known. The interval of a single mean needs this to cover, one of two means
        does not.

    Returns
    -------
    Limits
        In [0, 1]. Where all participants are alike, their answers count as independent.

    Examples
    --------
    >>> low, high = wilson_limits(
    ...     share_of(np.ones(8), name="craft", n_answers=168), tail=0.025)
    >>> round(low, 3), high
    (0.968, 1.0)
    """
    a, u = share.value, share.squared_error
    n = a * (1 - a) / u if u > 0 else share.n_answers
    if has_floor and share.is_counted:
        n = min(n, share.n_answers)
    squared_t = t_quantile(share, tail=tail) ** 2
    centre = (a + squared_t / (2 * n)) / (1 + squared_t / n)
    half = math.sqrt(squared_t * (a * (1 - a) / n + squared_t / (4 * n * n))) / (1 + squared_t / n)
    return max(centre - half, 0.0) if a > 0 else 0.0, centre + half if a < 1 else 1.0


def widened(share: Share) -> Share:
    """Make a share as uncertain as tests of a ratio need in small arms near 0 and 1.

    There, a mean that is too extreme comes with a spread that is too small. The squared error is
    multiplied by 1 + s / (n - 1), where s = 1 - (2 min(a, 1 - a))^2. At the ends that is
    n / (n - 1), as the bias-reduced covariance of Mancl & DeRouen (2001) has it for an arm, and in
    the middle, where answers are not skew, 1. It is at least that of independent answers, and there
    is one degree of freedom less.

    Parameters
    ----------
    share
        Of two participants or more.

    Returns
    -------
    Share
        The same where all participants are alike.

    Examples
    --------
    >>> share = share_of(np.array([0.7, 0.8, 0.9]), name="craft", n_answers=63)
    >>> wide = widened(share)
    >>> round(wide.squared_error / share.squared_error, 3), wide.degrees
    (1.42, 1)
    """
    n, a = share.n_participants, share.value
    if n < 2 or share.squared_error == 0:
        return share
    floor = a * (1 - a) / share.n_answers if share.is_counted else 0.0
    skew = 1 - (2 * min(a, 1 - a)) ** 2
    error = max(share.squared_error * (1 + skew / (n - 1)), floor)
    return dataclasses.replace(share, squared_error=error, degrees=max(share.degrees - 1, 1))


def t_quantile(share: Share, *, tail: float) -> float:
    """Quantile of Student's t with a share's degrees of freedom.

    Parameters
    ----------
    share
        Of two participants or more.
    tail
        Probability beyond it, in (0, 0.5).

    Returns
    -------
    float
        Above 0.
    """
    return float(stats.t.isf(tail, share.degrees))


def are_estimable(*shares: Share) -> bool:
    """Say whether each share has participants enough for an interval, and warn of what is odd.

    Parameters
    ----------
    *shares
        Any number.

    Returns
    -------
    bool
        False if one has fewer than two participants.

    Warns
    -----
    SmallArmWarning
        For one that has fewer than two participants.
    ZeroVarianceWarning
        For one whose participants all have the same accuracy.
    """
    for share in shares:
        if share.n_participants < 2:
            warnings.warn(
                f"{share.name} must have 2 participants or more for an interval; "
                f"got {share.n_participants}.",
                SmallArmWarning,
                stacklevel=3,
            )
        elif share.squared_error == 0:
            warnings.warn(
                f"{share.name} must vary between participants for a measured spread; got "
                f"{share.value:.3f} from all {share.n_participants}. "
                "Their answers count as independent; tests of participants' means alone are "
                "missing between two such arms.",
                ZeroVarianceWarning,
                stacklevel=3,
            )
    return all(share.n_participants >= 2 for share in shares)
