"""Each fault put into a good bundle is found, and named."""

import hashlib
import io
import json
import shutil
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stimuli_builder.audit import audit_bundle
from stimuli_builder.bundle import MediaFile, media_name, read_bundle


@pytest.fixture
def bundle(bundle_path, tmp_path):
    return read_bundle(shutil.copytree(bundle_path, tmp_path / "copy"))


def only_problem(bundle, part):
    problems = audit_bundle(bundle)
    assert any(part in problem for problem in problems), problems
    return problems


def with_answer(bundle, trial, **changes):
    """Change what answers.json says of a trial."""
    trials = bundle.answers.trials | {trial: replace(bundle.answers.trials[trial], **changes)}
    return replace(bundle, answers=replace(bundle.answers, trials=trials))


def with_session(bundle, **changes):
    """Change the first session of the first list."""
    first, *rest = bundle.manifest.lists
    sessions = (replace(first.sessions[0], **changes), *first.sessions[1:])
    lists = (replace(first, sessions=sessions), *rest)
    return replace(bundle, manifest=replace(bundle.manifest, lists=lists))


def first_session(bundle):
    return bundle.manifest.lists[0].sessions[0]


def scored(bundle):
    trials = bundle.answers.trials
    return [test for test in first_session(bundle).test if not trials[test.trial].is_catch]


def catch(bundle):
    trials = bundle.answers.trials
    return next(test for test in first_session(bundle).test if trials[test.trial].is_catch)


def test_good_bundle_has_no_problem(bundle):
    assert audit_bundle(bundle) == []


def test_missing_file(bundle):
    name = next(iter(bundle.manifest.media))
    bundle.media_path(name).unlink()
    assert audit_bundle(bundle) == [f"media file {name} must exist; got no such file."]


def test_altered_file(bundle):
    name = next(iter(bundle.manifest.media))
    bundle.media_path(name).write_bytes(b"other")
    digest = hashlib.sha256(b"other").hexdigest()
    assert audit_bundle(bundle) == [
        f"media file {name} must have the SHA-256 of its name; got {digest}."
    ]


def test_surplus_file(bundle):
    (bundle.path / "media" / "wolf.png").touch()
    assert audit_bundle(bundle) == ["media file must be listed in the manifest; got wolf.png."]


def test_text_inside_a_picture(bundle):
    info = PngInfo()
    info.add_text("answer", "wolf")
    buffer = io.BytesIO()
    Image.new("RGB", (9, 9)).save(buffer, "PNG", pnginfo=info)
    name = media_name(buffer.getvalue(), "png")
    (bundle.path / "media" / name).write_bytes(buffer.getvalue())
    media = bundle.manifest.media | {name: MediaFile(bytes=1, width_px=9, height_px=9)}
    telling = replace(bundle, manifest=replace(bundle.manifest, media=media))
    only_problem(telling, f"media file {name} must carry no metadata; got ['answer']")


def test_picture_of_another_size(bundle):
    name, listed = next(iter(bundle.manifest.media.items()))
    media = bundle.manifest.media | {name: replace(listed, width_px=1)}
    changed = replace(bundle, manifest=replace(bundle.manifest, media=media))
    only_problem(changed, f"media file {name} must be of (1, ")


def test_predictions_more_than_one_apart(bundle):
    trials = [
        test.trial for test in scored(bundle) if bundle.answers.trials[test.trial].answer == "Husky"
    ]
    changed = with_answer(bundle, trials[0], answer="Wolf")
    if not any("at most one apart" in problem for problem in audit_bundle(changed)):
        changed = with_answer(changed, trials[1], answer="Wolf")
    only_problem(changed, "session 1, test must be at most one apart; got {'Husky': ")


def test_image_in_training_and_test(bundle):
    session = first_session(bundle)
    target = scored(bundle)[0]
    test = tuple(
        replace(other, image=session.training[0].image) if other is target else other
        for other in session.test
    )
    only_problem(
        with_session(bundle, test=test), "must be used in training or in test, not in both"
    )


def test_image_twice_in_a_list(bundle):
    one, other = scored(bundle)[:2]
    test = tuple(
        replace(shown, image=one.image) if shown is other else shown
        for shown in first_session(bundle).test
    )
    only_problem(with_session(bundle, test=test), f"got {one.image} 2 times")


def test_phase_without_a_catch_trial(bundle):
    changed = with_answer(bundle, catch(bundle).trial, is_catch=False)
    only_problem(changed, "session 1 must have 1 catch trials; got 0")


def test_catch_trial_with_another_answer(bundle):
    trial = catch(bundle).trial
    other = {"Husky": "Wolf", "Wolf": "Husky"}[bundle.answers.trials[trial].answer]
    only_problem(with_answer(bundle, trial, answer=other), f"catch trial {trial} of list")


def test_answer_that_is_no_class(bundle):
    trial = scored(bundle)[0].trial
    only_problem(
        with_answer(bundle, trial, answer="Fox"),
        f"answer of trial {trial} must be one of ['Husky', 'Wolf']; got 'Fox'",
    )


def test_prediction_that_is_not_the_answer(bundle):
    shown = first_session(bundle).training[0]
    other = {"Husky": "Wolf", "Wolf": "Husky"}[shown.prediction]
    only_problem(
        with_answer(bundle, shown.trial, answer=other), f"prediction of trial {shown.trial} must be"
    )


def test_trial_without_an_answer(bundle):
    trial = scored(bundle)[0].trial
    trials = {name: answer for name, answer in bundle.answers.trials.items() if name != trial}
    changed = replace(bundle, answers=replace(bundle.answers, trials=trials))
    only_problem(changed, f"trial {trial} must be in both manifest.json and answers.json; got one")


@pytest.mark.parametrize("name", ["wolf-7", "x-catch", "broken_3", "BASELINE", "sub_concept-1"])
def test_name_that_tells_something(name, bundle):
    target = scored(bundle)[0]
    test = tuple(
        replace(other, trial=name) if other is target else other
        for other in first_session(bundle).test
    )
    answers = {
        (name if trial == target.trial else trial): answer
        for trial, answer in bundle.answers.trials.items()
    }
    changed = with_session(bundle, test=test)
    changed = replace(changed, answers=replace(changed.answers, trials=answers))
    only_problem(changed, f"trial name must tell nothing; got {name!r}")


def test_condition_without_its_explanation(bundle):
    shown, *others = first_session(bundle).training
    training = (replace(shown, explanations={"baseline": ()}), *others)
    only_problem(
        with_session(bundle, training=training),
        f"explanations of trial {shown.trial} must be those of ['baseline', 'craft']",
    )


def test_quiz_answer_out_of_range(bundle):
    item = bundle.manifest.quiz[0].item
    changed = replace(bundle, answers=replace(bundle.answers, quiz=bundle.answers.quiz | {item: 9}))
    only_problem(changed, f"answer of {item} must be in [0, ")


def test_command_prints_every_problem_on_a_line(bundle, capsys):
    from stimuli_builder.cli import main

    for name in list(bundle.manifest.media)[:2]:
        bundle.media_path(name).unlink()
    assert main(["check", str(bundle.path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all("must exist; got no such file." in line for line in lines)


def test_command_passes_a_good_bundle(bundle, capsys):
    from stimuli_builder.cli import main

    assert main(["check", str(bundle.path)]) == 0
    assert "conditions baseline, craft" in capsys.readouterr().out


def test_command_names_another_schema_version(bundle, capsys):
    from stimuli_builder.cli import main

    file = bundle.path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 9}))
    assert main(["check", str(bundle.path)]) == 1
    assert "must have schema_version 2; got 9" in capsys.readouterr().err


@pytest.fixture
def recursivity(recursivity_path, tmp_path):
    return read_bundle(shutil.copytree(recursivity_path, tmp_path / "recursivity"))


def with_first_trial(bundle, session, **changes):
    """Change the first test trial of a session of every list, which share it."""
    old = bundle.manifest.lists[0].sessions[session].test[0]
    new = replace(old, **changes)

    def swapped(each):
        return replace(each, test=tuple(new if t == old else t for t in each.test))

    lists = tuple(
        replace(each, sessions=tuple(map(swapped, each.sessions))) for each in bundle.manifest.lists
    )
    return replace(bundle, manifest=replace(bundle.manifest, lists=lists)), old.trial


@pytest.mark.parametrize("task", ["intruder", "binary_choice", "recursivity"])
def test_good_bundles_of_other_tasks_have_no_problem(task, tmp_path):
    from tests.small_recursivity import write_small_recursivity

    assert audit_bundle(write_small_recursivity(tmp_path / task, task=task)) == []


def test_option_that_answers_json_does_not_know(recursivity):
    trial = recursivity.manifest.lists[0].sessions[0].test[0].trial
    only_problem(
        with_answer(recursivity, trial, answer="5"),
        f"answer of trial {trial} must be one of ['0', '1', '2', '3', '4']; got '5'",
    )


def test_intruder_among_groups(recursivity):
    options = recursivity.manifest.lists[0].sessions[0].test[0].options
    double = (replace(options[0], pictures=options[0].pictures * 2), *options[1:])
    changed, trial = with_first_trial(recursivity, 0, options=double)
    only_problem(changed, f"options of intruder trial {trial} must have one picture each; got 6")
    only_problem(changed, f"options of trial {trial} must be different pictures; got one twice")


def test_intruder_without_a_level(recursivity):
    trial = recursivity.manifest.lists[0].sessions[0].test[0].trial
    changed = with_answer(recursivity, trial, level=None)
    only_problem(changed, f"level of intruder trial {trial} must be given; got None")


def test_sham_intruder(recursivity):
    trial = recursivity.manifest.lists[0].sessions[0].test[0].trial
    changed = with_answer(recursivity, trial, is_sham=True)
    only_problem(changed, f"sham trial {trial} must be a binary choice; got intruder")


def test_level_of_a_binary_choice(recursivity):
    trial = recursivity.manifest.lists[0].sessions[2].test[0].trial
    changed = with_answer(recursivity, trial, level="concept")
    only_problem(changed, f"level of binary_choice trial {trial} must be null; got 'concept'")


def test_trial_twice_in_a_list(recursivity):
    first, *rest = recursivity.manifest.lists
    session = replace(first.sessions[0], test=first.sessions[0].test[:1] * 2)
    lists = (replace(first, sessions=(session, *first.sessions[1:])), *rest)
    changed = replace(recursivity, manifest=replace(recursivity.manifest, lists=lists))
    only_problem(changed, f"trial {session.test[0].trial} must occur once in list list_a; got 2")


def test_trial_that_differs_between_lists(recursivity):
    first, *rest = recursivity.manifest.lists
    trial = first.sessions[0].test[0]
    other = replace(trial, options=trial.options[::-1])
    session = replace(first.sessions[0], test=(other, *first.sessions[0].test[1:]))
    lists = (replace(first, sessions=(session, *first.sessions[1:])), *rest)
    changed = replace(recursivity, manifest=replace(recursivity.manifest, lists=lists))
    only_problem(changed, f"trial {trial.trial} must be the same in every list; got two")


def test_lists_of_different_length(recursivity):
    first, *rest = recursivity.manifest.lists
    lists = (replace(first, sessions=first.sessions[:2]), *rest)
    changed = replace(recursivity, manifest=replace(recursivity.manifest, lists=lists))
    only_problem(changed, "list list_b must ask as much as the first, [('intruder', 0, 2), ")


def test_two_catch_trials_in_a_block(recursivity):
    for test in recursivity.manifest.lists[0].sessions[0].test:
        recursivity = with_answer(recursivity, test.trial, is_catch=True)
    only_problem(recursivity, "list list_a, session 1 must have 1 catch trials at most; got 2")
