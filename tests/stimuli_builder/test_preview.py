"""The page with every trial."""

import json
import shutil
from dataclasses import replace

import pytest

from stimuli_builder.bundle import Bundle, media_of, read_bundle
from stimuli_builder.cli import main
from stimuli_builder.errors import StimuliError
from stimuli_builder.manifest import Confidence
from stimuli_builder.preview import write_preview


@pytest.fixture(params=["bundle_path", "recursivity_path"])
def bundle(request) -> Bundle:
    return read_bundle(request.getfixturevalue(request.param))


def test_pictures_of_all_lists_are_shown(bundle, tmp_path):
    page = write_preview(bundle, tmp_path / "preview").read_text()
    manifest = bundle.manifest
    trials = (*manifest.training_trials.values(), *manifest.test_trials.values())
    shown = {name for trial in trials for name in media_of(trial)}
    assert sorted(name for name in shown if f'src="media/{name}"' not in page) == []


def test_choices_of_other_lists_are_shown(recursivity_path, tmp_path):
    bundle = read_bundle(recursivity_path)
    trials = bundle.manifest.test_trials
    page = write_preview(bundle, tmp_path / "preview").read_text()
    assert page.count('class="option right"') == sum(bool(t.options) for t in trials.values())


def test_bundle_without_pictures_is_named(bundle, tmp_path):
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in ("manifest.json", "answers.json"):
        shutil.copy(bundle.path / name, folder)
    assert json.loads((folder / "manifest.json").read_text())["media"]
    with pytest.raises(StimuliError, match=r"bare must have a folder media; got none"):
        write_preview(read_bundle(folder), tmp_path / "preview")


@pytest.mark.parametrize("place", ["file", "file/sub"])
def test_place_that_is_no_folder_is_one_line(bundle, tmp_path, capsys, place):
    (tmp_path / "file").touch()
    assert main(["preview", str(bundle.path), "--out", str(tmp_path / place)]) == 1
    message = capsys.readouterr().err
    assert message.startswith("craft-stimuli: ") and str(tmp_path / "file") in message
    assert message.count("\n") == 1 and [each.name for each in tmp_path.iterdir()] == ["file"]


def test_unsound_bundle_has_no_preview(bundle, tmp_path, capsys):
    folder = shutil.copytree(bundle.path, tmp_path / "bundle")
    picture = next((folder / "media").iterdir())
    picture.write_bytes(b"no picture")
    assert main(["preview", str(folder), "--out", str(tmp_path / "preview")]) == 1
    assert f"media file {picture.name} must have" in capsys.readouterr().err
    assert not (tmp_path / "preview").exists()


def test_board_reads_pay_criteria_and_every_language(bundle, tmp_path):
    recruitment = replace(
        bundle.manifest.recruitment, pay="$1.40", criteria=("over 98 % accepted",)
    )
    study = replace(
        bundle.manifest,
        recruitment=recruitment,
        confidence=Confidence(question="How sure are you?", levels=("not", "very")),
        translations={"fr": {"Choose.": "Choisissez."}},
    )
    page = write_preview(replace(bundle, manifest=study), tmp_path / "preview")
    text = page.read_text(encoding="utf-8")
    for said in ("$1.40", "over 98 % accepted", "How sure are you?", "Choisissez."):
        assert said in text
