"""The Utility score: how well participants predict the model, relative to the baseline.

    Utility(condition) = mean over sessions of its accuracy / the same for the baseline

(Table 1 of Fel et al. 2023.) Above 1, the explanation helps. It cannot exceed 1 over the baseline's
accuracy; `analysis.attainable` has the share of what is left. Colin et al. (2022) define it session
by session, after K training images: that is `utility_by_session`.
"""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
import pandas as pd

from analysis.accuracy import arm_share, participant_means
from analysis.bootstrap import bca_ratio_interval
from analysis.checks import check_choice, check_columns, check_given, check_share, check_shares
from analysis.classic_intervals import fieller_interval
from analysis.errors import AnalysisError, BaselineError, UnpairedSessionsError
from analysis.intervals import Estimate, ratio_interval

Interval = Literal["fieller", "fieller_t", "bca"]
Compare = Callable[[pd.DataFrame, pd.DataFrame, tuple[str, str]], Estimate]

ARM: Final = ["scenario", "condition"]
INTERVALS: Final = ("fieller", "fieller_t", "bca")


def utility_scores(
    accuracies: pd.DataFrame,
    baseline: str = "baseline",
    *,
    level: float = 0.95,
    interval: Interval = "fieller",
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Score each condition against the baseline of its scenario.

    With participants, each one's accuracies are averaged over sessions, then over participants.
    Every interval counts the baseline's own uncertainty; none is adjusted for several comparisons.

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
    interval
        ``fieller``, of Fieller's type, from the Wilson limits of both arms
        (`intervals.ratio_interval`);
        ``fieller_t``, as Fieller wrote it in 1954, from Student's t; or ``bca``, 10,000 draws of
        the participants of both arms (`bootstrap.bca_ratio_interval`).
    rng
        Draws the participants, for ``bca`` only.

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
    DesignError
        If a scenario, a condition, a session or a participant is not given.
    AnalysisError
        If `level` is not a share, an accuracy is not in [0, 1], or ``bca`` has no `rng`.

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
    compare = _comparison(interval, level=level, rng=rng)
    return _score(accuracies, baseline, compare, by=["scenario"], keys=ARM)


def utility_by_session(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Score each condition against the baseline's accuracy in the same session.

    This is Utility-K of Colin et al. (2022), K being the training images seen so far. The mean of a
    condition's rows is the area under its curve, which is not the ratio of means of Table 1.

    Parameters
    ----------
    accuracies
        As for `utility_scores`.
    baseline
        The condition that the others are divided by.
    level
        Coverage of each interval, in (0, 1).

    Returns
    -------
    pd.DataFrame
        As from `utility_scores`, with ``session`` after ``condition``; session by session.

    Raises
    ------
    AnalysisError
        As `utility_scores` does.

    Warns
    -----
    AnalysisWarning
        As `utility_scores` does.
    """
    compare = _comparison("fieller", level=level, rng=None)
    return _score(accuracies, baseline, compare, by=["scenario", "session"], keys=[*ARM, "session"])


def check_sessions(accuracies: pd.DataFrame) -> None:
    """Require every session once in each arm, or of each participant, of a scenario.

    Parameters
    ----------
    accuracies
        As for `utility_scores`.

    Raises
    ------
    DesignError
        If a scenario, a condition, a session or a participant is not given.
    UnpairedSessionsError
        If a session is missing or there twice, or a participant is in two conditions.
    """
    has_participants = "participant" in accuracies.columns
    check_given(accuracies, [*ARM, "session", *(["participant"] if has_participants else [])])
    for scenario, rows in accuracies.groupby("scenario", sort=False):
        _check_scenario(rows, str(scenario))


def _comparison(interval: Interval, *, level: float, rng: np.random.Generator | None) -> Compare:
    """Return what makes an interval of two arms with participants."""
    check_choice("interval", interval, INTERVALS)
    check_share("level", level)
    if interval == "bca" and rng is None:
        raise AnalysisError("rng must be given where interval is 'bca'; got None.")

    def compare(arm: pd.DataFrame, reference: pd.DataFrame, names: tuple[str, str]) -> Estimate:
        if interval == "bca" and rng is not None:
            values = participant_means(arm), participant_means(reference)
            return bca_ratio_interval(*values, rng=rng, level=level, names=names)
        shares = arm_share(arm, names[0]), arm_share(reference, names[1])
        classic = interval == "fieller_t"
        return (fieller_interval if classic else ratio_interval)(*shares, level=level)

    return compare


def _score(
    accuracies: pd.DataFrame, baseline: str, compare: Compare, *, by: list[str], keys: list[str]
) -> pd.DataFrame:
    check_columns(accuracies, [*ARM, "session", "accuracy"])
    check_shares(accuracies, "accuracy")
    check_sessions(accuracies)
    has_participants = "participant" in accuracies.columns
    rows: list[tuple[object, ...]] = []
    for group, table in accuracies.groupby(by, sort=False):
        arms = {str(name): arm for name, arm in table.groupby("condition", sort=False)}
        _check_baseline(arms, baseline, str(group[0]))
        for name in [name for name in arms if name != baseline]:
            estimate = (
                compare(arms[name], arms[baseline], (name, baseline))
                if has_participants
                else Estimate(_ratio(arms[name], arms[baseline]), np.nan, np.nan)
            )
            bounds = (estimate.value, estimate.ci_low, estimate.ci_high)
            rows.append((group[0], name, *group[1:], *bounds))
    scores = pd.DataFrame(rows, columns=[*keys, "utility", "ci_low", "ci_high"])
    return scores if has_participants else scores[[*keys, "utility"]]


def _check_baseline(arms: dict[str, pd.DataFrame], baseline: str, scenario: str) -> None:
    if baseline not in arms:
        raise BaselineError(
            f"baseline of scenario {scenario} must be one of {sorted(arms)}; got {baseline!r}."
        )


def _ratio(arm: pd.DataFrame, reference: pd.DataFrame) -> float:
    divisor = float(reference["accuracy"].mean())
    if divisor == 0:
        raise BaselineError("mean accuracy of the baseline must be above 0; got 0.0.")
    return float(arm["accuracy"].mean()) / divisor


def _check_scenario(accuracies: pd.DataFrame, scenario: str) -> None:
    has_participants = "participant" in accuracies.columns
    unit = ["condition", "participant"] if has_participants else ["condition"]
    expected = sorted(accuracies["session"].unique())
    counts = accuracies.groupby(unit, sort=False)["session"].agg(["size", "nunique"])
    odd = (counts["size"] != len(expected)) | (counts["nunique"] != len(expected))
    if odd.any():
        key = odd.index[int(odd.to_numpy().argmax())]
        parts = key if isinstance(key, tuple) else (key,)
        is_meant = (accuracies[unit] == list(parts)).all(axis=1)
        name = " of ".join(str(part) for part in reversed(parts))
        raise UnpairedSessionsError(
            f"{name} in scenario {scenario} must have each of the sessions {_plain(expected)} "
            f"once; got {_plain(sorted(accuracies.loc[is_meant, 'session']))}."
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
