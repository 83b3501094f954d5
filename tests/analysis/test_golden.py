"""The golden export gives the golden tables, byte for byte."""

import json
from pathlib import Path

from analysis.cli import main

GOLDEN = Path("tests/golden/results")


def test_golden_tables_come_out_again(tmp_path):
    assert main(["report", "tests/golden/export", "--out", str(tmp_path / "results")]) == 0
    expected = sorted(file.name for file in (GOLDEN / "tables").iterdir())
    assert sorted(file.name for file in (tmp_path / "results" / "tables").iterdir()) == expected
    for name in expected:
        found = (tmp_path / "results" / "tables" / name).read_bytes()
        assert found == (GOLDEN / "tables" / name).read_bytes(), name


def test_golden_results_have_the_same_fields(tmp_path):
    main(["report", "tests/golden/export", "--out", str(tmp_path / "results")])
    written = json.loads((tmp_path / "results" / "results.json").read_text())
    assert list(written) == list(json.loads((GOLDEN / "results.json").read_text()))
