import pytest

from analysis.responses import read_export
from analysis.screening import screening_figures


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


def test_passes_agree_with_the_counters(export):
    table = screening_figures(export)
    passed = table.groupby("screening")["passed"].sum()
    people = export.participants
    assert passed["quiz"] == people["quiz_passed"].sum()
    assert passed["catch"] == people["catch_correct"].sum()
    n_practised = len(people) - (people["screened_out_at"] == "practice").sum()
    assert passed["practice"] == n_practised


def test_everybody_takes_the_first_practice_and_those_who_failed_a_second(export):
    practice = screening_figures(export).query("screening == 'practice'").set_index("round")
    assert practice.loc[1, "participants"] == len(export.participants)
    n_failed = practice.loc[1, "participants"] - practice.loc[1, "passed"]
    assert practice.loc[2, "participants"] == n_failed


def test_shares_are_passed_over_taken(export):
    table = screening_figures(export)
    assert table["share"].tolist() == (table["passed"] / table["participants"]).tolist()


def test_nobody_gives_an_empty_table(exported, tmp_path):
    table = screening_figures(read_export(exported(tmp_path / "empty", mix={})))
    assert list(table) == ["screening", "round", "participants", "passed", "share"]
    assert len(table) == 0
