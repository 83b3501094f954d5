"""How a participant went about the test trials: measures that a rule may set a limit to."""

from typing import Final

import numpy as np
import pandas as pd

from analysis.responses import Export

MEASURES: Final = (
    "median_rt_ms",
    "fast_share",
    "same_choice_share",
    "sessions_s",
    "away_s",
    "n_answered",
    "catch_correct",
    "practice_best",
    "quiz_best",
)


def conduct(export: Export) -> pd.DataFrame:
    """Measure pace and variety of each participant's answers.

    Parameters
    ----------
    export
        Of one population.

    Returns
    -------
    pd.DataFrame
        One row a participant, the index: ``median_rt_ms`` (of test answers; missing where scripts
        were off), ``fast_share`` (of test answers within ``fast_answer_ms`` of the study's rules;
        0 without that rule; the server's time counts where scripts were off),
        ``same_choice_share`` (of the choice made most often, in [0, 1]), ``sessions_s`` (from the
        assignment to the last answer, by the server's clock) and ``away_s`` (with the page out of
        sight in the sessions).
    """
    names = pd.Index(export.participants["participant"], name="participant")
    test = export.responses[export.responses["phase"] == "test"]
    by_participant = test.groupby("participant")
    times = test["rt_ms"].fillna(test["server_rt_ms"])
    fast = (times < (export.study.rules.get("fast_answer_ms") or 0)).astype(float)
    choices = test.groupby(["participant", "choice"]).size().groupby(level=0)
    assigned = export.events[export.events["event"] == "assigned"]
    begun = assigned.groupby("participant")["at"].min().reindex(names)
    is_away = (export.events["event"] == "focus_lost") & (export.events["session"] > 0)
    away = export.events[is_away].groupby("participant")["duration_ms"].sum() / 1000
    ended = by_participant["answered_at"].max().reindex(names)
    measures = pd.DataFrame(
        {
            "median_rt_ms": by_participant["rt_ms"].median().reindex(names),
            "fast_share": fast.groupby(test["participant"]).mean().reindex(names).fillna(0.0),
            "same_choice_share": (choices.max() / choices.sum()).reindex(names),
            "sessions_s": (ended - begun).dt.total_seconds(),
            "away_s": away.reindex(names).fillna(0.0),
        },
        index=names,
    )
    return measures.astype(np.float64)
