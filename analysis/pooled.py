"""Tests of one share, or of two, that take all answers as independent, as published ones often do.

They are here to see which of them a printed p-value comes from, not to be used: answers of one
participant, and answers to one item, are alike.
"""

import numpy as np
from scipy import stats

from analysis.errors import AnalysisError


def pooled_tests(n_right: int, n_right_other: int, n: int) -> dict[str, float]:
    """Compare two counts of right answers among n each.

    Parameters
    ----------
    n_right
        In [0, n].
    n_right_other
        In [0, n].
    n
        Answers to each, 1 or more.

    Returns
    -------
    dict[str, float]
        Two-sided p by method: ``logit`` (Wald's test of a binomial regression), ``z`` (two shares,
        pooled variance), ``z_unpooled``, ``yates`` (continuity correction), ``fisher`` and
        ``likelihood_ratio``; and one-sided, ``logit_one_sided``.

    Raises
    ------
    AnalysisError
        If a count is outside [0, n].

    Examples
    --------
    >>> round(pooled_tests(379, 404, 540)["logit"], 3)
    0.089
    """
    for name, count in (("n_right", n_right), ("n_right_other", n_right_other)):
        if not 0 <= count <= n:
            raise AnalysisError(f"{name} must be in [0, {n}]; got {count}.")
    table = np.array([[n_right, n - n_right], [n_right_other, n - n_right_other]])
    share = table[:, 0] / n
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.log(table[1, 0] * table[0, 1] / (table[0, 0] * table[1, 1]))
        z = abs(logit) / np.sqrt((1 / table).sum())
        unpooled = (share[1] - share[0]) / np.sqrt((share * (1 - share)).sum() / n)
    return {
        "logit": 2 * float(stats.norm.sf(z)),
        "z": _chi_squared(table, "pearson"),
        "z_unpooled": 2 * float(stats.norm.sf(abs(unpooled))),
        "yates": _chi_squared(table, "pearson", is_corrected=True),
        "fisher": float(stats.fisher_exact(table).pvalue),
        "likelihood_ratio": _chi_squared(table, "log-likelihood"),
        "logit_one_sided": float(stats.norm.sf(z)),
    }


def pooled_share_tests(n_right: int, n: int) -> dict[str, float]:
    """Compare a count among n with one half.

    Parameters
    ----------
    n_right
        In [0, n].
    n
        Answers, 1 or more.

    Returns
    -------
    dict[str, float]
        Two-sided p by method: ``binomial`` (exact), ``z`` (with the variance of one half),
        ``z_unpooled`` (with that of the share), ``logit`` (Wald's test of a binomial regression)
        and ``likelihood_ratio``; and one-sided, ``binomial_one_sided``.

    Raises
    ------
    AnalysisError
        If the count is outside [0, n].

    Examples
    --------
    >>> {name: round(p, 3) for name, p in pooled_share_tests(60, 100).items() if name[0] in "bz"}
    {'binomial': 0.057, 'z': 0.046, 'z_unpooled': 0.041, 'binomial_one_sided': 0.028}
    """
    if not 0 <= n_right <= n:
        raise AnalysisError(f"n_right must be in [0, {n}]; got {n_right}.")
    counts = np.array([n_right, n - n_right])
    share = n_right / n
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = abs(np.log(counts[0] / counts[1])) / np.sqrt((1 / counts).sum())
        unpooled = abs(share - 0.5) / np.sqrt(np.float64(share * (1 - share) / n))
    side = "greater" if share > 0.5 else "less"
    ratio = stats.power_divergence(counts, lambda_="log-likelihood")
    return {
        "binomial": float(stats.binomtest(n_right, n, 0.5).pvalue),
        "z": 2 * float(stats.norm.sf(abs(share - 0.5) * 2 * np.sqrt(n))),
        "z_unpooled": 2 * float(stats.norm.sf(unpooled)),
        "logit": 2 * float(stats.norm.sf(logit)),
        "likelihood_ratio": float(ratio.pvalue),
        "binomial_one_sided": float(stats.binomtest(n_right, n, 0.5, alternative=side).pvalue),
    }


def _chi_squared(
    table: np.ndarray[tuple[int, int], np.dtype[np.int64]],
    statistic: str,
    *,
    is_corrected: bool = False,
) -> float:
    if (table.sum(axis=0) == 0).any():
        return 1.0
    found = stats.chi2_contingency(table, correction=is_corrected, lambda_=statistic)
    return float(found.pvalue)
