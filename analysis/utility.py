"""The Utility score: how well participants predict the model, relative to the baseline.

    Utility(condition) = mean over sessions of its accuracy / the same for the baseline

(Table 1 of Fel et al. 2023, after Colin et al. 2022.) Above 1, the explanation helps.
"""

import numpy as np
import pandas as pd

from analysis.accuracy import participant_means
from analysis.checks import check_columns, check_share, check_shares
from analysis.errors import BaselineError, UnpairedSessionsError
from analysis.intervals import ratio_interval

ARM = ["scenario", "condition"]


def utility_scores(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Score each condition against the baseline of its scenario.

    With participants, each one's accuracies are averaged over sessions, then over participants,
    and the interval is Fieller's for two independent arms (see `intervals.ratio_interval`): unlike
    an interval that divides by the baseline as if it were known, it counts the baseline's own
    uncertainty. It is not adjusted for several comparisons.

    Parameters
    ----------
    accuracies
        ``scenario``, ``condition``, ``session``, ``accuracy`` in [0, 1], and ``participant``
        where there are several; one row for each session (of each participant), the same
        sessions everywhere in a scenario.
    baseline
        The condition that the others are divided by, in every scenario.
    level
        Coverage of each interval, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per scenario and other condition, in order of appearance: ``scenario``,
        ``condition``, ``utility``; with participants also ``ci_low`` and ``ci_high``.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    BaselineError
        If a scenario has no baseline, or one without a right answer.
    UnpairedSessionsError
        If a session is missing or there twice, or a participant is in two conditions.
    AnalysisError
        If `level` is not a share or an accuracy is not in [0, 1].

    Warns
    -----
    SmallArmWarning
        If an arm has one participant; its interval is missing.
    ZeroVarianceWarning
        If all of an arm score the same.
    UnboundedIntervalWarning
        If the baseline's mean cannot be told from zero; the bounds are infinite.

    Examples
    --------
    >>> utility_scores(pd.DataFrame({
    ...     "scenario": "foxes", "condition": ["baseline", "craft"], "session": 1,
    ...     "accuracy": [0.5, 0.6]}))
      scenario condition  utility
    0    foxes     craft      1.2
    """
    check_columns(accuracies, [*ARM, "session", "accuracy"])
    check_shares(accuracies, "accuracy")
    check_share("level", level)
    has_participants = "participant" in accuracies.columns
    rows: list[tuple[object, ...]] = []
    for scenario, group in accuracies.groupby("scenario", sort=False):
        _check_sessions(group, str(scenario), has_participants=has_participants)
        rows += _score_scenario(group, str(scenario), baseline=baseline, level=level)
    table = pd.DataFrame(rows, columns=[*ARM, "utility", "ci_low", "ci_high"])
    return table if has_participants else table[[*ARM, "utility"]]


def _score_scenario(
    accuracies: pd.DataFrame, scenario: str, *, baseline: str, level: float
) -> list[tuple[object, ...]]:
    arms = {str(name): arm for name, arm in accuracies.groupby("condition", sort=False)}
    if baseline not in arms:
        raise BaselineError(
            f"baseline of scenario {scenario} must be one of {sorted(arms)}; got {baseline!r}."
        )
    others = [name for name in arms if name != baseline]
    if "participant" in accuracies.columns:
        means = {name: participant_means(arm) for name, arm in arms.items()}
        estimates = [
            ratio_interval(means[name], means[baseline], level=level, names=(name, baseline))
            for name in others
        ]
        bounds = [(score.value, score.ci_low, score.ci_high) for score in estimates]
    else:
        bounds = [(_ratio(arms[name], arms[baseline]), np.nan, np.nan) for name in others]
    return [(scenario, name, *bound) for name, bound in zip(others, bounds, strict=True)]


def _ratio(arm: pd.DataFrame, reference: pd.DataFrame) -> float:
    divisor = float(reference["accuracy"].mean())
    if divisor == 0:
        raise BaselineError("mean accuracy of the baseline must be above 0; got 0.0.")
    return float(arm["accuracy"].mean()) / divisor


def _check_sessions(accuracies: pd.DataFrame, scenario: str, *, has_participants: bool) -> None:
    """Require every session once in each arm, or of each participant."""
    unit = ["condition", "participant"] if has_participants else ["condition"]
    expected = sorted(accuracies["session"].unique())
    for key, rows in accuracies.groupby(unit, sort=False)["session"]:
        if sorted(rows) != expected:
            name = " of ".join(str(part) for part in reversed(key))
            raise UnpairedSessionsError(
                f"{name} in scenario {scenario} must have each of the sessions {_plain(expected)} "
                f"once; got {_plain(sorted(rows))}."
            )
    if has_participants:
        n_conditions = accuracies.groupby("participant")["condition"].nunique()
        if (n_conditions > 1).any():
            raise UnpairedSessionsError(
                f"participant {n_conditions.idxmax()} in scenario {scenario} must be in one "
                f"condition; got {n_conditions.max()}."
            )


def _plain(sessions: list[object]) -> list[str]:
    return [str(session) for session in sessions]
