"""The study bundle on disk: what a server needs to run a study, and nothing it must not show.

    BUNDLE/
      manifest.json          the study: texts, rules, lists of trials        -> `Manifest`
      answers.json           what the model answered; never served           -> `Answers`
      media/<sha256>.<ext>   every picture, named by its own bytes

Loads neither torch nor Flask. Every field is described in docs/formats.md.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from stimuli_builder.errors import BundleError
from stimuli_builder.records import from_json, to_json

SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class Group:
    """One labelled part of an explanation: a concept with its crops and its map, or one map.

    Attributes
    ----------
    title
        What the participant reads above it, such as ``Concept 1``; may be empty.
    color
        The map's colour as ``#rrggbb``; empty where there is none.
    importance
        In [0, 1]: share of the class's importance; None where there is none.
    crops
        Media names of example crops, best first.
    map
        Media name of the trial's image with the map drawn over it, or None.
    """

    title: str
    color: str
    importance: float | None
    crops: tuple[str, ...]
    map: str | None


@dataclass(frozen=True, kw_only=True)
class TrainingTrial:
    """An image shown with the model's prediction and, by condition, an explanation.

    Attributes
    ----------
    trial
        Unique in the bundle; tells nothing.
    image
        Media name.
    prediction
        The model's answer, one of the classes in force.
    explanations
        Condition -> groups shown; a condition without an explanation has none.
    """

    trial: str
    image: str
    prediction: str
    explanations: dict[str, tuple[Group, ...]]


@dataclass(frozen=True, kw_only=True)
class TestTrial:
    """An image whose prediction the participant has to guess.

    Attributes
    ----------
    trial
        Unique in the bundle; tells nothing.
    image
        Media name.
    """

    __test__ = False  # not a test case of pytest

    trial: str
    image: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """One round of a utility study: a training phase, then a test phase.

    Attributes
    ----------
    training
        In the order shown.
    test
        In the order shown, the catch trial among them.
    """

    training: tuple[TrainingTrial, ...]
    test: tuple[TestTrial, ...]


@dataclass(frozen=True, kw_only=True)
class TrialList:
    """One version of the study; each participant goes through one.

    Attributes
    ----------
    name
        Unique in the bundle.
    sessions
        In order.
    """

    name: str
    sessions: tuple[Session, ...]


@dataclass(frozen=True, kw_only=True)
class Practice:
    """A short round on an easy model, which teaches the task and must be passed.

    Attributes
    ----------
    classes
        What the easy model answers.
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
    """What participants read, as plain-text paragraphs.

    Attributes
    ----------
    consent, instructions, debriefing
        Paragraphs.
    contact
        Who answers questions, one line.
    """

    consent: tuple[str, ...]
    instructions: tuple[str, ...]
    debriefing: tuple[str, ...]
    contact: str


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the screening (appendix E.1 of Fel et al. 2023 leaves them open).

    Attributes
    ----------
    practice_min_correct
        Right answers that pass the practice.
    practice_max_attempts, quiz_max_attempts
        Rounds allowed; a quiz is passed with every item right.
    catch_min_correct
        Right catch trials, of one in each session, for a participant to be analysed.
    """

    practice_min_correct: int
    practice_max_attempts: int
    quiz_max_attempts: int
    catch_min_correct: int


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
    """

    bytes: int
    width_px: int
    height_px: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The study, without anything that a participant must not learn.

    Attributes
    ----------
    schema, schema_version
        ``study-bundle`` and `SCHEMA_VERSION`.
    study
        Short name, of a-z, 0-9, ``_`` and ``-``.
    title
        As shown.
    task
        What participants do.
    scenario
        Name of the images' scenario.
    classes
        What the model answers, in the order of the buttons.
    conditions
        Names; the first is the baseline that the others are compared with.
    texts, practice, quiz, lists, rules, provenance
        See their classes.
    media
        Media name -> size.
    """

    schema: Literal["study-bundle"]
    schema_version: Literal[1]
    study: str
    title: str
    task: Literal["utility"]
    scenario: str
    classes: tuple[str, ...]
    conditions: tuple[str, ...]
    texts: Texts
    practice: Practice
    quiz: tuple[QuizItem, ...]
    lists: tuple[TrialList, ...]
    rules: Rules
    provenance: Provenance
    media: dict[str, MediaFile]


@dataclass(frozen=True, kw_only=True)
class TrialAnswer:
    """What the model answered, and what kind of trial it is.

    Attributes
    ----------
    answer
        The model's prediction.
    label
        Class of the folder the image came from.
    is_catch
        Whether the trial is a catch trial, which is never scored.
    tie
        Whether the image keeps or breaks the tie a person would guess by; None if unknown.
    source
        Path of the image in the researcher's folder, or None.
    """

    answer: str
    label: str
    is_catch: bool
    tie: Literal["kept", "broken"] | None
    source: str | None


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answer file.

    Attributes
    ----------
    schema, schema_version
        ``study-answers`` and `SCHEMA_VERSION`.
    manifest_sha256
        Of the manifest it belongs to.
    trials
        Trial -> answer, for every training, test and practice trial.
    quiz
        Item -> index of the right choice.
    """

    schema: Literal["study-answers"]
    schema_version: Literal[1]
    manifest_sha256: str
    trials: dict[str, TrialAnswer]
    quiz: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A bundle that was read.

    Attributes
    ----------
    path
        Its folder.
    manifest, answers
        Its two files.
    manifest_sha256, answers_sha256
        Of the two files' bytes.
    """

    path: Path
    manifest: Manifest
    answers: Answers
    manifest_sha256: str
    answers_sha256: str

    def media_path(self, name: str) -> Path:
        """Return the file of a media name that the manifest lists.

        Parameters
        ----------
        name
            As in the manifest.

        Returns
        -------
        Path
            Inside the bundle's ``media`` folder.

        Raises
        ------
        BundleError
            If the manifest has no such file.
        """
        if name not in self.manifest.media:
            raise BundleError(f"media file must be one that the manifest lists; got {name!r}.")
        return self.path / "media" / name


def read_bundle(path: Path | str) -> Bundle:
    """Read a bundle's two files; `stimuli_builder.audit` checks its pictures and its design.

    Parameters
    ----------
    path
        Its folder.

    Returns
    -------
    Bundle
        With both files parsed and matched.

    Raises
    ------
    BundleError
        If a file is missing, is of another schema version, or the two do not belong together.
    FormatError
        If a field is unknown, missing, or of another type.
    """
    folder = Path(path)
    manifest_bytes = _read_bytes(folder / "manifest.json", folder)
    answers_bytes = _read_bytes(folder / "answers.json", folder)
    manifest = from_json(Manifest, _parse(manifest_bytes, folder, "manifest.json"), "manifest.json")
    answers = from_json(Answers, _parse(answers_bytes, folder, "answers.json"), "answers.json")
    manifest_sha256 = hashlib.sha256(manifest_bytes).hexdigest()
    if answers.manifest_sha256 != manifest_sha256:
        raise BundleError(
            f"answers.json of bundle {folder.name} must belong to a manifest of SHA-256 "
            f"{manifest_sha256}; got {answers.manifest_sha256}."
        )
    return Bundle(
        path=folder,
        manifest=manifest,
        answers=answers,
        manifest_sha256=manifest_sha256,
        answers_sha256=hashlib.sha256(answers_bytes).hexdigest(),
    )


def write_bundle(
    path: Path | str,
    manifest: Manifest,
    *,
    trials: Mapping[str, TrialAnswer],
    quiz: Mapping[str, int],
    media: Mapping[str, bytes],
) -> Bundle:
    """Write a bundle whole or not at all.

    Parameters
    ----------
    path
        A folder that does not exist yet, or a bundle, which is replaced.
    manifest
        Its `media` must list exactly the names of `media`.
    trials
        Trial -> answer.
    quiz
        Item -> index of the right choice.
    media
        Media name (see `media_name`) -> bytes.

    Returns
    -------
    Bundle
        As `read_bundle` reads it.

    Raises
    ------
    BundleError
        If `path` holds something else than a bundle, or the media names differ.
    """
    folder = Path(path)
    if folder.exists() and any(folder.iterdir()) and not (folder / "manifest.json").exists():
        raise BundleError(f"bundle folder must be new, empty or a bundle; got {folder}.")
    if set(manifest.media) != set(media):
        odd = sorted(set(manifest.media) ^ set(media))[:3]
        raise BundleError(f"manifest.media must list the media written; got a difference in {odd}.")
    manifest_bytes = _dump(to_json(manifest))
    answers = Answers(
        schema="study-answers",
        schema_version=SCHEMA_VERSION,
        manifest_sha256=hashlib.sha256(manifest_bytes).hexdigest(),
        trials=dict(trials),
        quiz=dict(quiz),
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "bundle"
        (unfinished / "media").mkdir(parents=True)
        for name, content in media.items():
            (unfinished / "media" / name).write_bytes(content)
        (unfinished / "manifest.json").write_bytes(manifest_bytes)
        (unfinished / "answers.json").write_bytes(_dump(to_json(answers)))
        if folder.exists():
            shutil.move(folder, Path(scratch) / "replaced")
        unfinished.rename(folder)
    return read_bundle(folder)


def media_name(content: bytes, extension: str) -> str:
    """Name a picture by its bytes, so that its name tells nothing.

    Parameters
    ----------
    content
        The file's bytes.
    extension
        Without a dot.

    Returns
    -------
    str
        ``<sha256>.<extension>``.

    Examples
    --------
    >>> media_name(b"", "png")[:12]
    'e3b0c44298fc'
    """
    return f"{hashlib.sha256(content).hexdigest()}.{extension}"


def sessions_of(manifest: Manifest) -> Iterator[tuple[str, int, Session]]:
    """Walk over every session: the practice first, as session 0 of list ``practice``.

    Parameters
    ----------
    manifest
        A study.

    Yields
    ------
    tuple[str, int, Session]
        List, session from 1, and the session.
    """
    yield "practice", 0, manifest.practice.session
    for trial_list in manifest.lists:
        for number, session in enumerate(trial_list.sessions, start=1):
            yield trial_list.name, number, session


def media_of(trial: TrainingTrial) -> Iterator[str]:
    """Walk over the media names of a training trial: its image, then those of each condition.

    Parameters
    ----------
    trial
        A training trial.

    Yields
    ------
    str
        Media names; one may come more than once.
    """
    yield trial.image
    for groups in trial.explanations.values():
        for group in groups:
            yield from group.crops
            if group.map is not None:
                yield group.map


def _read_bytes(file: Path, folder: Path) -> bytes:
    if not file.is_file():
        raise BundleError(f"bundle {folder} must hold {file.name}; got no such file.")
    return file.read_bytes()


def _parse(content: bytes, folder: Path, name: str) -> object:
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise BundleError(f"{name} of bundle {folder.name} must be JSON; got {error}.") from error
    version = parsed.get("schema_version") if isinstance(parsed, dict) else None
    if version != SCHEMA_VERSION:
        raise BundleError(
            f"bundle {folder.name} must have schema_version {SCHEMA_VERSION}; got {version}. "
            'Rebuild it with "craft-stimuli build".'
        )
    return parsed


def _dump(value: object) -> bytes:
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False)
    return (text + "\n").encode()
