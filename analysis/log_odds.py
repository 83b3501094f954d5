"""From log odds to odds ratios, also where these are beyond what a number can hold."""

import math
import sys
import warnings
from typing import Final

from analysis.errors import UnboundedIntervalWarning
from analysis.intervals import Estimate

LARGEST: Final = math.log(sys.float_info.max)  # 709.8


def odds_ratio(log_odds: float) -> float:
    """Turn log odds into a ratio.

    Parameters
    ----------
    log_odds
        Any number.

    Returns
    -------
    float
        Infinite, or zero, where the ratio is beyond the numbers of the computer.

    Examples
    --------
    >>> odds_ratio(0.0), odds_ratio(1000.0), odds_ratio(-1000.0)
    (1.0, inf, 0.0)
    """
    return math.exp(log_odds) if log_odds <= LARGEST else math.inf


def odds_ratio_interval(log_odds: float, low: float, high: float, *, name: str) -> Estimate:
    """Turn an estimate of log odds and its bounds into an odds ratio with an interval.

    Parameters
    ----------
    log_odds
        The estimate.
    low
        Its lower bound.
    high
        Its upper bound.
    name
        What is compared, for the warning.

    Returns
    -------
    Estimate
        With zero and infinity for bounds that are beyond the numbers of the computer.

    Warns
    -----
    UnboundedIntervalWarning
        If a bound is.
    """
    estimate = Estimate(*map(odds_ratio, (log_odds, low, high)))
    if estimate.ci_low == 0 or math.isinf(estimate.ci_high):
        warnings.warn(
            f"log odds ratio of {name} must be within ±{LARGEST:.0f} for a bounded interval; got "
            f"{low:.4g} to {high:.4g}. More participants or items are needed.",
            UnboundedIntervalWarning,
            stacklevel=3,
        )
    return estimate
