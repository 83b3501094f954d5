"""Small bundles of intruder and binary-choice trials, and the questions around them, for tests."""

from dataclasses import replace
from pathlib import Path

from stimuli_builder.bundle import (
    Bundle,
    Choice,
    Confidence,
    Manifest,
    Option,
    Practice,
    Question,
    Questionnaire,
    QuizItem,
    Recruitment,
    Session,
    Stage,
    TestTrial,
    TrialAnswer,
    TrialList,
    write_bundle,
)
from tests.small_bundle import RULES, Drawer, small_manifest

LEVELS = ("concept", "sub_concept")
N_OPTIONS, N_PRACTICE = 5, 3
QUIZ = (
    QuizItem(
        item="odd",
        question="Which picture do you look for?",
        choices=("The one that does not belong to the others", "The one I like best"),
    ),
)
QUIZ_ANSWERS = {"odd": 0}
BACKGROUND = Questionnaire(
    name="background",
    title="Before we begin",
    introduction=("Two questions on who takes part.",),
    questions=(
        Question(
            question="adult",
            text="Are you 18 or older?",
            kind="choice",
            choices=(
                Choice(value="yes", label="Yes", is_eligible=True),
                Choice(value="no", label="No", is_eligible=False),
            ),
            low=None,
            high=None,
            is_required=True,
        ),
        Question(
            question="expertise",
            text="Do you work in machine learning?",
            kind="choice",
            choices=(
                Choice(value="expert", label="Yes, I do", is_eligible=True),
                Choice(value="layman", label="No, I do not", is_eligible=True),
            ),
            low=None,
            high=None,
            is_required=True,
        ),
    ),
)
THOUGHTS = Questionnaire(
    name="thoughts",
    title="What did you see?",
    introduction=(),
    questions=(
        Question(
            question="uses",
            text="What does the model use?",
            kind="text",
            choices=(),
            low=None,
            high=500,
            is_required=False,
        ),
    ),
)
ABOUT_YOU = Questionnaire(
    name="about-you",
    title="About you",
    introduction=("You may leave out what you do not want to tell.",),
    questions=(
        Question(
            question="age",
            text="How old are you?",
            kind="integer",
            choices=(),
            low=18,
            high=120,
            is_required=False,
        ),
        Question(
            question="gender",
            text="What is your gender?",
            kind="choice",
            choices=tuple(
                Choice(value=value, label=label, is_eligible=True)
                for value, label in (("f", "Female"), ("m", "Male"), ("o", "Another"))
            ),
            low=None,
            high=None,
            is_required=False,
        ),
    ),
)
CONFIDENCE = Confidence(question="How sure are you?", levels=("Guessing", "Rather sure", "Certain"))
RECURSIVITY = (
    ("consent", None),
    ("eligibility", "background"),
    ("instructions", None),
    ("practice", None),
    ("quiz", None),
    ("sessions", None),
    ("questionnaire", "about-you"),
    ("debriefing", None),
)


def stages(*names: tuple[str, str | None]) -> tuple[Stage, ...]:
    """Make stages of their names and questionnaires."""
    return tuple(Stage(stage=name, questionnaire=asked) for name, asked in names)


def write_small_recursivity(
    folder: Path, *, task: str = "recursivity", n_intruders: int = 4, n_choices: int = 3
) -> Bundle:
    """Draw and write a study of intruders, of binary choices, or of one after the other."""
    drawer = Drawer(48)
    blocks = [_intruders(drawer, level, n_intruders // 2) for level in LEVELS]
    choices = _choices(drawer, n_choices)
    sessions = {
        "intruder": [tuple(blocks), tuple(reversed(blocks))],
        "binary_choice": [(choices,)],
        "recursivity": [(*blocks, choices), (*reversed(blocks), choices)],
    }[task]
    manifest = replace(
        _manifest(drawer, sessions), task=task, study=task.replace("_", "-"), media=drawer.sizes
    )
    used = manifest.media.keys() & _used(manifest)
    return write_bundle(
        folder,
        replace(manifest, media={name: drawer.sizes[name] for name in sorted(used)}),
        trials={name: drawer.answers[name] for name in sorted(_trials(manifest))},
        quiz=QUIZ_ANSWERS,
        media={name: drawer.media[name] for name in used},
    )


def with_questions(manifest: Manifest) -> Manifest:
    """Ask a utility study's participants what can be asked: who they are, how sure, and why."""
    lists = tuple(
        replace(each, sessions=tuple(replace(s, questionnaire="thoughts") for s in each.sessions))
        for each in manifest.lists
    )
    return replace(
        manifest,
        stages=stages(*RECURSIVITY),
        questionnaires=(BACKGROUND, THOUGHTS, ABOUT_YOU),
        recruitment=replace(manifest.recruitment, audience="expertise"),
        confidence=CONFIDENCE,
        lists=lists,
    )


def _manifest(drawer: Drawer, sessions: list[tuple[Session, ...]]) -> Manifest:
    practice = Practice(
        classes=(),
        introduction=("Find the picture that does not belong to the others.",),
        session=_intruders(drawer, "concept", N_PRACTICE),
    )
    return replace(
        small_manifest(drawer, n_lists=1, n_sessions=1),
        classes=("Husky",),
        conditions=("all",),
        stages=stages(*RECURSIVITY),
        questionnaires=(BACKGROUND, THOUGHTS, ABOUT_YOU),
        practice=replace(practice, session=replace(practice.session, is_shuffled=False)),
        quiz=QUIZ,
        lists=tuple(
            TrialList(name=name, sessions=each)
            for name, each in zip(("list_a", "list_b"), sessions, strict=False)
        ),
        rules=replace(RULES, practice_min_correct=2, catch_min_correct=0),
        recruitment=Recruitment(quota=None, lease_minutes=60, audience="expertise"),
    )


def _intruders(drawer: Drawer, level: str, n_trials: int) -> Session:
    """Four circles and a square, at a place that moves on."""
    test = []
    for number in range(n_trials):
        place = (2 * number + 1) % N_OPTIONS
        shapes = ["Square" if i == place else "Circle" for i in range(N_OPTIONS)]
        options = tuple(Option(pictures=(drawer.picture(shape, "snow"),)) for shape in shapes)
        answer = _answer(str(place), level=level)
        test.append(TestTrial(trial=drawer.name_trial(answer), image=None, options=options))
    return _session("intruder", test)


def _choices(drawer: Drawer, n_trials: int) -> Session:
    """A circle on snow: does it go with circles on snow, or with circles on anything?"""
    test = []
    for number in range(n_trials):
        groups = [["snow"] * 3, ["snow", "grass", "grass"]]
        place = number % 2
        options = tuple(
            Option(pictures=tuple(drawer.picture("Circle", ground) for ground in group))
            for group in (groups if place == 0 else groups[::-1])
        )
        answer = _answer(str(place), is_sham=number == n_trials - 1)
        image = drawer.picture("Circle", "snow")
        test.append(TestTrial(trial=drawer.name_trial(answer), image=image, options=options))
    return replace(_session("binary_choice", test), questionnaire="thoughts")


def _answer(answer: str, *, level: str | None = None, is_sham: bool = False) -> TrialAnswer:
    return TrialAnswer(
        answer=answer,
        label="Husky",
        is_catch=False,
        tie=None,
        source=None,
        level=level,
        is_sham=is_sham,
    )


def _session(task: str, test: list[TestTrial]) -> Session:
    return Session(
        task=task,
        title="",
        introduction=(),
        training=(),
        test=tuple(test),
        is_shuffled=True,
        questionnaire=None,
    )


def _sessions(manifest: Manifest) -> list[Session]:
    return [manifest.practice.session, *(s for each in manifest.lists for s in each.sessions)]


def _used(manifest: Manifest) -> set[str]:
    return {
        name
        for session in _sessions(manifest)
        for trial in session.test
        for name in (trial.image, *(p for option in trial.options for p in option.pictures))
        if name is not None
    }


def _trials(manifest: Manifest) -> set[str]:
    return {trial.trial for session in _sessions(manifest) for trial in session.test}
