"""The share of the attainable gain: how much of what the baseline leaves open is reached.

    a, b    mean accuracy of a condition and of the baseline
    1 / b   the largest Utility there can be: 1.62, 1.33 and 1.67 in the paper's three scenarios
    (a - b) / (1 - b) = 1 - (1 - a) / (1 - b)    the share of the attainable gain

A Utility of 1.15 is half of what can be reached over a baseline of .77, and a fifth of it over one
of .57, so scores of different scenarios are not alike.
"""

import math
import warnings
from dataclasses import replace

import pandas as pd

from analysis.accuracy import arm_share
from analysis.checks import check_columns, check_share, check_shares
from analysis.errors import BaselineError, CeilingWarning
from analysis.intervals import Estimate, ratio_interval
from analysis.shares import Share
from analysis.utility import ARM, check_sessions


def attainable_gains(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Say how much of the attainable gain each condition reaches.

    The share is one minus a ratio of shares of wrong answers, so its interval is the Fieller-type
    one for that ratio, as Utility's is (see `intervals.ratio_interval`).

    Parameters
    ----------
    accuracies
        As for `utility.utility_scores`.
    baseline
        The condition that the others are compared with, in every scenario.
    level
        Coverage of each interval, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per scenario and other condition, in order of appearance: ``scenario``,
        ``condition``, ``ceiling`` (the largest Utility there can be), ``gain_share`` (at most 1,
        below 0 where the condition does harm); with participants also ``ci_low`` and ``ci_high``
        (at most 1; the lower one is minus infinity where the baseline's wrong answers are too few
        to be told from none).

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
        If `level` is not a share, or an accuracy is not in [0, 1].

    Warns
    -----
    CeilingWarning
        If the baseline leaves nothing to gain; the share is missing.
    SmallArmWarning
        If an arm has one participant; its interval is missing.
    ZeroVarianceWarning
        If all of an arm score the same.
    UnboundedIntervalWarning
        If the baseline's share of wrong answers cannot be told from zero.
    """
    check_columns(accuracies, [*ARM, "session", "accuracy"])
    check_shares(accuracies, "accuracy")
    check_share("level", level)
    check_sessions(accuracies)
    has_participants = "participant" in accuracies.columns
    rows: list[tuple[object, ...]] = []
    for scenario, table in accuracies.groupby("scenario", sort=False):
        arms = {str(name): arm for name, arm in table.groupby("condition", sort=False)}
        if baseline not in arms or not arms[baseline]["accuracy"].any():
            raise BaselineError(
                f"baseline of scenario {scenario} must be one of {sorted(arms)} with a right "
                f"answer; got {baseline!r}."
            )
        ceiling = 1 / float(arms[baseline].groupby("session")["accuracy"].mean().mean())
        for name in [name for name in arms if name != baseline]:
            gain = _gain(arms[name], arms[baseline], (name, baseline), level, has_participants)
            rows.append((scenario, name, ceiling, gain.value, gain.ci_low, gain.ci_high))
    columns = [*ARM, "ceiling", "gain_share", "ci_low", "ci_high"]
    gains = pd.DataFrame(rows, columns=columns)
    return gains if has_participants else gains[columns[:4]]


def _gain(
    arm: pd.DataFrame,
    reference: pd.DataFrame,
    names: tuple[str, str],
    level: float,
    has_participants: bool,
) -> Estimate:
    if (reference["accuracy"] == 1).all():
        warnings.warn(
            f"mean accuracy of {names[1]} must be below 1 for a gain over it; got 1.0.",
            CeilingWarning,
            stacklevel=3,
        )
        return Estimate(float("nan"), float("nan"), float("nan"))
    if not has_participants:
        errors = 1 - float(arm["accuracy"].mean()), 1 - float(reference["accuracy"].mean())
        return Estimate(1 - errors[0] / errors[1], float("nan"), float("nan"))
    wrong = ratio_interval(
        _wrong(arm_share(arm, names[0])), _wrong(arm_share(reference, names[1])), level=level
    )
    least = wrong.ci_low if math.isnan(wrong.ci_low) else max(wrong.ci_low, 0.0)
    return Estimate(1 - wrong.value, 1 - wrong.ci_high, 1 - least)


def _wrong(share: Share) -> Share:
    """Turn a share of right answers into that of wrong ones."""
    return replace(share, name=f"wrong answers of {share.name}", value=1 - share.value)
