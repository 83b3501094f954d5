"""What is passed over is said."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.published import PublishedTable, read_published
from analysis.unchecked import not_checked

TABLES = Path(__file__).parents[2] / "docs" / "published"


def _table(layout, **columns):
    return PublishedTable(name="t.csv", layout=layout, rows=pd.DataFrame(columns))


def _utility(**columns):
    shared = {"scenario": "a", "condition": ["baseline", "craft"], "session_1": ["62", "72"]}
    return _table("utility", **(shared | {"utility": ["", "1.16"]} | columns))


def _recursivity(*rows):
    columns = zip(*rows, strict=True)
    return _table("recursivity", **dict(zip(("task", "measure", "all_n36"), columns, strict=True)))


@pytest.mark.parametrize(
    ("table", "n_each", "said"),
    [
        (_utility(), None, []),
        (_utility(), 7, ["accuracies against counts of answers: there is no column n"]),
        (
            _utility(n="30"), None,
            ["accuracies against counts of answers: they need the number of answers of a "
             "participant (--answers)"],
        ),
        (_utility(n="30"), 7, []),
        (
            _utility(n=["", "30"]), 7,
            ["accuracies against counts of answers: n is empty in 1 rows"],
        ),
        (
            _utility(utility=""), None,
            ["utility: empty in 1 of 1 conditions other than baseline"],
        ),
        (
            _utility(session_1=["62", "0.72"]), None,
            ["units: percentages and shares seem mixed; got 0.72 beside numbers above 1. All were "
             "taken as percentages"],
        ),
        (
            _table("sizes", scenario=["a", "a", "all"], condition=["x", "total", "total"],
                   n=["3", "3", "84"]), None,
            ["sum of all: a total without parts"],
        ),
    ],
)  # fmt: skip
def test_each_reason_is_a_line(table, n_each, said):
    assert not_checked(table, n_each=n_each) == said


def test_unknown_measures_and_tasks_are_named():
    table = _recursivity(
        ("intruder", "accuracy_concepts", "61"), ("intruder", "of_all_percent", "61"),
        ("odd_one", "p_value", "0.1"),
    )  # fmt: skip
    said = not_checked(table, n_each=15)
    known = "accuracy_concept_percent, accuracy_sub_concept_percent, p_value, p_value_below"
    assert said == [
        f"intruder, accuracy_concepts: the measure is none of {known}",
        f"intruder, of_all_percent but against counts: the measure is none of {known}",
        "odd_one, p_value: the task is none of intruder, binary_choice",
    ]


def test_p_values_and_odds_need_their_shares():
    table = _recursivity(
        ("intruder", "accuracy_concept_percent", "61"), ("intruder", "p_value", "0.1"),
        ("binary_choice", "odds_ratio", "3.2"),
    )  # fmt: skip
    assert not_checked(table) == [
        "intruder, p_value, all: it needs accuracy_sub_concept_percent",
        "binary_choice, odds_ratio, all: it needs sub_concept_chosen_percent",
        "percentages and p-values: they need the number of answers of a participant (--answers)",
    ]


def test_percentages_that_look_like_shares_are_pointed_out():
    table = _recursivity(("intruder", "accuracy_concept_percent", "0.61"))
    assert not_checked(table, n_each=15) == [
        "units: percentages are all 1 or below; were shares meant? Taken as percentages"
    ]


def test_all_of_the_papers_recursivity_is_checked():
    assert not_checked(read_published(TABLES / "table2_recursivity.csv"), n_each=15) == []
