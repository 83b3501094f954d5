"""The configuration of ``craft-stimuli build``: TOML, checked, frozen."""

import difflib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from stimuli_builder.errors import ConfigError
from stimuli_builder.translation_files import read_translations
from stimuli_builder.translations import LANGUAGE

_SHARED = "shared_translations"
N_RECURSIVITY_LISTS: Final = 4
MOST_CONCEPTS: Final = 25  # six colours in five shapes can be told apart
OTHER_TASKS: Final = {  # task -> what it has not
    "utility": ("intruder", "binary_choice"),
    "recursivity": ("sessions", "training", "test", "explanation", "viewing", "reservoir"),
}


class Section(BaseModel):
    """A table of the file; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PhaseConfig(Section):
    """One phase of every session: how many images, and what share of them breaks the tie."""

    images: int = Field(ge=1)
    """Images of the phase, in each session; the catch image is additional."""
    tie_broken_share: float = Field(default=0.0, ge=0, le=1)
    """Share of them that break the tie a person would guess by; 0 without known ties."""
    error_share: float | None = Field(default=None, ge=0, le=1)
    """Share of them that the network gets wrong; as they come unless given."""


class ExplanationConfig(Section):
    """What a condition with an explanation shows."""

    concepts: int = Field(default=3, ge=1, le=MOST_CONCEPTS)
    """Concepts of the predicted class, the most important first."""
    crops: int = Field(default=4, ge=1)
    """Crops of each concept, the strongest first."""


class PicturesConfig(Section):
    """Sides and quality of the pictures that participants see.

    Where the images have the pixels, a second file with up to `dense` times as many on each side is
    kept for dense screens.
    """

    image_px: int = Field(default=448, ge=64)
    """Side of an image and of its maps."""
    crop_px: int = Field(default=160, ge=32)
    """Side of a crop."""
    dense: int = Field(default=2, ge=1, le=3)
    """How many times larger pictures for dense screens may be; 1 for none."""
    quality: int = Field(default=90, ge=50, le=100)
    """Of WebP; lowered where a picture would be too large."""
    max_kb: int = Field(default=150, ge=10)
    """Size that no picture exceeds."""


class IntruderConfig(Section):
    """Intruder trials: how many of concepts and sub-concepts, and where an intruder comes from.

    A sub-concept's intruder is of a `sibling`, or of another concept of its parent's bank. Crops
    above the percentile of a concept's coefficients belong to it.
    """

    trials: int = Field(default=15, ge=0)
    """Trials among concepts."""
    sub_trials: int = Field(default=15, ge=0)
    """Trials among sub-concepts."""
    crops: int = Field(default=5, ge=3)
    """Pictures of a trial, the intruder among them."""
    sub_concept_intruder: Literal["sibling", "concept"] = "sibling"
    """Where a sub-concept's intruder comes from."""
    match_colour: bool = False
    """Whether it is the candidate nearest in brightness and colour."""
    percentile: float = Field(default=80.0, ge=0, lt=100)
    """Crops with a coefficient above it belong to a concept."""
    concepts: int = Field(default=8, ge=2)
    """Concepts of each class that trials are about, the most important."""


class BinaryChoiceConfig(Section):
    """Binary choices: how many, of them shams, and how many crops a group shows.

    The paper's 15 trials have no shams; with `same_layer` and `random` zero they have none here.
    """

    trials: int = Field(default=15, ge=1)
    """Trials, shams among them."""
    same_layer: int = Field(default=4, ge=0)
    """Of them shams by a split at the concepts' own layer."""
    random: int = Field(default=4, ge=0)
    """Of them shams by random groups of the same sizes."""
    rows: int = Field(default=2, ge=1)
    """Rows of a panel's crops."""
    columns: int = Field(default=3, ge=1)
    """Columns of a panel's crops."""

    @model_validator(mode="after")
    def _some_are_no_shams(self) -> "BinaryChoiceConfig":
        if self.same_layer + self.random >= self.trials:
            raise ValueError(f"same_layer and random must be below trials={self.trials} together")
        return self


class PracticeConfig(Section):
    """The practice: pictures of day and night, and how it is passed."""

    training: int = Field(default=4, ge=2)
    """Pictures that are shown with their answer."""
    test: int = Field(default=4, ge=1)
    """Pictures that are asked about."""
    min_correct: int = Field(default=3, ge=0)
    """Right answers that pass it."""
    max_attempts: int = Field(default=2, ge=1)
    """Times that it may be taken."""
    introduction: tuple[str, ...]
    """What is read before it, paragraph by paragraph."""


class QuizItemConfig(Section):
    """A question on the instructions; `answer` is the place of the right choice, from 0."""

    question: str
    """What is asked."""
    choices: tuple[str, ...] = Field(min_length=2)
    """What can be answered, in the order shown."""
    answer: int = Field(ge=0)
    """Place of the right choice, from 0."""

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> "QuizItemConfig":
        if self.answer >= len(self.choices):
            raise ValueError(f"answer must be below {len(self.choices)}")
        return self


class QuizConfig(Section):
    """The quiz; without `min_correct` it is passed with every item right."""

    min_correct: int | None = Field(default=None, ge=1)
    """Right answers that pass it; all unless given."""
    max_attempts: int = Field(default=3, ge=1)
    """Times that it may be taken."""
    items: tuple[QuizItemConfig, ...] = Field(min_length=1)
    """The questions, in the order asked."""


class TextsConfig(Section):
    """What participants read, paragraph by paragraph."""

    contact: str
    """Who answers questions, with an address."""
    consent: tuple[str, ...] = Field(min_length=1)
    """What participants agree to."""
    instructions: tuple[str, ...] = Field(min_length=1)
    """What they are to do."""
    debriefing: tuple[str, ...] = Field(min_length=1)
    """What they read at the end."""
    data_notice: tuple[str, ...] = ()
    """What is kept of them, where, how long, and their rights."""
    ethics: str = ""
    """Which board approved the study, and under which number."""


class PrivacyConfig(Section):
    """What participants consent to; without `retention_days` nothing is promised."""

    consent_version: str = "1"
    """Kept with each consent; new whenever the text changes."""
    retention_days: int | None = Field(default=None, ge=1)
    """Days after the last answer that personal data are kept."""


class ViewingConfig(Section):
    """How long a training trial is looked at; both the same fixes the time."""

    minimum_ms: int = Field(default=0, ge=0)
    """Time before the next page can be asked for."""
    maximum_ms: int | None = Field(default=None, ge=1)
    """Time after which it comes by itself."""


class ReservoirConfig(Section):
    """The training trials that can be looked at again during a test."""

    scope: Literal["none", "session", "all_sessions"] = "all_sessions"
    """Which training trials can be looked at during a test."""
    has_explanations: bool = True
    """Whether their explanations are shown too."""


class RecruitmentConfig(Section):
    """Who and how many of each condition are wanted, and how long a place is kept."""

    quota: int | None = Field(default=None, ge=1)
    """Participants wanted in each condition; without it there is no end."""
    lease_minutes: int = Field(default=120, ge=1)
    """How long the place of somebody silent is kept."""
    audience: str | None = None
    """Question whose answer says which audience somebody is of, such as experts."""
    expected_minutes: int | None = Field(default=None, ge=1)
    """How long it takes, as participants are told."""
    pay: str = ""
    """What they get, as they are told."""
    criteria: tuple[str, ...] = ()
    """Who may take part, as they are told."""
    min_width_px: int | None = Field(default=None, ge=1)
    """Least width of the window, in CSS pixels."""


class TimeRulesConfig(Section):
    """Whose answers are analysed, by their times; what is not given is no rule."""

    fast_answer_ms: int = Field(default=0, ge=0)
    """An answer below it is fast."""
    max_fast_share: float = Field(default=1.0, ge=0, le=1)
    """Share of fast answers above which somebody is excluded."""
    min_sessions_s: int | None = Field(default=None, ge=0)
    """Least time of all sessions together."""
    max_sessions_s: int | None = Field(default=None, ge=1)
    """Most time of all sessions together."""
    max_away_s: int | None = Field(default=None, ge=0)
    """Most time with the window hidden."""


class ConfidenceConfig(Section):
    """The question of how sure a participant is, asked beside every test answer."""

    question: str
    """What is asked."""
    levels: tuple[str, ...] = Field(min_length=2)
    """What can be answered, least sure first."""


class ChoiceConfig(Section):
    """One choice of a question."""

    value: str = Field(pattern=r"^[a-z0-9_-]+$")
    """What is stored."""
    label: str
    """What is read."""
    is_eligible: bool = True
    """Whether somebody who chooses it may take part."""


class QuestionConfig(Section):
    """One question about the participant or the study."""

    question: str = Field(pattern=r"^[a-z0-9_-]+$")
    """Its name in the export."""
    text: str
    """What is asked."""
    kind: Literal["choice", "integer", "text"]
    """A choice among some, a whole number, or free text."""
    choices: tuple[ChoiceConfig, ...] = ()
    """Of kind choice: what can be answered."""
    low: int | None = None
    """Of kind integer: the least."""
    high: int | None = None
    """Of kind integer: the most."""
    is_required: bool = False
    """Whether it must be answered."""


class QuestionnaireConfig(Section):
    """A page of questions, and where it comes: a stage, or after each session."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    """In the export."""
    title: str
    """Heading of the page."""
    introduction: tuple[str, ...] = ()
    """What is read above the questions."""
    place: Literal["eligibility", "before_sessions", "after_each_session", "after_sessions"]
    """Where it comes."""
    questions: tuple[QuestionConfig, ...] = Field(min_length=1)
    """In the order asked."""


class StudyConfig(Section):
    """The whole file."""

    study: str = Field(pattern=r"^[a-z0-9_-]{1,60}$")
    """Its name in addresses, exports and tables."""
    title: str
    """What participants read on top."""
    scenario: str
    """Which images it is about, such as husky_wolf."""
    seed: int = Field(default=0, ge=0)
    """Same seed, same bundle."""
    task: Literal["utility", "recursivity"] = "utility"
    """Predicting a network, or judging concepts and sub-concepts."""
    conditions: tuple[str, ...] = ("baseline", "craft")
    """What participants are assigned to, the baseline first."""
    lists: int = Field(default=6, ge=1, le=240)
    """Orders of the same trials, which participants are dealt out to."""
    sessions: int = Field(default=3, ge=1)
    """Sessions of training and test."""
    catch_min_correct: int = Field(default=3, ge=0)
    """Catch trials that must be right for answers to be analysed."""
    training: PhaseConfig = PhaseConfig(images=5, tie_broken_share=0.0)
    """Trials that show the prediction, and an explanation."""
    test: PhaseConfig = PhaseConfig(images=7, tie_broken_share=0.5)
    """Trials that ask for the prediction."""
    explanation: ExplanationConfig = ExplanationConfig()
    """What conditions with concepts show."""
    intruder: IntruderConfig = IntruderConfig()
    """Of a recursivity study."""
    binary_choice: BinaryChoiceConfig = BinaryChoiceConfig()
    """Of a recursivity study."""
    allow_unbiased: bool = False
    """Whether a network that has not learnt the scenario is taken."""
    pictures: PicturesConfig = PicturesConfig()
    """Sides and quality."""
    practice: PracticeConfig
    """The practice before the sessions."""
    quiz: QuizConfig
    """The quiz on the instructions."""
    texts: TextsConfig
    """What participants read."""
    privacy: PrivacyConfig = PrivacyConfig()
    """Consent and retention."""
    viewing: ViewingConfig = ViewingConfig()
    """Time on a training trial."""
    reservoir: ReservoirConfig = ReservoirConfig()
    """What can be looked at again during a test."""
    recruitment: RecruitmentConfig = RecruitmentConfig()
    """Who is wanted, how many, and what they are told of it."""
    time_rules: TimeRulesConfig = TimeRulesConfig()
    """Whose answers are analysed, by their times."""
    confidence: ConfidenceConfig | None = None
    """A question beside every test answer."""
    questionnaires: tuple[QuestionnaireConfig, ...] = ()
    """Pages of questions."""
    language: str = "en"
    """Of the texts in this file."""
    languages: tuple[str, ...] = ()
    """Others, each a file languages/CODE.toml beside this one."""
    translations: dict[str, dict[str, str]] = {}
    """Texts in other languages that stand over those files."""
    shared_translations: SkipJsonSchema[dict[str, dict[str, str]]] = Field(default={}, exclude=True)

    @model_validator(mode="after")
    def _thresholds_can_be_met(self) -> "StudyConfig":
        if self.conditions[:1] != ("baseline",) or len(set(self.conditions)) < len(self.conditions):
            raise ValueError("conditions must begin with baseline and name each once")
        if self.practice.min_correct > self.practice.test:
            raise ValueError(f"practice.min_correct must be at most {self.practice.test}")
        if (self.quiz.min_correct or 0) > len(self.quiz.items):
            raise ValueError(f"quiz.min_correct must be at most {len(self.quiz.items)}")
        if self.task == "utility" and self.catch_min_correct > self.sessions:
            raise ValueError(f"catch_min_correct must be at most {self.sessions}")
        _check_languages(self.language, {*self.languages, *self.translations})
        if self.task == "recursivity" and self.lists != N_RECURSIVITY_LISTS:
            raise ValueError(
                f"lists of a recursivity study must be {N_RECURSIVITY_LISTS}: which block comes "
                "first, times the sides of the choices"
            )
        if sum(each.place == "after_each_session" for each in self.questionnaires) > 1:
            raise ValueError("questionnaires must have one place after_each_session at most")
        return self

    @model_validator(mode="after")
    def _recursivity_has_one_arm(self) -> "StudyConfig":
        if self.task == "recursivity" and len(self.conditions) > 1:
            raise ValueError(
                "conditions of a recursivity study must be ['baseline'], since its trials show no "
                f"explanation, not {list(self.conditions)}"
            )
        return self


def editor_schema() -> dict[str, object]:
    """Describe a file for an editor, which sees one file alone: what is missing may be in its base.

    Returns
    -------
    dict[str, object]
        JSON Schema with ``based_on``, in which no key is required.
    """
    from stimuli_builder.conditions.registry import CONDITIONS  # torch loads for seconds

    schema = StudyConfig.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        section.pop("required", None)
    based_on = {"title": "Based On", "type": "string"}
    properties = {"based_on": based_on} | schema["properties"]
    properties["conditions"]["items"] = {"enum": list(CONDITIONS)}
    return schema | {"properties": properties}


def _check_languages(language: str, others: Collection[str]) -> None:
    """Require tags, none of them twice."""
    for each in (language, *sorted(others)):
        if not LANGUAGE.fullmatch(each):
            raise ValueError(f"language must be a tag such as 'en', not {each[:40]!r}")
    if language in others:
        raise ValueError(f"languages and translations must not hold language {language!r} itself")


def read_config(file: Path) -> StudyConfig:
    """Read and check a configuration.

    Parameters
    ----------
    file
        TOML.

    Returns
    -------
    StudyConfig
        With defaults filled in.

    Raises
    ------
    ConfigError
        If the file is missing, is no TOML, or has an unknown key or a wrong value; or if a language
        has no file beside it.
    """
    tables = _read_tables(file)
    try:
        config = StudyConfig.model_validate(tables)
    except ValidationError as error:
        found = error.errors()
        unknown = [each for each in found if each["type"] == "extra_forbidden"]
        first = (unknown or found)[0]  # a misspelt key is missing too
        where = ".".join(str(part) for part in first["loc"]) or "configuration"
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"{where} in {file} must be a known key; got another. {_nearest(first['loc'])}"
            ) from error
        shown = repr(first["input"])[:60]
        raise ConfigError(
            f"{where} in {file} must be right ({first['msg']}); got {shown}."
        ) from error
    _check_task(file, config.task)
    return config


def _check_task(file: Path, task: str) -> None:
    """Refuse what a file says itself of the other task; its base may be a study of that one."""
    own = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    for key in OTHER_TASKS[task]:
        if key in own:
            raise ConfigError(
                f"{key} in {file} must be left to studies of another task; got task {task!r}."
            )


def _read_tables(file: Path, above: tuple[Path, ...] = ()) -> dict[str, object]:
    """Read a file and those it is based on, whose tables it fills in and overrides."""
    if file.resolve() in above:
        raise ConfigError(f"based_on must not lead back to its own file; got {file}.")
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"configuration must be a readable file; got {file}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"configuration {file} must be text in UTF-8; got {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"configuration {file} must be TOML; got {error}.") from error
    if _SHARED in tables:
        raise ConfigError(f"{_SHARED} in {file} must be left to languages; got a table.")
    base = tables.pop("based_on", None)
    under: dict[str, object] = {}
    if base is not None:
        under = _read_tables(file.parent / str(base), (*above, file.resolve()))
    languages = tables.get("languages")
    if isinstance(languages, list):  # of files beside the one that names them
        under.pop(_SHARED, None)
        tables[_SHARED] = {each: _read_language(file, each) for each in languages}
    return _overridden(under, tables)


def _read_language(file: Path, language: object) -> dict[str, str]:
    if not isinstance(language, str):
        raise ConfigError(f"languages in {file} must be tags such as 'fr'; got {language!r}.")
    return read_translations(file.parent, language)


def _overridden(base: dict[str, object], tables: dict[str, object]) -> dict[str, object]:
    """Put one file's keys over another's, table by table."""
    merged = dict(base)
    for key, value in tables.items():
        under = base.get(key)
        both = isinstance(value, dict) and isinstance(under, dict)
        merged[key] = _overridden(under, value) if both else value  # type: ignore[arg-type]
    return merged


def _nearest(place: tuple[int | str, ...]) -> str:
    """Name the key that was probably meant, among those of the same table."""
    section: type[BaseModel] = StudyConfig
    for part in place[:-1]:
        if isinstance(part, str) and part in section.model_fields:
            section = _section_of(section.model_fields[part].annotation) or section
    known = [name for name in section.model_fields if name != _SHARED]
    near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.0)
    return f"The nearest is {near[0]!r}; all of its table: {known}."


def _section_of(annotation: object) -> type[BaseModel] | None:
    """Find the table in an annotation such as ``tuple[QuestionConfig, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _section_of(inner)
        if found is not None:
            return found
    return None
