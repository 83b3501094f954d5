"""The page with every trial."""

import json
import shutil

import pytest

from stimuli_builder.bundle import Bundle, media_of, read_bundle
from stimuli_builder.errors import StimuliError
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
