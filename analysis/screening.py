"""How participants fared in the three screenings: practice, quiz and catch trials."""

import pandas as pd

from analysis.exclusions import quiz_needed, raw_record
from analysis.responses import Export


def screening_figures(export: Export) -> pd.DataFrame:
    """Count who took and who passed each round of a screening.

    Parameters
    ----------
    export
        Of one population, before exclusions.

    Returns
    -------
    pd.DataFrame
        ``screening`` (``practice``, ``quiz`` or ``catch``), ``round`` (attempt at the first two,
        session of a catch trial), ``participants`` (who answered in it), ``passed``, ``share``
        (passed over participants, in [0, 1]).
    """
    responses = export.responses
    practice = _attempts(responses, "practice")
    practice["passed"] = practice["sum"] >= export.study.rules["practice_min_correct"]
    quiz = _attempts(responses, "quiz")
    n_items = int(raw_record(export)["quiz_items"].max()) if len(quiz) else 0
    quiz["passed"] = quiz["sum"] >= quiz_needed(export.study, n_items)
    catch = responses[responses["is_catch"] & (responses["phase"] == "test").astype(bool)]
    catch = catch.rename(columns={"session": "round", "correct": "passed"})
    parts = {"practice": practice, "quiz": quiz, "catch": catch}
    counted = [_count(rows).assign(screening=name) for name, rows in parts.items() if len(rows)]
    columns = ["screening", "round", "participants", "passed", "share"]
    return (
        pd.concat(counted, ignore_index=True)[columns]
        if counted
        else pd.DataFrame([], columns=columns)
    )


def _attempts(responses: pd.DataFrame, phase: str) -> pd.DataFrame:
    answers = responses[responses["phase"] == phase].rename(columns={"attempt": "round"})
    groups = answers.groupby(["participant", "round"])["correct"]
    return groups.agg(["sum"]).reset_index()


def _count(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows.astype({"passed": int}).groupby("round")
    counts = groups.agg(participants=("participant", "nunique"), passed=("passed", "sum"))
    return counts.assign(share=counts["passed"] / counts["participants"]).reset_index()
