"""Standardised differences of two conditions: how many standard deviations apart they are."""

import math

import pandas as pd
from scipy import special, stats

from analysis.accuracy import check_means, participant_means
from analysis.checks import check_share
from analysis.errors import BaselineError
from analysis.shares import Values, are_estimable, share_of


def hedges_g(x: Values, y: Values, *, level: float = 0.95) -> tuple[float, float, float]:
    """Hedges' g, the difference of two means in pooled standard deviations, without bias.

    Parameters
    ----------
    x
        (n,), two values or more.
    y
        (m,), two values or more; its mean is subtracted.
    level
        Coverage of the interval, in (0, 1).

    Returns
    -------
    tuple[float, float, float]
        g and its interval from the large-sample variance (Hedges & Olkin 1985, equation 8 of
        chapter 5); NaN where nobody differs from anybody.

    Examples
    --------
    >>> import numpy as np
    >>> g, low, high = hedges_g(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0]))
    >>> round(g, 3)
    -0.798
    """
    n, m = len(x), len(y)
    df = n + m - 2
    pooled = ((n - 1) * x.var(ddof=1) + (m - 1) * y.var(ddof=1)) / df
    if pooled < 1e-20:
        return math.nan, math.nan, math.nan
    unbiased = math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2))
    g = float((x.mean() - y.mean()) / math.sqrt(pooled)) * unbiased / math.sqrt(df / 2)
    error = math.sqrt((n + m) / (n * m) + g * g / (2 * (n + m)))
    margin = float(stats.norm.ppf((1 + level) / 2)) * error
    return g, g - margin, g + margin


def standardised_differences(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Give Hedges' g of each condition against the baseline, over participants' mean accuracies.

    Parameters
    ----------
    accuracies
        ``participant``, ``condition``, ``accuracy`` in [0, 1].
    baseline
        What is subtracted.
    level
        Coverage of each interval, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per other condition, in order of appearance: ``condition``, ``hedges_g``,
        ``ci_low``, ``ci_high``; missing where an arm has one participant, or nobody differs from
        anybody within both.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    BaselineError
        If nobody is in the baseline.
    DesignError
        If a participant or a condition is not given.
    ConditionsError
        If a participant is in several conditions.
    AnalysisError
        If an accuracy or `level` is out of range.

    Warns
    -----
    SmallArmWarning
        If an arm has one participant.
    ZeroVarianceWarning
        If all participants of an arm have the same accuracy.
    """
    check_means(accuracies)
    check_share("level", level)
    arms = {
        str(name): participant_means(arm)
        for name, arm in accuracies.groupby("condition", sort=False)
    }
    if arms and baseline not in arms:
        raise BaselineError(f"baseline must be one of {sorted(arms)}; got {baseline!r}.")
    for name, values in arms.items():
        are_estimable(share_of(values, name=name, n_answers=len(values), is_counted=False))
    rows = []
    for name, values in arms.items():
        if name != baseline:
            few = min(len(values), len(arms[baseline])) < 2
            found = (math.nan,) * 3 if few else hedges_g(values, arms[baseline], level=level)
            rows.append([name, *found])
    return pd.DataFrame(rows, columns=["condition", "hedges_g", "ci_low", "ci_high"])
