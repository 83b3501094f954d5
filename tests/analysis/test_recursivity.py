import numpy as np
import pandas as pd
import pytest

from analysis.errors import (
    AnalysisError,
    DesignError,
    MissingColumnError,
    NoComparisonWarning,
    UnboundedIntervalWarning,
    UnpairedRowsWarning,
)
from analysis.recursivity import binary_choice, intruder


@pytest.fixture(scope="module")
def choices(aggression):
    """Binary choices; every fourth situation stands for a sham."""
    few = aggression[aggression["participant"] % 8 == 0]
    return few.assign(chose_sub=few["correct"], is_sham=few["item"].str.contains("S4"))


def test_intruder_asks_what_table_2_asks(aggression):
    few = aggression[aggression["participant"] % 8 == 0]
    table = intruder(few)
    defaults = table[table["is_default"]]
    assert list(zip(defaults["test"], defaults["group"], strict=True)) == [
        ("concept against chance", "expert"),
        ("sub-concept against chance", "expert"),
        ("sub-concept against concept", "expert"),
        ("concept against chance", "layman"),
        ("sub-concept against chance", "layman"),
        ("sub-concept against concept", "layman"),
        ("group against group", "expert - layman"),
        ("difference of the differences", "expert - layman"),
    ]
    assert (table.loc[table["test"].str.endswith("chance"), "null"] == 0.2).all()
    shares = few.groupby(["group", "level"])["correct"].mean()
    found = table[table["method"] == "two_way"].set_index(["group", "test"])["estimate"]
    assert found["expert", "concept against chance"] == pytest.approx(shares["expert", "concept"])


def test_one_group_is_not_compared(aggression):
    few = aggression[aggression["participant"] % 8 == 0].drop(columns="group")
    table = intruder(few, has_alternatives=False)
    assert list(table["test"]) == [
        "concept against chance", "sub-concept against chance", "sub-concept against concept",
    ]  # fmt: skip
    assert (table["group"] == "").all() and table["is_default"].all()


def test_number_of_choices_sets_chance(aggression):
    few = aggression[aggression["participant"] % 8 == 0].drop(columns="group")
    table = intruder(few.assign(n_choices=4), has_alternatives=False)
    assert list(table["null"]) == [0.25, 0.25, 1.0]


def test_binary_choice_says_share_and_odds_and_compares_with_sham(choices):
    table = binary_choice(choices.drop(columns="group"))
    share, odds = table.iloc[0], table.iloc[1]
    assert (share["quantity"], odds["quantity"]) == ("share", "odds")
    assert odds["estimate"] == pytest.approx(share["estimate"] / (1 - share["estimate"]))
    assert share["n_items"] == 18 and share["null"] == 0.5
    sham = table[table["test"] == "recursive against sham"]
    assert sham.iloc[0]["method"] == "mixed_logit" and sham.iloc[0]["n_items"] == 24


def test_without_sham_there_is_no_comparison(choices):
    table = binary_choice(choices.drop(columns=["is_sham", "group"]), has_alternatives=False)
    assert list(table["quantity"]) == ["share", "odds"]


def test_rows_of_other_tasks_are_left_out(choices, aggression):
    rows = choices.drop(columns=["group", "is_sham"])
    mixed = pd.concat([rows.assign(task="binary_choice"), aggression.assign(task="intruder")])
    alone = binary_choice(rows, has_alternatives=False)
    pd.testing.assert_frame_equal(
        binary_choice(mixed.drop(columns="group"), has_alternatives=False), alone
    )
    with pytest.raises(DesignError, match="answers of the task intruder; got none"):
        intruder(rows.assign(task="binary_choice"))


def test_lacking_level_of_a_participant_is_said(aggression):
    few = aggression[aggression["participant"] % 8 == 0].drop(columns="group")
    lacking = few[(few["participant"] > 0) | few["treated"]]
    with pytest.warns(UnpairedRowsWarning, match="got 1 of 40 who did not"):
        table = intruder(lacking)
    counts = table.set_index("method")["n_participants"]
    assert counts["paired_t"] == 39 and counts["mixed_logit"] == 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"level": "concept"}, r"level must be each of .*; got \['concept'\]"),
        ({"n_choices": 1}, r"2 or more in all rows; got \[1\]"),
    ],
)
def test_odd_designs_are_errors(aggression, changes, message):
    with pytest.raises(DesignError, match=message):
        intruder(aggression.assign(**changes))


def test_half_known_groups_are_an_error(aggression):
    half = aggression["group"].where(aggression["participant"] > 3)
    with pytest.raises(DesignError, match="for every participant or for none; got 4 without"):
        intruder(aggression.assign(group=half))


def test_missing_answers_and_columns_are_errors(choices):
    with pytest.raises(DesignError, match=r"\['chose_sub'\] must be given .* got 936 empty"):
        binary_choice(choices.assign(chose_sub=np.nan).head(936))
    with pytest.raises(MissingColumnError, match=r"columns \['item', 'chose_sub'\] must be"):
        binary_choice(choices[["participant"]])
    with pytest.raises(AnalysisError, match="level must be in"):
        binary_choice(choices, level=95)


def test_one_expert_leaves_the_laymens_tests(choices, aggression):
    laymen = choices["group"] == "layman"
    one = choices[laymen | (choices["participant"] == choices.loc[~laymen, "participant"].min())]
    with pytest.warns(NoComparisonWarning, match="cannot be tested") as said:
        table = binary_choice(one)
    alone = binary_choice(one[one["group"] == "layman"])
    pd.testing.assert_frame_equal(table, alone)
    messages = [str(warning.message) for warning in said]
    assert messages[0].startswith("sub-concept against one half (expert) cannot be tested: ")
    assert messages[1].startswith("recursive against sham (expert) cannot be tested: ")
    assert messages[2].startswith("group against group cannot be tested: groups must have 2")
    assert "{'expert': 1, 'layman': 20}" in messages[2]
    with pytest.warns(NoComparisonWarning, match="cannot be tested"):
        assert set(intruder(one, has_alternatives=False)["group"]) == {"layman"}


def test_few_answers_have_an_infinite_bound_and_say_so():
    rows = [(0, 2, 1, 1), (0, 4, 0, 1), (0, 5, 0, 1), (1, 0, 1, 0), (1, 1, 1, 0), (1, 2, 1, 0),
            (1, 4, 0, 0)]  # fmt: skip
    names = ["participant", "item", "is_sub", "correct"]
    few = pd.DataFrame(rows, columns=names).assign(
        level=lambda t: np.where(t["is_sub"] == 1, "sub_concept", "concept")
    )
    message = r"of sub-concept against concept must be within ±710 for a bounded interval; got -"
    with pytest.warns(UnboundedIntervalWarning, match=message):
        table = intruder(few, has_alternatives=False)
    row = table[table["test"] == "sub-concept against concept"].iloc[0]
    assert (row["ci_low"], row["ci_high"]) == (0, np.inf) and 0 < row["p"] <= 1


def test_three_groups_are_compared_in_pairs(aggression):
    few = aggression[aggression["participant"] % 8 == 0]
    three = few.assign(group=few["group"].where(few["participant"] % 24 > 0, "student"))
    table = intruder(three, has_alternatives=False)
    pairs = table[table["test"] == "group against group"]
    assert list(pairs["group"]) == ["expert - layman", "expert - student", "layman - student"]
    assert (pairs["p_holm"] >= pairs["p"]).all() and table["p_holm"].notna().sum() == 6


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("participant", None, r"\['participant'\] must be given in every row; got 1 empty"),
        ("item", None, r"\['item'\] must be given in every row; got 1 empty"),
        ("item", "S1WantScold", "participant 0, item S1WantScold must be there once; got 1 rows"),
        ("group", "layman", "participant 0 must be in one group; got 2"),
        ("is_sham", None, r"\['is_sham'\] must be given in every row; got 1 empty"),
        ("is_sham", "False", "is_sham must be true or false, or 1 or 0; got 'False'"),
        ("chose_sub", 2, "chose_sub must be true or false, or 1 or 0; got 2"),
    ],
)
def test_tables_of_ones_own_are_checked(choices, column, value, message):
    wrong = choices.astype({column: object})
    wrong.loc[wrong.index[0], column] = value
    with pytest.raises(DesignError, match=message):
        binary_choice(wrong)


def test_missing_number_of_choices_is_an_error(aggression):
    wrong = aggression.assign(n_choices=5.0)
    wrong.loc[0, "n_choices"] = np.nan
    with pytest.raises(DesignError, match=r"\['n_choices'\] must be given in every row; got 1"):
        intruder(wrong)


def test_nullable_booleans_are_read_as_booleans(choices):
    nullable = choices.astype({"is_sham": "boolean", "chose_sub": "boolean"})
    plain = binary_choice(choices, has_alternatives=False)
    pd.testing.assert_frame_equal(binary_choice(nullable, has_alternatives=False), plain)
