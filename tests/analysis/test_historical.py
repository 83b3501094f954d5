import dataclasses
import json
import shutil

import pandas as pd
import pytest

from analysis.cli import main
from analysis.errors import HistoricalError
from analysis.headline import headlines
from analysis.historical import named_apart, read_earlier, with_daggers, with_earlier
from analysis.pictures import picture_text
from analysis.plan import Historical, Plan
from analysis.sections import sections
from analysis.table_one import table_one

PAPER = "docs/published/table1_utility.csv"


@pytest.fixture
def own():
    rows = [("baseline", 1, 0.6), ("baseline", 2, 0.6), ("craft", 1, 0.8), ("craft", 2, 0.9)]
    means = pd.DataFrame(rows, columns=["condition", "session", "accuracy"])
    scores = pd.DataFrame(
        {"condition": ["craft"], "utility": [1.42], "ci_low": [1.2], "ci_high": [1.7]}
    )
    scenario = {"scenario": "husky_wolf"}
    return table_one(means.assign(**scenario), scores.assign(**scenario))


@pytest.fixture
def earlier_results(tmp_path, own):
    """A results folder of an earlier study, as far as it is read."""
    folder = tmp_path / "first"
    (folder / "tables").mkdir(parents=True)
    own.to_csv(folder / "tables" / "table_1.csv", index=False)
    record = {"study": "pilot-2024", "population": "people"}
    (folder / "results.json").write_text(json.dumps(record))
    return folder


def test_published_table_stands_below_as_printed(own):
    paper = read_earlier(PAPER)
    table = with_earlier(own, [paper], population="people")
    saliency = table[table["condition"] == "saliency"].iloc[0]
    assert saliency[["session_1", "session_2", "session_3"]].tolist() == [0.539, 0.696, 0.733]
    assert saliency["utility"] == 1.06 and pd.isna(saliency["ci_low"])
    assert saliency["is_historical"] and saliency["source"] == "table1_utility"
    assert saliency["mark"] == "" and set(table["scenario"]) == {"husky_wolf"}
    assert table["source"].iloc[:2].tolist() == ["", ""]


def test_shares_and_percentages_are_told_apart(tmp_path):
    file = tmp_path / "hist.csv"
    text = "scenario,condition,session_1,utility\nhusky_wolf,baseline,{},\nhusky_wolf,ace,{},1.16\n"
    for cells in (("0.62", "0.72"), ("62", "72")):
        file.write_text(text.format(*cells))
        assert read_earlier(file).rows["session_1"].tolist() == [0.62, 0.72]
    file.write_text(text.format("62", "0.72"))
    with pytest.raises(
        HistoricalError, match=r"hist\.csv must have percentages or shares .* 0\.72"
    ):
        read_earlier(file)


def test_earlier_results_come_with_their_name_and_intervals(own, earlier_results):
    table = with_earlier(own, [read_earlier(earlier_results)], population="people")
    rows = table[table["is_historical"]]
    assert rows["source"].tolist() == ["pilot-2024"] * 2
    assert rows["ci_low"].tolist()[1] == 1.2 and rows["mark"].tolist() == ["", ""]
    again = earlier_results / "again.csv"
    table.to_csv(again, index=False)
    assert len(read_earlier(again).rows) == 2  # what was historical there is not passed on


def test_table_of_the_study_is_left_unchanged(own):
    before = own.copy()
    with_earlier(own, [read_earlier(PAPER)], population="people")
    pd.testing.assert_frame_equal(own, before)
    assert with_earlier(own, [], population="people").equals(own)


def test_other_scenarios_and_populations_are_errors(own, earlier_results):
    paper = read_earlier(PAPER)
    with pytest.raises(HistoricalError, match=r"must have rows of scenario kites; got \['"):
        with_earlier(own.assign(scenario="kites"), [paper], population="people")
    with pytest.raises(HistoricalError, match="pilot-2024 must be of simulated; got people"):
        with_earlier(own, [read_earlier(earlier_results)], population="simulated")


def test_what_is_no_table_of_utility_is_an_error(tmp_path):
    with pytest.raises(HistoricalError, match="must be a table of Utility; got one of sizes"):
        read_earlier("docs/published/sample_sizes.csv")
    with pytest.raises(HistoricalError, match=r"must hold tables/table_1\.csv; got none"):
        read_earlier(tmp_path)
    with pytest.raises(HistoricalError, match=r"must be a results folder or a table; got .*none"):
        read_earlier(tmp_path / "none")
    odd = tmp_path / "odd.csv"
    odd.write_text("condition,is_historical\n")
    with pytest.raises(HistoricalError, match=r"must have the columns \['scenario', 'session_1'"):
        read_earlier(odd)
    odd.write_text("condition\nx\n")
    with pytest.raises(HistoricalError, match="must have the columns scenario, condition"):
        read_earlier(odd)


def test_report_labels_historical_arms_and_tests_none_of_them(exported, tmp_path, capsys):
    export = exported(tmp_path / "export", mix={}, n_people=16)
    out = tmp_path / "results"
    arguments = ["report", str(export), "--out", str(out), "--historical", PAPER]
    assert main(arguments) == 0, capsys.readouterr().err
    page = (out / "report.html").read_text("utf-8")
    assert "Saliency †" in page and "† Historical: from an earlier study (table1_utility)" in page
    table = pd.read_csv(out / "tables" / "table_1.csv")
    assert table["is_historical"].sum() == 11
    for file in (out / "tables").iterdir():
        if file.name != "table_1.csv":
            assert "saliency" not in file.read_text("utf-8"), file.name


def test_table_of_a_rehearsal_is_no_earlier_study_of_people(own, earlier_results):
    record = {"study": "rehearsed", "population": "simulated"}
    (earlier_results / "results.json").write_text(json.dumps(record))
    alone = read_earlier(earlier_results / "tables" / "table_1.csv")
    assert (alone.name, alone.population) == ("rehearsed", "simulated")
    with pytest.raises(HistoricalError, match="rehearsed must be of people; got simulated"):
        with_earlier(own, [alone], population="people")


def test_table_without_its_results_says_that_the_population_is_unknown(own, earlier_results):
    (earlier_results / "results.json").unlink()
    study = read_earlier(earlier_results / "tables" / "table_1.csv")
    table = with_earlier(own, [study], population="people")
    assert set(table["source"]) == {"", "table_1, people or programs: not known"}


def test_table_of_studies_side_by_side_is_of_their_population(earlier_results, tmp_path):
    side = tmp_path / "side"
    shutil.copytree(earlier_results, side / "one")
    shutil.copy(earlier_results / "tables" / "table_1.csv", side / "table_1.csv")
    (side / "results.json").write_text(json.dumps({"studies": ["one"]}))
    assert read_earlier(side / "table_1.csv").population == "people"


def test_studies_of_one_name_are_told_apart(own, earlier_results):
    study = read_earlier(earlier_results)
    names = [s.name for s in named_apart([study, read_earlier(PAPER), study])]
    assert names == ["pilot-2024", "table1_utility", "pilot-2024 (2)"]
    table = with_earlier(own, named_apart([study, study]), population="people")
    assert not table.duplicated(["condition", "source"]).any()


def test_arms_that_were_not_randomised_have_a_dagger(rehearsed):
    marked = with_daggers(rehearsed.tables, ["craft"])
    assert set(marked["accuracy_by_session"]["condition"]) == {"baseline", "craft †"}
    assert list(marked["utility"]["condition"]) == ["craft †"]
    assert list(rehearsed.tables["utility"]["condition"]) == ["craft"]
    assert marked["table_1"] is rehearsed.tables["table_1"]


def test_page_marks_them_everywhere_and_draws_no_conclusion(rehearsed):
    plan = Plan(historical=Historical(arms=("craft",)))
    results = dataclasses.replace(rehearsed, plan=plan)
    page = {section.id: section for section in sections(results)}
    assert {card.label for card in page["headline"].cards} >= {"Rehearsal: Accuracy, CRAFT †"}
    assert "helped" not in " ".join(page["headline"].paragraphs)
    assert "† Not randomised together" in page["headline"].paragraphs[1]
    assert all(row[0] != "CRAFT" for table in page["accuracy"].tables for row in table.rows)
    assert "CRAFT †" in picture_text(results, "raincloud")[0]
    assert headlines(results) == []
