"""Standardised differences of two conditions: how many standard deviations apart they are."""

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd
from scipy import special, stats

from analysis.accuracy import arm_share, check_means, participant_means
from analysis.checks import check_share
from analysis.contrasts import Contrast
from analysis.intervals import difference_interval
from analysis.odds import PARTS, warn_empty
from analysis.shares import Share, Values

SIZES: Final = (
    "difference", "difference_low", "difference_high", "hedges_g", "ci_low", "ci_high"
)  # fmt: skip


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


def contrast_sizes(
    accuracies: pd.DataFrame, contrasts: Sequence[Contrast], *, level: float = 0.95
) -> pd.DataFrame:
    """Give the difference in accuracy and Hedges' g of each contrast.

    Parameters
    ----------
    accuracies
        ``participant``, ``condition``, ``accuracy`` in [0, 1], and ``n_trials`` where it is known;
        each participant's rows are averaged first.
    contrasts
        What is compared; one that is there twice is given once, in its last family.
    level
        Coverage of each interval, in (0, 1); not adjusted for several comparisons.

    Returns
    -------
    pd.DataFrame
        One row per contrast: ``contrast``, ``family``, ``condition``, ``reference``,
        ``n_condition``, ``n_reference`` (participants), ``difference``, ``difference_low``,
        ``difference_high`` (as `intervals.difference_interval`), ``hedges_g``, ``ci_low``,
        ``ci_high`` (of g); missing where an arm has nobody, bounds and g where it has one
        participant, g where nobody differs from anybody within both.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If a participant or a condition is not given.
    ConditionsError
        If a participant is in several conditions.
    AnalysisError
        If an accuracy or `level` is out of range.

    Warns
    -----
    EmptyConditionWarning
        If a condition has nobody left.
    SmallArmWarning
        If an arm has one participant.
    ZeroVarianceWarning
        If all participants of an arm have the same accuracy.
    """
    check_means(accuracies)
    check_share("level", level)
    arms = {
        str(name): (arm_share(arm, str(name)), participant_means(arm))
        for name, arm in accuracies.groupby("condition", sort=False)
    }
    for name in dict.fromkeys(name for c in contrasts for name in (c.condition, c.reference)):
        if name not in arms:
            warn_empty(name)
    rows = []
    for contrast in {(c.condition, c.reference): c for c in contrasts}.values():
        names = [contrast.name, contrast.family, contrast.condition, contrast.reference]
        pair = [arms[name] for name in names[2:] if name in arms]
        n = [len(arms[name][1]) if name in arms else 0 for name in names[2:]]
        found = _sizes(pair, level) if len(pair) == 2 else (math.nan,) * 6
        rows.append([*names, *n, *found])
    return pd.DataFrame(rows, columns=[*PARTS, *SIZES])


def _sizes(pair: Sequence[tuple[Share, Values]], level: float) -> tuple[float, ...]:
    """Return difference and g of two arms, each with its bounds."""
    (x, of_x), (y, of_y) = pair
    apart = difference_interval(x, y, level=level)
    few = min(len(of_x), len(of_y)) < 2
    g = (math.nan,) * 3 if few else hedges_g(of_x, of_y, level=level)
    return apart.value, apart.ci_low, apart.ci_high, *g
