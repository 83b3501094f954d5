"""The golden bundle and export are read and written byte for byte."""

import json

from stimuli_builder.bundle import read_bundle, write_bundle
from study_app.columns import ALL_TABLES
from tests.golden_study import GOLDEN, write_golden_export


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_golden_bundle_is_read_and_written_as_it_is(tmp_path):
    bundle = read_bundle(GOLDEN / "bundle")
    written = write_bundle(
        tmp_path / "bundle",
        bundle.manifest,
        trials=bundle.answers.trials,
        quiz=bundle.answers.quiz,
        media={name: bundle.media_path(name).read_bytes() for name in bundle.manifest.media},
        sources=bundle.answers.sources,
    )
    assert files_of(written.path) == files_of(GOLDEN / "bundle")


def test_golden_export_is_written_as_it_is(tmp_path):
    assert files_of(write_golden_export(tmp_path / "export")) == files_of(GOLDEN / "export")


def test_golden_export_belongs_to_the_golden_bundle():
    study = json.loads((GOLDEN / "export" / "study.json").read_text())
    bundle = read_bundle(GOLDEN / "bundle")
    assert study["bundle"]["manifest_sha256"] == bundle.manifest_sha256
    assert study["bundle"]["answers_sha256"] == bundle.answers_sha256


def test_golden_export_shows_every_status():
    lines = (GOLDEN / "export" / "participants.csv").read_text().splitlines()
    assert [line.split(",")[:5] for line in lines[1:]] == [
        ["p0001", "false", "", "completed", ""],
        ["p0002", "false", "", "screened_out", "practice"],
        ["p0003", "false", "", "in_progress", ""],
        ["p0004", "true", "guesser", "completed", ""],
    ]
    assert {f"{name}.csv" for name in ALL_TABLES} <= set(files_of(GOLDEN / "export"))
