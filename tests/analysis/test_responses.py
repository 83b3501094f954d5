import json
import warnings

import pandas as pd
import pytest

from analysis.errors import (
    AlteredFileWarning,
    AnalysisError,
    ClockWarning,
    ExportError,
    PopulationError,
)
from analysis.responses import read_export, select_population
from study_app.columns import ALL_TABLES, column_names


def test_export_is_read_as_written(made_tables, tmp_path):
    tables, write = made_tables
    export = read_export(write(tmp_path / "export", tables))
    assert export.name == "export"
    for name in ALL_TABLES:
        table = getattr(export, name)
        assert list(table.columns) == column_names(name)
        assert name not in tables or len(table) == len(tables[name])
    expected = sum(row["correct"] for row in tables["responses"])
    assert export.responses["correct"].sum() == expected
    assert set(export.sha256) == {"study.json", *(f"{name}.csv" for name in ALL_TABLES)}


def test_export_without_participants_can_be_read(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={}))
    assert len(export.participants) == len(export.responses) == len(export.events) == 0
    with pytest.raises(PopulationError, match=r"must hold people; got 0 .* Nobody began yet\."):
        select_population(export, "people")


def test_missing_table_is_named(export_folder):
    (export_folder / "events.csv").unlink()
    with pytest.raises(ExportError, match=r"must hold events\.csv; got no such file"):
        read_export(export_folder)


def test_file_cut_in_a_line_is_named_with_the_line(export_folder):
    file = export_folder / "responses.csv"
    content = file.read_bytes()
    lines = content.count(b"\n")
    file.write_bytes(content[:-5])
    with pytest.raises(ExportError, match=rf"responses\.csv line {lines} must end with a line br"):
        read_export(export_folder)


def test_file_cut_between_lines_has_too_few_rows(export_folder):
    file = export_folder / "responses.csv"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:-1]))
    n = len(lines) - 1
    with pytest.raises(
        ExportError, match=rf"must have the {n} rows that study\.json counts; got {n - 1}\."
    ):
        read_export(export_folder)


def test_altered_table_is_read_with_a_warning(export_folder):
    file = export_folder / "participants.csv"
    file.write_text(file.read_text().replace(",learner,", ",scholar,"))
    with pytest.warns(AlteredFileWarning, match=r"participants\.csv must have the SHA-256"):
        export = read_export(export_folder)
    assert "scholar" in set(export.participants["simulated_kind"])


@pytest.mark.parametrize(
    ("table", "values", "message"),
    [
        ("participants", {"participant": "p0002"}, r"participants\.csv line 3 participant must be"),
        (
            "participants",
            {"condition": "lime"},
            r"line 2 condition must be one of \['baseline', 'c",
        ),
        ("participants", {"list": "z"}, r"line 2 list must be one of \['a', 'b'\]; got 'z'"),
        ("participants", {"simulated_kind": None}, r"line 2 simulated_kind must be given for simu"),
        ("participants", {"condition": None}, r"condition must be given where status is completed"),
        ("responses", {"participant": "p9999"}, r"responses\.csv line 2 participant must be in pa"),
        ("responses", {"simulated": False}, r"simulated must be the same as in participants\.csv"),
        ("responses", {"condition": "craft"}, r"line 2 condition must be the same .* got 'craft'"),
        ("responses", {"trial": "practice-2"}, r"line 3 trial must be answered once by a partici"),
        ("responses", {"session": 4}, r"line 2 session must be at most 3; got '4'"),
        ("responses", {"choice": "ring"}, r"line 2 correct must say whether choice equals expec"),
        ("events", {"participant": "p9999"}, r"events\.csv line 2 participant must be in particip"),
        ("events", {"number": 2}, r"events\.csv line 3 number must be there once .* got '2'"),
    ],
)
def test_contradiction_is_named_with_line_and_value(made_tables, tmp_path, table, values, message):
    tables, write = made_tables
    tables[table][0] |= values
    with pytest.raises(ExportError, match=message):
        read_export(write(tmp_path / "export", tables))


def test_unknown_schema_version_is_an_error(export_folder):
    file = export_folder / "study.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 7}))
    with pytest.raises(ExportError, match=r"schema_version must be 2; got 7"):
        read_export(export_folder)


def test_populations_are_never_pooled(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={"learner": 6}, n_people=4))
    people = select_population(export, "people")
    programs = select_population(export, "simulated")
    assert len(people.participants) == 4 and len(programs.participants) == 6
    for name in ("participants", "responses", "events"):
        assert not getattr(people, name)["simulated"].any()
        assert getattr(programs, name)["simulated"].all()
        n_rows = len(getattr(people, name)) + len(getattr(programs, name))
        assert n_rows == len(getattr(export, name))


def test_selecting_leaves_the_export_unchanged(export_folder):
    export = read_export(export_folder)
    before = export.responses.copy()
    select_population(export, "simulated")
    pd.testing.assert_frame_equal(export.responses, before)


def test_the_other_population_is_offered(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={"learner": 2}))
    with pytest.raises(
        PopulationError, match=r"must hold people; got 2 simulated only\. Add --sim"
    ):
        select_population(export, "people")
    export = read_export(exported(tmp_path / "other", mix={}, n_people=3))
    with pytest.raises(PopulationError, match=r"got 3 people\. Leave out --simulated"):
        select_population(export, "simulated")


def test_population_must_be_known(export_folder):
    with pytest.raises(AnalysisError, match=r"must be one of \['people', 'simulated'\]; got 'all'"):
        select_population(read_export(export_folder), "all")


def test_reading_a_good_export_warns_of_nothing(export_folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_export(export_folder)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("participants", "finished_at"), ("participants", "assigned_at"),
        ("responses", "answered_at"), ("events", "at"),
    ],
)  # fmt: skip
def test_nothing_happens_before_consent(made_tables, tmp_path, table, column):
    tables, write = made_tables
    started = tables["participants"][0]["started_at"]
    tables[table][0][column] = started - pd.Timedelta(days=400)
    message = rf"{table}\.csv line 2 {column} must be no earlier than started_at; got '2025-01"
    with pytest.raises(ExportError, match=message):
        read_export(write(tmp_path / "export", tables))


def _finished(tables):
    """The first participant who finished, and an answer of theirs."""
    person = next(row for row in tables["participants"] if row["finished_at"])
    name = person["participant"]
    return person, next(row for row in tables["responses"] if row["participant"] == name)


def test_no_answer_is_given_after_the_end(made_tables, tmp_path):
    tables, write = made_tables
    person, answer = _finished(tables)
    answer["answered_at"] = person["finished_at"] + pd.Timedelta(seconds=1)
    read_export(write(tmp_path / "a_second", tables))
    answer["answered_at"] = person["finished_at"] + pd.Timedelta(days=3653)
    message = r"responses.csv line \d+ answered_at must be no later than finished_at; got '2036-"
    with pytest.raises(ExportError, match=message):
        read_export(write(tmp_path / "ten_years", tables))


def test_sessions_are_no_longer_than_the_participation(made_tables, tmp_path):
    tables, write = made_tables
    person, _ = _finished(tables)
    length = (person["finished_at"] - person["started_at"]).total_seconds()
    person["sessions_s"] = length + 0.9
    read_export(write(tmp_path / "a_second", tables))
    person["sessions_s"] = length + 3600
    message = r"sessions_s must be at most the seconds from started_at to finished_at; got '\d+"
    with pytest.raises(ExportError, match=message):
        read_export(write(tmp_path / "an_hour", tables))


def test_replies_come_after_consent(made_tables, tmp_path):
    tables, write = made_tables
    row = tables["participants"][0]
    identity = {name: row[name] for name in ("participant", "simulated", "simulated_kind")}
    early = row["started_at"] - pd.Timedelta(minutes=1)
    reply = {"session": 0, "questionnaire": "who", "question": "age", "value": "30"}
    reply |= {"replied_at": early}
    with pytest.raises(ExportError, match="replies.csv line 2 replied_at must be no earlier than"):
        read_export(write(tmp_path / "replies", tables | {"replies": [identity | reply]}))


def test_answers_that_took_longer_than_their_page_are_counted(exported, made_tables, tmp_path):
    write = made_tables[1]
    export = read_export(exported(tmp_path / "people", mix={}, n_people=2))
    tables = {
        name: getattr(export, name).astype(object).replace({pd.NA: None, pd.NaT: None})
        for name in ("participants", "responses", "events")
    }
    tables = {
        name: [
            {key: None if pd.isna(value) else value for key, value in row.items()}
            for row in table.to_dict("records")
        ]
        for name, table in tables.items()
    }
    for answer in tables["responses"][:3]:
        answer["rt_ms"] = answer["server_rt_ms"] + 1500
    message = "must be at most server_rt_ms; got 3 answers by more than 1 s, line 2 first"
    with pytest.warns(ClockWarning, match=message):
        read_export(write(tmp_path / "changed", tables))
