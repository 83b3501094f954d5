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
from stimuli_builder.bundle import (
    MediaFile,
    PictureSource,
    media_name,
    read_bundle,
    texts_of,
)


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


def with_trial(bundle, trial, **changes):
    """Change a training or test trial."""
    manifest = bundle.manifest
    table = "training_trials" if trial in manifest.training_trials else "test_trials"
    trials = getattr(manifest, table)
    changed = trials | {trial: replace(trials[trial], **changes)}
    return replace(bundle, manifest=replace(manifest, **{table: changed}))


def with_session(bundle, **changes):
    """Change the first session of the first list."""
    first, *rest = bundle.manifest.lists
    sessions = (replace(first.sessions[0], **changes), *first.sessions[1:])
    lists = (replace(first, sessions=sessions), *rest)
    return replace(bundle, manifest=replace(bundle.manifest, lists=lists))


def renamed(bundle, name):
    """Give the first scored trial another name."""
    target = scored(bundle)[0]

    def with_name(members):
        return {(name if trial == target else trial): value for trial, value in members.items()}

    test = tuple(name if trial == target else trial for trial in first_session(bundle).test)
    changed = with_session(bundle, test=test)
    trials = with_name(bundle.manifest.test_trials)
    manifest = replace(changed.manifest, test_trials=trials)
    answers = replace(bundle.answers, trials=with_name(bundle.answers.trials))
    return replace(changed, manifest=manifest, answers=answers)


def first_session(bundle):
    return bundle.manifest.lists[0].sessions[0]


def scored(bundle):
    trials = bundle.answers.trials
    return [trial for trial in first_session(bundle).test if not trials[trial].is_catch]


def catch(bundle):
    trials = bundle.answers.trials
    return next(trial for trial in first_session(bundle).test if trials[trial].is_catch)


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


def test_bytes_that_differ_from_those_listed(bundle):
    name, listed = next(iter(bundle.manifest.media.items()))
    media = bundle.manifest.media | {name: replace(listed, bytes=listed.bytes + 1)}
    only_problem(
        replace(bundle, manifest=replace(bundle.manifest, media=media)),
        f"media file {name} must have the {listed.bytes + 1} bytes listed; got {listed.bytes}.",
    )


def test_picture_of_more_bytes_than_the_configuration_allows(bundle):
    name, listed = next(iter(bundle.manifest.media.items()))
    provenance = bundle.manifest.provenance
    config = provenance.config | {"pictures": {"max_kb": 150}}
    manifest = replace(bundle.manifest, provenance=replace(provenance, config=config))
    assert audit_bundle(replace(bundle, manifest=manifest)) == []
    manifest = replace(manifest, media=manifest.media | {name: replace(listed, bytes=330_000)})
    only_problem(replace(bundle, manifest=manifest), f"{name} must have at most 150 kB; got 330.")


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
    media = bundle.manifest.media | {
        name: MediaFile(bytes=1, width_px=9, height_px=9, renditions=())
    }
    telling = replace(bundle, manifest=replace(bundle.manifest, media=media))
    only_problem(telling, f"media file {name} must carry no metadata; got ['answer']")


def test_picture_of_another_size(bundle):
    name, listed = next(iter(bundle.manifest.media.items()))
    media = bundle.manifest.media | {name: replace(listed, width_px=1)}
    changed = replace(bundle, manifest=replace(bundle.manifest, media=media))
    only_problem(changed, f"media file {name} must be of (1, ")


def test_predictions_more_than_one_apart(bundle):
    trials = [t for t in scored(bundle) if bundle.answers.trials[t].answer == "Husky"]
    changed = with_answer(bundle, trials[0], answer="Wolf")
    if not any("at most one apart" in problem for problem in audit_bundle(changed)):
        changed = with_answer(changed, trials[1], answer="Wolf")
    only_problem(changed, "session 1, test must be at most one apart; got {'Husky': ")


def test_image_in_training_and_test(bundle):
    trained = bundle.manifest.training_trials[first_session(bundle).training[0]]
    changed = with_trial(bundle, scored(bundle)[0], image=trained.image)
    only_problem(changed, "must be used in training or in test, not in both")


def test_image_twice_in_a_list(bundle):
    one, other = scored(bundle)[:2]
    image = bundle.manifest.test_trials[one].image
    only_problem(with_trial(bundle, other, image=image), f"got {image} 2 times")


def test_phase_without_a_catch_trial(bundle):
    changed = with_answer(bundle, catch(bundle), is_catch=False)
    only_problem(changed, "session 1 must have 1 catch trials; got 0")


def test_catch_trial_at_the_end(bundle):
    trial = catch(bundle)
    test = tuple(sorted(first_session(bundle).test, key=lambda name: name == trial))
    only_problem(
        with_session(bundle, test=test), f"session 1 must be neither first nor last; got {trial}"
    )


def test_catch_trial_of_an_image_that_was_not_shown(bundle):
    trial = catch(bundle)
    image = bundle.manifest.test_trials[scored(bundle)[0]].image
    only_problem(
        with_trial(bundle, trial, image=image),
        f"session 1 must repeat an image of its training; got {trial}",
    )


def test_answers_in_order_of_class(bundle):
    answers = bundle.answers.trials

    def in_order(phase):
        return tuple(sorted(phase, key=lambda trial: answers[trial].answer))

    def sort(session):
        return replace(session, training=in_order(session.training), test=in_order(session.test))

    lists = tuple(
        replace(each, sessions=tuple(map(sort, each.sessions))) for each in bundle.manifest.lists
    )
    changed = replace(bundle, manifest=replace(bundle.manifest, lists=lists))
    only_problem(changed, "must not come class by class; got ['Husky'")


def test_ties_of_another_share_than_asked_for(bundle):
    provenance = bundle.manifest.provenance
    config = provenance.config | {"training": {"tie_broken_share": 0.0}}
    manifest = replace(bundle.manifest, provenance=replace(provenance, config=config))
    answers = {
        name: replace(answer, tie="broken") for name, answer in bundle.answers.trials.items()
    }
    changed = replace(bundle, answers=replace(bundle.answers, trials=answers), manifest=manifest)
    only_problem(changed, "must be within one image of a share of 0.0; got 1.00 in session 1")


def test_missing_answer_is_a_problem_where_lists_are_rotated(bundle):
    lists = bundle.manifest.lists
    n = 2 * len(lists[0].sessions)
    many = tuple(replace(lists[i % len(lists)], name=f"list_{i}") for i in range(n))
    trial = scored(bundle)[0]
    known = {name: answer for name, answer in bundle.answers.trials.items() if name != trial}
    changed = replace(
        bundle,
        manifest=replace(bundle.manifest, lists=many),
        answers=replace(bundle.answers, trials=known),
    )
    only_problem(changed, f"trial {trial} must be in both manifest.json and answers.json; got one")


def test_catch_trial_with_another_answer(bundle):
    trial = catch(bundle)
    other = {"Husky": "Wolf", "Wolf": "Husky"}[bundle.answers.trials[trial].answer]
    only_problem(
        with_answer(bundle, trial, answer=other),
        f"catch trial {trial} of list list_a, session 1 must",
    )


def test_answer_that_is_no_class(bundle):
    trial = scored(bundle)[0]
    only_problem(
        with_answer(bundle, trial, answer="Fox"),
        f"answer of trial {trial} must be one of ['Husky', 'Wolf']; got 'Fox'",
    )


def test_prediction_that_is_not_the_answer(bundle):
    trial = first_session(bundle).training[0]
    other = {"Husky": "Wolf", "Wolf": "Husky"}[bundle.answers.trials[trial].answer]
    only_problem(with_answer(bundle, trial, answer=other), f"prediction of trial {trial} must be")


def test_trial_without_an_answer(bundle):
    trial = scored(bundle)[0]
    trials = {name: answer for name, answer in bundle.answers.trials.items() if name != trial}
    changed = replace(bundle, answers=replace(bundle.answers, trials=trials))
    only_problem(changed, f"trial {trial} must be in both manifest.json and answers.json; got one")


@pytest.mark.parametrize("name", ["wolf-7", "x-catch", "broken_3", "BASELINE", "sub_concept-1"])
def test_name_that_tells_something(name, bundle):
    only_problem(renamed(bundle, name), f"trial name must tell nothing; got {name!r}")


def test_class_of_hexadecimal_digits_in_a_drawn_name_is_no_problem(bundle):
    changed = renamed(bundle, "26ddb27aace0")
    manifest = replace(changed.manifest, conditions=("baseline", "craft", "ace"))
    problems = audit_bundle(replace(changed, manifest=manifest))
    assert not any("must tell nothing" in problem for problem in problems)
    changed = renamed(bundle, "x-ace")
    manifest = replace(changed.manifest, conditions=("baseline", "craft", "ace"))
    only_problem(replace(changed, manifest=manifest), "must tell nothing; got 'x-ace' with ['ace']")


def test_condition_without_its_explanation(bundle):
    trial = first_session(bundle).training[0]
    only_problem(
        with_trial(bundle, trial, explanations={"baseline": ()}),
        f"explanations of trial {trial} must be those of ['baseline', 'craft']",
    )


def test_trial_of_no_list(bundle):
    trial, *kept = first_session(bundle).training
    changed = with_session(bundle, training=tuple(kept))
    only_problem(changed, f"trial must be in a list or in the practice; got {trial}.")


def test_rendition_that_is_not_listed(bundle):
    name, listed = next(iter(bundle.manifest.media.items()))
    other = media_name(b"other", "png")
    media = bundle.manifest.media | {name: replace(listed, renditions=(other,))}
    changed = replace(bundle, manifest=replace(bundle.manifest, media=media))
    only_problem(changed, f"picture of a trial must be listed in media; got {other}.")


def test_sources_of_other_pictures_and_boxes_that_are_none(bundle):
    name = next(iter(bundle.manifest.media))
    source = PictureSource(file="a.jpg", box=(9, 0, 3, 3), licence="MIT")
    other = replace(source, box=None)
    answers = replace(bundle.answers, sources={name: source, "x.png": other})
    assert audit_bundle(replace(bundle, answers=answers)) == [
        f"box of the source of {name} must be [left, top, right, bottom]; got [9, 0, 3, 3].",
        "source must be of a picture that the manifest lists; got x.png.",
    ]


def test_whole_translation_is_no_problem_and_gaps_are_named(bundle):
    french = {text: f"fr: {text}" for text in texts_of(bundle.manifest)}
    whole = replace(bundle.manifest, translations={"fr": french})
    assert audit_bundle(replace(bundle, manifest=whole)) == []
    gap = french | {"none": "rien"}
    del gap["Wolf"]
    changed = replace(bundle.manifest, translations={"fr": gap})
    assert audit_bundle(replace(bundle, manifest=changed)) == [
        "text must be translated to fr; got none of 'Wolf'.",
        "translation to fr must be of a text of the study; got 'none'.",
    ]


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


def first_trial(bundle, session):
    return bundle.manifest.lists[0].sessions[session].test[0]


@pytest.mark.parametrize("task", ["intruder", "binary_choice", "recursivity"])
def test_good_bundles_of_other_tasks_have_no_problem(task, tmp_path):
    from tests.small_recursivity import write_small_recursivity

    assert audit_bundle(write_small_recursivity(tmp_path / task, task=task)) == []


def test_option_that_answers_json_does_not_know(recursivity):
    trial = first_trial(recursivity, 0)
    only_problem(
        with_answer(recursivity, trial, answer="5"),
        f"answer of trial {trial} must be one of ['0', '1', '2', '3', '4']; got '5'",
    )


def test_intruder_among_groups(recursivity):
    trial = first_trial(recursivity, 0)
    options = recursivity.manifest.test_trials[trial].options
    double = (replace(options[0], pictures=options[0].pictures * 2), *options[1:])
    changed = with_trial(recursivity, trial, options=double)
    only_problem(changed, f"options of intruder trial {trial} must have one picture each; got 6")
    only_problem(changed, f"pictures of trial {trial} must be different; got one twice")


def test_intruder_without_a_level(recursivity):
    trial = first_trial(recursivity, 0)
    changed = with_answer(recursivity, trial, level=None)
    only_problem(changed, f"level of intruder trial {trial} must be given; got None")


def test_sham_intruder(recursivity):
    trial = first_trial(recursivity, 0)
    changed = with_answer(recursivity, trial, sham="random")
    only_problem(changed, f"sham of intruder trial {trial} must be null; got 'random'")


def test_level_of_a_binary_choice(recursivity):
    trial = first_trial(recursivity, 2)
    changed = with_answer(recursivity, trial, level="concept")
    only_problem(changed, f"level of binary_choice trial {trial} must be null; got 'concept'")


def test_trial_twice_in_a_list(recursivity):
    first, *rest = recursivity.manifest.lists
    session = replace(first.sessions[0], test=first.sessions[0].test[:1] * 2)
    lists = (replace(first, sessions=(session, *first.sessions[1:])), *rest)
    changed = replace(recursivity, manifest=replace(recursivity.manifest, lists=lists))
    only_problem(changed, f"trial {session.test[0]} must occur once in list list_a; got 2")


def test_image_in_question_among_the_pictures(recursivity):
    trial = first_trial(recursivity, 2)
    image = recursivity.manifest.test_trials[trial].options[0].pictures[0]
    changed = with_trial(recursivity, trial, image=image)
    only_problem(changed, f"pictures of trial {trial} must be different; got one twice")


def test_lists_of_different_length(recursivity):
    first, *rest = recursivity.manifest.lists
    lists = (replace(first, sessions=first.sessions[:2]), *rest)
    changed = replace(recursivity, manifest=replace(recursivity.manifest, lists=lists))
    only_problem(changed, "list list_b must ask as much as the first, [('intruder', 0, 2), ")


def test_two_catch_trials_in_a_block(recursivity):
    for trial in recursivity.manifest.lists[0].sessions[0].test:
        recursivity = with_answer(recursivity, trial, is_catch=True)
    only_problem(recursivity, "list list_a, session 1 must have 1 catch trials at most; got 2")


def in_phases(bundle, **shares):
    """Say that the configuration asks for shares, in the training alone."""
    provenance = bundle.manifest.provenance
    config = provenance.config | {"training": shares}
    manifest = replace(bundle.manifest, provenance=replace(provenance, config=config))
    return replace(bundle, manifest=manifest)


def with_ties(bundle, session, n_broken, n=5):
    """Break the ties of the first training images of a session of the first list."""
    trials = bundle.manifest.lists[0].sessions[session].training
    for place, trial in enumerate(trials[:n]):
        bundle = with_answer(bundle, trial, tie=("kept", "broken")[place < n_broken])
    return bundle


def test_ties_of_one_phase_more_than_an_image_off(bundle):
    asked = in_phases(bundle, tie_broken_share=0.0)
    assert audit_bundle(with_ties(asked, 0, 1)) == []
    only_problem(
        with_ties(asked, 0, 2),
        "ties broken of training in list list_a must be within one image of a share of 0.0; got "
        "0.40 in session 1",
    )


def test_ties_of_a_list_more_than_an_image_off(bundle):
    """4, 3 and 3 of 5, or 3, 3 and 3, where a half is asked for: the lure is turned round."""
    asked = in_phases(bundle, tie_broken_share=0.5)
    for number, n_broken in enumerate((3, 3, 3)):
        asked = with_ties(asked, number, n_broken)
    only_problem(asked, "share of 0.5 over all sessions; got 0.60")
    only_problem(with_ties(asked, 0, 4), "share of 0.5; got 0.80 in session 1")


def test_errors_of_another_share_than_asked_for(bundle):
    asked = in_phases(bundle, error_share=0.0)
    assert audit_bundle(asked) == []
    for trial in first_session(bundle).training[:2]:
        asked = with_answer(asked, trial, label="another")
    only_problem(
        asked,
        "errors of training in list list_a must be within one image of a share of 0.0; got 0.40 "
        "in session 1",
    )


def with_panel(bundle, condition, change):
    """Give the first training trial's image another explanation in one condition."""
    trial = first_session(bundle).training[0]
    shown = bundle.manifest.training_trials[trial].explanations
    panels = dict.fromkeys(("craft", "ace"), shown["craft"]) | {"baseline": ()}
    return with_trial(bundle, trial, explanations=panels | {condition: change(shown["craft"])})


def test_galleries_of_as_many_crops(bundle):
    changed = with_panel(bundle, "ace", lambda groups: groups)
    assert not any("panels of trial" in problem for problem in audit_bundle(changed))


@pytest.mark.parametrize(
    "change",
    [
        lambda groups: groups[:-1],
        lambda groups: (),
        lambda groups: (*groups[:-1], replace(groups[-1], crops=groups[-1].crops[1:])),
    ],
)
def test_galleries_of_another_size(bundle, change):
    trial = first_session(bundle).training[0]
    answer = bundle.answers.trials[trial].answer
    changed = with_panel(bundle, "craft", change)
    only_problem(
        changed,
        f"panels of trial {trial} ({answer}) must have as many concepts, of as many crops, in "
        "every condition that shows crops; got {",
    )


def test_maps_alone_are_no_gallery(bundle):
    def without_crops(groups):
        return (replace(groups[0], crops=()),)

    changed = with_panel(bundle, "baseline", without_crops)
    assert not any("panels of trial" in problem for problem in audit_bundle(changed))
