import dataclasses
import warnings

import numpy as np
import pytest

from analysis.contrasts import Contrast
from analysis.errors import AnalysisWarning
from analysis.exclusions import RULES, decide
from analysis.odds import marginal_odds_ratios
from analysis.responses import read_export
from analysis.scoring import scored_trials, session_accuracies
from analysis.sensitivity import sensitivity
from analysis.utility import utility_scores


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


@pytest.fixture
def table(export):
    return sensitivity(export, RULES, baseline="baseline").set_index(["left_out", "condition"])


def test_leaving_nothing_out_gives_the_headline(export, table):
    decisions = decide(export)
    names = decisions.loc[decisions["rule"].isna(), "participant"]
    scores = utility_scores(session_accuracies(scored_trials(export, names)))
    row = table.loc[("none", "craft")]
    assert row["utility"] == pytest.approx(scores.loc[0, "utility"])
    assert row["utility_low"] == pytest.approx(scores.loc[0, "ci_low"])
    assert row["change"] == 0


def test_each_rule_left_out_lets_its_participants_in(export, table):
    losses = decide(export)["rule"].value_counts()
    catch = table.loc["catch", "change"].sum()
    assert catch == losses["catch"]
    assert table.loc["unfinished", "change"].sum() == 0  # they miss catch trials, too
    assert table.loc["all", "change"].sum() > catch  # those who left half-way have answers
    assert table.loc["practice", "change"].sum() == 0  # who failed it never saw a test
    assert (table.loc["all", "n_participants"] >= table.loc["catch", "n_participants"]).all()


def test_every_rule_has_its_rows(table):
    assert list(table.index.unique(0)) == ["none", *(rule.name for rule in RULES), "all"]
    assert table.xs("baseline", level=1)["utility"].isna().all()


def test_guessers_let_in_pull_the_difference_down(table):
    difference = table.xs("craft", level=1)["difference"]
    assert difference["catch"] < difference["none"]


def test_nobody_in_the_baseline_leaves_the_comparison_empty(export):
    found = sensitivity(export, RULES, baseline="control")
    assert np.isnan(found["difference"]).all() and found["accuracy"].notna().all()


def test_primary_odds_ratio_stands_in_its_row(export):
    primary = Contrast(condition="craft", reference="baseline", family="planned")
    found = sensitivity(export, RULES, baseline="baseline", primary=primary)
    found = found.set_index(["left_out", "condition"])
    names = decide(export).query("rule.isna()")["participant"]
    expected = marginal_odds_ratios(scored_trials(export, names), [primary]).iloc[0]
    numbers = ["odds_ratio", "odds_low", "odds_high", "odds_p"]
    row = found.loc[("none", "craft"), numbers].astype(float)
    assert list(row) == pytest.approx(list(expected[["odds_ratio", "ci_low", "ci_high", "p"]]))
    assert found.xs("baseline", level=1)[numbers].isna().all(axis=None)
    assert found.loc[("catch", "craft"), "odds_ratio"] < row["odds_ratio"]


def test_baseline_that_is_never_right_leaves_the_differences(export):
    wrong = (
        export.responses["condition"].eq("baseline").fillna(False) & ~export.responses["is_catch"]
    )
    spoiled = export.responses.assign(correct=export.responses["correct"] & ~wrong.astype(bool))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        found = sensitivity(dataclasses.replace(export, responses=spoiled), [], baseline="baseline")
    row = found.set_index("condition").loc["craft"].iloc[0]
    assert row["difference"] == row["accuracy"] and np.isnan(row["utility"])
