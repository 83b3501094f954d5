"""Whether an explanation makes no difference, or does harm: Utility against a margin.

Where no method helps, as in the paper's third scenario, a large p-value shows nothing. Three
one-sided tests say more, each by the limits of `intervals.ratio_limits`:

    harm          "Utility is at least 1" against "below 1"
    not worse     "Utility is at most the lower margin" against "above it"
    not better    "Utility is at least the upper margin" against "below it"

Equivalence (TOST, Schuirmann 1987; for ratios, Hauschke et al. 1999) is shown where the last two
both are: its p-value is the larger of theirs. All three, and the interval beside them, count the
arms as somewhat more uncertain (`shares.widened`): without it equivalence errs in up to 8.0 % of
studies with 8 participants in an arm near 1, and harm in up to 6.8 %.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.accuracy import arm_share
from analysis.checks import check_columns, check_share, check_shares
from analysis.errors import AnalysisError, BaselineError
from analysis.intervals import check_divisor, ratio_interval
from analysis.inversion import p_ratio_above
from analysis.shares import widened
from analysis.utility import ARM, check_sessions


def utility_equivalence(
    accuracies: pd.DataFrame,
    baseline: str = "baseline",
    *,
    margin: float,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Test each condition's Utility for harm, and for equivalence to the baseline.

    Parameters
    ----------
    accuracies
        As for `utility.utility_scores`, with ``participant``.
    baseline
        The condition that the others are divided by, in every scenario.
    margin
        In (0, 1), stated beforehand: Utility from ``1 - margin`` to ``1 / (1 - margin)`` makes no
        difference that matters. Both bounds are equally far from 1 as ratios.
    alpha
        Level of each one-sided test, in (0, 0.5).

    Returns
    -------
    pd.DataFrame
        One row per scenario and other condition, in order of appearance: ``scenario``,
        ``condition``, ``utility``, ``margin_low``, ``margin_high``, ``ci_low`` and ``ci_high``
        (of level ``1 - 2 alpha``: equivalence is shown where the margins hold it), ``p_not_worse``,
        ``p_not_better``, ``p_equivalence``, ``is_equivalent``, ``p_harm``, ``p_harm_holm`` (Holm
        over the conditions of a scenario) and ``is_harmful`` (by the latter).

    Raises
    ------
    MissingColumnError
        If a column is absent.
    BaselineError
        If a scenario has no baseline, or one without a right answer.
    UnpairedSessionsError
        If a session is missing or there twice, or a participant is in two conditions.
    DesignError
        If a scenario, a condition, a session or a participant is not given.
    AnalysisError
        If `margin` or `alpha` is out of range, or an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If an arm has one participant; its tests are missing.
    ZeroVarianceWarning
        If all of an arm score the same.
    UnboundedIntervalWarning
        If the baseline's mean cannot be told from zero.
    """
    check_columns(accuracies, [*ARM, "session", "accuracy", "participant"])
    check_shares(accuracies, "accuracy")
    check_share("margin", margin)
    if not 0 < alpha < 0.5:
        raise AnalysisError(f"alpha must be in (0, 0.5); got {alpha}.")
    check_sessions(accuracies)
    rows = list(_rows(accuracies, baseline, margin=margin, alpha=alpha))
    names = ["utility", "margin_low", "margin_high", "ci_low", "ci_high", "p_not_worse",
             "p_not_better", "p_harm"]  # fmt: skip
    table = pd.DataFrame(rows, columns=[*ARM, *names])
    p_equivalence = table[["p_not_worse", "p_not_better"]].max(axis=1, skipna=False)
    p_harm = table.pop("p_harm")
    adjusted = p_harm.groupby(table["scenario"]).transform(holm)
    return table.assign(
        p_equivalence=p_equivalence,
        is_equivalent=p_equivalence < alpha,
        p_harm=p_harm,
        p_harm_holm=adjusted,
        is_harmful=adjusted < alpha,
    )


def holm(p: pd.Series) -> pd.Series:
    """Adjust p-values of one family by Holm's method.

    Parameters
    ----------
    p
        In [0, 1]; missing ones stay missing and are not counted.

    Returns
    -------
    pd.Series
        With the same index.

    Examples
    --------
    >>> holm(pd.Series([0.01, 0.04, float("nan")])).tolist()
    [0.02, 0.04, nan]
    """
    adjusted = pd.Series(np.nan, index=p.index, dtype=float)
    known = p.notna()
    if known.any():
        values = p[known].to_numpy(float)
        order = np.argsort(values, kind="stable")
        steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
        adjusted[known] = np.minimum(steps, 1.0)[np.argsort(order, kind="stable")]
    return adjusted


def _rows(
    accuracies: pd.DataFrame, baseline: str, *, margin: float, alpha: float
) -> Iterator[tuple[object, ...]]:
    margins = 1 - margin, 1 / (1 - margin)
    for scenario, table in accuracies.groupby("scenario", sort=False):
        arms = {str(name): arm_share(arm, str(name)) for name, arm in table.groupby("condition")}
        reference = arms.get(baseline)
        if reference is None:
            raise BaselineError(
                f"baseline of scenario {scenario} must be one of {sorted(arms)}; got {baseline!r}."
            )
        check_divisor(reference)
        for name in dict.fromkeys(table["condition"]):
            if name == baseline:
                continue
            arm = arms[str(name)]
            wide = widened(arm), widened(reference)
            estimate = ratio_interval(*wide, level=1 - 2 * alpha)
            p = [np.nan] * 3
            if np.isfinite(estimate.ci_high):
                above = [p_ratio_above(*wide, null) for null in (*margins, 1.0)]
                p = [above[0], 1 - above[1], 1 - above[2]]
            bounds = estimate.value, *margins, estimate.ci_low, estimate.ci_high
            yield (scenario, str(name), *bounds, *p)
