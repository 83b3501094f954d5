"""What the check finds in recursivity studies that were changed after they were built."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stimuli_builder.audit import audit_bundle
from stimuli_builder.bundle import TestTrial, media_name
from stimuli_builder.cli import main
from stimuli_builder.recursivity_audit import recursivity_table


def choices(bundle, name="a"):
    """Names of a list's binary choices."""
    (found,) = (each for each in bundle.manifest.lists if each.name == name)
    return found.sessions[2].test


def with_trial(bundle, name, **changes):
    trials = bundle.manifest.test_trials
    changed = trials | {name: replace(trials[name], **changes)}
    return replace(bundle, manifest=replace(bundle.manifest, test_trials=changed))


def with_answers(bundle, changes):
    trials = bundle.answers.trials
    changed = {name: replace(trials[name], **fields) for name, fields in changes.items()}
    return replace(bundle, answers=replace(bundle.answers, trials=trials | changed))


def problems(bundle, words):
    return [problem for problem in audit_bundle(bundle) if words in problem]


def test_a_crop_that_is_asked_about_twice_is_found_once(planted_bundle):
    first, second = choices(planted_bundle)[:2]
    image = planted_bundle.manifest.test_trials[first].image
    found = problems(with_trial(planted_bundle, second, image=image), "asked about once")
    assert found == [
        f"crop in question must be asked about once in list a; got it in {first} and {second}."
    ]


@pytest.mark.parametrize("session", [0, 2])
def test_a_crop_in_question_that_is_shown_elsewhere_is_found(planted_bundle, session):
    asked = choices(planted_bundle)[0]
    image = planted_bundle.manifest.test_trials[asked].image
    other = planted_bundle.manifest.lists[0].sessions[session].test[1]
    options = planted_bundle.manifest.test_trials[other].options
    shown = replace(options[0], pictures=(image, *options[0].pictures[1:]))
    changed = with_trial(planted_bundle, other, options=(shown, *options[1:]))
    (found,) = problems(changed, "crop in question")
    assert f"of trial {asked} must be in no group, and no option, of list a" in found
    assert found.endswith(f"got it in 1 trials, {other} first.")


def test_classes_that_are_not_balanced_in_a_kind_are_found(planted_bundle):
    answers = planted_bundle.answers.trials
    of_kind = [name for name in choices(planted_bundle) if answers[name].sham is None]
    changed = with_answers(planted_bundle, dict.fromkeys(of_kind[:2], {"label": "husky"}))
    found = problems(changed, "at most one apart")
    assert any("recursive choices of list a must be of all classes" in each for each in found)
    assert any("got {'husky': 2, 'wolf': 5}" in each for each in found)


def test_concepts_that_come_twice_before_others_are_found(planted_bundle):
    answers = planted_bundle.answers.trials
    of_kind = [name for name in choices(planted_bundle) if answers[name].sham == "random"]
    changed = with_answers(planted_bundle, dict.fromkeys(of_kind, {"concept": "wolf/0/1"}))
    found, _ = problems(changed, "before one comes twice")  # list b has the same trials
    assert "random choices of list a must be about each split concept of wolf" in found
    assert found.endswith("got {'wolf/0': 4, 'wolf/1': 0, 'wolf/2': 0, 'wolf/3': 0}.")


def test_shams_of_other_concepts_are_found(planted_bundle):
    answers = planted_bundle.answers.trials
    moved = {
        name: {"concept": "wolf/9/0"} for name in choices(planted_bundle)
        if answers[name].sham is not None
    }  # fmt: skip
    found, _ = problems(with_answers(planted_bundle, moved), "the same split concepts")
    assert "recursive choices and shams of list a" in found and "['wolf/9']" in found


def test_sides_are_balanced_in_each_kind_of_each_list(planted_bundle):
    answers = planted_bundle.answers.trials
    for each in planted_bundle.manifest.lists:
        sides = Counter((answers[t].sham, answers[t].answer) for t in each.sessions[2].test)
        for sham in (None, "same_layer", "random"):
            assert abs(sides[sham, "0"] - sides[sham, "1"]) <= 1


def test_sides_that_lean_within_a_kind_are_found(planted_bundle):
    answers = planted_bundle.answers.trials
    names = choices(planted_bundle)
    right = {
        kind: next(n for n in names if answers[n].sham == kind and answers[n].answer == "1")
        for kind in ("same_layer", "random")
    }
    left = next(n for n in names if answers[n].sham is None and answers[n].answer == "0")
    changed = with_answers(
        planted_bundle, {right["random"]: {"answer": "0"}, left: {"answer": "1"}}
    )
    found = problems(changed, "right places")
    assert (
        "right places of random trials of list a, session 3 must be at most one apart; got [3, 1]."
        in found
    )
    assert any("of random trials must come equally often over all lists" in each for each in found)


@pytest.mark.parametrize(
    ("paler", "is_same"),
    [
        pytest.param(4, True, id="paler"),
        pytest.param((60, 0, 0), False, id="redder"),
        pytest.param(None, False, id="flat"),
    ],
)
def test_crops_that_are_nearly_the_same_are_found(planted_bundle, tmp_path, paler, is_same):
    name = choices(planted_bundle)[0]
    trial = planted_bundle.manifest.test_trials[name]
    shown = trial.options[0].pictures[0]
    with Image.open(planted_bundle.media_path(shown)) as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=int)
    changed = np.full_like(pixels, 90) if paler is None else pixels + paler
    Image.fromarray(changed.clip(0, 255).astype(np.uint8)).save(tmp_path / "paler.png")
    twin = media_name((tmp_path / "paler.png").read_bytes(), "png")
    folder = tmp_path / "bundle" / "media"
    folder.mkdir(parents=True)
    for media in planted_bundle.manifest.media:
        (folder / media).symlink_to(planted_bundle.media_path(media))
    (tmp_path / "paler.png").rename(folder / twin)
    source = replace(planted_bundle.answers.sources[shown], file="wolf/twin.png")
    sources = planted_bundle.answers.sources | {twin: source}
    media = planted_bundle.manifest.media | {twin: planted_bundle.manifest.media[shown]}
    changed = with_trial(replace(planted_bundle, path=tmp_path / "bundle"), name, image=twin)
    changed = replace(
        changed,
        manifest=replace(changed.manifest, media=media),
        answers=replace(changed.answers, sources=sources),
    )
    found = problems(changed, "must differ to a person")
    assert len(found) == is_same
    assert all(f"crops of trial {name} must" in each and "wolf/twin.png" in each for each in found)


def test_table_counts_each_choice_once(planted_bundle):
    lines = recursivity_table(planted_bundle)
    assert lines[0] == "binary choices by class: random 4 wolf; recursive 7 wolf; same-layer 4 wolf"
    assert "wolf/0 1 random, 2 recursive, 1 same-layer" in lines[1]
    assert lines[2].startswith("sub-concepts of binary choices, list a: random 2 at side 0, 2 at")
    assert lines[-2].startswith("an image comes in at most ")


def test_check_counts_trials_once_and_prints_the_table(planted_bundle, capsys):
    assert main(["check", str(planted_bundle.path)]) == 0
    told = capsys.readouterr().out
    assert ": 49 trials in 4 lists" in told  # 45 and four of the practice
    assert "binary choices by split concept" in told and "an image comes in at most" in told
    assert "sham binary choice by colour" in told and "recursive binary choice by pos" in told
    assert all(isinstance(t, TestTrial) for t in planted_bundle.manifest.test_trials.values())
