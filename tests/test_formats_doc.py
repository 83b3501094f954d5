"""docs/formats.md names every field that the code reads and writes."""

import csv
import dataclasses
import json
import re
from pathlib import Path

import pytest

from craft_core.bank_file import CODER_TENSORS, IMPORTANCE_TENSORS
from craft_core.store import StoredImage
from stimuli_builder import bundle
from study_app.columns import STUDY_FIELDS, TABLES

TEXT = Path("docs/formats.md").read_text()
RECORDS = [
    StoredImage,
    *(
        kind
        for kind in vars(bundle).values()
        if dataclasses.is_dataclass(kind) and kind is not bundle.Bundle
    ),
]


def section(title):
    """Return the text under a heading, down to the next one."""
    return re.split(r"\n#{2,3} ", TEXT.split(f"### {title}\n", 1)[1])[0]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_fields_of_records_are_named(record):
    missing = [f.name for f in dataclasses.fields(record) if f"`{f.name}`" not in TEXT]
    assert missing == []


@pytest.mark.parametrize("table", TABLES)
def test_columns_of_the_export_are_those_of_the_code_in_order(table):
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", section(f"{table}.csv"), re.M)
    assert [(name, kind, unit) for name, kind, unit, _ in rows] == [
        (column.name, column.kind, column.unit) for column in TABLES[table]
    ]
    for (_, _, _, meaning), column in zip(rows, TABLES[table], strict=True):
        assert meaning.startswith(column.meaning)


def test_fields_of_the_study_file_are_those_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", section("study.json"), re.M)
    assert dict(rows) == STUDY_FIELDS


@pytest.mark.parametrize("file", ["store.json", "not_red/bank.json"])
def test_fields_of_the_concept_store_are_named(file):
    golden = json.loads(Path("tests/golden/concepts", file).read_text())
    nested = [inner for inner in golden.values() if isinstance(inner, dict)]
    listed = [inner[0] for inner in golden.values() if isinstance(inner, list) and inner]
    records = [golden, *nested, *(first for first in listed if isinstance(first, dict))]
    named = {name for record in records if record is not golden.get("config") for name in record}
    assert [name for name in sorted(named) if f"`{name}`" not in TEXT] == []


def test_tensors_of_the_concept_store_are_named():
    origins, coders = {"origin_rows", "crop_mask"}, set(CODER_TENSORS.values())
    named = {"W", "U", "crop_image", "crop_box", *origins, *coders, *IMPORTANCE_TENSORS.values()}
    missing = [name for name in named if f"`{name}`" not in section("CLASS/bank.safetensors")]
    assert missing == []


def test_files_of_the_golden_export_have_the_columns():
    for table in TABLES:
        with Path(f"tests/golden/export/{table}.csv").open(newline="") as lines:
            assert next(csv.reader(lines)) == [column.name for column in TABLES[table]]


def test_tables_of_the_results_are_named_with_their_columns(tmp_path):
    from analysis.cli import main

    arguments = ["report", "tests/golden/export", "--out", str(tmp_path / "results")]
    assert main(arguments) == 0 or main([*arguments, "--simulated"]) == 0
    documented = dict(re.findall(r"^\| `(\w+\.csv)` \| (.*) \|$", section("tables/"), re.M))
    for file in (tmp_path / "results" / "tables").iterdir():
        with file.open(newline="") as lines:
            header = next(csv.reader(lines))
        assert re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", documented[file.name])) == header
