import json
import shutil
from pathlib import Path

import pytest

from stimuli_builder.audit import audit_bundle
from stimuli_builder.bundle import read_bundle
from stimuli_builder.errors import FormatError
from stimuli_builder.versions import to_newest

OLD = Path("tests/golden/old/bundle")


@pytest.fixture
def old(tmp_path):
    """The golden bundle as the first release wrote it."""
    folder = shutil.copytree(OLD, tmp_path / "bundle")
    shutil.copytree("tests/golden/bundle/media", folder / "media")
    return folder


def test_bundle_of_version_1_is_a_sound_study(old):
    bundle = read_bundle(old)
    assert audit_bundle(bundle) == []
    stages = [stage.stage for stage in bundle.manifest.stages]
    assert stages == ["consent", "instructions", "practice", "quiz", "sessions", "debriefing"]


def test_what_is_new_is_switched_off(old):
    study = read_bundle(old).manifest
    assert (study.confidence, study.questionnaires, study.recruitment.quota) == (None, (), None)
    assert (study.rules.fast_answer_ms, study.rules.max_away_s) == (0, None)
    assert (study.viewing.minimum_ms, study.privacy.retention_days) == (0, None)
    assert (study.language, study.translations, study.texts.ethics) == ("en", {}, "")


def test_what_is_old_is_kept(old):
    bundle, parsed = read_bundle(old), json.loads((old / "manifest.json").read_text())
    assert bundle.manifest.rules.quiz_min_correct == len(parsed["quiz"])
    assert bundle.manifest.rules.catch_min_correct == parsed["rules"]["catch_min_correct"]
    shown = [trial["trial"] for trial in parsed["lists"][0]["sessions"][0]["test"]]
    assert list(bundle.manifest.lists[0].sessions[0].test) == shown
    first = parsed["lists"][0]["sessions"][0]["training"][0]
    kept = bundle.manifest.training_trials[first["trial"]]
    assert (kept.image, kept.prediction) == (first["image"], first["prediction"])


def test_newest_version_is_left_alone():
    parsed = {"schema_version": 2, "anything": 1}
    assert to_newest(parsed, "manifest.json") is parsed


def test_version_1_that_lacks_a_field_is_refused(old):
    parsed = json.loads((old / "manifest.json").read_text())
    del parsed["practice"]
    (old / "manifest.json").write_text(json.dumps(parsed))
    with pytest.raises(FormatError, match="must be of schema_version 1; got no 'practice'"):
        read_bundle(old)
