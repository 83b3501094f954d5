"""Every format of the export, of one database."""

import csv
import json
from dataclasses import replace
from datetime import datetime

import pytest

from stimuli_builder.bundle import read_bundle
from study_app.app import create_app
from study_app.cli import main
from study_app.codebook import codebook_rows
from study_app.columns import ALL_TABLES, column_names
from study_app.errors import SetupError
from study_app.formats import FORMATS, export_as
from study_app.jspsych import HEADER, _plugin, _stimulus
from study_app.selection import Selection
from study_app.services.decisions import decide
from study_app.services.study import prepare_database
from tests.golden_study import GOLDEN, fixed_clock, take_part
from tests.study_app.conftest import close, study_settings
from tests.study_app.psych_ds_rules import errors_of, warnings_of

SECRET_KEYS = [letter * 24 for letter in "abcde"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Exports in every format, and a pilot's, of four people and a program."""
    root = tmp_path_factory.mktemp("formats")
    bundle = read_bundle(GOLDEN / "bundle")
    app = create_app(study_settings(bundle, root / "study.sqlite"))
    with app.app_context(), fixed_clock():
        prepare_database(bundle, seed=11)
        take_part(bundle, SECRET_KEYS[0], n_steps=99, wrong_every=99)
        take_part(bundle, SECRET_KEYS[1], n_steps=99, wrong_every=1)
        export_as(bundle, root / "pilot")
        take_part(bundle, SECRET_KEYS[2], n_steps=16, wrong_every=99)
        take_part(bundle, SECRET_KEYS[3], kind="guesser", n_steps=99, wrong_every=99)
        take_part(bundle, SECRET_KEYS[4], n_steps=99, wrong_every=99)
        for name in ("p0001", "p0004", "p0005"):  # one session has too few catch trials to pass
            decide(bundle, name, verdict="include", reason="other")
        for form in FORMATS:
            export_as(bundle, root / form, form=form, selection=Selection())
            chosen = Selection(is_cleaned=True)
            export_as(bundle, root / f"{form}-cleaned", form=form, selection=chosen)
        without = Selection(pilots=(root / "pilot",))
        export_as(bundle, root / "main", form="csv", selection=without)
    close(app)
    return root


def rows_of(file):
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_plain_csv_is_the_tidy_export_with_a_codebook(folders):
    names = {file.name for file in (folders / "csv").iterdir()}
    assert names == {"study.json", "codebook.csv", *(f"{name}.csv" for name in ALL_TABLES)}
    codebook = rows_of(folders / "csv" / "codebook.csv")
    assert [(row["table"], row["column"]) for row in codebook] == [
        (table, column.name) for table, columns in ALL_TABLES.items() for column in columns
    ]
    assert all(row["meaning"].endswith(".") for row in codebook)


def test_cleaned_tables_hold_people_who_are_analysed_and_scored_answers(folders):
    folder = folders / "csv-cleaned"
    people = rows_of(folder / "participants.csv")
    assert [(row["participant"], row["verdict"]) for row in people] == [
        ("p0001", "include"), ("p0005", "include"),
    ]  # fmt: skip
    answers = rows_of(folder / "responses.csv")
    assert {row["phase"] for row in answers} == {"test"}
    assert {row["is_catch"] for row in answers} == {"false"}
    raw = rows_of(folders / "csv" / "responses.csv")
    scored = [row for row in raw if row["phase"] == "test" and row["is_catch"] == "false"]
    assert [row for row in scored if row["participant"] in ("p0001", "p0005")] == answers
    assert sum(int(row["began"]) for row in rows_of(folder / "arms.csv")) == 4


def test_cleaned_tables_are_not_taken_for_an_export_by_the_analysis(folders):
    assert not (folders / "csv-cleaned" / "study.json").exists()
    about = json.loads((folders / "csv-cleaned" / "selection.json").read_text())
    assert (about["tables"], about["population"]) == ("cleaned", "people")
    assert about["study"]["files"]["participants"]["rows"] == 2


def test_pilot_is_kept_apart_and_named_by_its_hash(folders):
    people = rows_of(folders / "main" / "participants.csv")
    assert [row["participant"] for row in people] == ["p0003", "p0004", "p0005"]
    assert {row["participant"] for row in rows_of(folders / "main" / "responses.csv")} == {
        "p0003", "p0004", "p0005",
    }  # fmt: skip
    arms = rows_of(folders / "main" / "arms.csv")
    assert sum(int(row["began"]) for row in arms) == 3
    about = json.loads((folders / "main" / "selection.json").read_text())
    assert len(about["pilots"][0]) == 64


def test_analysis_reads_the_export_without_the_pilot(folders):
    from analysis.responses import read_export

    assert list(read_export(folders / "main").participants["participant"]) == [
        "p0003", "p0004", "p0005",
    ]  # fmt: skip


def test_json_holds_the_same_values_with_their_types(folders):
    document = json.loads((folders / "json" / "export.json").read_text())
    assert document["codebook"] == codebook_rows()
    assert (
        document["study"]["files"]
        == json.loads((folders / "csv" / "study.json").read_text())["files"]
    )
    kinds = {"string": str, "instant": str, "integer": int, "number": (int, float), "boolean": bool}
    for table, columns in ALL_TABLES.items():
        texts, typed = rows_of(folders / "csv" / f"{table}.csv"), document["tables"][table]
        assert len(texts) == len(typed)
        for text, row in zip(texts, typed, strict=True):
            assert list(row) == column_names(table)
            for column in columns:
                value = row[column.name]
                assert value is None or isinstance(value, kinds[column.kind]), column.name
                assert (value in (None, "")) == (text[column.name] == "")


def test_jspsych_has_its_names_and_counts(folders):
    rows = rows_of(folders / "jspsych" / "jspsych.csv")
    assert tuple(rows[0]) == HEADER
    assert rows[0].keys() >= {"trial_type", "trial_index", "time_elapsed", "rt", "response"}
    mine = [row for row in rows if row["subject_id"] == "p0001"]
    assert [int(row["trial_index"]) for row in mine] == list(range(len(mine)))
    elapsed = [int(row["time_elapsed"]) for row in mine]
    assert elapsed == sorted(elapsed)
    kinds = [row["trial_type"] for row in mine]
    assert set(kinds) == {"image-button-response", "survey-multi-choice"}
    training = [row for row in mine if row["correct"] == ""]
    assert training
    assert {row["response"] for row in training} == {"0"}
    answers = rows_of(folders / "csv" / "responses.csv")
    tested = [row for row in rows if row["correct"]]
    assert len(tested) == len(answers)
    assert [row["item"] for row in tested] == [row["item"] for row in answers]
    first = next(row for row in answers if row["phase"] == "test")
    same = next(row for row in tested if row["phase"] == "test")
    assert (same["rt"], same["correct"]) == (first["rt_ms"], first["correct"])
    assert int(same["response"]) == int(first["place"]) - 1


def test_jspsych_in_json_has_the_same_rows(folders):
    typed = json.loads((folders / "jspsych" / "jspsych.json").read_text())
    texts = rows_of(folders / "jspsych" / "jspsych.csv")
    assert [row["trial_index"] for row in typed] == [int(row["trial_index"]) for row in texts]
    assert isinstance(typed[0]["correct"], bool | None)


def test_options_are_stimuli_of_a_page_with_buttons():
    bundle = read_bundle(GOLDEN / "bundle")
    name, trial = next(iter(bundle.manifest.test_trials.items()))
    option = type("Option", (), {"pictures": ("a.png", "b.png")})()
    shown = replace(trial, image="c.png", options=(option, option))
    changed = replace(bundle.manifest, test_trials={name: shown})
    changed_bundle = type("B", (), {"manifest": changed})()
    assert _plugin(changed_bundle, name) == "html-button-response"
    assert _stimulus(changed_bundle, name) == "c.png a.png b.png a.png b.png"


@pytest.mark.parametrize("name", ["psych-ds", "psych-ds-cleaned"])
def test_psych_ds_has_neither_an_error_nor_a_warning(folders, name):
    assert errors_of(folders / name) == []
    assert warnings_of(folders / name) == []


def test_psych_ds_holds_raw_and_cleaned_tables(folders):
    data = folders / "psych-ds" / "data"
    raw = rows_of(next(data.glob("raw/*_description-responses_data.csv")))
    cleaned = rows_of(next(data.glob("cleaned/*_description-cleanedresponses_data.csv")))
    assert raw == rows_of(folders / "csv" / "responses.csv")
    assert cleaned == rows_of(folders / "csv-cleaned" / "responses.csv")
    assert [part.name for part in (folders / "psych-ds-cleaned" / "data").iterdir()] == ["cleaned"]


def test_rules_of_psych_ds_find_what_is_wrong(folders, tmp_path):
    import shutil

    broken = shutil.copytree(folders / "psych-ds", tmp_path / "broken")
    file = next(broken.glob("data/raw/*responses_data.csv"))
    file.rename(file.with_name("responses.csv"))
    description = json.loads((broken / "dataset_description.json").read_text())
    del description["name"]
    description["variableMeasured"] = ["trial"]
    (broken / "dataset_description.json").write_text(json.dumps(description))
    found = errors_of(broken)
    assert "JSON_KEY_REQUIRED name" in found
    assert "FILENAME_KEYWORD_FORMATTING_ERROR responses.csv" in found
    assert "CSV_COLUMN_MISSING_FROM_METADATA rt_ms" in found


def test_no_format_opens_a_participation(folders):
    text = "".join(
        file.read_text() for file in folders.rglob("*.*") if file.suffix in (".csv", ".json", ".md")
    )
    assert not [key for key in SECRET_KEYS if key in text]


def test_instants_are_in_utc(folders):
    started = rows_of(folders / "csv" / "participants.csv")[0]["started_at"]
    datetime.strptime(started, "%Y-%m-%dT%H:%M:%S.%fZ")


def test_command_writes_what_it_is_asked_for(folders, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("STUDY_DATABASE_URL", raising=False)
    words = ["export", str(tmp_path / "out"), "--database", str(folders / "study.sqlite")]
    more = ["--format", "json", "--cleaned", "--simulated", "--pilot", str(folders / "pilot")]
    assert main([*words, *more]) == 0
    document = json.loads((tmp_path / "out" / "export.json").read_text())
    assert [row["participant"] for row in document["tables"]["participants"]] == ["p0004"]
    assert document["selection"]["population"] == "simulated"
    assert main([*words, "--pilot", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert f"an export; got {tmp_path} without participants.csv." in error


def test_table_of_something_else_is_no_pilot(folders, tmp_path, capsys):
    (tmp_path / "participants.csv").write_text("name\nAnna\n")
    words = ["export", str(tmp_path / "out"), "--database", str(folders / "study.sqlite")]
    assert main([*words, "--pilot", str(tmp_path)]) == 1
    assert "must have participant and started_at; got ['name']." in capsys.readouterr().err


def test_data_set_replaces_only_a_data_set(folders, tmp_path):
    (tmp_path / "README.md").write_text("mine")
    app = create_app(study_settings(read_bundle(GOLDEN / "bundle"), folders / "study.sqlite"))
    with app.app_context():
        bundle = app.extensions["study_bundle"]
        again = export_as(bundle, folders / "psych-ds", form="psych-ds", selection=Selection())
        assert errors_of(again) == []
        with pytest.raises(SetupError, match=r"an export; got README\.md in"):
            export_as(bundle, tmp_path, form="psych-ds", selection=Selection())
        with pytest.raises(SetupError, match=r"format must be one of .*; got 'xml'\."):
            export_as(bundle, tmp_path, form="xml", selection=Selection())
    close(app)
    assert (tmp_path / "README.md").read_text() == "mine"
