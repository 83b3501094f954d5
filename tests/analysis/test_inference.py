import dataclasses

import numpy as np
import pytest

from analysis.comparisons import against_baseline
from analysis.contrasts import Contrast, planned_contrasts
from analysis.errors import PlanError
from analysis.inference import (
    between_conditions,
    contrasts_of,
    primary_contrast,
    relative_to_baseline,
)
from analysis.inference_sections import inference_sections
from analysis.odds import marginal_odds_ratios
from analysis.plan import Historical, Plan, Primary
from analysis.responses import read_export
from analysis.results import analyse, noted_warnings
from analysis.scoring import scored_trials

ARMS = ("baseline", "saliency", "craft")


@pytest.fixture
def analysed(rehearsed):
    return rehearsed


def _trials(results):
    names = results.tables["session_accuracies"]["participant"].unique()
    return scored_trials(results.export, names)


def test_primary_is_the_plan_s(analysed):
    plan = Plan(primary=Primary(condition="saliency", reference="baseline"))
    assert primary_contrast(plan, ARMS, "baseline").name == "saliency - baseline"


def test_without_a_plan_craft_or_the_last_arm_is_primary():
    assert primary_contrast(Plan(), ARMS, "baseline").name == "craft - baseline"
    assert primary_contrast(Plan(), ARMS[:2], "baseline").name == "saliency - baseline"
    assert primary_contrast(Plan(), ARMS[:1], "baseline") is None
    assert contrasts_of(Plan(), ARMS[:1], "baseline") == []


def test_historical_arms_get_no_test():
    plan = Plan(historical=Historical(arms=("saliency",)))
    names = [contrast.name for contrast in contrasts_of(plan, ARMS, "baseline")]
    assert names == ["craft - baseline", "craft - baseline"]
    old = Plan(primary=Primary(condition="saliency"), historical=plan.historical)
    with pytest.raises(PlanError, match=r"randomised arms; got \['saliency'\], historical"):
        primary_contrast(old, ARMS, "baseline")


def test_primary_of_another_study_is_an_error():
    with pytest.raises(PlanError, match=r"two of \['baseline', .*; got \['ace', 'baseline'\]"):
        primary_contrast(Plan(primary=Primary(condition="ace")), ARMS, "baseline")


def test_tables_are_those_of_the_functions(analysed):
    trials = _trials(analysed)
    expected = marginal_odds_ratios(trials, planned_contrasts(["baseline", "craft"]))
    assert analysed.tables["odds_ratios"]["p"].tolist() == pytest.approx(expected["p"].tolist())
    means = analysed.tables["session_accuracies"][["participant", "condition", "accuracy"]]
    welch = against_baseline(means, rng=np.random.default_rng(0))
    found = analysed.tables["against_baseline"]
    assert found.loc[found["method"] == "welch_holm", "p"].tolist() == welch["p"].tolist()
    assert analysed.tables["primary"].loc[0, "contrast"] == "craft - baseline"


def test_every_contrast_of_the_report_has_effect_sizes(analysed):
    trials, accuracies = _trials(analysed), analysed.tables["session_accuracies"]
    names = {"baseline": "craft_concepts_only", "craft": "ace"}
    primary = Contrast(condition="ace", reference="craft_concepts_only", family="planned")
    table = between_conditions(
        trials.replace({"condition": names}), accuracies.replace({"condition": names}),
        contrasts=[primary, *planned_contrasts(list(names.values()), names["baseline"])],
        baseline=names["baseline"], level=0.95, rng=np.random.default_rng(0),
    )["effect_sizes"]  # fmt: skip
    assert list(table["contrast"]) == ["ace - craft_concepts_only", "craft_concepts_only - ace"]
    assert table.loc[0, "difference"] == -table.loc[1, "difference"] > 0
    tests = next(each for each in inference_sections(analysed) if each.id == "tests")
    part = next(part for part in tests.tables if "Hedges’ g" in part.header)
    assert part.rows[0][:3] == ("CRAFT – Baseline", "each – baseline", part.rows[0][2])
    assert part.header[2:] == ("Difference", "Interval", "Hedges’ g", "Interval of g")


def test_marginal_ratio_is_nearer_to_1_than_the_conditional(analysed):
    marginal = analysed.tables["odds_ratios"].loc[0, "odds_ratio"]
    conditional = analysed.tables["conditional_odds_ratios"].loc[0]
    assert 1 < marginal < conditional["odds_ratio"]
    assert conditional["implied_marginal"] == pytest.approx(marginal, rel=0.1)


def test_one_condition_leaves_nothing_to_test(analysed):
    trials, accuracies = _trials(analysed), analysed.tables["session_accuracies"]
    alone = accuracies[accuracies["condition"] == "baseline"]
    rng = np.random.default_rng(0)
    contrasts = planned_contrasts(["baseline", "craft"])
    with noted_warnings() as notes:
        tables = between_conditions(
            trials[trials["condition"] == "baseline"], alone, contrasts=contrasts,
            baseline="baseline", level=0.95, rng=rng,
        )  # fmt: skip
    assert "one_way" not in tables and tables["primary"]["p"].isna().all()
    assert "condition craft must have participants to be compared; got nobody." in notes
    assert any(note.startswith("one way cannot be computed: conditions must") for note in notes)


def test_lost_baseline_is_said_for_each_table(analysed):
    accuracies = analysed.tables["session_accuracies"]
    alone = accuracies[accuracies["condition"] == "craft"]
    with noted_warnings() as notes:
        tables = relative_to_baseline(
            alone, baseline="baseline", margin=0.1, level=0.95, rng=np.random.default_rng(0)
        )
    assert tables == {} and len(notes) == 4
    assert all(" cannot be computed: baseline of scenario husky_wolf must" in n for n in notes)


def test_historical_arms_stay_in_table_1(export_folder):
    plan = Plan(historical=Historical(arms=("craft",)))
    results = analyse(read_export(export_folder), "simulated", plan=plan)
    table = results.tables["table_1"].set_index("condition")
    assert table.loc["craft", "is_historical"] and table.loc["craft", "mark"] == ""
    assert "odds_ratios" not in results.tables and "primary" not in results.tables


def test_seed_decides_the_bootstrap(export_folder):
    export = read_export(export_folder)
    first, again, other = (
        analyse(export, "simulated", seed=seed).tables["utility_bootstrap"].loc[0, "ci_low"]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_study_of_another_task_has_no_utility_tests(export_folder):
    export = read_export(export_folder)
    study = dataclasses.replace(export.study, task="intruder")
    results = analyse(dataclasses.replace(export, study=study), "simulated")
    assert "primary" not in results.tables and "table_1" not in results.tables
