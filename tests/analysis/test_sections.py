import dataclasses

import pytest

from analysis.plan import Equivalence, Plan
from analysis.responses import read_export
from analysis.results import analyse
from analysis.sections import sections


@pytest.fixture
def results(rehearsed):
    return rehearsed


def _section(results, name):
    return next(section for section in sections(results) if section.id == name)


def test_headings_come_in_order(results):
    names = [section.id for section in sections(results)]
    assert names == [
        "headline", "participants", "accuracy", "utility", "tests", "equivalence", "sensitivity",
        "tie", "simulated", "items", "screening", "behaviour",
    ]  # fmt: skip


def test_people_get_no_section_of_kinds(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={}, n_people=30))
    people = analyse(export, "people")
    assert "simulated" not in [section.id for section in sections(people)]
    assert "30 participants began" in _section(people, "participants").paragraphs[0]


def test_cards_show_every_condition(results):
    labels = [card.label for card in _section(results, "headline").cards]
    expected = ["Accuracy, Baseline", "Accuracy, CRAFT", "Utility, CRAFT"]
    assert labels == [f"Rehearsal: {label}" for label in expected]


def test_every_excluded_participant_has_a_row(results):
    table, verdicts = _section(results, "participants").tables
    assert "last verdict" in verdicts.caption
    excluded = results.tables["exclusions"]["participant"].tolist()
    assert [row[0] for row in table.rows] == excluded
    assert table.is_folded and all(row[3] for row in table.rows)


def test_captions_name_the_interval(results):
    for name in ("accuracy", "tie", "tests", "equivalence"):
        assert "\u00a0% interval" in _section(results, name).tables[0].caption
    utility = [table.caption for table in _section(results, "utility").tables]
    assert "Fieller-type interval (Donner & Zou 2012, from Wilson’s limits)" in utility[0]
    assert "Fieller-type intervals" in utility[1]
    by_session, overall, differences = _section(results, "accuracy").tables
    assert "interval, Wilson’s" in by_session.caption and "interval, Wilson’s" in overall.caption
    assert "Newcombe’s hybrid" in differences.caption


def test_margins_are_stated_beforehand_only_in_a_plan(results):
    (said,) = _section(results, "equivalence").paragraphs
    assert "within a default margin of 0.1, not stated beforehand, and" in said
    plan = Plan(equivalence=Equivalence(margin=0.1))
    (said,) = _section(dataclasses.replace(results, plan=plan), "equivalence").paragraphs
    assert "within margins stated beforehand, in the plan (a margin of 0.1), and" in said


def test_long_tables_are_folded_where_there_are_many_conditions(results):
    assert not _section(results, "accuracy").tables[0].is_folded
    many = (*results.export.study.conditions, "ace", "control")
    study = dataclasses.replace(results.export.study, conditions=many)
    export = dataclasses.replace(results.export, study=study)
    wide = dataclasses.replace(results, export=export)
    assert _section(wide, "accuracy").tables[0].summary == "Accuracy in each session"


def test_study_without_analysed_participants_says_so(results):
    kept = {"flow", "exclusions", "screening", "simulated_kinds"}
    tables = {
        name: table if name in kept else table.iloc[:0] for name, table in results.tables.items()
    }
    empty = dataclasses.replace(results, tables=tables)
    assert _section(empty, "headline").paragraphs[0].startswith("Nothing can be compared yet")
    assert "tie" not in [section.id for section in sections(empty)]


@pytest.mark.parametrize(
    ("rules", "said"),
    [({}, "the quiz for all right within 2"), ({"quiz_min_correct": 2}, "the quiz for 2 right")],
)
def test_screening_says_what_the_quiz_asks_for(results, rules, said):
    study = dataclasses.replace(results.export.study, rules=results.export.study.rules | rules)
    changed = dataclasses.replace(results.export, study=study)
    text = _section(dataclasses.replace(results, export=changed), "screening").paragraphs[0]
    assert said in text
