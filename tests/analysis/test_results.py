import json
import warnings

import pandas as pd
import pytest

from analysis.accuracy import arm_share
from analysis.classic_intervals import fieller_interval
from analysis.errors import (
    AnalysisError,
    EmptyConditionWarning,
    NoComparisonWarning,
    PopulationError,
    SmallArmWarning,
)
from analysis.intervals import ratio_interval
from analysis.report import write_results
from analysis.responses import read_export
from analysis.results import analyse, noted_warnings

SIMULATED_ONLY = {"simulated_kinds", "simulated_effects", "simulated_ties"}


@pytest.fixture
def results(export_folder):
    return analyse(read_export(export_folder), "simulated")


def test_fiellers_own_limits_stand_beside_the_default_ones(results):
    score = results.tables["utility"].iloc[0]
    arms = dict(list(results.tables["session_accuracies"].groupby("condition")))
    craft, baseline = (arm_share(arms[name], name) for name in ("craft", "baseline"))
    classic, default = fieller_interval(craft, baseline), ratio_interval(craft, baseline)
    assert (score["fieller_low"], score["fieller_high"]) == (classic.ci_low, classic.ci_high)
    assert (score["ci_low"], score["ci_high"]) == (default.ci_low, default.ci_high)
    assert score["fieller_high"] != score["ci_high"]
    assert list(results.tables["table_1"].filter(like="fieller")) == []


def test_tables_agree_with_each_other(results):
    tables = results.tables
    flow = tables["flow"].set_index(["stage", "condition"])["participants"]
    by_condition = tables["accuracy_by_condition"].set_index("condition")
    for condition in ("baseline", "craft"):
        assert flow["analysed", condition] == by_condition.loc[condition, "n_participants"]
    n_excluded = len(tables["exclusions"])
    assert flow["started", ""] == flow["analysed", ""] + n_excluded == 60
    utility = tables["utility"].loc[0, "utility"]
    means = by_condition["accuracy"]
    assert utility == pytest.approx(means["craft"] / means["baseline"])
    difference = tables["accuracy_differences"].loc[0, "difference"]
    assert difference == pytest.approx(means["craft"] - means["baseline"])


def test_injected_gain_comes_back(results):
    row = results.tables["accuracy_differences"].iloc[0]
    assert row["ci_low"] > 0
    ties = results.tables["accuracy_by_tie"].set_index(["condition", "tie"])
    assert ties.loc[("baseline", "broken"), "ci_high"] < 0.5
    assert ties.loc[("craft", "broken"), "ci_low"] > 0.5


def test_conditions_come_in_the_studys_order(results):
    for name in ("session_accuracies", "accuracy_by_session", "reaction_times", "reservoir"):
        assert list(dict.fromkeys(results.tables[name]["condition"])) == ["baseline", "craft"]


def test_people_have_no_table_of_simulated_kinds(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={"learner": 5}, n_people=30))
    people = analyse(export, "people").tables
    assert not SIMULATED_ONLY & set(people)
    assert people["flow"].loc[0, "participants"] == 30


def test_adding_simulated_rows_changes_nothing_for_people(exported, made_tables, tmp_path):
    write = made_tables[1]
    exported(tmp_path / "both", mix={"learner": 5}, n_people=30)
    both = read_export(tmp_path / "both")
    alone = {
        name: [
            row for row in getattr(both, name).astype(object).to_dict("records")
            if not row["simulated"]
        ]
        for name in ("participants", "responses", "events")
    }  # fmt: skip
    for rows in alone.values():
        for row in rows:
            row.update({key: None for key, value in row.items() if pd.isna(value)})
    only = read_export(write(tmp_path / "alone", alone))
    one, other = analyse(both, "people").tables, analyse(only, "people").tables
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


def test_study_that_left_nobody_still_has_its_flow(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={"leaver": 3}))
    with pytest.warns(NoComparisonWarning, match=r"must be one or more; got 0 of 3\."):
        tables = analyse(export, "simulated").tables
    assert len(tables["utility"]) == len(tables["accuracy_differences"]) == 0
    assert tables["flow"].loc[0, "participants"] == 3


def test_study_with_an_empty_baseline_compares_nothing(made_tables, tmp_path):
    tables, write = made_tables
    gone = {r["participant"] for r in tables["participants"] if r["condition"] == "baseline"}
    kept = {
        name: [row for row in rows if row["participant"] not in gone]
        for name, rows in tables.items()
    }
    export = read_export(write(tmp_path / "export", kept))
    with noted_warnings() as notes:
        results = analyse(export, "simulated").tables
    assert notes[0] == "baseline must be one of ['craft']; got 'baseline'."
    assert len(results["utility"]) == 0 and len(results["accuracy_by_condition"]) == 1


def _fail_catch_trials(tables, condition):
    for answer in tables["responses"]:
        if answer["is_catch"] and answer["condition"] == condition:
            answer.update(correct=False, choice="something else")
    for row in tables["participants"]:
        if row["condition"] == condition:
            row["catch_correct"] = 0


def test_condition_emptied_by_exclusions_is_said(made_tables, tmp_path):
    tables, write = made_tables
    _fail_catch_trials(tables, "craft")
    export = read_export(write(tmp_path / "export", tables))
    n = export.participants["condition"].eq("craft").sum()
    with noted_warnings() as notes:
        analyse(export, "simulated")
    assert (
        notes[0] == f"condition craft must have analysed participants; got 0 of {n} assigned to it."
    )
    with pytest.warns(EmptyConditionWarning), pytest.warns(NoComparisonWarning):
        analyse(export, "simulated")


def _with_a_third_arm(tables):
    """Every other participant of the baseline and of CRAFT saw the control instead."""
    names = [r["participant"] for r in tables["participants"] if r["condition"]][::3]
    for rows in (tables["participants"], tables["responses"]):
        for row in rows:
            if row["participant"] in names and row["condition"]:
                row["condition"] = "control"


@pytest.fixture
def three_arms(made_tables, tmp_path, monkeypatch):
    """Write an export of three arms whose baseline is spoiled first."""

    def write(spoil):
        tables, write_tables = made_tables
        _with_a_third_arm(tables)
        spoil(tables)
        folder = write_tables(tmp_path / "three", tables)
        file = folder / "study.json"
        conditions = {"conditions": ["baseline", "control", "craft"]}
        file.write_text(json.dumps(json.loads(file.read_text()) | conditions))
        return read_export(folder)

    return write


def _never_right(tables):
    for answer in tables["responses"]:
        if answer["condition"] == "baseline" and answer["tie"] is not None:
            answer.update(correct=False, choice="something else")


@pytest.mark.parametrize(
    "spoil", [_never_right, lambda tables: _fail_catch_trials(tables, "baseline")]
)
def test_tests_that_need_no_baseline_are_made_without_one(three_arms, spoil, tmp_path):
    export = three_arms(spoil)
    with noted_warnings():
        results = analyse(export, "simulated")
        page = write_results(results, tmp_path / "results").read_text(encoding="utf-8")
    tables = results.tables
    assert len(tables["utility"]) == 0 and "table_1" not in tables
    assert {"odds_ratios", "all_pairs", "one_way", "sensitivity"} <= set(tables)
    pair = tables["all_pairs"].query("condition in ['control', 'craft']")
    assert pair["p"].notna().any() and "Do the exclusions matter?" in page


def test_nobody_of_a_population_is_an_error(export_folder):
    with pytest.raises(PopulationError, match=r"must hold people; got 60 simulated only"):
        analyse(read_export(export_folder), "people")


def test_level_must_be_a_share(export_folder):
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        analyse(read_export(export_folder), "simulated", level=95)


def _noted(given):
    with noted_warnings() as notes:
        for warning in given:
            warnings.warn(warning, stacklevel=1)
    return notes


def test_warnings_are_noted_once_and_others_pass():
    notes = []
    with pytest.warns(UserWarning, match="foreign"):
        notes += _noted(
            [SmallArmWarning("small"), SmallArmWarning("small"), UserWarning("foreign")]
        )
    assert notes == ["small"]


def test_errors_pass_through_the_notes():
    with pytest.raises(AnalysisError, match="broken"), noted_warnings():
        raise AnalysisError("broken")
