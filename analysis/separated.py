"""What can be said of an odds ratio where all answers of an arm are right, or all wrong."""

import math

import numpy as np
from scipy import special

from analysis.inversion import p_difference_above, two_sided
from analysis.regression.binomial import fit_binomial
from analysis.shares import Share, wilson_limits

ODDS_RATIO_FIRST = np.array([[1.0, 1.0], [0.0, 1.0]])  # log odds ratio, then log odds of y


def separated_odds_ratio(x: Share, y: Share, *, level: float) -> dict[str, float]:
    """Bound an odds ratio that has no finite estimate.

    Each arm's Wilson limit has half of the error probability, so that the bound holds at `level`.

    Parameters
    ----------
    x
        Of two participants or more.
    y
        Likewise; the reference.
    level
        Coverage of the bound, in (0, 1).

    Returns
    -------
    dict[str, float]
        ``odds_ratio`` (infinite, zero, or NaN where both arms are alike), ``ci_low``, ``ci_high``,
        ``p`` (two-sided, of the difference in accuracy) and ``firth`` (Firth's finite estimate,
        which takes answers as independent).
    """
    (l1, h1), (l2, h2) = (wilson_limits(share, tail=(1 - level) / 2) for share in (x, y))
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.exp(special.logit([x.value, y.value, l1, h1, l2, h2]))
        ratio, low, high = odds[[0, 2, 3]] / odds[[1, 5, 4]]
    return {
        "odds_ratio": float(ratio),
        "ci_low": float(np.nan_to_num(low, nan=0.0)),
        "ci_high": float(np.nan_to_num(high, nan=math.inf, posinf=math.inf)),
        "p": two_sided(p_difference_above(x, y)),
        "firth": _firth(x, y),
    }


def is_separated(*shares: Share) -> bool:
    """Say whether all answers of one of some arms are right, or all wrong."""
    return any(share.value in (0.0, 1.0) for share in shares)


def _firth(x: Share, y: Share) -> float:
    n_answers = np.array([x.n_answers, y.n_answers], dtype=float)
    n_right = np.round(n_answers * [x.value, y.value])
    fit = fit_binomial(n_right, ODDS_RATIO_FIRST, n_answers=n_answers, is_firth=True)
    return math.exp(float(fit.coefficients[0]))
