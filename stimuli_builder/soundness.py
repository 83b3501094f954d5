"""Whether a manifest is a study that can be run: its stages in order, its questionnaires whole.

`stimuli_builder.bundle.read_bundle` refuses what is not; `stimuli_builder.audit` checks the rest.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from stimuli_builder.answers import Answers
from stimuli_builder.errors import BundleError
from stimuli_builder.manifest import Manifest
from stimuli_builder.questionnaires import Question, Questionnaire
from stimuli_builder.sessions import Session, Task, TestTrial
from stimuli_builder.translations import LANGUAGE

ONCE: Final = ("consent", "sessions", "debriefing")
AT_MOST_ONCE: Final = ("eligibility", "instructions", "practice", "quiz")
BEFORE_SESSIONS: Final = ("eligibility", "practice", "quiz")
ASKING: Final = ("eligibility", "questionnaire")
MAX_TEXT_LETTERS: Final = 5000
STUDY_NAME: Final = re.compile(r"[a-z0-9_-]{1,60}")  # it names folders and files
MEDIA_NAME: Final = re.compile(r"[0-9a-f]{64}\.(jpg|png|webp)")


def check_runnable(study: Manifest) -> None:
    """Make sure that a study can be run from its first stage to its last.

    Parameters
    ----------
    study
        A bundle's manifest.

    Raises
    ------
    BundleError
        If a stage is missing, doubled or out of order, a questionnaire or a session's part is
        missing, a question cannot be answered, a threshold cannot be reached, or the study's name
        or a media name could lead out of its folder.
    """
    if not STUDY_NAME.fullmatch(study.study):
        raise BundleError(
            "study must be small letters, digits, - and _, at most 60 of them; got "
            f"{study.study[:80]!r}."
        )
    _check_media(study)
    _check_languages(study)
    _check_order([stage.stage for stage in study.stages])
    _check_parts(study)
    _check_questionnaires(study)
    for each in study.questionnaires:
        for question in each.questions:
            _check_question(each, question)
    sessions = [session for each in study.lists for session in each.sessions]
    if not sessions or not study.conditions:
        raise BundleError(
            "study must have a condition and a list with a session; got "
            f"{len(study.conditions)} conditions and {len(sessions)} sessions."
        )
    _check_task(study, {session.task for session in sessions})
    if study.practice is not None:
        sessions.append(study.practice.session)
    for session in sessions:
        _check_session(study, session)
    _check_rules(study)


def check_answerable(study: Manifest, answers: Answers) -> None:
    """Make sure that everything a study asks has an answer to be scored by.

    Parameters
    ----------
    study
        A bundle's manifest.
    answers
        Its answer file.

    Raises
    ------
    BundleError
        If a test trial's or a quiz item's answer is missing.
    """
    asked: dict[str, tuple[Collection[str], Collection[str]]] = {
        "trial": (study.test_trials.keys(), answers.trials),
        "quiz item": ([each.item for each in study.quiz], answers.quiz),
    }
    for kind, (names, known) in asked.items():
        missing = sorted(set(names) - set(known))
        if missing:
            raise BundleError(
                f"{kind} must have an answer in answers.json; got none for {missing[0][:80]!r}."
            )


def _check_media(study: Manifest) -> None:
    for name, media in study.media.items():
        for each in (name, *media.renditions):
            if not MEDIA_NAME.fullmatch(each):
                raise BundleError(
                    f"media name must be a SHA-256 with an extension; got {each[:80]!r}."
                )


def _check_languages(study: Manifest) -> None:
    for language in (study.language, *study.translations):
        if not LANGUAGE.fullmatch(language):
            raise BundleError(f"language must be a tag such as 'en'; got {language[:40]!r}.")
    if study.language in study.translations:
        raise BundleError(
            f"translations must be of other languages than the study's; got {study.language!r}."
        )


def _check_task(study: Manifest, tasks: set[str]) -> None:
    """Require the study's task to be the one that its sessions' tasks make."""
    task = "mixed"
    if len(tasks) == 1:
        task = next(iter(tasks))
    elif tasks == {"intruder", "binary_choice"}:
        task = "recursivity"
    if study.task != task:
        raise BundleError(f"task of a study of {sorted(tasks)} must be {task}; got {study.task}.")


def _check_rules(study: Manifest) -> None:
    """Require thresholds that can be reached."""
    n_practice = 0 if study.practice is None else len(study.practice.session.test)
    limits = {"practice_min_correct": n_practice, "quiz_min_correct": len(study.quiz)}
    for name, limit in limits.items():
        least = getattr(study.rules, name)
        if not 0 <= least <= limit:
            raise BundleError(f"rules.{name} must be in [0, {limit}]; got {least}.")


def _check_order(names: list[str]) -> None:
    for name in ONCE:
        _require(names.count(name) == 1, f"hold {name} once", names)
    for name in AT_MOST_ONCE:
        _require(names.count(name) <= 1, f"hold {name} at most once", names)
    _require(names[0] == "consent", "begin with consent", names)
    _require(names[-1] == "debriefing", "end with debriefing", names)
    later = names[names.index("sessions") :]
    for name in BEFORE_SESSIONS:
        _require(name not in later, f"hold {name} before sessions", names)


def _check_parts(study: Manifest) -> None:
    """Require practice and quiz where there is a stage for them, and only there."""
    names = [stage.stage for stage in study.stages]
    has = {"practice": study.practice is not None, "quiz": len(study.quiz) > 0}
    for name, is_there in has.items():
        rule = f"hold {name} where the bundle has one, and only there"
        _require((name in names) == is_there, rule, names)


def _check_questionnaires(study: Manifest) -> None:
    names = [each.name for each in study.questionnaires]
    if len(set(names)) < len(names):
        raise BundleError(f"questionnaires must have different names; got {names}.")
    for where, name in _asked(study):
        if name not in names:
            raise BundleError(f"questionnaire of {where} must be one of {names}; got {name!r}.")
    for stage in study.stages:
        if stage.stage not in ASKING and stage.questionnaire is not None:
            raise BundleError(
                f"questionnaire of {stage.stage} must be null; got {stage.questionnaire!r}."
            )
    questions = [question.question for each in study.questionnaires for question in each.questions]
    audience = study.recruitment.audience
    if audience is not None and questions.count(audience) != 1:
        raise BundleError(
            f"recruitment.audience must name one question; got {audience!r}, which "
            f"{questions.count(audience)} questions have."
        )


def _asked(study: Manifest) -> Iterator[tuple[str, str | None]]:
    for stage in study.stages:
        if stage.stage in ASKING:
            yield stage.stage, stage.questionnaire
    for trial_list in study.lists:
        for number, session in enumerate(trial_list.sessions, start=1):
            if session.questionnaire is not None:
                yield f"session {number}", session.questionnaire


def _check_question(questionnaire: Questionnaire, question: Question) -> None:
    where = f"question {question.question} of {questionnaire.name}"
    values = [choice.value for choice in question.choices]
    if question.kind == "choice":
        fits = len(values) >= 2 and len(set(values)) == len(values)
        rule = "have two different choices or more"
    else:
        fits, rule = not values, "have no choices"
    if not fits:
        raise BundleError(f"{where} must {rule}; got {values}.")
    if question.kind == "text" and not 0 < (question.high or 0) <= MAX_TEXT_LETTERS:
        raise BundleError(
            f"high of {where} must be in (0, {MAX_TEXT_LETTERS}]; got {question.high}."
        )
    if question.low is not None and question.high is not None and question.low > question.high:
        raise BundleError(f"low of {where} must be at most {question.high}; got {question.low}.")


def _check_session(study: Manifest, session: Session) -> None:
    """Require trials that there are, and test trials of the session's task."""
    if not session.test:
        raise BundleError(f"session of task {session.task} must have test trials; got none.")
    if session.task != "utility" and session.training:
        raise BundleError(
            f"session of task {session.task} must have no training trials; got "
            f"{len(session.training)}."
        )
    _check_names("training", session.training, study.training_trials.keys())
    _check_names("test", session.test, study.test_trials.keys())
    for name in session.test:
        _check_trial(session.task, name, study.test_trials[name])


def _check_names(phase: str, names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise BundleError(f"{phase} trial must be one of {phase}_trials; got {name!r}.")


def _check_trial(task: Task, name: str, trial: TestTrial) -> None:
    n_options = len(trial.options)
    match task:
        case "utility":
            fits, rule = trial.image is not None and not n_options, "an image and no options"
        case "intruder":
            fits, rule = trial.image is None and n_options >= 3, "three options or more alone"
        case "binary_choice":
            fits, rule = trial.image is not None and n_options == 2, "an image and two options"
    if not fits or not all(option.pictures for option in trial.options):
        raise BundleError(
            f"trial {name} of task {task} must have {rule}; got "
            f"{'an' if trial.image else 'no'} image and {n_options} options."
        )


def _require(fits: bool, rule: str, names: Sequence[str]) -> None:
    if not fits:
        raise BundleError(f"stages must {rule}; got {list(names)}.")
