"""Accuracy by session, condition and tie, and its difference from the baseline.

The unit is the participant: each has one accuracy, and intervals count the spread between
participants (see `analysis.intervals`).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.checks import (
    check_columns,
    check_given,
    check_share,
    check_shares,
    check_single,
)
from analysis.errors import BaselineError, ConditionsError
from analysis.intervals import difference_interval, mean_interval
from analysis.shares import Share, Values, share_of


def accuracy_by(
    accuracies: pd.DataFrame, by: Sequence[str], *, level: float = 0.95
) -> pd.DataFrame:
    """Mean accuracy over participants in each group.

    Parameters
    ----------
    accuracies
        ``participant``, ``accuracy`` in [0, 1] and the columns of `by`; with ``n_trials``, answers
        count at most as independent. A participant's rows in a group are averaged first, so that
        each counts once.
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
    DesignError
        If a participant or a group is not given.
    AnalysisError
        If `level` is not a share or an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If a group has one participant; its interval is missing.
    ZeroVarianceWarning
        If all of a group score the same; their answers then count as independent.
    """
    check_columns(accuracies, ["participant", "accuracy", *by])
    check_given(accuracies, ["participant", *by])
    check_shares(accuracies, "accuracy")
    check_share("level", level)
    rows = []
    for key, group in accuracies.groupby(list(by), sort=False):
        share = arm_share(group, "accuracy of " + ", ".join(str(part) for part in key))
        estimate = mean_interval(share, level=level)
        n = share.n_participants
        sd = np.sqrt(n * share.squared_error) if n > 1 else np.nan
        rows.append([*key, n, estimate.value, sd, estimate.ci_low, estimate.ci_high])
    columns = [*by, "n_participants", "accuracy", "sd", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def accuracy_differences(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Difference of each condition's mean accuracy from the baseline's, with its interval.

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
    DesignError
        If a participant or a condition is not given.
    ConditionsError
        If a participant is in several conditions.
    AnalysisError
        If `level` is not a share or an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If an arm has one participant; its interval is missing.
    ZeroVarianceWarning
        If all of an arm score the same; their answers then count as independent.
    """
    check_means(accuracies)
    check_share("level", level)
    groups = accuracies.groupby("condition", sort=False)
    arms = {str(name): arm_share(arm, str(name)) for name, arm in groups}
    if arms and baseline not in arms:
        raise BaselineError(f"baseline must be one of {sorted(arms)}; got {baseline!r}.")
    rows = []
    for name in [name for name in arms if name != baseline]:
        arm, reference = arms[name], arms[baseline]
        estimate = difference_interval(arm, reference, level=level)
        counts = [arm.n_participants, reference.n_participants]
        rows.append([name, *counts, estimate.value, estimate.ci_low, estimate.ci_high])
    columns = ["condition", "n_participants", "n_baseline", "difference", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def check_means(accuracies: pd.DataFrame) -> None:
    """Require accuracies of participants, each in one condition.

    Parameters
    ----------
    accuracies
        ``participant``, ``condition``, ``accuracy`` in [0, 1].

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If a participant or a condition is not given.
    ConditionsError
        If a participant is in several conditions.
    AnalysisError
        If an accuracy is not in [0, 1].
    """
    keys = ["participant", "condition"]
    check_columns(accuracies, [*keys, "accuracy"])
    check_given(accuracies, keys)
    check_shares(accuracies, "accuracy")
    check_single(accuracies, *keys, error=ConditionsError)


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


def arm_share(accuracies: pd.DataFrame, name: str) -> Share:
    """Average an arm over its participants.

    Parameters
    ----------
    accuracies
        ``participant`` and ``accuracy``, and ``n_trials`` where it is known.
    name
        Of the arm.

    Returns
    -------
    Share
        Its mean accuracy; where ``n_trials`` is unknown, each row counts as one answer.
    """
    known = "n_trials" in accuracies.columns
    n_answers = int(accuracies["n_trials"].sum()) if known else len(accuracies)
    means = participant_means(accuracies)
    return share_of(means, name=name, n_answers=n_answers, is_counted=known)
