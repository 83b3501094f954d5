"""A recursivity study's plan names the one test that it stands on."""

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.equivalence import holm
from analysis.errors import PlanError
from analysis.plan import Plan, Primary
from analysis.primary_test import check_group, check_primary, primary_sentences, with_primary
from analysis.study_file import read_study

LEVELS = "sub-concept against concept"


@pytest.fixture
def study(export_folder):
    return dataclasses.replace(read_study(export_folder)[0], task="recursivity")


@pytest.fixture
def findings():
    """Tests to quote of two groups, one of each with an alternative."""
    rows = [
        (LEVELS, "expert", True, 0.03), (LEVELS, "expert", False, 0.02),
        (LEVELS, "layman", True, 0.04), ("concept against chance", "expert", True, 0.001),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["test", "group", "is_default", "p"])
    shared = {"quantity": "conditional odds ratio", "ci_low": 1.1, "ci_high": 2, "null": 1}
    return table.assign(estimate=1.5, **shared)


def _plan(**primary):
    return Plan(primary=Primary(**primary))


def test_rows_to_quote_are_marked_in_each_group_or_in_one(findings):
    before = findings.copy()
    both = with_primary({"intruder": findings}, _plan(test=LEVELS))["intruder"]
    assert both["is_primary"].tolist() == [True, False, True, False]
    assert list(both.columns)[2:4] == ["is_default", "is_primary"]
    one = with_primary({"intruder": findings}, _plan(test=LEVELS, group="layman"))["intruder"]
    assert one["is_primary"].tolist() == [False, False, True, False]
    none = with_primary({"intruder": findings}, Plan())["intruder"]
    assert not none["is_primary"].any()
    pd.testing.assert_frame_equal(findings, before)


def test_primary_test_of_one_group_is_said(findings):
    plan = _plan(test=LEVELS, group="layman")
    said = primary_sentences(with_primary({"x": findings}, plan)["x"], plan, level=0.95)
    assert said.startswith("Primary test, named beforehand in the plan. Sub-concept against")
    assert said.endswith("p = .040.") and "expert" not in said


def test_primary_tests_of_two_groups_are_adjusted(findings):
    plan = _plan(test=LEVELS)
    said = primary_sentences(with_primary({"x": findings}, plan)["x"], plan, level=0.95)
    assert holm(pd.Series([0.03, 0.04])).tolist() == [0.06, 0.06]
    assert said.endswith("Adjusted by Holm over these groups: expert p = .060; layman p = .060.")


def test_without_a_primary_test_it_is_said(findings):
    marked = with_primary({"x": findings}, Plan())["x"]
    assert "No plan names a primary test" in primary_sentences(marked, Plan(), level=0.95)
    plan = _plan(test="recursive against sham")
    marked = with_primary({"x": findings}, plan)["x"]
    said = primary_sentences(marked, plan, level=0.95)
    assert (
        said == "The primary test that the plan names, recursive against sham, could not be made."
    )


def test_each_kind_of_study_has_its_primary(study):
    check_primary(Plan(), study)
    check_primary(_plan(test="recursive against sham"), study)
    check_primary(_plan(condition="craft"), dataclasses.replace(study, task="mixed"))
    check_primary(_plan(test=LEVELS), dataclasses.replace(study, task="intruder"))


@pytest.mark.parametrize(
    ("task", "primary", "message"),
    [
        ("utility", {"test": LEVELS}, "name a condition in a study of the task utility; got the t"),
        ("mixed", {"test": LEVELS}, f"task mixed; got the test '{LEVELS}'"),
        ("recursivity", {"condition": "craft"}, "task recursivity; got the condition 'craft'"),
        ("binary_choice", {"test": LEVELS}, rf"test of \['sub-concept.*choice; got '{LEVELS}'"),
    ],
)
def test_primary_of_another_kind_of_study_is_an_error(study, task, primary, message):
    with pytest.raises(PlanError, match=message):
        check_primary(_plan(**primary), dataclasses.replace(study, task=task))


def test_group_must_be_one_of_the_studys():
    people = pd.DataFrame({"participant": ["a", "b"], "group": ["expert", "layman"]})
    export = SimpleNamespace(participants=people)
    check_group(_plan(test=LEVELS, group="expert"), export)
    check_group(_plan(test=LEVELS), export)
    with pytest.raises(PlanError, match=r"group must be of \['expert', 'layman'\]; got 'novice'"):
        check_group(_plan(test=LEVELS, group="novice"), export)
    alone = SimpleNamespace(participants=people[["participant"]])
    with pytest.raises(PlanError, match=r"group must be of \[\]; got 'expert'"):
        check_group(_plan(test=LEVELS, group="expert"), alone)
