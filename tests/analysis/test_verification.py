"""The paper's tables (Fel et al. 2023), as the guide for analysts prints them."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import PublishedTableError
from analysis.published import PublishedTable, read_published
from analysis.utility import utility_scores
from analysis.verification import verification_summary, verify

TABLES = Path(__file__).parents[2] / "docs" / "published"


@pytest.fixture(scope="module")
def table_1():
    return read_published(TABLES / "table1_utility.csv")


@pytest.fixture(scope="module")
def table_2():
    checks = verify(read_published(TABLES / "table2_recursivity.csv"), n_each=15)
    return checks.set_index(["check", "row"])


def test_27_of_30_utility_scores_are_reproduced(table_1):
    checks = verify(table_1)
    counts = verification_summary(checks).set_index("verdict")["rows"]
    assert counts.to_dict() == {"reproduced": 27, "within_rounding": 2, "inconsistent": 1}
    odd = checks[checks["verdict"] != "reproduced"].set_index("row")
    assert odd.loc["leaves, gradient_x_input", "verdict"] == "inconsistent"
    assert odd.loc["leaves, gradient_x_input", "computed"] == pytest.approx(1.0594, abs=5e-5)
    assert odd.loc["leaves, gradient_x_input", "low"] > 1.055


def test_scores_are_those_of_the_analysis(table_1):
    rows = table_1.rows.melt(["scenario", "condition"], table_1.sessions, "session", "accuracy")
    accuracies = rows.assign(accuracy=rows["accuracy"].astype(float) / 100)
    scores = utility_scores(accuracies).set_index(["scenario", "condition"])["utility"]
    checks = verify(table_1)
    computed = {tuple(row.split(", ")): value for row, value in
                zip(checks["row"], checks["computed"], strict=True)}  # fmt: skip
    for key, value in scores.items():
        assert computed[key] == pytest.approx(value, rel=1e-12)


def test_24_of_27_accuracies_are_possible_at_the_printed_numbers_of_participants(table_1):
    checks = verify(table_1, n_each=7)
    shares = checks[checks["check"] == "grim"]
    assert len(shares) == 27
    assert list(shares.loc[shares["verdict"] == "impossible", "row"]) == [
        "husky_wolf, craft_concepts_only, session_1",
        "leaves, craft_concepts_only, session_2",
        "leaves, craft, session_3",
    ]
    craft = shares[shares["row"].str.startswith("husky_wolf, craft, ")]
    assert list(craft["note"]) == [f"{count} of 224 answers" for count in (203, 218, 214)]


def test_percentages_of_table_2_are_possible(table_2):
    assert (table_2.loc["grim", "verdict"] == "possible").all()
    row = "binary_choice, sub_concept_chosen_percent, experts"
    assert table_2.loc[("grim", row), "note"] == "411 of 540 answers"


def test_odds_of_laymen_are_reproduced_and_of_experts_are_not(table_2):
    odds = table_2.loc["odds"]
    assert odds.loc["binary_choice, laymen", "verdict"] == "reproduced"
    assert odds.loc["binary_choice, experts", "verdict"] == "inconsistent"
    assert odds.loc["binary_choice, experts", "computed"] == pytest.approx(3.19, abs=0.005)


def test_p_values_of_the_intruder_task_follow_from_no_pooled_test(table_2):
    p = table_2.loc["p_value"]
    for group, naive in (("experts", 0.089), ("laymen", 0.039)):
        row = p.loc[f"intruder, {group}"]
        assert row["verdict"] == "not_reproduced" and row["computed"] == pytest.approx(
            naive, abs=5e-4
        )
        assert p.loc[f"binary_choice, {group}", "verdict"] == "reproduced"


def test_sum_of_the_first_scenario_is_flagged():
    checks = verify(read_published(TABLES / "sample_sizes.csv")).set_index("row")
    assert checks["verdict"].to_dict() == {
        "husky_wolf": "inconsistent", "leaves": "reproduced", "foxes": "reproduced",
    }  # fmt: skip
    assert checks.loc["husky_wolf", "note"] == "32 + 22 + 22 = 76"


def test_p_value_that_a_pooled_test_gives_is_named(table_2):
    table = read_published(TABLES / "table2_recursivity.csv")
    rows = table.rows.replace({"experts_n36": {"0.18": "0.089"}})
    changed = PublishedTable(name="t.csv", layout="recursivity", rows=rows)
    checks = verify(changed, n_each=15).set_index(["check", "row"])
    found = checks.loc[("p_value", "intruder, experts")]
    assert found["verdict"] == "reproduced" and found["note"].startswith("logit")


def test_accuracies_above_1_tell_the_unit_of_the_whole_table():
    rows = pd.DataFrame({"scenario": "a", "condition": ["baseline", "craft"],
                         "session_1": ["50.0", "1.4"], "session_2": ["50.0", "0"],
                         "utility": "", "n": ["10", "10"]})  # fmt: skip
    checks = verify(PublishedTable(name="t.csv", layout="utility", rows=rows), n_each=7)
    assert list(checks["verdict"]) == ["possible"] * 4


def test_total_without_parts_is_no_contradiction():
    rows = pd.DataFrame({"scenario": ["all"], "condition": ["total"], "n": ["84"]})
    assert verify(PublishedTable(name="t.csv", layout="sizes", rows=rows)).empty


def test_shares_may_be_printed_as_shares():
    rows = pd.DataFrame({"scenario": "a", "condition": ["baseline", "craft"],
                         "session_1": ["0.500", "0.600"], "utility": ["", "1.20"],
                         "n": ["", "10"]})  # fmt: skip
    table = PublishedTable(name="t.csv", layout="utility", rows=rows)
    assert list(verify(table, n_each=7)["verdict"]) == ["reproduced", "possible"]


def test_without_answers_nothing_is_said_of_shares_and_p_values():
    checks = verify(read_published(TABLES / "table2_recursivity.csv"))
    assert set(checks["check"]) == {"odds"}


def test_missing_baseline_total_or_answers_are_errors(table_1):
    with pytest.raises(PublishedTableError, match="condition none in scenario husky_wolf; got 0"):
        verify(table_1, baseline="none")
    with pytest.raises(PublishedTableError, match="must be 1 or more; got 0"):
        verify(table_1, n_each=0)
    rows = pd.DataFrame({"scenario": ["a"], "condition": ["craft"], "n": ["3"]})
    with pytest.raises(PublishedTableError, match="scenario a must have one row of the condition"):
        verify(PublishedTable(name="t.csv", layout="sizes", rows=rows))


def test_baseline_of_zero_cannot_be_checked():
    rows = pd.DataFrame({"scenario": "a", "condition": ["baseline", "craft"],
                         "session_1": ["0", "50"], "utility": ["", "1.2"]})  # fmt: skip
    checks = verify(PublishedTable(name="t.csv", layout="utility", rows=rows))
    assert list(checks["verdict"]) == ["unchecked"] and checks["computed"].isna().all()
    assert checks.loc[0, "note"] == "the baseline's accuracy may be 0 as it is rounded"


@pytest.mark.parametrize("n_each", [None, 15])
def test_odds_of_all_cannot_be_checked(n_each):
    rows = pd.DataFrame({
        "task": "binary_choice",
        "measure": ["sub_concept_chosen_percent", "odds_ratio", "p_value_below"],
        "experts_n36": ["100", "9.9", "0.001"],
    })  # fmt: skip
    checks = verify(PublishedTable(name="t.csv", layout="recursivity", rows=rows), n_each=n_each)
    assert checks.set_index("check").loc["odds", "verdict"] == "unchecked"


def test_tests_that_have_no_value_are_left_out_of_the_bounds():
    rows = pd.DataFrame({
        "task": "intruder",
        "measure": ["accuracy_concept_percent", "accuracy_sub_concept_percent", "p_value"],
        "experts_n36": ["0", "100", "0.001"],
    })  # fmt: skip
    checks = verify(PublishedTable(name="t.csv", layout="recursivity", rows=rows), n_each=15)
    found = checks.set_index("check").loc["p_value"]
    assert found[["computed", "low", "high"]].notna().all()
