import pandas as pd
import pytest

from analysis.exclusions import decide
from analysis.responses import read_export
from analysis.scoring import scored_trials, session_accuracies
from analysis.simulated import kind_effects, kind_means, kind_table
from analysis.utility import utility_scores


@pytest.fixture
def decisions(exported, tmp_path):
    mix = {"learner": 40, "guesser": 80, "inattentive": 30, "leaver": 6, "confused": 6}
    return decide(read_export(exported(tmp_path / "export", mix=mix)))


@pytest.fixture
def accuracies(exported, tmp_path, decisions):
    export = read_export(tmp_path / "export")
    finished = decisions[~decisions["rule"].isin(["practice", "quiz", "unfinished"])]
    return session_accuracies(scored_trials(export, finished["participant"]))


def test_kinds_do_what_they_were_made_for(decisions, accuracies):
    table = kind_table(decisions, accuracies).set_index(["simulated_kind", "condition"])
    learners = table.loc["learner", "accuracy"]
    assert learners["craft"] > learners["baseline"] + 0.1
    guessers = table.loc["guesser"]
    assert guessers["ci_low"].min() < 0.5 < guessers["ci_high"].max()
    inattentive = table.loc["inattentive"].sum()
    assert inattentive["catch"] > 0.7 * inattentive["participants"]


def test_counts_add_up(decisions, accuracies):
    table = kind_table(decisions, accuracies)
    parts = table[["practice", "quiz", "unfinished", "catch", "analysed"]].sum(axis=1)
    assert (parts == table["participants"]).all()
    assert (table["finished"] == table["catch"] + table["analysed"]).all()
    assert table["participants"].sum() == len(decisions)


def test_effect_of_a_kind_is_that_of_its_rows(accuracies):
    effects = kind_effects(accuracies).set_index("simulated_kind")
    learners = accuracies[accuracies["simulated_kind"] == "learner"]
    expected = utility_scores(learners).iloc[0]
    assert effects.loc["learner", "utility"] == pytest.approx(expected["utility"])
    assert effects.loc["learner", "utility_ci_low"] == pytest.approx(expected["ci_low"])
    assert effects.loc["learner", "ci_low"] > 0


def test_kind_that_is_all_alike_warns_of_nothing(accuracies):
    alike = accuracies.assign(accuracy=1.0)
    assert kind_means(alike, ["simulated_kind"])["ci_low"].between(0.99, 1).all()
    assert kind_effects(alike)["ci_low"].between(-0.02, 0).all()


def test_kind_without_a_baseline_has_no_effect(accuracies):
    table = kind_effects(accuracies[accuracies["condition"] == "craft"])
    assert len(table) == 0 and "utility_ci_high" in table


def test_tables_are_left_unchanged(decisions, accuracies):
    before = decisions.copy(), accuracies.copy()
    kind_table(decisions, accuracies)
    kind_effects(accuracies)
    pd.testing.assert_frame_equal(decisions, before[0])
    pd.testing.assert_frame_equal(accuracies, before[1])
