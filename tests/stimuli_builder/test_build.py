"""A study built from drawn images and their concepts, through the command."""

import csv
import json
import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from stimuli_builder.audit import audit_bundle
from stimuli_builder.build import warn_of_quota
from stimuli_builder.bundle import in_language, read_bundle, texts_of
from stimuli_builder.cli import main
from stimuli_builder.config import read_config
from stimuli_builder.errors import BalanceWarning
from tests.stimuli_builder.conftest import STUDY


@pytest.fixture(scope="module")
def built(drawn, store, tmp_path_factory):
    base = tmp_path_factory.mktemp("built")
    (base / "study.toml").write_text(STUDY)
    assert main(command(base / "study.toml", store, drawn, base / "bundle")) == 0
    return read_bundle(base / "bundle")


def command(study, store, drawn, out):
    arguments = ["build", study, "--concepts", store, "--images", drawn, "--out", out]
    return [str(argument) for argument in arguments]


def fails(capsys, *arguments):
    assert main(command(*arguments)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def trained(built):
    """Return the training trials of the sessions."""
    sessions = (session for each in built.manifest.lists for session in each.sessions)
    return [built.manifest.training_trials[name] for each in sessions for name in each.training]


def test_quota_that_lists_cannot_share_is_warned_of(study):
    study.write_text(STUDY + "[recruitment]\nquota = 6\n")
    warn_of_quota(read_config(study))
    study.write_text(STUDY + "[recruitment]\nquota = 5\n")
    with pytest.warns(BalanceWarning, match=r"must be a multiple of the 2 lists.*; got 5."):
        warn_of_quota(read_config(study))


def test_bundle_passes_the_check(built):
    assert audit_bundle(built) == []


def test_phases_have_their_images(built):
    for trial_list in built.manifest.lists:
        for session in trial_list.sessions:
            assert (len(session.training), len(session.test)) == (5, 8)


def test_training_keeps_the_tie_and_test_breaks_about_half(built):
    answers = built.answers.trials
    for trial_list in built.manifest.lists:
        (session,) = trial_list.sessions
        assert {answers[trial].tie for trial in session.training} == {"kept"}
        scored = [answers[trial] for trial in session.test if not answers[trial].is_catch]
        assert Counter(answer.tie for answer in scored)["broken"] in (3, 4)


def test_answers_are_the_stores_predictions(built, store):
    from craft_core.store import read_images

    predicted = {image.file: image.predicted for image in read_images(store / "images.csv")}
    checked = [answer for answer in built.answers.trials.values() if answer.source]
    assert len(checked) >= 13  # lists share trials
    assert all(answer.answer == predicted[answer.source] for answer in checked)


def test_images_of_the_probe_are_never_shown(built, store):
    from craft_core.store import read_images

    splits = {image.file: image.split for image in read_images(store / "images.csv")}
    sources = {answer.source for answer in built.answers.trials.values() if answer.source}
    assert {splits[source] for source in sources} == {"study"}


def test_conditions_differ_in_the_explanation_alone(built):
    for shown in trained(built):
        assert shown.explanations["baseline"] == ()
        assert len(shown.explanations["craft"]) == 3


def test_images_say_where_they_were_taken_from(built):
    for name, trial in built.manifest.test_trials.items():
        source = built.answers.trials[name].source
        if source is not None:
            found = built.answers.sources[trial.image]
            assert (found.file, found.box) == (source, None)
            assert found.licence == built.manifest.provenance.licences["images"]


def test_explanation_shows_the_predicted_classes_most_important_concepts(built, store):
    from craft_core.store import load_bank

    for shown in trained(built):
        bank = load_bank(store / shown.prediction)
        expected = bank.importance.values.sort(descending=True).values[:3].tolist()
        groups = shown.explanations["craft"]
        assert [group.importance for group in groups] == pytest.approx(expected, abs=1e-5)
        assert all(1 <= len(group.crops) <= 4 for group in groups)


def test_maps_are_the_image_in_light_and_dark(built):
    shown = trained(built)[0]
    image = np.asarray(Image.open(built.media_path(shown.image)), dtype=int)
    for group in shown.explanations["craft"]:
        if group.map is not None:
            drawn = np.asarray(Image.open(built.media_path(group.map)), dtype=int)
            assert drawn.shape == image.shape
            assert drawn.mean() < image.mean()


def test_where_it_comes_from_leads_to_the_weights(built, store):
    provenance = built.manifest.provenance
    described = json.loads((store / "store.json").read_text())
    assert provenance.network["weights_sha256"] == described["network"]["weights_sha256"]
    assert provenance.model["accuracy_tie_kept"] >= 0.95
    assert provenance.licences["images"].startswith("generated")


def test_build_says_both_accuracies(drawn, store, study, tmp_path, capsys):
    main(command(study, store, drawn, tmp_path / "bundle"))
    shown = capsys.readouterr().out
    assert "the model's accuracy tie kept: " in shown
    assert "the model's accuracy tie broken: " in shown


def test_same_seed_same_bytes(built, drawn, store, study, tmp_path):
    assert main(command(study, store, drawn, tmp_path / "again")) == 0
    files = sorted(file for file in built.path.rglob("*") if file.is_file())
    assert len(files) > 50
    for file in files:
        other = tmp_path / "again" / file.relative_to(built.path)
        assert file.read_bytes() == other.read_bytes(), file


def test_too_few_images_are_counted(drawn, store, study, tmp_path, capsys):
    study.write_text(STUDY.replace("sessions = 1", "sessions = 6"))
    line = fails(capsys, study, store, drawn, tmp_path / "bundle")
    assert "must be at least" in line and "more for the design; got" in line
    assert not (tmp_path / "bundle").exists()


def test_other_images_are_refused(drawn, store, study, tmp_path, capsys):
    other = shutil.copytree(drawn, tmp_path / "other")
    for file in other.glob("*/*.png"):
        Image.new("RGB", (8, 8)).save(file)
    line = fails(capsys, study, store, other, tmp_path / "bundle")
    assert "must be the one of the concept store; got another file" in line


def test_altered_store_is_refused(drawn, store, study, tmp_path, capsys):
    altered = shutil.copytree(store, tmp_path / "altered")
    file = altered / "wolf" / "bank.json"
    file.write_text(file.read_text().replace('"class_id": 1', '"class_id": 0'))
    line = fails(capsys, study, altered, drawn, tmp_path / "bundle")
    assert "wolf/bank.json must have SHA-256" in line


def test_altered_source_of_a_crop_is_refused(drawn, store, study, tmp_path, capsys):
    """Crops come from the split `fit`, whose images no trial shows whole."""
    other = shutil.copytree(drawn, tmp_path / "other")
    described = json.loads((store / "wolf" / "bank.json").read_text())
    name = next(file for file in described["files"] if _split_of(store, file) == "fit")
    Image.new("RGB", (8, 8)).save(other / name)
    line = fails(capsys, study, store, other, tmp_path / "bundle")
    assert f"image {name} in {other} must be the one of the concept store" in line


def _split_of(store, name):
    rows = csv.DictReader((store / "images.csv").read_text().splitlines())
    return next(row["split"] for row in rows if row["file"] == name)


def test_altered_predictions_are_refused(drawn, store, study, tmp_path, capsys):
    altered = shutil.copytree(store, tmp_path / "altered")
    file = altered / "images.csv"
    swapped = file.read_text().replace(",husky,0.", ",?,0.").replace(",wolf,0.", ",husky,0.")
    file.write_text(swapped.replace(",?,0.", ",wolf,0."))
    line = fails(capsys, study, altered, drawn, tmp_path / "bundle")
    assert "images.csv must have SHA-256" in line


def test_missing_store_is_named(drawn, study, tmp_path, capsys):
    line = fails(capsys, study, tmp_path / "nowhere", drawn, tmp_path / "bundle")
    assert "concept store must hold store.json; got none in" in line


def test_study_is_built_and_checked_in_a_further_language(
    built, drawn, store, study, tmp_path, capsys
):
    study.write_text('languages = ["fr"]\n' + STUDY)
    words = {text: f"{text} (fr)" for text in sorted(texts_of(built.manifest))} | {"Fox": "Renard"}
    table = "\n".join(f"{json.dumps(text)} = {json.dumps(word)}" for text, word in words.items())
    (tmp_path / "languages").mkdir()
    (tmp_path / "languages" / "fr.toml").write_text(f"[texts]\n{table}\n")
    assert main(command(study, store, drawn, tmp_path / "bundle")) == 0
    assert main(["check", str(tmp_path / "bundle")]) == 0
    french = in_language(read_bundle(tmp_path / "bundle").manifest, "fr")
    assert french.texts.consent == ("Do you agree? (fr)",)
    assert french.classes == ("husky (fr)", "wolf (fr)")
    capsys.readouterr()
    table = table.replace('"Thank you."', '"Thanks."', 1)
    (tmp_path / "languages" / "fr.toml").write_text(f"[texts]\n{table}\n")
    line = fails(capsys, study, store, drawn, tmp_path / "bundle")
    assert "text must be translated to fr; got none of 'Thank you.'" in line
    assert in_language(read_bundle(tmp_path / "bundle").manifest, "fr") == french


def test_warnings_are_one_line_each(drawn, store, study, tmp_path, capsys):
    study.write_text(STUDY.replace("lists = 2", "lists = 3"))
    assert main(command(study, store, drawn, tmp_path / "bundle")) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "craft-stimuli: warning: lists must be a multiple of 2 (sessions times classes, one of "
        "which has an image less) for sets of images and classes to be balanced over sessions; got "
        "3. The next that is one is 4."
    )
    assert main(["check", str(tmp_path / "bundle")]) == 0
    assert "orders of the sets of images, and in how many lists: 1 in 3" in capsys.readouterr().out


def test_shares_of_a_half_come_out_as_a_half(drawn, store, study, tmp_path):
    study.write_text(STUDY + "[training]\nimages = 5\ntie_broken_share = 0.5\n")
    assert main(command(study, store, drawn, tmp_path / "bundle")) == 0
    bundle = read_bundle(tmp_path / "bundle")
    answers = bundle.answers.trials
    broken = [
        sum(answers[trial].tie == "broken" for trial in each.sessions[0].training)
        for each in bundle.manifest.lists
    ]
    assert sorted(broken) == [2, 3]


def test_errors_are_refused_where_the_tie_decides(drawn, store, study, tmp_path, capsys):
    share = "error_share = 0.2\n"
    study.write_text(f"{STUDY}[training]\nimages = 5\n{share}[test]\nimages = 7\n{share}")
    line = fails(capsys, study, store, drawn, tmp_path / "bundle")
    assert "error_share must not be given in the scenario 'husky_wolf'" in line
