"""Decide who is analysed, by rules in order, from the raw answers.

A participant leaves by the first rule that is broken. The counters that the server keeps in
participants.csv decide nothing; where they disagree with the answers, a warning says so.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analysis.conduct import conduct
from analysis.errors import CounterWarning
from analysis.responses import Export
from analysis.study_file import Study


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A reason to leave a participant out.

    Attributes
    ----------
    name
        As in tables.
    reason
        In words, about several participants.
    is_screening
        Whether it acts before a condition is assigned.
    is_broken
        From the record (see `raw_record`) and the study to True for those who leave.
    detail
        From one row of the record and the study to what that participant did.
    threshold
        Of the study's rules; the rule is not applied where it is not set. Empty: always applied.
    """

    name: str
    reason: str
    is_screening: bool
    is_broken: Callable[[pd.DataFrame, Study], pd.Series]
    detail: Callable[[pd.Series, Study], str]
    threshold: str = ""


def raw_record(export: Export) -> pd.DataFrame:
    """Count what the raw answers say of each participant.

    Parameters
    ----------
    export
        Of one population.

    Returns
    -------
    pd.DataFrame
        One row a participant in order of arrival: ``participant``, ``simulated_kind``,
        ``condition``, ``status``, ``screened_out_at``, ``practice_best`` (right answers of the
        best round), ``quiz_best`` (of the best attempt), ``quiz_items`` (asked in one attempt),
        ``n_answered`` (scored test trials), ``catch_shown``, ``catch_correct``, and the measures of
        `conduct.conduct`; and what the server's record has: ``list``, ``n_scored`` (test trials
        that a whole participation answers), ``verdict``, ``verdict_reasons``, ``decided_by``.
    """
    columns = ["participant", "simulated_kind", "condition", "list", "status", "screened_out_at"]
    columns += ["verdict", "verdict_reasons", "decided_by"]
    record = export.participants[columns].reset_index(drop=True)
    responses = export.responses
    test = responses[responses["phase"] == "test"]
    catch = test[test["is_catch"]]
    quiz = _per_attempt(responses, "quiz")
    counts = {
        "practice_best": _per_attempt(responses, "practice")["sum"].groupby(level=0).max(),
        "quiz_best": quiz["sum"].groupby(level=0).max(),
        "n_answered": test[~test["is_catch"]].groupby("participant").size(),
        "catch_shown": catch.groupby("participant").size(),
        "catch_correct": catch.groupby("participant")["correct"].sum(),
    }
    for name, values in counts.items():
        record[name] = record["participant"].map(values).fillna(0).astype(int)
    record["quiz_items"] = int(quiz["size"].max()) if len(quiz) else 0
    record["n_scored"] = _n_scored(record, export.study)
    return record.join(conduct(export), on="participant")


def decide(export: Export, rules: Sequence[Rule] | None = None) -> pd.DataFrame:
    """Apply the rules in order to every participant.

    Parameters
    ----------
    export
        Of one population.
    rules
        `applied_rules` unless given; leave one out to see what depends on it.

    Returns
    -------
    pd.DataFrame
        One row a participant in order of arrival: ``participant``, ``simulated_kind``,
        ``condition`` (missing if never assigned), ``rule`` (the first one broken; missing for
        those who are analysed) and ``detail`` (what the participant did).

    Warns
    -----
    CounterWarning
        If the counters of participants.csv disagree with responses.csv.
    """
    record = raw_record(export)
    _compare_counters(export, record)
    chosen = applied_rules(export.study) if rules is None else rules
    return decide_record(record, export.study, chosen)


def decide_record(record: pd.DataFrame, study: Study, rules: Sequence[Rule]) -> pd.DataFrame:
    """Apply rules in order to a record.

    Parameters
    ----------
    record
        As from `raw_record`.
    study
        With its thresholds.
    rules
        In the order applied.

    Returns
    -------
    pd.DataFrame
        As from `decide`.
    """
    rule = pd.Series(pd.NA, index=record.index, dtype="string")
    detail = pd.Series("", index=record.index, dtype="string")
    for candidate in rules:
        leaves = candidate.is_broken(record, study) & rule.isna()
        rule[leaves] = candidate.name
        said = [candidate.detail(row, study) for _, row in record[leaves].iterrows()]
        detail[leaves] = np.array(said, dtype=object)
    decisions = record[["participant", "simulated_kind", "condition"]]
    return decisions.assign(rule=rule, detail=detail)


def applied_rules(study: Study) -> tuple[Rule, ...]:
    """Return the rules that a study sets.

    Parameters
    ----------
    study
        With its thresholds.

    Returns
    -------
    tuple[Rule, ...]
        `ADMISSION`, `RULES`, those of `TIMED` whose threshold is set and above 0, and `JUDGED`.
    """
    timed = (rule for rule in TIMED if study.rules.get(rule.threshold))
    return (*ADMISSION, *RULES, *timed, *JUDGED)


def exclusion_table(decisions: pd.DataFrame) -> pd.DataFrame:
    """List who was excluded and why.

    Parameters
    ----------
    decisions
        As from `decide`.

    Returns
    -------
    pd.DataFrame
        The rows that have a rule, numbered anew.
    """
    return decisions[decisions["rule"].notna()].reset_index(drop=True)


def _n_scored(record: pd.DataFrame, study: Study) -> pd.Series | int:
    """Test trials of a whole participation: of a list whose sessions differ, the most answered."""
    if study.task == "utility":
        return study.n_scored
    return record.groupby("list")["n_answered"].transform("max").fillna(0).astype(int)


def _per_attempt(responses: pd.DataFrame, phase: str) -> pd.DataFrame:
    """Return right answers (sum) and answers (size) by participant and attempt."""
    answers = responses[responses["phase"] == phase]
    return answers.groupby(["participant", "attempt"])["correct"].agg(["sum", "size"])


def quiz_needed(study: Study, n_items: int) -> int:
    """Return how many items of the quiz must be right.

    Parameters
    ----------
    study
        With its thresholds.
    n_items
        Asked in one attempt.

    Returns
    -------
    int
        ``quiz_min_correct``; all of them where the study does not set it.
    """
    needed = study.rules.get("quiz_min_correct")
    return n_items if needed is None else int(needed)


def _compare_counters(export: Export, record: pd.DataFrame) -> None:
    participants = export.participants
    is_passed = (record["quiz_items"] > 0) & ~_lacks_in_quiz(record, export.study)
    counted = record.assign(quiz_passed=is_passed)
    columns = ["quiz_passed", "catch_shown", "catch_correct"]
    differs = (counted[columns].to_numpy() != participants[columns].to_numpy()).any(axis=1)
    if differs.any():
        names = record.loc[differs, "participant"].tolist()
        warnings.warn(
            f"counters of participants.csv must agree with responses.csv; got {len(names)} that "
            f"differ, {names[:3]} first. The answers decided.",
            CounterWarning,
            stacklevel=3,
        )


def _lacks_in_quiz(record: pd.DataFrame, study: Study) -> pd.Series:
    n_items = int(record["quiz_items"].max()) if len(record) else 0
    too_few: pd.Series = record["quiz_best"] < quiz_needed(study, n_items)
    return too_few & (record["quiz_items"] > 0)


def _failed_practice(record: pd.DataFrame, study: Study) -> pd.Series:
    """Screened out there, or let through with too few right answers."""
    too_few: pd.Series = record["practice_best"] < study.rules["practice_min_correct"]
    return _screened(record, "practice") | (too_few & record["condition"].notna())


def _failed_quiz(record: pd.DataFrame, study: Study) -> pd.Series:
    """Screened out there, or let through with too few right answers."""
    too_few = _lacks_in_quiz(record, study)
    return _screened(record, "quiz") | (too_few & record["condition"].notna())


def _screened(record: pd.DataFrame, phase: str) -> pd.Series:
    is_out = (record["status"] == "screened_out") & (record["screened_out_at"] == phase)
    return is_out.fillna(False).astype(bool)


def _not_eligible(record: pd.DataFrame, _: Study) -> pd.Series:
    return _screened(record, "eligibility")


def _no_place(record: pd.DataFrame, _: Study) -> pd.Series:
    return _screened(record, "quota")


def _unfinished(record: pd.DataFrame, _: Study) -> pd.Series:
    too_few: pd.Series = record["n_answered"] < record["n_scored"]
    left: pd.Series = (record["status"] != "completed").astype(bool)
    return too_few | left


def _failed_catch(record: pd.DataFrame, study: Study) -> pd.Series:
    too_few: pd.Series = record["catch_correct"] < study.rules["catch_min_correct"]
    return too_few


def _too_fast(record: pd.DataFrame, study: Study) -> pd.Series:
    """Have more fast answers than allowed; nobody where no limit is set."""
    allowed = study.rules.get("max_fast_share")
    too_many: pd.Series = record["fast_share"] > (1.0 if allowed is None else allowed)
    return too_many


def _too_short(record: pd.DataFrame, study: Study) -> pd.Series:
    too_short: pd.Series = record["sessions_s"] < (study.rules.get("min_sessions_s") or 0)
    return too_short


def _too_long(record: pd.DataFrame, study: Study) -> pd.Series:
    return record["sessions_s"] > (study.rules.get("max_sessions_s") or np.inf)


def _too_long_away(record: pd.DataFrame, study: Study) -> pd.Series:
    return record["away_s"] > (study.rules.get("max_away_s") or np.inf)


def _judged(record: pd.DataFrame, _: Study) -> pd.Series:
    """Left out, or turned down, by a researcher."""
    is_out = record["verdict"].isin(["exclude", "reject"]) & (record["decided_by"] == "researcher")
    return is_out.fillna(False).astype(bool)


ADMISSION: Final = (
    Rule(
        name="eligibility",
        reason="did not meet the criteria",
        is_screening=True,
        is_broken=_not_eligible,
        detail=lambda *_: "screened out by the first questions",
    ),
    Rule(
        name="quota",
        reason="came after all places were taken",
        is_screening=True,
        is_broken=_no_place,
        detail=lambda *_: "no place was left",
    ),
)

RULES: Final = (
    Rule(
        name="practice",
        reason="did not pass the practice",
        is_screening=True,
        is_broken=_failed_practice,
        detail=lambda row, study: (
            f"{row['practice_best']} right in the best practice round; "
            f"{study.rules['practice_min_correct']} needed"
        ),
    ),
    Rule(
        name="quiz",
        reason="did not pass the quiz on the instructions",
        is_screening=True,
        is_broken=_failed_quiz,
        detail=lambda row, study: (
            f"{row['quiz_best']} of {row['quiz_items']} right in the best quiz attempt; "
            f"{quiz_needed(study, row['quiz_items'])} needed"
        ),
    ),
    Rule(
        name="unfinished",
        reason="did not finish",
        is_screening=False,
        is_broken=_unfinished,
        detail=lambda row, _: f"{row['n_answered']} of {row['n_scored']} test trials answered",
    ),
    Rule(
        name="catch",
        reason="failed the catch trials",
        is_screening=False,
        is_broken=_failed_catch,
        detail=lambda row, study: (
            f"{row['catch_correct']} of {row['catch_shown']} catch trials right; "
            f"{study.rules['catch_min_correct']} needed"
        ),
    ),
)

TIMED: Final = (
    Rule(
        name="fast_answers",
        threshold="fast_answer_ms",
        reason="answered too many trials too fast",
        is_screening=False,
        is_broken=_too_fast,
        detail=lambda row, study: (
            f"{row['fast_share']:.0%} of the answers within {study.rules['fast_answer_ms']} ms; "
            f"{study.rules['max_fast_share']:.0%} allowed"
        ),
    ),
    Rule(
        name="too_short",
        threshold="min_sessions_s",
        reason="took too little time",
        is_screening=False,
        is_broken=_too_short,
        detail=lambda row, study: (
            f"{row['sessions_s']:.0f} s in the sessions; {study.rules['min_sessions_s']} s needed"
        ),
    ),
    Rule(
        name="too_long",
        threshold="max_sessions_s",
        reason="took too much time",
        is_screening=False,
        is_broken=_too_long,
        detail=lambda row, study: (
            f"{row['sessions_s']:.0f} s in the sessions; {study.rules['max_sessions_s']} s allowed"
        ),
    ),
    Rule(
        name="away",
        threshold="max_away_s",
        reason="looked away for too long",
        is_screening=False,
        is_broken=_too_long_away,
        detail=lambda row, study: (
            f"{row['away_s']:.0f} s out of sight in the sessions; "
            f"{study.rules['max_away_s']} s allowed"
        ),
    ),
)

JUDGED: Final = (
    Rule(
        name="researcher",
        reason="were left out by a researcher",
        is_screening=False,
        is_broken=_judged,
        detail=lambda row, _: f"{row['verdict']}: {row['verdict_reasons']}",
    ),
)
