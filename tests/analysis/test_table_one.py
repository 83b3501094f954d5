from pathlib import Path

import pandas as pd
import pytest

from analysis.errors import MissingColumnError
from analysis.inference_sections import table_one_part
from analysis.published import read_published
from analysis.table_one import table_one

FILE = Path(__file__).parents[2] / "docs" / "published" / "table1_utility.csv"


@pytest.fixture(scope="module")
def printed():
    """The paper's Table 1: accuracies by session, and Utility as printed."""
    table = read_published(FILE)
    rows = table.rows.melt(["scenario", "condition"], table.sessions, "session", "accuracy")
    rows = rows.assign(accuracy=rows["accuracy"].astype(float) / 100,
                       session=rows["session"].str[-1].astype(int))  # fmt: skip
    scores = table.rows[table.rows["utility"] != ""].astype({"utility": float})
    return rows, scores[["scenario", "condition", "utility"]]


def test_marks_are_those_of_the_paper(printed):
    table = table_one(*printed)
    marked = table[table["mark"] != ""]
    assert marked[["scenario", "condition", "mark"]].to_numpy().tolist() == [
        ["husky_wolf", "craft_concepts_only", "second"],
        ["husky_wolf", "craft", "best"],
        ["leaves", "saliency", "second"],
        ["leaves", "smoothgrad", "second"],
        ["leaves", "craft", "best"],
    ]


def test_layout_has_sessions_and_utility_as_columns(printed):
    table = table_one(*printed)
    assert list(table)[:6] == [
        "scenario", "condition", "session_1", "session_2", "session_3", "utility",
    ]  # fmt: skip
    assert len(table) == 33 and table["utility"].isna().sum() == 3
    assert table.loc[10, ["session_1", "session_3"]].tolist() == pytest.approx([0.906, 0.955])


def test_historical_arms_are_marked_and_never_best(printed):
    rows, scores = printed
    table = table_one(rows, scores, historical=("craft",)).set_index(["scenario", "condition"])
    assert table.loc[("husky_wolf", "craft_concepts_only"), "mark"] == "best"
    assert table.loc[("leaves", "craft"), "is_historical"]
    assert table.loc[("leaves", "craft"), "mark"] == ""


def test_page_has_bold_underline_and_dagger(printed):
    table = table_one(*printed, historical=("control",))
    first = table[table["scenario"] == "leaves"].assign(ci_low=1.0, ci_high=1.2)
    part = table_one_part(first.reset_index(drop=True), level=0.95, has_scenarios=True)
    assert part.marks == {(2, 4): "second", (4, 4): "second", (10, 4): "best"}
    assert part.rows[1][0] == "Control †" and "earlier study" in part.caption
    assert part.rows[0][4:] == ("–", "–") and part.caption.startswith("Leaves: accuracy")


def test_missing_column_is_an_error(printed):
    with pytest.raises(MissingColumnError, match=r"\['utility'\] must be present"):
        table_one(printed[0], pd.DataFrame({"scenario": [], "condition": []}))
