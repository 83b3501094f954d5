import csv
import hashlib
import json
from datetime import datetime

import pytest

from study_app.columns import ALL_TABLES, EVENT_NAMES, STUDY_FIELDS, TABLES, column_names
from study_app.errors import SetupError
from study_app.export import FILES
from study_app.export_folder import replace_folder
from study_app.formats import export_as
from tests.study_app.walker import Walker

KINDS = {
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "instant": lambda text: datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ"),
    "string": str,
}


@pytest.fixture
def folder(app, bundle, make_walker, tmp_path):
    """An export of five people: one each way a participation can go, and one at the start."""
    make_walker().walk_to("debriefing")
    make_walker().walk_to("screened-out", right=False)
    quiz = make_walker().walk_to("quiz")
    quiz.advance(right=False)
    quiz.advance(right=False)
    make_walker().walk_to("test", session=2, right=True)
    make_walker().advance()
    with app.app_context():
        return export_as(bundle, tmp_path / "export")


@pytest.fixture
def tables(folder):
    def read(name):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return {name: read(name) for name in ALL_TABLES}


@pytest.mark.parametrize("table", ALL_TABLES)
def test_rows_obey_the_columns(folder, tables, table):
    assert (folder / f"{table}.csv").read_text().splitlines()[0].split(",") == column_names(table)
    for row in tables[table]:
        for column in ALL_TABLES[table]:
            text = row[column.name]
            assert text or not column.required, (column.name, row)
            if text:
                KINDS[column.kind](text)
                assert not column.choices or text in column.choices


def test_participants_tell_how_far_each_came(tables):
    columns = ("participant", "status", "screened_out_at", "practice_attempts", "quiz_attempts")
    rows = [tuple(row[name] for name in columns) for row in tables["participants"]]
    assert rows == [
        ("p0001", "completed", "", "1", "1"),
        ("p0002", "screened_out", "practice", "2", "0"),
        ("p0003", "screened_out", "quiz", "1", "2"),
        ("p0004", "in_progress", "", "1", "1"),
        ("p0005", "in_progress", "", "0", "0"),
    ]


def test_only_those_who_passed_are_assigned(tables):
    assigned = [row["participant"] for row in tables["participants"] if row["condition"]]
    assert assigned == ["p0001", "p0004"]
    by_name = {row["participant"]: row for row in tables["participants"]}
    for row in tables["responses"]:
        of = by_name[row["participant"]]
        assert (row["condition"], row["list"]) == (of["condition"], of["list"])


def test_responses_add_up(tables):
    counts = {}
    for row in tables["responses"]:
        counts.setdefault(row["participant"], {}).setdefault(row["phase"], []).append(row)
    numbers = {who: {p: len(rows) for p, rows in phases.items()} for who, phases in counts.items()}
    assert numbers == {
        "p0001": {"practice": 4, "quiz": 2, "test": 24},
        "p0002": {"practice": 8},
        "p0003": {"practice": 4, "quiz": 4},
        "p0004": {"practice": 4, "quiz": 2, "test": 8},
    }
    first = tables["participants"][0]
    tests = counts["p0001"]["test"]
    assert first["catch_shown"] == str(sum(row["is_catch"] == "true" for row in tests)) == "3"


def test_answers_are_scored_against_the_bundle(tables, bundle):
    for row in tables["responses"]:
        assert (row["correct"] == "true") == (row["choice"] == row["expected"])
        if row["phase"] == "test":
            answer = bundle.answers.trials[row["trial"]]
            assert (row["expected"], row["tie"]) == (answer.answer, answer.tie or "")
    assert [row["position"] for row in tables["responses"] if row["phase"] == "test"][:8] == [
        str(n) for n in range(1, 9)
    ]


def test_events_are_numbered_and_known(tables):
    numbers = [int(row["number"]) for row in tables["events"] if row["participant"] == "p0001"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {row["event"] for row in tables["events"]} <= set(EVENT_NAMES)
    ends = [row for row in tables["events"] if row["event"] in ("completed", "screened_out")]
    assert [(row["participant"], row["session"], row["phase"]) for row in ends] == [
        ("p0001", "3", "end"), ("p0002", "0", "end"), ("p0003", "0", "end"),
    ]  # fmt: skip


def test_study_file_says_what_was_run(folder, bundle, tables):
    study = json.loads((folder / "study.json").read_text())
    assert list(study) == list(STUDY_FIELDS)
    assert (study["n_sessions"], study["n_training"], study["n_test"]) == (3, 5, 7)
    assert study["bundle"]["manifest_sha256"] == bundle.manifest_sha256
    assert study["bundle"]["provenance"]["seed"] == 0
    for name, file in study["files"].items():
        content = (folder / f"{name}.csv").read_bytes()
        assert file == {"rows": len(tables[name]), "sha256": hashlib.sha256(content).hexdigest()}


def test_nothing_names_a_person_or_opens_a_participation(app, folder, make_walker):
    walker = make_walker()
    walker.advance()
    text = "".join(file.read_text() for file in folder.iterdir())
    assert walker.key not in text
    assert "completion" not in text


def test_programs_are_marked_in_every_table(make_app, bundle, tmp_path):
    app = make_app(STUDY_SIMULATED="1")
    walker = Walker(app.test_client(), bundle)
    walker.advance(kind="guesser")
    walker.walk_to("quiz")
    with app.app_context():
        folder = export_as(bundle, tmp_path / "export")
    for name in TABLES:
        lines = (folder / f"{name}.csv").read_text().splitlines()[1:]
        assert lines
        assert all(line.startswith("p0001,true,guesser,") for line in lines)
    arms = (folder / "arms.csv").read_text().splitlines()[1:]
    assert all(line.startswith("true,") for line in arms)


def test_same_database_gives_the_same_bytes(app, bundle, folder, tmp_path):
    with app.app_context():
        again = export_as(bundle, tmp_path / "again")
    for file in folder.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()


def test_earlier_export_is_replaced_and_nothing_is_left_beside_it(app, bundle, folder):
    (folder / "events.csv").write_text("old")
    with app.app_context():
        export_as(bundle, folder)
    assert (folder / "events.csv").read_text() != "old"
    assert [path.name for path in folder.parent.iterdir() if "export" in path.name] == ["export"]


def test_other_folder_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(SetupError, match=r"an export; got thesis\.txt in"):
        replace_folder(tmp_path, {}, known=FILES)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
