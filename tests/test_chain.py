"""The whole chain in small, command by command, as `make demo` runs it."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stimuli_builder.conftest import EXTRACT, STUDY

COMMANDS = {
    "craft-stimuli": "stimuli_builder.cli",
    "craft-concepts": "craft_core.cli",
    "craft-study": "study_app.cli",
    "craft-analysis": "analysis.cli",
}


def run(name, *arguments):
    """Run a command as a user would, within five minutes."""
    words = [
        sys.executable,
        "-c",
        f"import sys; from {COMMANDS[name]} import main; sys.exit(main())",
    ]
    words += [str(argument) for argument in arguments]
    done = subprocess.run(words, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def walk(base):
    """Run the chain from drawn images to the report."""
    (base / "extract.toml").write_text(EXTRACT)
    (base / "study.toml").write_text(STUDY)
    counts = ["--fit-per-class", "12", "--study-per-cell", "8"]
    run("craft-stimuli", "draw", "husky_wolf", base / "images", *counts)
    images = ["--images", base / "images"]
    run("craft-concepts", "extract", base / "extract.toml", *images, "--out", base / "concepts")
    store = ["--concepts", base / "concepts"]
    run("craft-stimuli", "build", base / "study.toml", *store, *images, "--out", base / "bundle")
    run("craft-stimuli", "check", base / "bundle")
    database = ["--database", base / "study.sqlite"]
    run("craft-study", "simulate", base / "bundle", *database, "--participants", "16")
    run("craft-study", "export", base / "export", *database)
    run("craft-analysis", "report", base / "export", "--out", base / "results", "--simulated")
    return base


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return walk(tmp_path_factory.mktemp("chain"))


def rows(file):
    with Path(file).open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.timeout(600)
def test_report_is_written_and_stands_alone(base):
    page = (base / "results" / "report.html").read_text()
    assert "imulated" in page and "Utility" in page
    assert 'src="http' not in page and "<script src" not in page


@pytest.mark.timeout(600)
def test_everyone_is_in_the_export_and_marked(base):
    participants = rows(base / "export" / "participants.csv")
    assert len(participants) == 16
    assert {row["simulated"] for row in participants} == {"true"}
    assert {"learner", "guesser", "inattentive"} <= {row["simulated_kind"] for row in participants}


@pytest.mark.timeout(600)
def test_a_row_leads_back_to_the_networks_weights(base):
    study = json.loads((base / "export" / "study.json").read_text())
    store = json.loads((base / "concepts" / "store.json").read_text())
    network = study["bundle"]["provenance"]["network"]
    assert network["weights_sha256"] == store["network"]["weights_sha256"]


@pytest.mark.timeout(600)
def test_answers_are_the_bundles(base):
    answers = json.loads((base / "bundle" / "answers.json").read_text())["trials"]
    tested = [row for row in rows(base / "export" / "responses.csv") if row["phase"] == "test"]
    assert len(tested) > 50
    for row in tested:
        assert row["expected"] == answers[row["trial"]]["answer"]
        assert (row["correct"] == "true") == (row["choice"] == row["expected"])


@pytest.mark.timeout(600)
def test_simulated_and_people_are_not_pooled(base, capsys):
    from analysis.cli import main

    assert main(["report", str(base / "export"), "--out", str(base / "people")]) == 1
    assert "--simulated" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_same_seed_same_bytes_from_end_to_end(base, tmp_path):
    again = walk(tmp_path)
    for part in ("concepts", "bundle", "results/tables"):
        files = sorted(file for file in (base / part).rglob("*") if file.is_file())
        assert files
        for file in files:
            other = again / file.relative_to(base)
            assert file.read_bytes() == other.read_bytes(), file
