from pathlib import Path

import pandas as pd

from analysis.cli import main

TABLES = Path(__file__).parents[3] / "docs" / "published"


def test_flags_are_listed_and_what_is_reproduced_is_counted(capsys):
    assert main(["verify", str(TABLES / "table1_utility.csv")]) == 0
    out = capsys.readouterr().out
    assert "utility: 27 reproduced, 2 within rounding, 1 inconsistent" in out
    assert (
        "INCONSISTENT  utility: leaves, gradient_x_input\n    printed 1.05, computed 1.0594" in out
    )
    assert out.index("INCONSISTENT") < out.index("WITHIN ROUNDING") and "REPRODUCED " not in out


def test_all_checks_go_to_a_file_and_to_the_terminal(tmp_path, capsys):
    file = tmp_path / "checks.csv"
    table = str(TABLES / "table2_recursivity.csv")
    assert main(["verify", table, "--answers", "15", "--all", "--out", str(file)]) == 0
    checks = pd.read_csv(file)
    assert len(checks) == 12 and f"Checks: {file}" in capsys.readouterr().out


def test_a_table_that_is_none_is_one_line_and_exit_code_1(tmp_path, capsys):
    assert main(["verify", str(tmp_path / "no.csv")]) == 1
    error = capsys.readouterr().err
    assert (
        error.startswith("craft-analysis: published table must be a file") and "Trace" not in error
    )


def test_what_is_not_checked_is_said(tmp_path, capsys):
    file = tmp_path / "odd.csv"
    file.write_text("task,measure,experts_n36\nintruder,accuracy_concepts,61.2\n")
    assert main(["verify", str(file)]) == 0
    out = capsys.readouterr().out
    assert "\nnot checked:\n  intruder, accuracy_concepts: the measure is none of accuracy_" in out
    assert main(["verify", str(TABLES / "table2_recursivity.csv"), "--answers", "15"]) == 0
    assert "not checked" not in capsys.readouterr().out
