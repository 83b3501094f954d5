import dataclasses

import pandas as pd
import pytest

from analysis.errors import CounterWarning
from analysis.exclusions import RULES, decide, exclusion_table, raw_record
from analysis.responses import read_export
from analysis.screening import screening_figures


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


def _rewritten(made_tables, tmp_path):
    tables, write = made_tables
    return read_export(write(tmp_path / "changed", tables))


def _completed(tables, kind="learner"):
    """The row of a participant who finished, and the participant's answers."""
    rows = tables["participants"]
    row = next(r for r in rows if r["status"] == "completed" and r["simulated_kind"] == kind)
    answers = [r for r in tables["responses"] if r["participant"] == row["participant"]]
    return row, answers


def _fail(answers):
    for answer in answers:
        answer.update(correct=False, choice="something else")


def test_made_participants_leave_for_what_they_were_made_for(export):
    decisions = decide(export)
    rules = decisions.fillna({"rule": "analysed"}).groupby("simulated_kind")["rule"].agg(set)
    assert rules["learner"] == {"analysed"}
    assert rules["leaver"] == {"unfinished"}
    assert rules["confused"] <= {"practice", "quiz"}
    assert "catch" in rules["inattentive"]


def test_everybody_is_decided_once(export):
    decisions = decide(export)
    assert decisions["participant"].tolist() == export.participants["participant"].tolist()
    assert len(exclusion_table(decisions)) == decisions["rule"].notna().sum()
    assert (exclusion_table(decisions)["detail"] != "").all()


def test_raw_record_agrees_with_the_counters_of_a_sound_export(export):
    record = raw_record(export)
    counters = export.participants
    assert record["catch_correct"].tolist() == counters["catch_correct"].tolist()
    assert record["catch_shown"].tolist() == counters["catch_shown"].tolist()
    passed = record["quiz_best"] == record["quiz_items"]
    assert passed.tolist() == counters["quiz_passed"].tolist()


def test_catch_trials_are_counted_in_the_answers(made_tables, tmp_path):
    row, answers = _completed(made_tables[0])
    _fail([answer for answer in answers if answer["is_catch"]][:2])
    row["catch_correct"] = 1
    decisions = decide(_rewritten(made_tables, tmp_path)).set_index("participant")
    assert decisions.loc[row["participant"], "rule"] == "catch"
    assert decisions.loc[row["participant"], "detail"] == "1 of 3 catch trials right; 2 needed"


def test_counters_that_disagree_are_noted_and_decide_nothing(made_tables, tmp_path):
    row, _ = _completed(made_tables[0])
    row["catch_correct"] = 0
    with pytest.warns(CounterWarning, match=rf"got 1 that differ, \['{row['participant']}'\]"):
        decisions = decide(_rewritten(made_tables, tmp_path)).set_index("participant")
    assert pd.isna(decisions.loc[row["participant"], "rule"])


@pytest.mark.parametrize(("phase", "rule"), [("practice", "practice"), ("quiz", "quiz")])
def test_who_was_let_through_a_screening_leaves_all_the_same(made_tables, tmp_path, phase, rule):
    row, answers = _completed(made_tables[0])
    _fail([answer for answer in answers if answer["phase"] == phase])
    row["quiz_passed"] = phase != "quiz"
    decisions = decide(_rewritten(made_tables, tmp_path)).set_index("participant")
    assert decisions.loc[row["participant"], "rule"] == rule


def test_completed_status_without_all_answers_is_unfinished(made_tables, tmp_path):
    row, answers = _completed(made_tables[0])
    last = [answer for answer in answers if not answer["is_catch"]][-1]
    made_tables[0]["responses"].remove(last)
    decisions = decide(_rewritten(made_tables, tmp_path)).set_index("participant")
    assert decisions.loc[row["participant"], "rule"] == "unfinished"
    assert decisions.loc[row["participant"], "detail"] == "20 of 21 test trials answered"


def test_participant_without_any_answer_stays_in_the_table(made_tables, tmp_path):
    row, answers = _completed(made_tables[0])
    for answer in answers:
        made_tables[0]["responses"].remove(answer)
    row.update(
        status="in_progress", condition=None, list=None, catch_shown=0, catch_correct=0,
        quiz_passed=False,
    )  # fmt: skip
    decisions = decide(_rewritten(made_tables, tmp_path)).set_index("participant")
    assert decisions.loc[row["participant"], "rule"] == "unfinished"


def test_rules_can_be_left_out(export):
    without = [rule for rule in RULES if rule.name != "catch"]
    n_all, n_without = decide(export)["rule"].notna().sum(), decide(export, without)["rule"]
    assert n_without.notna().sum() < n_all
    assert "catch" not in set(n_without)


def test_export_without_participants_gives_an_empty_table(exported, tmp_path):
    assert len(decide(read_export(exported(tmp_path / "empty", mix={})))) == 0


def test_export_is_left_unchanged(export):
    before = export.participants.copy(), export.responses.copy()
    decide(export)
    pd.testing.assert_frame_equal(export.participants, before[0])
    pd.testing.assert_frame_equal(export.responses, before[1])


def _counted_anew(tables, needed):
    """Let the counters say who passes the quiz at so many right answers."""
    right = {}
    for answer in tables["responses"]:
        if answer["phase"] == "quiz":
            key = answer["participant"], answer["attempt"]
            right[key] = right.get(key, 0) + answer["correct"]
    best = {}
    for (name, _), n in right.items():
        best[name] = max(n, best.get(name, 0))
    for row in tables["participants"]:
        row["quiz_passed"] = best.get(row["participant"], 0) >= needed


@pytest.mark.parametrize(
    ("needed", "rule", "detail"),
    [(2, "analysed", ""), (3, "quiz", "2 of 3 right in the best quiz attempt; 3 needed")],
)
def test_quiz_asks_for_as_many_right_answers_as_the_study_does(
    made_tables, tmp_path, needed, rule, detail
):
    row, answers = _completed(made_tables[0])
    _fail([answer for answer in answers if answer["phase"] == "quiz"][:1])
    _counted_anew(made_tables[0], needed)
    export = _rewritten(made_tables, tmp_path)
    rules = export.study.rules | {"quiz_min_correct": needed}
    export = dataclasses.replace(export, study=dataclasses.replace(export.study, rules=rules))
    decided = decide(export).fillna({"rule": "analysed"}).set_index("participant")
    assert decided.loc[row["participant"], ["rule", "detail"]].tolist() == [rule, detail]
    passed = screening_figures(export).query("screening == 'quiz'")["passed"].sum()
    quiz = export.responses[export.responses["phase"] == "quiz"]
    right = quiz.groupby(["participant", "attempt"])["correct"].sum()
    assert passed == (right >= needed).sum()
