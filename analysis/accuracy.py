"""Accuracy by session, condition and tie, and its difference from the baseline.

The unit is the participant: each has one accuracy, and intervals are Student's t over participants
(Welch's for differences). Intervals of an accuracy are cut at 0 and 1, which loses no coverage.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.checks import check_columns, check_share, check_shares
from analysis.errors import BaselineError
from analysis.intervals import Estimate, Values, difference_interval, mean_interval


def accuracy_by(
    accuracies: pd.DataFrame, by: Sequence[str], *, level: float = 0.95
) -> pd.DataFrame:
    """Mean accuracy over participants in each group.

    Parameters
    ----------
    accuracies
        ``participant``, ``accuracy`` in [0, 1] and the columns of `by`. A participant's rows in a
        group are averaged first, so that each counts once.
    by
        Columns that make a group, such as condition and session.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        The columns of `by`, ``n_participants``, ``accuracy``, ``sd`` (between participants),
        ``ci_low``, ``ci_high``; groups in order of appearance.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    AnalysisError
        If `level` is not a share or an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If a group has one participant; its interval is missing.
    ZeroVarianceWarning
        If all of a group score the same; its interval is missing.
    """
    check_columns(accuracies, ["participant", "accuracy", *by])
    check_shares(accuracies, "accuracy")
    check_share("level", level)
    rows = []
    for key, group in accuracies.groupby(list(by), sort=False):
        values = participant_means(group)
        name = "accuracy of " + ", ".join(str(part) for part in key)
        estimate = _cut(mean_interval(values, level=level, name=name))
        sd = float(values.std(ddof=1)) if len(values) > 1 else np.nan
        rows.append([*key, len(values), estimate.value, sd, estimate.ci_low, estimate.ci_high])
    columns = [*by, "n_participants", "accuracy", "sd", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def accuracy_differences(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Difference of each condition's mean accuracy from the baseline's, with Welch's interval.

    Parameters
    ----------
    accuracies
        ``participant``, ``condition``, ``accuracy`` in [0, 1]; each participant's rows are
        averaged first.
    baseline
        The condition that is subtracted.
    level
        Coverage of each interval, in (0, 1); not adjusted for several comparisons.

    Returns
    -------
    pd.DataFrame
        One row per other condition, in order of appearance: ``condition``, ``n_participants``,
        ``n_baseline``, ``difference``, ``ci_low``, ``ci_high``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    BaselineError
        If there are participants, but none in the baseline.
    AnalysisError
        If `level` is not a share or an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If an arm has one participant; its interval is missing.
    ZeroVarianceWarning
        If all of an arm score the same.
    """
    check_columns(accuracies, ["participant", "condition", "accuracy"])
    check_shares(accuracies, "accuracy")
    groups = accuracies.groupby("condition", sort=False)
    arms = {str(name): participant_means(arm) for name, arm in groups}
    if arms and baseline not in arms:
        raise BaselineError(f"baseline must be one of {sorted(arms)}; got {baseline!r}.")
    rows = []
    for name in [name for name in arms if name != baseline]:
        arm, reference = arms[name], arms[baseline]
        estimate = difference_interval(arm, reference, level=level, names=(name, baseline))
        bounds = [estimate.value, estimate.ci_low, estimate.ci_high]
        rows.append([name, len(arm), len(reference), *bounds])
    columns = ["condition", "n_participants", "n_baseline", "difference", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def participant_means(accuracies: pd.DataFrame) -> Values:
    """Average each participant's rows.

    Parameters
    ----------
    accuracies
        ``participant`` and ``accuracy``.

    Returns
    -------
    Values
        (n,), one value a participant, in order of appearance.
    """
    means = accuracies.groupby("participant", sort=False)["accuracy"].mean()
    return means.to_numpy(dtype=np.float64)


def _cut(estimate: Estimate) -> Estimate:
    low, high = np.clip([estimate.ci_low, estimate.ci_high], 0.0, 1.0)
    return Estimate(estimate.value, float(low), float(high))
