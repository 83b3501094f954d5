import json

import pytest

from analysis.cli import COMMANDS, main


def test_report_is_written_beside_the_export(export_folder, capsys):
    assert main(["report", str(export_folder), "--simulated"]) == 0
    report = export_folder.parent / "results" / "report.html"
    captured = capsys.readouterr()
    assert report.is_file()
    assert captured.out == f"Report: {report}\n"
    assert captured.err == ""  # no progress, for this is no terminal


def test_report_can_go_elsewhere(export_folder, tmp_path):
    out = tmp_path / "some" / "where"
    assert main(["report", str(export_folder), "--out", str(out), "--simulated"]) == 0
    assert (out / "results.json").is_file()
    assert not (tmp_path / "results").exists()


def test_progress_is_shown_on_a_terminal(export_folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["report", str(export_folder), "--simulated"]) == 0
    assert "analysing 60 participants …" in capsys.readouterr().err


def test_warnings_reach_the_report_and_the_user(export_folder, capsys):
    file = export_folder / "participants.csv"
    file.write_text(file.read_text().replace(",learner,", ",scholar,"))
    assert main(["report", str(export_folder), "--simulated"]) == 0
    assert "warning: participants.csv must have the SHA-256" in capsys.readouterr().err
    results = export_folder.parent / "results"
    assert "It was changed after the export." in (results / "report.html").read_text("utf-8")
    record = json.loads((results / "results.json").read_text("utf-8"))
    assert len(record["notes"]) == 1


def test_other_population_is_offered_in_one_line(export_folder, capsys):
    assert main(["report", str(export_folder)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "Add --simulated" in error
    assert not (export_folder.parent / "results").exists()


@pytest.mark.parametrize("cut", [3, 40])
def test_export_cut_short_fails_in_one_line(export_folder, capsys, cut):
    file = export_folder / "responses.csv"
    file.write_bytes(file.read_bytes()[:-cut])
    assert main(["report", str(export_folder), "--simulated"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("craft-analysis: responses.csv line ") and error.count("\n") == 1
    assert not (export_folder.parent / "results").exists()


def test_missing_export_fails_in_one_line(tmp_path, capsys):
    assert main(["report", str(tmp_path / "none")]) == 1
    assert "export must be a folder; got" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_folder_of_something_else_is_refused(export_folder, capsys):
    assert main(["report", str(export_folder), "--out", str(export_folder), "--simulated"]) == 1
    assert "must be new, empty or of results; got" in capsys.readouterr().err
    assert (export_folder / "study.json").is_file()


def test_interruption_ends_in_one_line(export_folder, capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.cli.read_export", interrupt)
    assert main(["report", str(export_folder)]) == 1
    assert capsys.readouterr().err == "craft-analysis: stopped; nothing was written.\n"


@pytest.mark.parametrize("arguments", [[], ["draw"], ["report"], ["report", "x", "--loud"]])
def test_wrong_usage_leaves_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: craft-analysis" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_has_an_example(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 0
    assert "example:" in capsys.readouterr().out
