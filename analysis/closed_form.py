"""Power in closed form, by normal approximation, to hold simulations against.

    a, b     accuracies of two arms, n participants each with m trials
    v        variance of one participant's accuracy: that of the probability between participants,
             and that of m answers given it

Items are the same in both arms, so that their effects nearly cancel; they do not in a single share.
"""

import math

import numpy as np
from scipy import special, stats

from analysis.design import Design
from analysis.regression.averaging import NODES, WEIGHTS, log_odds_of_share


def difference_power(design: Design, n: float) -> float:
    """Power of a two-sided test of a difference between two accuracies.

    Parameters
    ----------
    design
        What is believed.
    n
        Participants analysed in an arm; may be a mean.

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> round(difference_power(Design(reference=0.62, accuracy=0.75), 25), 2)
    0.92
    """
    a, b = design.accuracy, design.reference
    error = math.sqrt((_variance(a, design) + _variance(b, design)) / n)
    df = max(2 * n - 2, 1.0)
    return float(stats.nct.sf(stats.t.isf(design.alpha / 2, df), df, abs(a - b) / error))


def equivalence_power(design: Design, n: float) -> float:
    """Power of two one-sided tests of the ratio of two accuracies, on its logarithm.

    Parameters
    ----------
    design
        What is believed.
    n
        Participants analysed in an arm; may be a mean.

    Returns
    -------
    float
        In [0, 1].
    """
    a, b = design.accuracy, design.reference
    error = math.sqrt((_variance(a, design) / a**2 + _variance(b, design) / b**2) / n)
    z, edge = float(stats.norm.isf(design.alpha)), -math.log(1 - design.margin)
    tails = [stats.norm.cdf((edge + side * math.log(a / b)) / error - z) for side in (1, -1)]
    return max(float(sum(tails)) - 1, 0.0)


def share_power(design: Design, n: float) -> float:
    """Power of a two-sided test of one share against chance, participants and items both a sample.

    Parameters
    ----------
    design
        What is believed.
    n
        Participants analysed in an arm; may be a mean.

    Returns
    -------
    float
        In [0, 1].
    """
    a = design.accuracy
    of_items = (a * (1 - a) * design.item_sd) ** 2 / design.n_items
    error = math.sqrt(_variance(a, design) / n + of_items)
    df = max(min(n, design.n_items) - 1, 1.0)
    distance = abs(a - design.reference) / error
    return float(stats.nct.sf(stats.t.isf(design.alpha / 2, df), df, distance))


def _variance(share: float, design: Design) -> float:
    """Variance of one participant's accuracy."""
    centre = log_odds_of_share(share, design.participant_sd**2)
    p = special.expit(centre + design.participant_sd * NODES)
    weights = WEIGHTS / WEIGHTS.sum()
    between = float(np.dot(weights, (p - share) ** 2))
    return between + float(np.dot(weights, p * (1 - p))) / design.n_items
