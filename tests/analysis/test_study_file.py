import json

import pytest

from analysis import study_file
from analysis.errors import ExportError
from analysis.study_file import read_bytes, read_study
from study_app.columns import STUDY_FIELDS


def _change(folder, **fields):
    file = folder / "study.json"
    study = json.loads(file.read_text()) | fields
    file.write_text(json.dumps({name: value for name, value in study.items() if value != "drop"}))


def test_every_field_of_the_format_is_read(export_folder):
    study, sha256 = read_study(export_folder)
    assert set(vars(study)) == set(STUDY_FIELDS)
    assert study.baseline == "baseline" and study.n_scored == 21
    assert len(sha256) == 64


def test_every_field_is_checked():
    checked = [
        *study_file.STRINGS, *study_file.INTEGERS, *study_file.LISTS, *study_file.OBJECTS,
        "git_commit",
    ]  # fmt: skip
    assert sorted(checked) == sorted(STUDY_FIELDS)


def test_missing_folder_and_file_are_told_apart(export_folder, tmp_path):
    with pytest.raises(ExportError, match=r"export must be a folder; got .*nowhere\."):
        read_bytes(tmp_path / "nowhere" / "study.json")
    (export_folder / "study.json").unlink()
    with pytest.raises(ExportError, match=r"must hold study\.json; got no such file"):
        read_study(export_folder)


def test_file_must_be_json(export_folder):
    (export_folder / "study.json").write_text('{"schema": ')
    with pytest.raises(ExportError, match=r"study\.json must be JSON; got Expecting value"):
        read_study(export_folder)
    (export_folder / "study.json").write_text("[]")
    with pytest.raises(ExportError, match=r"study\.json must hold an object; got list"):
        read_study(export_folder)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schema": "study-bundle"}, r"schema must be 'study-export'; got 'study-bundle'"),
        ({"schema_version": 1}, r"schema_version must be 2; got 1\. Write the export anew"),
        ({"title": "drop"}, r"must have the fields \['title'\]; got"),
        ({"mood": "good"}, r"got \['mood'\]\."),
        ({"title": 3}, r"title must be a string; got 3\."),
        ({"n_test": True}, r"n_test must be an integer; got True"),
        ({"conditions": []}, r"conditions must be different strings, one or more; got \[\]"),
        ({"conditions": ["a", "a"]}, r"conditions must be different strings.*got \['a', 'a'\]"),
        ({"bundle": None}, r"bundle must be an object; got None"),
        ({"git_commit": 4}, r"git_commit must be a string or null; got 4"),
        ({"rules": {}}, r"rules\.practice_min_correct must be an integer; got None"),
        ({"files": {}}, r"files\.participants must have rows .* got None"),
    ],
)
def test_wrong_field_is_named_with_rule_and_value(export_folder, fields, message):
    _change(export_folder, **fields)
    with pytest.raises(ExportError, match=message):
        read_study(export_folder)
