"""From answers to accuracies: test trials only, catch trials never."""

import pandas as pd

from analysis.checks import check_columns
from analysis.responses import Export

PARTICIPANT_COLUMNS = ["participant", "simulated_kind", "condition"]


def scored_trials(export: Export, participants: pd.Series) -> pd.DataFrame:
    """Return the scored answers of some participants.

    Parameters
    ----------
    export
        Of one population.
    participants
        Who is kept, such as those whom `exclusions.decide` gives no rule.

    Returns
    -------
    pd.DataFrame
        One row an answered test trial, catch trials left out, and in a study of Utility those of
        other tasks: ``scenario``, ``participant``,
        ``simulated_kind``, ``condition``, ``list``, ``session``, ``trial``, ``tie``, ``correct``,
        ``rt_ms``.
    """
    responses = export.responses
    is_scored = (responses["phase"] == "test") & ~responses["is_catch"]
    if export.study.has_utility:
        is_scored &= ~responses["task"].isin(["intruder", "binary_choice"])
    kept = responses[is_scored.astype(bool) & responses["participant"].isin(participants)]
    columns = [*PARTICIPANT_COLUMNS, "list", "session", "trial", "tie", "correct", "rt_ms"]
    trials = kept[columns].reset_index(drop=True)
    trials.insert(0, "scenario", export.study.scenario)
    return trials


def session_accuracies(trials: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers of each participant in each session.

    Parameters
    ----------
    trials
        As from `scored_trials`.

    Returns
    -------
    pd.DataFrame
        ``scenario``, ``participant``, ``simulated_kind``, ``condition``, ``session``,
        ``n_trials``, ``accuracy`` in [0, 1]; in order of participant and session.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    """
    keys = ["scenario", *PARTICIPANT_COLUMNS, "session"]
    check_columns(trials, [*keys, "correct"])
    groups = trials.astype({"correct": float}).groupby(keys, dropna=False, sort=True)["correct"]
    return groups.agg(n_trials="size", accuracy="mean").reset_index()


def tie_accuracies(trials: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers of each participant with the tie kept and with it broken.

    Parameters
    ----------
    trials
        As from `scored_trials`; those whose tie is unknown are left out.

    Returns
    -------
    pd.DataFrame
        ``scenario``, ``participant``, ``simulated_kind``, ``condition``, ``tie``, ``n_trials``,
        ``accuracy`` in [0, 1]; in order of participant, kept before broken.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    """
    keys = ["scenario", *PARTICIPANT_COLUMNS, "tie"]
    check_columns(trials, [*keys, "correct"])
    known = trials[trials["tie"].notna()].astype({"correct": float})
    groups = known.groupby(keys, dropna=False, sort=True)["correct"]
    table = groups.agg(n_trials="size", accuracy="mean").reset_index()
    is_broken = table["tie"] == "broken"
    return (
        table.assign(_last=is_broken)
        .sort_values(["participant", "_last"], ignore_index=True)
        .drop(columns="_last")
    )
