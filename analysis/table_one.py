"""The layout of Table 1: conditions as rows, a scenario's sessions and its Utility as columns."""

from typing import Final

import pandas as pd

from analysis.checks import check_columns
from analysis.ranking import utility_ranks

KEYS: Final = ["scenario", "condition"]


def table_one(
    by_session: pd.DataFrame, scores: pd.DataFrame, *, historical: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Put accuracies by session beside Utility, with the best two above the baseline marked.

    Parameters
    ----------
    by_session
        ``scenario``, ``condition``, ``session``, ``accuracy`` (mean over participants, in [0, 1]).
    scores
        ``scenario``, ``condition``, ``utility``, and ``ci_low``, ``ci_high`` where known.
    historical
        Conditions that were not randomised together with the others; they get no mark.

    Returns
    -------
    pd.DataFrame
        One row per scenario and condition, in order of appearance: ``scenario``, ``condition``,
        ``session_1`` and further, ``utility`` (missing for the baseline), ``ci_low``, ``ci_high``,
        ``mark`` (``best``, ``second`` or empty; see `ranking.utility_ranks`), ``is_historical`` and
        ``source`` (empty: this study; see `analysis.historical`).

    Raises
    ------
    MissingColumnError
        If a column is absent.
    """
    check_columns(by_session, [*KEYS, "session", "accuracy"])
    check_columns(scores, [*KEYS, "utility"])
    wide = by_session.pivot_table(index=KEYS, columns="session", values="accuracy", sort=False)
    wide = wide[sorted(wide.columns)]
    wide.columns = pd.Index([f"session_{session}" for session in wide.columns])
    ranked = utility_ranks(scores[~scores["condition"].isin(historical)])
    marks = ranked["is_best"].map({True: "best", False: ""}).where(~ranked["is_second"], "second")
    marked = ranked[KEYS].assign(mark=marks)
    known = [name for name in ("utility", "ci_low", "ci_high") if name in scores]
    table = wide.reset_index().merge(scores[[*KEYS, *known]], on=KEYS, how="left")
    table = table.merge(marked, on=KEYS, how="left").fillna({"mark": ""})
    return table.assign(is_historical=table["condition"].isin(historical), source="")
