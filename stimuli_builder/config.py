"""The configuration of ``craft-stimuli build``: TOML, checked, frozen."""

import difflib
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import SkipJsonSchema

from stimuli_builder.colours import PANEL_COLOURS
from stimuli_builder.errors import ConfigError
from stimuli_builder.translation_files import read_translations
from stimuli_builder.translations import LANGUAGE

_SHARED = "shared_translations"
N_RECURSIVITY_LISTS = 4


class Section(BaseModel):
    """A table of the file; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PhaseConfig(Section):
    """One phase of every session: how many images, and what share of them breaks the tie."""

    images: int = Field(ge=1)
    tie_broken_share: float = Field(default=0.0, ge=0, le=1)
    error_share: float | None = Field(default=None, ge=0, le=1)


class ExplanationConfig(Section):
    """What a condition with an explanation shows; each concept has a colour of its own."""

    concepts: int = Field(default=3, ge=1, le=len(PANEL_COLOURS))
    crops: int = Field(default=4, ge=1)


class PicturesConfig(Section):
    """Sides and quality of the pictures that participants see.

    Where the images have the pixels, a second file with up to `dense` times as many on each side is
    kept for dense screens.
    """

    image_px: int = Field(default=448, ge=64)
    crop_px: int = Field(default=160, ge=32)
    dense: int = Field(default=2, ge=1, le=3)
    quality: int = Field(default=90, ge=50, le=100)
    max_kb: int = Field(default=150, ge=10)


class IntruderConfig(Section):
    """Intruder trials: how many of concepts and sub-concepts, and where an intruder comes from.

    A sub-concept's intruder is of a `sibling`, or of another concept of its parent's bank. Crops
    above the percentile of a concept's coefficients belong to it.
    """

    trials: int = Field(default=15, ge=0)
    sub_trials: int = Field(default=15, ge=0)
    crops: int = Field(default=5, ge=3)
    sub_concept_intruder: Literal["sibling", "concept"] = "sibling"
    match_colour: bool = False
    percentile: float = Field(default=80.0, ge=0, lt=100)
    concepts: int = Field(default=8, ge=2)  # of each class, the most important


class BinaryChoiceConfig(Section):
    """Binary choices: how many, of them shams, and how many crops a group shows.

    The paper's 15 trials have no shams; with `same_layer` and `random` zero they have none here.
    """

    trials: int = Field(default=15, ge=1)
    same_layer: int = Field(default=4, ge=0)
    random: int = Field(default=4, ge=0)
    rows: int = Field(default=2, ge=1)
    columns: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _some_are_no_shams(self) -> "BinaryChoiceConfig":
        if self.same_layer + self.random >= self.trials:
            raise ValueError(f"same_layer and random must be below trials={self.trials} together")
        return self


class PracticeConfig(Section):
    """The practice: pictures of day and night, and how it is passed."""

    training: int = Field(default=4, ge=2)
    test: int = Field(default=4, ge=1)
    min_correct: int = Field(default=3, ge=0)
    max_attempts: int = Field(default=2, ge=1)
    introduction: tuple[str, ...]


class QuizItemConfig(Section):
    """A question on the instructions; `answer` is the place of the right choice, from 0."""

    question: str
    choices: tuple[str, ...] = Field(min_length=2)
    answer: int = Field(ge=0)

    @model_validator(mode="after")
    def _answer_is_a_choice(self) -> "QuizItemConfig":
        if self.answer >= len(self.choices):
            raise ValueError(f"answer must be below {len(self.choices)}")
        return self


class QuizConfig(Section):
    """The quiz; without `min_correct` it is passed with every item right."""

    min_correct: int | None = Field(default=None, ge=1)
    max_attempts: int = Field(default=3, ge=1)
    items: tuple[QuizItemConfig, ...] = Field(min_length=1)


class TextsConfig(Section):
    """What participants read, paragraph by paragraph."""

    contact: str
    consent: tuple[str, ...]
    instructions: tuple[str, ...]
    debriefing: tuple[str, ...]
    data_notice: tuple[str, ...] = ()
    ethics: str = ""


class PrivacyConfig(Section):
    """What participants consent to; without `retention_days` nothing is promised."""

    consent_version: str = "1"
    retention_days: int | None = Field(default=None, ge=1)


class ViewingConfig(Section):
    """How long a training trial is looked at; both the same fixes the time."""

    minimum_ms: int = Field(default=0, ge=0)
    maximum_ms: int | None = Field(default=None, ge=1)


class ReservoirConfig(Section):
    """The training trials that can be looked at again during a test."""

    scope: Literal["none", "session", "all_sessions"] = "all_sessions"
    has_explanations: bool = True


class RecruitmentConfig(Section):
    """Who and how many of each condition are wanted, and how long a place is kept."""

    quota: int | None = Field(default=None, ge=1)
    lease_minutes: int = Field(default=120, ge=1)
    audience: str | None = None
    expected_minutes: int | None = Field(default=None, ge=1)
    pay: str = ""
    criteria: tuple[str, ...] = ()
    min_width_px: int | None = Field(default=None, ge=1)


class TimeRulesConfig(Section):
    """Whose answers are analysed, by their times; what is not given is no rule."""

    fast_answer_ms: int = Field(default=0, ge=0)
    max_fast_share: float = Field(default=1.0, ge=0, le=1)
    min_sessions_s: int | None = Field(default=None, ge=0)
    max_sessions_s: int | None = Field(default=None, ge=1)
    max_away_s: int | None = Field(default=None, ge=0)


class ConfidenceConfig(Section):
    """The question of how sure a participant is, asked beside every test answer."""

    question: str
    levels: tuple[str, ...] = Field(min_length=2)


class ChoiceConfig(Section):
    """One choice of a question."""

    value: str = Field(pattern=r"^[a-z0-9_-]+$")
    label: str
    is_eligible: bool = True


class QuestionConfig(Section):
    """One question about the participant or the study."""

    question: str = Field(pattern=r"^[a-z0-9_-]+$")
    text: str
    kind: Literal["choice", "integer", "text"]
    choices: tuple[ChoiceConfig, ...] = ()
    low: int | None = None
    high: int | None = None
    is_required: bool = False


class QuestionnaireConfig(Section):
    """A page of questions, and where it comes: a stage, or after each session."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    title: str
    introduction: tuple[str, ...] = ()
    place: Literal["eligibility", "before_sessions", "after_each_session", "after_sessions"]
    questions: tuple[QuestionConfig, ...] = Field(min_length=1)


class StudyConfig(Section):
    """The whole file."""

    study: str = Field(pattern=r"^[a-z0-9_-]{1,60}$")
    title: str
    scenario: str
    seed: int = Field(default=0, ge=0)
    task: Literal["utility", "recursivity"] = "utility"
    conditions: tuple[str, ...] = ("baseline", "craft")
    lists: int = Field(default=6, ge=1, le=26)
    sessions: int = Field(default=3, ge=1)
    catch_min_correct: int = Field(default=3, ge=0)
    training: PhaseConfig = PhaseConfig(images=5, tie_broken_share=0.0)
    test: PhaseConfig = PhaseConfig(images=7, tie_broken_share=0.5)
    explanation: ExplanationConfig = ExplanationConfig()
    intruder: IntruderConfig = IntruderConfig()
    binary_choice: BinaryChoiceConfig = BinaryChoiceConfig()
    allow_unbiased: bool = False
    pictures: PicturesConfig = PicturesConfig()
    practice: PracticeConfig
    quiz: QuizConfig
    texts: TextsConfig
    privacy: PrivacyConfig = PrivacyConfig()
    viewing: ViewingConfig = ViewingConfig()
    reservoir: ReservoirConfig = ReservoirConfig()
    recruitment: RecruitmentConfig = RecruitmentConfig()
    time_rules: TimeRulesConfig = TimeRulesConfig()
    confidence: ConfidenceConfig | None = None
    questionnaires: tuple[QuestionnaireConfig, ...] = ()
    language: str = "en"
    languages: tuple[str, ...] = ()
    translations: dict[str, dict[str, str]] = {}
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
    schema = StudyConfig.model_json_schema()
    for section in (schema, *schema["$defs"].values()):
        section.pop("required", None)
    based_on = {"title": "Based On", "type": "string"}
    properties = {"based_on": based_on} | schema["properties"]
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
        return StudyConfig.model_validate(tables)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "configuration"
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"{where} in {file} must be a known key; got another. {_nearest(first['loc'])}"
            ) from error
        shown = repr(first["input"])[:60]
        raise ConfigError(
            f"{where} in {file} must be right ({first['msg']}); got {shown}."
        ) from error


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
        tables[_SHARED] = {str(each): read_translations(file.parent, each) for each in languages}
    return _overridden(under, tables)


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
    known = list(section.model_fields)
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
