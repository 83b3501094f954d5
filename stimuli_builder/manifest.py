"""What ``manifest.json`` holds: the study, without anything that a participant must not learn.

Manifest
├── Stage …                    the steps of the study, in order        -> stages.py
├── Texts, Privacy             what participants read and are promised
├── Questionnaire …                                                    -> questionnaires.py
├── Practice, QuizItem …       the screening
├── TrainingTrial, TestTrial … what is shown, by name                  -> sessions.py
├── TrialList …                in which order, by list                 -> sessions.py
├── Rules, Viewing, Reservoir, Confidence, Recruitment
└── Provenance, MediaFile …
"""

from dataclasses import dataclass
from typing import Any, Literal

from stimuli_builder.questionnaires import Questionnaire
from stimuli_builder.sessions import Session, TestTrial, TrainingTrial, TrialList
from stimuli_builder.stages import Stage


@dataclass(frozen=True, kw_only=True)
class Practice:
    """A short round on an easy model or easy pictures, which teaches the task and must be passed.

    Attributes
    ----------
    classes
        What the easy model answers; empty but in a utility study.
    introduction
        Paragraphs shown before it.
    session
        Its trials; no condition has an explanation here.
    """

    classes: tuple[str, ...]
    introduction: tuple[str, ...]
    session: Session


@dataclass(frozen=True, kw_only=True)
class QuizItem:
    """A question on the instructions.

    Attributes
    ----------
    item
        Unique in the bundle.
    question
        As shown.
    choices
        As shown, in order.
    """

    item: str
    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What participants read, as plain text. What is still to be written stands in ``[[…]]``.

    Attributes
    ----------
    consent, instructions, debriefing
        Paragraphs.
    data_notice
        Paragraphs on what is stored, for how long, and who sees it; empty where the consent text
        says it.
    ethics
        Which board approved the study, one line; empty where none had to.
    contact
        Who answers questions, one line.
    """

    consent: tuple[str, ...]
    instructions: tuple[str, ...]
    debriefing: tuple[str, ...]
    data_notice: tuple[str, ...]
    ethics: str
    contact: str


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What participants consent to.

    Attributes
    ----------
    consent_version
        Name of the consent text, such as its date; stored with every participation.
    retention_days
        Days after which a participation's data are deleted; None where nothing was promised.
    """

    consent_version: str
    retention_days: int | None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the screening (appendix E of Fel et al. 2023 leaves them open).

    The practice and the quiz end a participation; the others say whose answers are analysed.

    Attributes
    ----------
    practice_min_correct
        Right answers that pass the practice.
    quiz_min_correct
        Right items that pass the quiz.
    practice_max_attempts, quiz_max_attempts
        Rounds allowed.
    catch_min_correct
        Right catch trials, of all sessions' together, for a participant to be analysed.
    fast_answer_ms
        Milliseconds; a test answer given sooner counts as fast. 0 switches the rule off.
    max_fast_share
        In [0, 1]: share of fast answers up to which a participant is analysed.
    min_sessions_s, max_sessions_s
        Seconds from the first page of the sessions to the last answer, between which a participant
        is analysed; None where there is no such bound.
    max_away_s
        Seconds in the sessions with the page out of sight or another window in use, up to which a
        participant is analysed; None where there is no such bound.
    """

    practice_min_correct: int
    practice_max_attempts: int
    quiz_min_correct: int
    quiz_max_attempts: int
    catch_min_correct: int
    fast_answer_ms: int
    max_fast_share: float
    min_sessions_s: int | None
    max_sessions_s: int | None
    max_away_s: int | None


@dataclass(frozen=True, kw_only=True)
class Viewing:
    """How long a training trial is looked at: explanations hold the eye longer than an image.

    Attributes
    ----------
    minimum_ms
        Milliseconds before the page can be left; 0 leaves it to the participant.
    maximum_ms
        Milliseconds after which the page moves on by itself; None leaves it to the participant. The
        same as `minimum_ms` fixes the time.
    """

    minimum_ms: int
    maximum_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Reservoir:
    """The training trials that can be looked at again during a test.

    Attributes
    ----------
    scope
        Those of the same session, of all sessions so far, or none.
    has_explanations
        Whether they are shown with the condition's explanation, as in training.
    """

    scope: Literal["none", "session", "all_sessions"]
    has_explanations: bool


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """The question of how sure a participant is, asked beside every test answer.

    Attributes
    ----------
    question
        As shown.
    levels
        Labels, least sure first; the answer is stored as its place, from 1.
    """

    question: str
    levels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Recruitment:
    """Who and how many are wanted, what they get, and how long a place is kept.

    Attributes
    ----------
    quota
        Participants of each condition whose answers can be analysed; None takes all who come.
    lease_minutes
        Minutes without a step after which a place is given to somebody else.
    audience
        Name of the question whose answer says which audience a participant belongs to (experts or
        laymen in appendix E.2), or None.
    expected_minutes
        How long it takes, as participants are told; None where it is not known.
    pay
        As participants are told, such as ``$1.40``; empty where there is none.
    criteria
        Whom the panel is asked for, one criterion a line, such as ``5,000 tasks done``.
    min_width_px
        CSS pixels of the window, below which people are asked to come back with a larger screen;
        None lets phones take part.
    """

    quota: int | None
    lease_minutes: int
    audience: str | None
    expected_minutes: int | None
    pay: str
    criteria: tuple[str, ...]
    min_width_px: int | None


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where the bundle comes from.

    Attributes
    ----------
    package_version
        Of the package that built it.
    git_commit
        Of the working tree that built it, or None.
    seed
        The builder's seed.
    config
        The resolved configuration.
    concept_store_sha256
        Of the concept store's ``store.json``, or None where there was none.
    network
        Name, layer and weights' hash, as in the concept store.
    model
        What is known of the model: its accuracy with the tie kept and broken, for example.
    licences
        Of the weights and the images.
    """

    package_version: str
    git_commit: str | None
    seed: int
    config: dict[str, Any]
    concept_store_sha256: str | None
    network: dict[str, Any]
    model: dict[str, Any]
    licences: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class MediaFile:
    """One picture.

    Attributes
    ----------
    bytes, width_px, height_px
        Its size.
    renditions
        Media names of the same picture in other sizes, of which a browser takes the one that suits
        its screen.
    """

    bytes: int
    width_px: int
    height_px: int
    renditions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The study, without anything that a participant must not learn.

    Attributes
    ----------
    schema, schema_version
        ``study-bundle`` and the version of the format.
    study
        Short name, of a-z, 0-9, ``_`` and ``-``.
    title
        As shown.
    task
        That of all sessions; ``recursivity`` is intruders, then binary choices (appendix E.2), and
        ``mixed`` anything else.
    language
        Of all texts, as a web page names it, such as ``en``.
    translations
        Other language -> text -> text; for all that participants read, classes and titles included.
    scenario
        Name of the images' scenario.
    classes
        What the model answers, in the order of the buttons.
    conditions
        Names; the first is the baseline that the others are compared with.
    stages, texts, privacy, questionnaires, quiz, rules, viewing, reservoir, recruitment, provenance
        See their classes.
    training_trials, test_trials
        Name of a trial, which tells nothing -> what is shown; the practice's among them.
    lists
        Which trials are shown in which order; each participant goes through one list.
    practice
        None where the stages have none.
    confidence
        None where it is not asked for.
    media
        Media name -> size.
    """

    schema: Literal["study-bundle"]
    schema_version: Literal[2]
    study: str
    title: str
    task: Literal["utility", "intruder", "binary_choice", "recursivity", "mixed"]
    language: str
    translations: dict[str, dict[str, str]]
    scenario: str
    classes: tuple[str, ...]
    conditions: tuple[str, ...]
    stages: tuple[Stage, ...]
    texts: Texts
    privacy: Privacy
    questionnaires: tuple[Questionnaire, ...]
    practice: Practice | None
    quiz: tuple[QuizItem, ...]
    training_trials: dict[str, TrainingTrial]
    test_trials: dict[str, TestTrial]
    lists: tuple[TrialList, ...]
    rules: Rules
    viewing: Viewing
    reservoir: Reservoir
    confidence: Confidence | None
    recruitment: Recruitment
    provenance: Provenance
    media: dict[str, MediaFile]
