"""How long participants took to answer, by the browser's clock."""

import pandas as pd

from analysis.checks import check_columns


def reaction_times(trials: pd.DataFrame) -> pd.DataFrame:
    """Median reaction time by condition and session.

    Each participant's median comes first, so that each counts once; answers without a time (sent
    by a browser without scripts) are left out.

    Parameters
    ----------
    trials
        As from `scoring.scored_trials`: ``participant``, ``condition``, ``session``, ``rt_ms``.

    Returns
    -------
    pd.DataFrame
        ``condition``, ``session``, ``n_participants``, ``median_ms``, ``q25_ms``, ``q75_ms``
        (quartiles over the participants' medians, in milliseconds), in order of name.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    """
    check_columns(trials, ["participant", "condition", "session", "rt_ms"])
    timed = trials[trials["rt_ms"].notna()]
    medians = timed.groupby(["condition", "session", "participant"])["rt_ms"].median()
    groups = medians.groupby(level=["condition", "session"])
    return groups.agg(
        n_participants="size",
        median_ms="median",
        q25_ms=lambda values: values.quantile(0.25),
        q75_ms=lambda values: values.quantile(0.75),
    ).reset_index()
