"""A small, complete study bundle with drawn pictures, for tests of everything downstream."""

import io
from pathlib import Path

from PIL import Image, ImageDraw

from stimuli_builder.bundle import (
    Bundle,
    Group,
    Manifest,
    MediaFile,
    Practice,
    Privacy,
    Provenance,
    QuizItem,
    Recruitment,
    Reservoir,
    Rules,
    Session,
    Stage,
    TestTrial,
    Texts,
    TrainingTrial,
    TrialAnswer,
    TrialList,
    Viewing,
    media_name,
    write_bundle,
)

CLASSES = ("Husky", "Wolf")
PRACTICE_CLASSES = ("Circle", "Square")
CONDITIONS = ("baseline", "craft")
LISTS = ("list_a", "list_b")
QUIZ_ANSWERS = {"task": 1, "reservoir": 0}
N_SESSIONS, N_TRAINING, N_TEST, N_CATCH, N_GROUPS, N_CROPS = 3, 5, 7, 1, 2, 3
COLORS = ("#0072b2", "#e69f00")
RULES = Rules(
    practice_min_correct=3,
    practice_max_attempts=2,
    quiz_min_correct=2,
    quiz_max_attempts=2,
    catch_min_correct=2,
    fast_answer_ms=0,
    max_fast_share=1.0,
    min_sessions_s=None,
    max_sessions_s=None,
    max_away_s=None,
)
RECRUITMENT = Recruitment(
    quota=None,
    lease_minutes=60,
    audience=None,
    expected_minutes=8,
    pay="$1.40",
    criteria=("5,000 tasks done", "over 98 % of them accepted"),
    min_width_px=None,
)
STAGES = ("consent", "instructions", "practice", "quiz", "sessions", "debriefing")


class Drawer:
    """Collects what a bundle is made of while it is drawn."""

    def __init__(self, size_px: int) -> None:
        self.size_px = size_px
        self.media: dict[str, bytes] = {}
        self.sizes: dict[str, MediaFile] = {}
        self.answers: dict[str, TrialAnswer] = {}
        self.training: dict[str, TrainingTrial] = {}
        self.test: dict[str, TestTrial] = {}

    def picture(self, shape: str, ground: str) -> str:
        """Draw a shape on a ground, a little different each time, and return its media name."""
        number, size = len(self.media), self.size_px
        image = Image.new("RGB", (size, size), "#e8eef4" if ground == "snow" else "#5f9f58")
        pen = ImageDraw.Draw(image)
        margin = size // 5 + number % 3
        box = (margin, margin, size - margin, size - margin)
        fill = (40 + number % 160, 60 + number // 160, 110)
        (pen.ellipse if shape in ("Husky", "Circle") else pen.rectangle)(box, fill=fill)
        stream = io.BytesIO()
        image.save(stream, "PNG")
        name = media_name(stream.getvalue(), "png")
        self.media[name] = stream.getvalue()
        self.sizes[name] = MediaFile(
            bytes=len(self.media[name]), width_px=size, height_px=size, renditions=()
        )
        return name

    def add(self, trial: TrainingTrial | TestTrial, answer: TrialAnswer) -> str:
        """Name a new trial and write down its answer."""
        name = f"t{len(self.answers):04d}"
        self.answers[name] = answer
        if isinstance(trial, TestTrial):
            self.test[name] = trial
        else:
            self.training[name] = trial
        return name


def answer_of(answer: str, **known: object) -> TrialAnswer:
    """Make an answer of which little is known."""
    nothing = dict.fromkeys(("tie", "source", "concept", "level", "sham", "difficulty"))
    return TrialAnswer(**{"label": answer, "is_catch": False} | nothing | known, answer=answer)


def small_manifest(drawer: Drawer, *, n_lists: int = 2, n_sessions: int = N_SESSIONS) -> Manifest:
    """Draw a study: two classes, two conditions, and lists of equal shape."""
    lists = tuple(
        TrialList(name=name, sessions=tuple(_session(drawer) for _ in range(n_sessions)))
        for name in LISTS[:n_lists]
    )
    return Manifest(
        schema="study-bundle",
        schema_version=2,
        study="small",
        title="What does the model see?",
        task="utility",
        language="en",
        translations={},
        scenario="shapes",
        classes=CLASSES,
        conditions=CONDITIONS,
        stages=tuple(Stage(stage=name, questionnaire=None) for name in STAGES),
        texts=_texts(),
        privacy=Privacy(consent_version="2025-01", retention_days=3650),
        questionnaires=(),
        practice=_practice(drawer),
        quiz=_quiz(),
        training_trials=drawer.training,
        test_trials=drawer.test,
        lists=lists,
        rules=RULES,
        viewing=Viewing(minimum_ms=0, maximum_ms=None),
        reservoir=Reservoir(scope="all_sessions", has_explanations=True),
        confidence=None,
        recruitment=RECRUITMENT,
        provenance=provenance(drawer),
        media=drawer.sizes,
    )


def provenance(drawer: Drawer) -> Provenance:
    """Say that the bundle was drawn."""
    return Provenance(
        package_version="0.1.0",
        git_commit=None,
        seed=0,
        config={"size_px": drawer.size_px},
        concept_store_sha256=None,
        network={"name": "none"},
        model={"accuracy_kept": 1.0, "accuracy_broken": 0.0},
        licences={"images": "MIT"},
    )


def write_small_bundle(
    folder: Path, *, size_px: int = 48, n_lists: int = 2, n_sessions: int = N_SESSIONS
) -> Bundle:
    """Draw and write a bundle."""
    drawer = Drawer(size_px)
    manifest = small_manifest(drawer, n_lists=n_lists, n_sessions=n_sessions)
    return write_bundle(
        folder,
        manifest,
        trials=drawer.answers,
        quiz=QUIZ_ANSWERS,
        media=drawer.media,
        sources={},
    )


def _session(drawer: Drawer) -> Session:
    grounds = {"Husky": "grass", "Wolf": "snow"}
    shown = [
        TrainingTrial(
            image=drawer.picture(name, grounds[name]),
            prediction=name,
            explanations={"baseline": (), "craft": _groups(drawer, name)},
        )
        for name in (CLASSES[i % 2] for i in range(N_TRAINING))
    ]
    training = [drawer.add(trial, answer_of(trial.prediction, tie="kept")) for trial in shown]
    test = []
    for i in range(N_TEST + N_CATCH):
        is_catch, name = i == 3, CLASSES[i % 2]
        image = (
            shown[i % 2].image
            if is_catch
            else drawer.picture(CLASSES[(i // 2) % 2], grounds[CLASSES[i % 2]])
        )
        tie = None if is_catch else ("kept", "broken")[i % 2]
        answer = answer_of(name, is_catch=is_catch, tie=tie)
        test.append(drawer.add(TestTrial(image=image, options=()), answer))
    return _utility(training, test)


def _utility(training: list[str], test: list[str]) -> Session:
    return Session(
        task="utility",
        title="",
        introduction=(),
        training=tuple(training),
        test=tuple(test),
        trials_are_shuffled=False,
        options_are_shuffled=False,
        questionnaire=None,
    )


def _groups(drawer: Drawer, prediction: str) -> tuple[Group, ...]:
    return tuple(
        Group(
            title=f"Concept {i + 1}",
            color=COLORS[i],
            importance=0.6 / (i + 1),
            crops=tuple(drawer.picture(prediction, "snow") for _ in range(N_CROPS)),
            map=drawer.picture(prediction, "grass"),
        )
        for i in range(N_GROUPS)
    )


def _practice(drawer: Drawer) -> Practice:
    training = [
        drawer.add(
            TrainingTrial(image=drawer.picture(name, "snow"), prediction=name, explanations={}),
            answer_of(name, tie="kept"),
        )
        for name in PRACTICE_CLASSES
    ]
    test = [
        drawer.add(
            TestTrial(image=drawer.picture(name, "grass"), options=()), answer_of(name, tie="kept")
        )
        for name in (PRACTICE_CLASSES[i % 2] for i in range(4))
    ]
    return Practice(
        classes=PRACTICE_CLASSES,
        introduction=("A simple model tells circles from squares.",),
        session=_utility(training, test),
    )


def _quiz() -> tuple[QuizItem, ...]:
    return (
        QuizItem(
            item="task",
            question="What do you say in the second half of each part?",
            choices=("What is in the image", "What the model will answer", "Whether I like it"),
        ),
        QuizItem(
            item="reservoir",
            question="May you look at earlier images again?",
            choices=("Yes, at any time during the questions", "No, never"),
        ),
    )


def _texts() -> Texts:
    return Texts(
        consent=(
            "In this study you find out how a computer model decides what is in an image.",
            "It takes 5 to 8 minutes. Your answers are stored without your name.",
        ),
        instructions=(
            "First you see images together with the model’s answer.",
            "Then you see new images and say what the model will answer, right or wrong.",
        ),
        debriefing=("You have seen images that a biased model sorted.",),
        data_notice=("Answers are stored for ten years, without names.",),
        ethics="Approved by the board of the lab, no. 1.",
        contact="lab@example.org",
    )
