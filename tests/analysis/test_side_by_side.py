import dataclasses
import json

import pandas as pd
import pytest

from analysis.errors import ResultsError
from analysis.side_by_side import comparison_part, comparison_sections, write_comparison


@pytest.fixture
def husky(rehearsed):
    return rehearsed


@pytest.fixture
def leaves(husky):
    """The same figures under the name of another study, with one more condition."""
    study = dataclasses.replace(husky.export.study, study="leaves-demo", scenario="leaves")
    table = husky.tables["table_1"].assign(scenario="leaves")
    more = table.loc[1].to_dict() | {"condition": "ace", "mark": "", "utility": 1.01}
    table = pd.concat([table, pd.DataFrame([more])], ignore_index=True)
    export = dataclasses.replace(husky.export, study=study)
    return dataclasses.replace(husky, export=export, tables=husky.tables | {"table_1": table})


def test_scenarios_stand_as_columns(husky, leaves):
    part = comparison_part([husky, leaves])
    assert part.groups == (("", 1), ("Husky vs. Wolf", 4), ("Leaves", 4))
    assert part.header == ("Condition", *("1", "2", "3", "Utility") * 2)
    assert [row[0] for row in part.rows] == ["Baseline", "CRAFT", "ACE"]
    assert part.rows[2][1:5] == ("–",) * 4 and part.rows[2][8] == "1.01"
    assert part.marks == {(1, 4): "best", (1, 8): "best"}


def test_page_names_ceilings_and_primary_tests(husky, leaves):
    table, primary, equal = comparison_sections([husky, leaves])
    assert "in Husky vs. Wolf, 1." in table.paragraphs[0]
    assert primary.items[1].startswith("Leaves: The odds of a right answer with CRAFT")
    (part,) = equal.tables
    assert [row[0] for row in part.rows] == ["Husky vs. Wolf", "Leaves"]
    assert {row[-1] for row in part.rows} <= {"harm", "no difference that matters", "neither"}


@pytest.mark.slow
def test_each_study_keeps_its_own_report(husky, leaves, tmp_path):
    page = write_comparison([husky, leaves], tmp_path / "out", [["One arm is small."], []])
    text = page.read_text("utf-8")
    assert 'colspan="4"' in text and "husky-demo: One arm is small." in text and "rehearsal" in text
    record = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    assert record["studies"] == ["husky-demo", "leaves-demo"]
    for name in record["studies"]:
        assert (tmp_path / "out" / name / "report.html").is_file()
    latex = (tmp_path / "out" / "table_1.tex").read_text("utf-8")
    assert r"\multicolumn{4}{c}{Leaves}" in latex
    write_comparison([husky, leaves], tmp_path / "out")  # replaces it


def test_studies_that_cannot_stand_side_by_side_are_errors(husky, leaves, tmp_path):
    with pytest.raises(ResultsError, match="different names; got"):
        write_comparison([husky, husky], tmp_path / "out")
    bare = {name: table for name, table in leaves.tables.items() if name != "table_1"}
    with pytest.raises(ResultsError, match=r"must have Utility .*; got \['leaves-demo'\]"):
        write_comparison([husky, dataclasses.replace(leaves, tables=bare)], tmp_path / "out")
    people = dataclasses.replace(leaves, population="people")
    with pytest.raises(ResultsError, match="people or of simulated participants; got both"):
        write_comparison([husky, people], tmp_path / "out")
