"""The usual tests between conditions over participants' mean accuracies, by the names readers know.

None of them is the default: `odds.marginal_odds_ratios` is, and docs/benchmarks.md has error
rates. Those that take variances as equal (ANOVA, Tukey-Kramer, Dunnett) err where they are
not and arms differ in size; those of Welch and Games-Howell err in small arms near 1. Which one is
used is decided beforehand: none of these functions looks at the data to choose another.
"""

import itertools
import warnings
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy import integrate, optimize, stats

from analysis.accuracy import check_means, participant_means
from analysis.checks import check_choice, check_share
from analysis.equivalence import holm
from analysis.errors import BaselineError, ConditionsError
from analysis.shares import ALIKE, Values, are_estimable, share_of

Pairwise = Literal["tukey_kramer", "games_howell"]
AgainstBaseline = Literal["dunnett", "welch_holm"]

PAIR: Final = ("condition", "reference")
N_NODES: Final = 12  # quantiles of the studentized range that are computed and not interpolated
BOUNDS: Final = ("difference", "ci_low", "ci_high", "p")


def one_way(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Test whether all conditions have the same mean accuracy.

    Parameters
    ----------
    accuracies
        ``participant``, ``condition``, ``accuracy`` in [0, 1]; each participant's rows are
        averaged first.

    Returns
    -------
    pd.DataFrame
        Two rows: ``method`` (``anova``; ``welch``, which lets variances differ), ``f``, ``df1``,
        ``df2``, ``p``, ``eta_squared`` and ``omega_squared`` (shares of the variance between
        participants that conditions explain, the second without bias; for ``anova`` only).

    Raises
    ------
    MissingColumnError
        If a column is absent.
    ConditionsError
        If there are not two conditions with two participants or more each, or a participant is
        in several.
    DesignError
        If a participant or a condition is not given.
    AnalysisError
        If an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If a condition has one participant; it is left out.
    ZeroVarianceWarning
        If all participants of a condition have the same accuracy.
    """
    groups = list(_groups(accuracies).values())
    k, n = len(groups), sum(len(group) for group in groups)
    found = stats.f_oneway(*groups)
    f = float(found.statistic)
    eta = f * (k - 1) / (f * (k - 1) + n - k)
    omega = (k - 1) * (f - 1) / ((k - 1) * (f - 1) + n)
    rows = [
        ["anova", f, k - 1, n - k, float(found.pvalue), eta, omega],
        ["welch", *_welch_anova(groups), np.nan, np.nan],
    ]
    names = ["method", "f", "df1", "df2", "p", "eta_squared", "omega_squared"]
    return pd.DataFrame(rows, columns=names)


def all_pairs(
    accuracies: pd.DataFrame, method: Pairwise = "games_howell", *, level: float = 0.95
) -> pd.DataFrame:
    """Compare every condition with every other, adjusted for all of them.

    Parameters
    ----------
    accuracies
        As for `one_way`.
    method
        ``tukey_kramer``, which takes variances as equal, or ``games_howell``.
    level
        Simultaneous coverage of the intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per pair, in order of appearance: ``condition``, ``reference``, ``difference``,
        ``ci_low``, ``ci_high``, ``p`` (both adjusted; missing, for ``games_howell``, where nobody
        differs from anybody within both conditions) and ``method``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    ConditionsError
        If there are not two conditions with two participants or more each, or a participant is
        in several.
    DesignError
        If a participant or a condition is not given.
    AnalysisError
        If an accuracy or `level` is out of range, or `method` unknown.

    Warns
    -----
    SmallArmWarning
        If a condition has one participant; it is left out.
    ZeroVarianceWarning
        If all participants of a condition have the same accuracy.
    """
    check_choice("method", method, ["tukey_kramer", "games_howell"])
    check_share("level", level)
    groups = _groups(accuracies)
    names, values = list(groups), list(groups.values())
    is_pooled = method == "tukey_kramer"
    pairs = list(itertools.combinations(range(len(names)), 2))
    errors = {pair: _pair_error(values, *pair, is_pooled=is_pooled) for pair in pairs}
    known = np.unique([df for error, df in errors.values() if error > 0])
    quantiles = dict(zip(known, _range_quantiles(level, len(names), known), strict=True))
    rows = []
    for (i, j), (error, df) in errors.items():
        difference = float(values[i].mean() - values[j].mean())
        margin, p = np.nan, np.nan
        if error > 0:
            margin = quantiles[df] / 2**0.5 * error
            q = 2**0.5 * abs(difference) / error
            p = _range_beyond(q, len(names), df)
        bounds = difference - margin, difference + margin
        rows.append([names[i], names[j], difference, *bounds, p])
    return pd.DataFrame(rows, columns=[*PAIR, *BOUNDS]).assign(method=method)


def against_baseline(
    accuracies: pd.DataFrame,
    baseline: str = "baseline",
    method: AgainstBaseline = "welch_holm",
    *,
    level: float = 0.95,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Compare every condition with the baseline.

    Parameters
    ----------
    accuracies
        As for `one_way`.
    baseline
        What the others are compared with.
    method
        ``dunnett``, which takes variances as equal and adjusts tests and intervals together; or
        ``welch_holm``, Welch's tests adjusted by Holm, with intervals that are not adjusted.
    level
        Coverage of the intervals, in (0, 1): simultaneous for ``dunnett``, of each for
        ``welch_holm``.
    rng
        Draws the points at which Dunnett's multivariate t is integrated.

    Returns
    -------
    pd.DataFrame
        One row per other condition, in order of appearance: ``condition``, ``reference``,
        ``difference``, ``ci_low``, ``ci_high``, ``p`` (adjusted) and ``method``; the bounds and p
        of ``welch_holm`` are missing where nobody differs from anybody within both conditions.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    ConditionsError
        If there are not two conditions with two participants or more each, or a participant is
        in several.
    DesignError
        If a participant or a condition is not given.
    BaselineError
        If the baseline is none of these.
    AnalysisError
        If an accuracy or `level` is out of range, or `method` unknown.

    Warns
    -----
    SmallArmWarning
        If a condition has one participant; it is left out.
    ZeroVarianceWarning
        If all participants of a condition have the same accuracy.
    """
    check_choice("method", method, ["dunnett", "welch_holm"])
    check_share("level", level)
    groups = _groups(accuracies)
    if baseline not in groups:
        raise BaselineError(f"baseline must be one of {list(groups)}; got {baseline!r}.")
    reference = groups.pop(baseline)
    others = list(groups.values())
    values = (
        _dunnett(others, reference, level, rng)
        if method == "dunnett"
        else _welch_holm(others, reference, level)
    )
    table = pd.DataFrame(dict(zip(BOUNDS, values, strict=True)))
    table.insert(0, "condition", list(groups))
    table.insert(1, "reference", baseline)
    return table.assign(method=method)


def _groups(accuracies: pd.DataFrame) -> dict[str, Values]:
    """Return participants' means by condition; conditions of one participant are left out."""
    check_means(accuracies)
    arms = accuracies.groupby("condition", sort=False)
    means = {str(name): participant_means(arm) for name, arm in arms}
    groups = {name: values for name, values in means.items() if len(values) > 1}
    if len(groups) < 2 or not any(map(_varies, groups.values())):
        sizes = {name: len(values) for name, values in means.items()}
        raise ConditionsError(
            f"conditions must be two or more with two participants or more who differ; got {sizes}."
        )
    for name, values in means.items():
        are_estimable(share_of(values, name=name, n_answers=len(values), is_counted=False))
    return groups


def _varies(values: Values) -> bool:
    return bool(np.ptp(values) > ALIKE)


def _pair_error(
    groups: Sequence[Values], i: int, j: int, *, is_pooled: bool
) -> tuple[float, float]:
    """Return a difference's standard error and degrees of freedom; 0 where nobody differs."""
    if is_pooled:
        df = sum(len(group) - 1 for group in groups)
        pooled = sum((len(group) - 1) * group.var(ddof=1) for group in groups) / df
        return float(pooled * (1 / len(groups[i]) + 1 / len(groups[j]))) ** 0.5, df
    if not (_varies(groups[i]) or _varies(groups[j])):
        return 0.0, np.inf
    u, v = (groups[k].var(ddof=1) / len(groups[k]) for k in (i, j))
    df = (u + v) ** 2 / (u**2 / (len(groups[i]) - 1) + v**2 / (len(groups[j]) - 1))
    return float(u + v) ** 0.5, float(df)


def _range_quantiles(level: float, k: int, df: Values) -> Values:
    """Quantiles of the studentized range, of many degrees of freedom from a few."""
    if len(df) <= N_NODES:
        return np.array([_range_quantile(level, k, each) for each in df])

    def log_quantiles(x: Values) -> Values:
        return np.log([_range_quantile(level, k, float(each)) for each in 1 / x])

    # smooth in 1 / df: right to 1e-5 from one degree of freedom on, to 1e-6 from two on
    domain = [1 / df.max(), 1 / df.min()]
    fit = np.polynomial.Chebyshev.interpolate(log_quantiles, N_NODES - 1, domain)
    quantiles: Values = np.exp(fit(1 / df))
    return quantiles


def _range_quantile(level: float, k: int, df: float) -> float:
    """Quantile of the studentized range; SciPy's ``ppf`` takes thrice as long, without a bound."""
    bonferroni = 2**0.5 * float(stats.t.isf((1 - level) / (k * (k - 1)), df))

    def excess(q: float) -> float:
        return _range_beyond(q, k, df) - (1 - level)

    if excess(bonferroni) >= 0:  # two groups, or a level at which the integral's error tells
        return bonferroni
    return float(optimize.brentq(excess, 0, bonferroni, xtol=1e-9))


def _range_beyond(q: float, k: int, df: float) -> float:
    """Probability of a studentized range above q, without notes on the last digits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", integrate.IntegrationWarning)
        return float(stats.studentized_range.sf(q, k, df))


def _welch_anova(groups: Sequence[Values]) -> list[float]:
    """Welch's test (1951) of equal means: F, both degrees of freedom, p."""
    n = np.array([len(group) for group in groups])
    mean = np.array([group.mean() for group in groups])
    variance = np.array([group.var(ddof=1) for group in groups])
    if not all(map(_varies, groups)):
        return [np.nan] * 4
    w = n / variance
    centre = (w * mean).sum() / w.sum()
    k = len(groups)
    spread = ((1 - w / w.sum()) ** 2 / (n - 1)).sum() / (k * k - 1)
    f = (w * (mean - centre) ** 2).sum() / (k - 1) / (1 + 2 * (k - 2) * spread)
    df2 = 1 / (3 * spread)
    return [float(f), k - 1, float(df2), float(stats.f.sf(f, k - 1, df2))]


def _dunnett(
    others: list[Values], reference: Values, level: float, rng: np.random.Generator
) -> list[Values]:
    with warnings.catch_warnings():  # of an arm without spread, of which `_groups` warns
        warnings.filterwarnings("ignore", "Precision loss occurred", RuntimeWarning)
        found = stats.dunnett(*others, control=reference, rng=rng)
    bounds = found.confidence_interval(level)
    differences = np.array([group.mean() - reference.mean() for group in others])
    return [differences, bounds.low, bounds.high, found.pvalue]


def _welch_holm(others: list[Values], reference: Values, level: float) -> list[Values]:
    tests = [_welch(group, reference, level) for group in others]
    difference, low, high, p = np.array(tests).T
    return [difference, low, high, holm(pd.Series(p)).to_numpy(float)]


def _welch(group: Values, reference: Values, level: float) -> list[float]:
    """Welch's test: difference, bounds and p; the last three missing where nobody differs."""
    difference = float(group.mean() - reference.mean())
    error, df = _pair_error([group, reference], 0, 1, is_pooled=False)
    if error == 0:
        return [difference, np.nan, np.nan, np.nan]
    margin = float(stats.t.ppf((1 + level) / 2, df)) * error
    p = 2 * float(stats.t.sf(abs(difference) / error, df))
    return [difference, difference - margin, difference + margin, p]
