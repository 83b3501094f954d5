import dataclasses
import json

import pandas as pd
import pytest

from analysis.cli import main
from analysis.design import Design
from analysis.errors import AnalysisError, PlanError
from analysis.plan import Exclusions, Historical, Plan
from analysis.preregistration import check_plan, preregistration
from analysis.study_file import read_study

ASKED = ["power", "--reference", "0.6", "--accuracy", "0.9", "--per-arm", "8", "16",
         "--studies", "100", "--pay", "1.5"]  # fmt: skip


def test_sizes_are_listed_with_power_and_cost(capsys):
    assert main(ASKED) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-1] == "cost" and len(lines) == 4
    assert lines[2].split()[-1] == "43.20"  # 32 recruited, a tenth leaves, 1.5 each
    assert lines[3] == "Enough for a power of 80\u00a0%: 8 in an arm"


def test_curve_figure_and_preregistration_are_written(export_folder, tmp_path, capsys):
    plan = tmp_path / "plan.toml"
    plan.write_text('[primary]\ncondition = "craft"\n', encoding="utf-8")
    out = tmp_path / "power"
    more = ["--out", str(out), "--study", str(export_folder), "--plan", str(plan)]
    assert main([*ASKED, *more]) == 0
    assert sorted(file.name for file in out.iterdir()) == [
        "power.csv", "power.svg", "preregistration.md",
    ]  # fmt: skip
    assert list(pd.read_csv(out / "power.csv")["per_arm"]) == [8, 16]
    text = (out / "preregistration.md").read_text("utf-8")
    assert "CRAFT against Baseline, by the marginal odds ratio" in text
    assert "We will recruit 8 participants in each condition, 16 in all" in text
    assert "1. catch: whoever failed the catch trials" in text and "catch_min_correct = 2" in text
    assert "| 16 | " in text and "1a" * 32 in text


def test_what_is_open_is_marked(export_folder):
    text = preregistration(read_study(export_folder)[0], Plan())
    assert "Primary comparison: [TO BE FILLED IN]" in text
    assert "Power: [TO BE FILLED IN] (craft-analysis power)" in text


def test_preregistration_needs_a_place(export_folder, capsys):
    assert main([*ASKED, "--study", str(export_folder)]) == 1
    assert "out must be given where study is; got none." in capsys.readouterr().err


def test_tiny_studies_of_participants_alike_have_a_power(capsys):
    arguments = "power --reference 0.5 --accuracy 0.6 --per-arm 3 --items 2 --studies 100"
    assert main(arguments.split()) == 0
    assert "Enough for a power" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seed", "-1"], "seed must be 0 or more; got -1."),
        (["--target", "80"], "target must be in (0, 1); got 80.0. Give a share, not a percentage."),
        (["--target", "nan"], "target must be in (0, 1); got nan."),
        (["--participant-sd", "1000"], "participant_sd must be in [0, 5]; got 1000.0."),
        (["--item-sd", "nan"], "item_sd must be in [0, 5]; got nan."),
        (["--alpha", "0.9"], "alpha must be in (0, 0.5); got 0.9."),
        (["--pay", "inf"], "pay must be in [0, 1e+06]; got inf."),
    ],
)
def test_odd_numbers_are_errors_in_one_line(capsys, more, message):
    assert main([*ASKED, *more]) == 1
    assert capsys.readouterr().err == f"craft-analysis: {message}\n"


def test_size_given_twice_is_tried_once(capsys):
    arguments = "power --reference 0.6 --accuracy 0.9 --per-arm 8 8 --studies 100"
    assert main(arguments.split()) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.fixture
def study(export_folder):
    return read_study(export_folder)[0]


def test_thresholds_of_the_plan_are_those_of_the_text(study):
    exclusions = Exclusions(thresholds={"min_sessions_s": 60, "catch_min_correct": 3})
    text = preregistration(study, Plan(exclusions=exclusions))
    assert "1. too_short: whoever took too little time" in text
    assert "catch_min_correct = 3, min_sessions_s = 60" in text


def test_plan_that_does_not_fit_ends_before_anything_is_written(export_folder, tmp_path, capsys):
    plan = tmp_path / "plan.toml"
    plan.write_text('[exclusions]\norder = ["practice", "too_long"]\n', encoding="utf-8")
    out = tmp_path / "power"
    more = ["--out", str(out), "--study", str(export_folder), "--plan", str(plan)]
    assert main([*ASKED, *more]) == 1
    assert "thresholds ['max_sessions_s'] must be set" in capsys.readouterr().err
    assert not out.exists()


def test_arms_items_and_margin_are_those_of_study_and_plan(export_folder, tmp_path, capsys):
    file = export_folder / "study.json"
    conditions = {"conditions": ["baseline", "saliency", "ace", "craft"]}
    file.write_text(json.dumps(json.loads(file.read_text()) | conditions))
    plan = tmp_path / "plan.toml"
    text = '[historical]\narms = ["saliency"]\n[equivalence]\nmargin = 0.15\n'
    plan.write_text(text, encoding="utf-8")
    out = tmp_path / "power"
    more = ["--out", str(out), "--study", str(export_folder), "--plan", str(plan)]
    assert main([*ASKED, *more, "--question", "equivalence", "--target", "0.01"]) == 0
    assert list(pd.read_csv(out / "power.csv")["recruited"]) == [24, 48]
    text = (out / "preregistration.md").read_text("utf-8")
    assert "a margin of 0.15" in text and "and 21 scored trials of a participant" in text
    assert "in each condition, 24 in all" in text or "TO BE FILLED IN] in all" in text
    assert "Not randomised, shown without p-values: Saliency." in text


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--alpha", "0.01"], "alpha must be 0.05 in a preregistration, the level of the report; "
         "got 0.01."),
        (["--margin", "0.3"], "margin must be the plan's, 0.1; got 0.3. Set it in the plan, "
         "[equivalence]."),
        (["--arms", "5"], "arms must be the 2 that study golden randomises; got 5."),
        (["--items", "10"], "items must be the 21 scored trials of study golden; got 10."),
    ],
)  # fmt: skip
def test_what_contradicts_the_study_ends_before_the_simulation(
    export_folder, tmp_path, capsys, more, message
):
    out = tmp_path / "power"
    study = read_study(export_folder)[0].study
    assert main([*ASKED, "--study", str(export_folder), "--out", str(out), *more]) == 1
    error = capsys.readouterr().err
    assert error == f"craft-analysis: {message.replace('golden', study)}\n" and not out.exists()


def test_recursivity_has_a_text_of_its_own(study):
    recursive = dataclasses.replace(study, task="recursivity")
    design = Design(reference=0.61, accuracy=0.67, n_items=15, n_arms=1, slope_sd=0.4)
    curve = pd.DataFrame([{
        "per_arm": 40, "analysed": 36.0, "power": 0.8, "ci_low": 0.7, "ci_high": 0.9,
    }])  # fmt: skip
    text = preregistration(
        recursive, Plan(), curve=curve, design=design, question="levels", per_arm=40
    )
    assert "sub-concepts against concepts (mixed logit, two-sided)" in text
    assert "15 trials of a participant with each" in text
    assert "0.4 in how participants take the two kinds" in text
    assert "We will recruit 40 participants, and then stop." in text
    assert "Intruders: accuracy against chance" in text
    assert "odds ratio" not in text and "Utility" not in text and "predict" not in text


def test_questions_are_those_of_the_task(study):
    with pytest.raises(AnalysisError, match=r"question must be one of \['difference', .*'levels'"):
        check_plan(study, Plan(), "levels")
    with pytest.raises(AnalysisError, match=r"question must be one of \['levels', 'choice'\]"):
        check_plan(dataclasses.replace(study, task="recursivity"), Plan(), "difference")
    with pytest.raises(PlanError, match="historical arms must be of"):
        check_plan(study, Plan(historical=Historical(arms=("x",))))
