"""From log odds of one participant and item to the share of right answers among all, and back."""

from typing import Final

import numpy as np
from scipy import optimize, special

from analysis.regression.problem import Values

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
WIDEST: Final = 40.0  # log odds


def averaged_share(log_odds: Values, variance: float) -> Values:
    """Average the share of right answers over normal effects.

    Parameters
    ----------
    log_odds
        Any shape. Of an average participant and item.
    variance
        At least 0. Of all random effects together, in squared log odds.

    Returns
    -------
    Values
        In (0, 1), of the same shape; nearer to one half, the larger the variance.

    Examples
    --------
    >>> averaged_share(np.array([1.0]), 0.0).round(4).tolist()
    [0.7311]
    """
    shifted = np.asarray(log_odds)[..., None] + variance**0.5 * NODES
    shares: Values = special.expit(shifted) @ WEIGHTS / WEIGHTS.sum()
    return shares


def log_odds_of_share(share: float, variance: float) -> float:
    """Find the log odds whose average is a share.

    Parameters
    ----------
    share
        In (0, 1). Of right answers among all.
    variance
        At least 0. Of all random effects together, in squared log odds.

    Returns
    -------
    float
        Of an average participant and item.

    Examples
    --------
    >>> round(log_odds_of_share(0.7, 1.0), 3)
    1.018
    """
    return float(
        optimize.brentq(
            lambda b: float(averaged_share(np.array(b), variance)) - share, -WIDEST, WIDEST
        )
    )
