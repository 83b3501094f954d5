"""How often the reservoir, the training examples seen so far, was opened during tests."""

import pandas as pd

from analysis.checks import check_columns


def reservoir_use(events: pd.DataFrame, accuracies: pd.DataFrame) -> pd.DataFrame:
    """Count openings of the reservoir by condition and session.

    Parameters
    ----------
    events
        As in an export: ``participant``, ``event``, ``phase``, ``session``, ``duration_ms``.
    accuracies
        As from `scoring.session_accuracies`; says whose openings count, also where there are none.

    Returns
    -------
    pd.DataFrame
        ``condition``, ``session``, ``n_participants``, ``share_opened`` (of participants, in
        [0, 1]), ``mean_openings`` (per participant), ``median_look_ms`` (over openings whose end
        is known), in order of name.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    """
    check_columns(events, ["participant", "event", "phase", "session", "duration_ms"])
    check_columns(accuracies, ["participant", "condition", "session"])
    is_opening = (events["event"] == "reservoir_opened") & (events["phase"] == "test")
    keys = ["participant", "session"]
    opened = events.loc[is_opening.astype(bool), [*keys, "duration_ms"]]
    shown = accuracies[["participant", "condition", "session"]].drop_duplicates()
    counts = shown.merge(opened.groupby(keys).size().rename("openings").reset_index(), how="left")
    counts = counts.fillna({"openings": 0})
    groups = counts.groupby(["condition", "session"])["openings"]
    looks = shown.merge(opened, on=keys).groupby(["condition", "session"])["duration_ms"].median()
    return pd.DataFrame(
        {
            "n_participants": groups.size(),
            "share_opened": groups.agg(lambda values: (values > 0).mean()),
            "mean_openings": groups.mean(),
            "median_look_ms": looks,
        }
    ).reset_index()
