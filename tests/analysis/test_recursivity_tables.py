import dataclasses

import numpy as np
import pandas as pd
import pytest

from analysis.errors import PlanError
from analysis.inference_sections import inference_sections
from analysis.plan import Groups, Plan, Primary
from analysis.recursivity_sections import finding_sentences, recursivity_section
from analysis.recursivity_sensitivity import sensitivity_of_findings
from analysis.recursivity_tables import recursivity_tables
from analysis.responses import read_export
from analysis.results import analyse, noted_warnings
from analysis.sections import sections


@pytest.fixture
def export(export_folder):
    """An export whose test trials are intruder trials and binary choices."""
    export = read_export(export_folder)
    rows = export.responses.copy()
    in_test = (rows["phase"] == "test").to_numpy(bool)
    position = rows["position"].to_numpy()
    task = np.where(position % 2 == 0, "intruder", "binary_choice")
    rows["task"] = pd.Series(np.where(in_test, task, None), index=rows.index).astype("string")
    rows["item"] = rows["trial"]
    rows["level"] = np.where(position % 4 == 0, "sub_concept", "concept")
    rows["chose_sub"] = rows["correct"]
    rows["is_sham"] = position == 7
    study = dataclasses.replace(export.study, task="recursivity")
    return dataclasses.replace(export, responses=rows, study=study)


def test_both_tasks_are_tested(export):
    results = analyse(export, "simulated")
    assert {"intruder", "binary_choice"} <= set(results.tables)
    section = inference_sections(results)[0]
    assert section.id == "recursivity"
    said = finding_sentences(results)
    assert said[0].startswith("Concept against chance: share ")
    assert any("odds " in item and "against 1.00" in item for item in said)
    assumptions = {row[-1] for row in section.tables[0].rows}
    assert "all answers are independent, which they are not" in assumptions


def test_catch_trials_and_the_excluded_are_left_out(export):
    names = export.participants.loc[export.participants["status"].eq("completed"), "participant"]
    table = recursivity_tables(export, names)["intruder"]
    cell = table[(table["test"] == "concept against chance") & table["is_default"]].iloc[0]
    rows = export.responses[export.responses["participant"].isin(names)]
    rows = rows[rows["task"].eq("intruder").fillna(False) & ~rows["is_catch"]]
    assert cell["n_answers"] == (rows["level"] == "concept").sum()
    assert cell["n_participants"] == len(names)


def test_untestable_task_is_said(export):
    rows = export.responses.assign(level="concept")
    with noted_warnings() as notes:
        tables = recursivity_tables(
            dataclasses.replace(export, responses=rows), export.participants["participant"]
        )
    assert notes[0].startswith("intruder cannot be tested: level must be each of")
    assert "intruder" not in tables and "binary_choice" in tables


def test_studies_of_utility_have_none(export_folder):
    export = read_export(export_folder)
    assert recursivity_tables(export, export.participants["participant"]) == {}


def test_tests_are_made_without_each_rule_in_turn(export):
    results = analyse(export, "simulated")
    table = results.tables["sensitivity_of_findings"]
    assert list(table["left_out"].unique()) == [
        "none", "practice", "quiz", "unfinished", "catch", "researcher", "all"
    ]  # fmt: skip
    own = table[table["left_out"] == "none"].reset_index(drop=True)
    quoted = pd.concat([results.tables["intruder"], results.tables["binary_choice"]])
    quoted = quoted[quoted["is_default"]].reset_index(drop=True)
    shared = ["test", "group", "method", "estimate", "ci_low", "ci_high", "p"]
    pd.testing.assert_frame_equal(own[shared], quoted[shared])
    assert (own["change"] == 0).all()
    assert (table[table["left_out"] == "catch"]["change"] > 0).all()
    section = {section.id: section for section in inference_sections(results)}["sensitivity"]
    assert section.paragraphs[0].startswith("Concept against chance: share ")
    assert section.tables[0].header[1] == "Test"


def test_tasks_with_tests_of_one_name_stay_apart(export):
    people = export.participants
    group = pd.Series(["expert", "layman"] * len(people))[: len(people)].to_numpy()
    rows = export.responses.assign(
        group=export.responses["participant"].map(
            dict(zip(people["participant"], group, strict=True))
        )
    )
    table = sensitivity_of_findings(dataclasses.replace(export, responses=rows), [])
    between = table[(table["test"] == "group against group") & (table["left_out"] == "none")]
    assert list(between["task"]) == ["intruder", "binary_choice"]


def test_primary_test_of_the_plan_comes_first_and_is_marked(export):
    plan = Plan(primary=Primary(test="sub-concept against concept"))
    page = {section.id: section for section in sections(analyse(export, "simulated", plan=plan))}
    first, second = page["headline"].paragraphs
    assert "Primary test, named beforehand in the plan. Sub-concept against concept: " in first
    assert "Secondary tests" in second and "not adjusted" in second
    assert not any(
        item.startswith("Sub-concept against concept") for item in page["headline"].items
    )
    names = [row[0] for row in page["recursivity"].tables[0].rows]
    assert names.count("sub-concept against concept (primary)") == 1


def test_without_a_plan_no_test_is_primary(export):
    results = analyse(export, "simulated")
    assert "No plan names a primary test" in sections(results)[0].paragraphs[0]
    assert not results.tables["intruder"]["is_primary"].any()


def test_condition_is_no_primary_of_a_recursivity_study(export):
    with pytest.raises(PlanError, match="primary must name a test of .* got the condition 'craft'"):
        analyse(export, "simulated", plan=Plan(primary=Primary(condition="craft")))


def test_three_groups_of_a_plan_are_compared_in_pairs(export):
    people = export.participants
    replies = pd.DataFrame({
        "participant": people["participant"], "questionnaire": "end", "question": "expertise",
        "session": 3,
        "value": np.array(["expert", "layman", "student"])[np.arange(len(people)) % 3],
        "simulated": people["simulated"], "condition": people["condition"],
    }).astype({"question": "string", "value": "string"})  # fmt: skip
    plan = Plan(groups=Groups(question="expertise"))
    results = analyse(dataclasses.replace(export, replies=replies), "simulated", plan=plan)
    pairs = results.tables["intruder"].query("test == 'group against group'")
    assert list(pairs["group"]) == ["expert - layman", "expert - student", "layman - student"]
    said = [each for each in finding_sentences(results) if "(expert - student)" in each]
    assert len(said) == 4 and all("adjusted by Holm over pairs p" in each for each in said)
    found = {section.id: section for section in inference_sections(results)}
    assert all("p, Holm" in found[name].tables[0].header for name in ("recursivity", "sensitivity"))
    alone = analyse(export, "simulated")
    assert "p, Holm" not in recursivity_section(alone).tables[0].header
