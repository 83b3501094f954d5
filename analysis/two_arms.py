"""The default tests of two arms on bare arrays, for simulations that draw thousands of studies.

They give what `odds.marginal_odds_ratios` and `equivalence.utility_equivalence` give on tables.
"""

import numpy as np

from analysis.inversion import p_difference_above, p_ratio_above, two_sided
from analysis.regression.gee import contrast_test, fit_gee, variances_if_alike
from analysis.regression.problem import Values
from analysis.separated import is_separated
from analysis.shares import Share, share_of, t_quantile, widened


def arm_of(right: Values, name: str) -> Share:
    """Average the answers of an arm.

    Parameters
    ----------
    right
        (participants, items), 0 or 1.
    name
        Of the arm.

    Returns
    -------
    Share
        Over participants.
    """
    return share_of(right.mean(axis=1), name=name, n_answers=right.size)


def difference_p(x: Values, y: Values) -> float:
    """Two-sided p of the marginal odds ratio; of the difference in accuracy where it is infinite.

    Parameters
    ----------
    x
        (participants, items), 0 or 1; two participants or more.
    y
        Likewise, with as many items.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ConvergenceError
        If the fit does not come to an end.
    """
    shares = arm_of(x, "x"), arm_of(y, "y")
    if is_separated(*shares):
        return two_sided(p_difference_above(*shares))
    arms = np.repeat([0, 1], [len(x), len(y)])
    rows = np.repeat(arms, x.shape[1])
    right = np.concatenate([x.ravel(), y.ravel()]).astype(np.float64)
    participants = np.repeat(np.arange(len(arms)), x.shape[1])
    fit = fit_gee(right, np.eye(2)[rows], participants)
    alike = variances_if_alike(shares)
    return contrast_test(fit, np.array([1.0, -1.0]), arms, level=0.95, alike=alike)["p"]


def is_equivalent(x: Values, y: Values, *, margin: float, alpha: float = 0.05) -> bool:
    """Say whether TOST shows Utility to be within margins.

    Parameters
    ----------
    x
        (participants, items), 0 or 1; two participants or more.
    y
        Likewise: the baseline.
    margin
        In (0, 1).
    alpha
        Level of each one-sided test.

    Returns
    -------
    bool
        False where the baseline cannot be told from zero.
    """
    arm, reference = widened(arm_of(x, "x")), widened(arm_of(y, "y"))
    spread = t_quantile(reference, tail=alpha) ** 2 * reference.squared_error
    if reference.value == 0 or spread >= reference.value**2:
        return False
    is_above = p_ratio_above(arm, reference, 1 - margin) < alpha
    return is_above and 1 - p_ratio_above(arm, reference, 1 / (1 - margin)) < alpha
