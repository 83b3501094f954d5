"""Every study that could not be run is refused, and the message says why."""

import json
import shutil
from dataclasses import replace

import pytest

from stimuli_builder.bundle import Stage, read_bundle
from stimuli_builder.errors import BundleError
from stimuli_builder.soundness import check_runnable


@pytest.fixture(scope="module")
def study(recursivity_path):
    return read_bundle(recursivity_path).manifest


def with_stages(study, *names):
    asked = {"eligibility": "background", "questionnaire": "about-you"}
    stages = tuple(Stage(stage=name, questionnaire=asked.get(name)) for name in names)
    return replace(study, stages=stages)


def with_question(study, **changes):
    first, *rest = study.questionnaires
    questions = (replace(first.questions[0], **changes), *first.questions[1:])
    return replace(study, questionnaires=(replace(first, questions=questions), *rest))


def with_trial(study, session, **changes):
    name = study.lists[0].sessions[session].test[0]
    trials = study.test_trials | {name: replace(study.test_trials[name], **changes)}
    return replace(study, test_trials=trials)


def test_small_study_is_sound(study):
    check_runnable(study)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("trials", "trial must have an answer in answers.json; got none for '"),
        ("quiz", "quiz item must have an answer in answers.json; got none for '"),
    ],
)
def test_answers_that_are_missing_are_refused(recursivity_path, tmp_path, part, message):
    folder = shutil.copytree(recursivity_path, tmp_path / "bundle")
    file = folder / "answers.json"
    answers = json.loads(file.read_text())
    answers[part].popitem()
    file.write_text(json.dumps(answers))
    with pytest.raises(BundleError, match=message):
        read_bundle(folder)


@pytest.mark.parametrize(
    "name", ["", "../evil", "/srv/evil", "..", "a/b", "a\\b", "a\0b", "a\n", "Small", "é", "y" * 61]
)
def test_name_that_could_lead_elsewhere_is_refused(study, name):
    with pytest.raises(BundleError, match="study must be small letters, digits, - and _, at most"):
        check_runnable(replace(study, study=name))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["consent", "practice", "quiz", "sessions"], "stages must hold debriefing once; got"),
        (["practice", "quiz", "consent", "sessions", "debriefing"], "must begin with consent"),
        (["consent", "practice", "quiz", "debriefing", "sessions"], "must end with debriefing"),
        (["consent", "practice", "sessions", "quiz", "debriefing"], "hold quiz before sessions"),
        (["consent", "practice", "practice", "quiz", "sessions", "debriefing"],
         "hold practice at most once"),
        (["consent", "quiz", "sessions", "debriefing"],
         "hold practice where the bundle has one, and only there"),
    ],
)  # fmt: skip
def test_stages_out_of_order_are_refused(study, names, message):
    with pytest.raises(BundleError, match=message):
        check_runnable(with_stages(study, *names))


def test_quiz_without_its_stage_is_refused(study):
    with pytest.raises(BundleError, match="hold quiz where the bundle has one, and only there"):
        check_runnable(with_stages(study, "consent", "practice", "sessions", "debriefing"))


def test_unknown_questionnaire_is_refused(study):
    stages = (*study.stages[:-1], Stage(stage="questionnaire", questionnaire="none"))
    changed = replace(study, stages=(*stages, study.stages[-1]))
    with pytest.raises(
        BundleError, match=r"questionnaire of questionnaire must be one of .*'none'"
    ):
        check_runnable(changed)


def test_questionnaire_of_another_stage_is_refused(study):
    stages = (replace(study.stages[0], questionnaire="about-you"), *study.stages[1:])
    with pytest.raises(BundleError, match="questionnaire of consent must be null; got 'about-you'"):
        check_runnable(replace(study, stages=stages))


def test_two_questionnaires_of_one_name_are_refused(study):
    doubled = (*study.questionnaires, study.questionnaires[0])
    with pytest.raises(BundleError, match="questionnaires must have different names; got"):
        check_runnable(replace(study, questionnaires=doubled))


def test_audience_must_be_asked(study):
    recruitment = replace(study.recruitment, audience="none")
    with pytest.raises(BundleError, match="audience must name one question; got 'none', which 0"):
        check_runnable(replace(study, recruitment=recruitment))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choices": ()}, r"adult of background must have two different choices or more; got \[\]"),
        ({"kind": "integer"}, "must have no choices; got"),
        ({"kind": "text", "choices": ()}, r"high of .* must be in \(0, 5000\]; got None"),
        ({"kind": "integer", "choices": (), "low": 9, "high": 3}, "must be at most 3; got 9"),
    ],
)
def test_question_that_cannot_be_answered_is_refused(study, changes, message):
    with pytest.raises(BundleError, match=message):
        check_runnable(with_question(study, **changes))


@pytest.mark.parametrize(
    ("session", "changes", "message"),
    [
        (0, {"image": "x.png"}, "of task intruder must have three options or more alone; got an"),
        (2, {"image": None}, "of task binary_choice must have an image and two options; got no"),
        (2, {"options": ()}, "must have an image and two options; got an image and 0 options"),
    ],
)
def test_trial_that_is_not_of_its_task_is_refused(study, session, changes, message):
    with pytest.raises(BundleError, match=message):
        check_runnable(with_trial(study, session, **changes))


def test_session_without_trials_is_refused(study):
    first = study.lists[0]
    empty = replace(first, sessions=(replace(first.sessions[0], test=()), *first.sessions[1:]))
    with pytest.raises(BundleError, match="of task intruder must have test trials; got none"):
        check_runnable(replace(study, lists=(empty,)))


def test_training_in_an_intruder_session_is_refused(study, bundle_path):
    trials = read_bundle(bundle_path).manifest.training_trials
    first = study.lists[0]
    mixed = replace(first.sessions[0], training=tuple(trials))
    lists = (replace(first, sessions=(mixed, *first.sessions[1:])),)
    changed = replace(study, lists=lists, training_trials=trials)
    with pytest.raises(BundleError, match="intruder must have no training trials; got"):
        check_runnable(changed)


def test_trial_that_there_is_not_is_refused(study):
    first = study.lists[0]
    other = replace(first.sessions[0], test=("none",))
    lists = (replace(first, sessions=(other, *first.sessions[1:])),)
    with pytest.raises(BundleError, match="test trial must be one of test_trials; got 'none'"):
        check_runnable(replace(study, lists=lists))


@pytest.mark.parametrize("task", ["utility", "intruder", "mixed"])
def test_task_must_be_that_of_the_sessions(study, task):
    message = rf"task of a study of \['binary_choice', 'intruder'\] must be recursivity; got {task}"
    with pytest.raises(BundleError, match=message):
        check_runnable(replace(study, task=task))


def test_tasks_of_all_kinds_make_a_mixed_study(study, bundle_path):
    utility = read_bundle(bundle_path).manifest
    first = study.lists[0]
    session = replace(utility.lists[0].sessions[0])
    mixed = replace(
        study,
        task="mixed",
        training_trials=utility.training_trials,
        test_trials=study.test_trials | {f"u{name}": t for name, t in utility.test_trials.items()},
        lists=(
            replace(
                first,
                sessions=(
                    *first.sessions,
                    replace(session, test=tuple(f"u{name}" for name in session.test)),
                ),
            ),
        ),
    )
    check_runnable(mixed)


@pytest.mark.parametrize("name", ["practice_min_correct", "quiz_min_correct"])
def test_threshold_that_cannot_be_reached_is_refused(study, name):
    rules = replace(study.rules, **{name: 9})
    with pytest.raises(BundleError, match=rf"rules.{name} must be in \[0, [13]\]; got 9"):
        check_runnable(replace(study, rules=rules))


def test_languages_that_are_none_are_refused(study):
    with pytest.raises(BundleError, match="language must be a tag such as 'en'; got 'English!'"):
        check_runnable(replace(study, language="English!"))
    with pytest.raises(BundleError, match="of other languages than the study's; got 'en'"):
        check_runnable(replace(study, translations={"en": {}}))


def test_rendition_outside_the_media_folder_is_refused(study):
    name, listed = next(iter(study.media.items()))
    media = study.media | {name: replace(listed, renditions=("../x.png",))}
    with pytest.raises(BundleError, match="must be a SHA-256 with an extension; got '../x.png'"):
        check_runnable(replace(study, media=media))


def test_study_without_sessions_is_refused(study):
    with pytest.raises(BundleError, match="must have a condition and a list with a session; got 1"):
        check_runnable(replace(study, lists=()))
