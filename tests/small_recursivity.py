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
    Session,
    Stage,
    TestTrial,
    TrialList,
    write_bundle,
)
from tests.small_bundle import RECRUITMENT, RULES, Drawer, answer_of, small_manifest

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
    levels = () if task == "binary_choice" else LEVELS
    blocks = [_intruders(drawer, level, n_intruders // 2) for level in levels]
    choices = [] if task == "intruder" else [_choices(drawer, n_choices)]
    orders = (blocks, blocks[::-1]) if blocks else (blocks,)
    sessions = [(*order, *choices) for order in orders]
    manifest = replace(
        _manifest(drawer, sessions), task=task, study=task.replace("_", "-"), media=drawer.sizes
    )
    return write_bundle(
        folder,
        manifest,
        trials=drawer.answers,
        quiz=QUIZ_ANSWERS,
        media=drawer.media,
        sources={},
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
    drawn = small_manifest(Drawer(drawer.size_px), n_lists=1, n_sessions=1)
    return replace(
        drawn,
        training_trials={},
        test_trials=drawer.test,
        classes=("Husky",),
        conditions=("all",),
        stages=stages(*RECURSIVITY),
        questionnaires=(BACKGROUND, THOUGHTS, ABOUT_YOU),
        practice=replace(practice, session=_in_order(practice.session)),
        quiz=QUIZ,
        lists=tuple(
            TrialList(name=name, sessions=each)
            for name, each in zip(("list_a", "list_b"), sessions, strict=False)
        ),
        rules=replace(RULES, practice_min_correct=2, quiz_min_correct=1, catch_min_correct=0),
        recruitment=replace(RECRUITMENT, audience="expertise"),
    )


def _in_order(session: Session) -> Session:
    return replace(session, trials_are_shuffled=False, options_are_shuffled=False)


def _intruders(drawer: Drawer, level: str, n_trials: int) -> Session:
    """Four circles and a square, at a place that moves on."""
    test = []
    for number in range(n_trials):
        place = (2 * number + 1) % N_OPTIONS
        shapes = ["Square" if i == place else "Circle" for i in range(N_OPTIONS)]
        options = tuple(Option(pictures=(drawer.picture(shape, "snow"),)) for shape in shapes)
        answer = answer_of(
            str(place), label="Husky", concept="Husky/1", level=level, difficulty=0.5
        )
        test.append(drawer.add(TestTrial(image=None, options=options), answer))
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
        sham = "random" if number == n_trials - 1 else None
        answer = answer_of(str(place), label="Husky", concept="Husky/1/0", sham=sham)
        image = drawer.picture("Circle", "snow")
        test.append(drawer.add(TestTrial(image=image, options=options), answer))
    return replace(
        _session("binary_choice", test), questionnaire="thoughts", options_are_shuffled=False
    )


def _session(task: str, test: list[str]) -> Session:
    return Session(
        task=task,
        title="",
        introduction=(),
        training=(),
        test=tuple(test),
        trials_are_shuffled=True,
        options_are_shuffled=True,
        questionnaire=None,
    )
