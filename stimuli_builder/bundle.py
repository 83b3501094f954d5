"""The study bundle on disk: what a server needs to run a study, and nothing it must not show.

    BUNDLE/
      manifest.json          the study: texts, rules, lists of trials        -> `Manifest`
      answers.json           what the model answered; never served           -> `Answers`
      media/<sha256>.<ext>   every picture, named by its own bytes

Loads neither torch nor Flask. Every field is described in docs/formats.md.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from stimuli_builder.answers import Answers, PictureSource, TrialAnswer
from stimuli_builder.errors import BundleError, FormatError
from stimuli_builder.items import items_of
from stimuli_builder.manifest import (
    Confidence,
    Manifest,
    MediaFile,
    Practice,
    Privacy,
    Provenance,
    QuizItem,
    Recruitment,
    Reservoir,
    Rules,
    Texts,
    Viewing,
)
from stimuli_builder.questionnaires import Choice, Question, Questionnaire
from stimuli_builder.records import from_json, to_json
from stimuli_builder.sessions import (
    Group,
    Option,
    Session,
    Task,
    TestTrial,
    TrainingTrial,
    TrialList,
)
from stimuli_builder.soundness import check_answerable, check_runnable
from stimuli_builder.stages import Stage
from stimuli_builder.translations import in_language, placeholders_of, texts_of, translated
from stimuli_builder.versions import NEWEST, READABLE, to_newest

__all__ = [
    "SCHEMA_VERSION",
    "Answers",
    "Bundle",
    "BundleError",
    "Choice",
    "Confidence",
    "FormatError",
    "Group",
    "Manifest",
    "MediaFile",
    "Option",
    "PictureSource",
    "Practice",
    "Privacy",
    "Provenance",
    "Question",
    "Questionnaire",
    "QuizItem",
    "Recruitment",
    "Reservoir",
    "Rules",
    "Session",
    "Stage",
    "Task",
    "TestTrial",
    "Texts",
    "TrainingTrial",
    "TrialAnswer",
    "TrialList",
    "Viewing",
    "bundle_in_writing",
    "in_language",
    "items_of",
    "media_name",
    "media_of",
    "placeholders_of",
    "read_bundle",
    "sessions_of",
    "texts_of",
    "translated",
    "trials_of",
    "write_bundle",
]

SCHEMA_VERSION: Final = NEWEST


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

    Files of an earlier version are read as if they had been written today: a study that runs
    cannot be rebuilt. Their hashes stay those of their bytes.

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
        If a file is missing, is of another schema version, the two do not belong together, or the
        study cannot be run.
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
    check_runnable(manifest)
    check_answerable(manifest, answers)
    return Bundle(
        path=folder,
        manifest=manifest,
        answers=answers,
        manifest_sha256=manifest_sha256,
        answers_sha256=hashlib.sha256(answers_bytes).hexdigest(),
    )


def check_media(bundle: Bundle) -> None:
    """Make sure that every picture is there, whole, before anybody is shown it.

    Parameters
    ----------
    bundle
        As `read_bundle` reads it.

    Raises
    ------
    BundleError
        If one is missing, or its bytes are not those of its name.
    """
    for name in bundle.manifest.media:
        digest = hashlib.sha256(_read_bytes(bundle.media_path(name), bundle.path)).hexdigest()
        if not name.startswith(digest):
            raise BundleError(f"media file {name} must have the SHA-256 of its name; got {digest}.")


def check_bundle_folder(folder: Path) -> None:
    """Require a folder that a bundle can be written into, before anything long is begun.

    Parameters
    ----------
    folder
        New, empty or a bundle.

    Raises
    ------
    BundleError
        If it holds something else, or it or what it would be in is no folder.
    """
    above = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise BundleError(f"bundle folder must be in one that can be written to; got {folder}.")
    if above == folder and any(folder.iterdir()) and not (folder / "manifest.json").exists():
        raise BundleError(f"bundle folder must be new, empty or a bundle; got {folder}.")


@contextmanager
def bundle_in_writing(
    path: Path | str,
    manifest: Manifest,
    *,
    trials: Mapping[str, TrialAnswer],
    quiz: Mapping[str, int],
    media: Mapping[str, bytes],
    sources: Mapping[str, PictureSource],
) -> Iterator[Bundle]:
    """Write a bundle beside its place, to be checked there; without an error it is moved there.

    With one, what was at its place stays.

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
    sources
        Media name -> where it was taken from, for the pictures of which that is known.

    Yields
    ------
    Bundle
        As `read_bundle` reads it, in a folder that is gone afterwards.

    Raises
    ------
    BundleError
        If `path` holds something else than a bundle, the media names differ, or the study cannot be
        run.
    """
    folder = Path(path)
    check_bundle_folder(folder)
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
        sources=dict(sources),
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / folder.name
        (unfinished / "media").mkdir(parents=True)
        for name, content in media.items():
            (unfinished / "media" / name).write_bytes(content)
        (unfinished / "manifest.json").write_bytes(manifest_bytes)
        (unfinished / "answers.json").write_bytes(_dump(to_json(answers)))
        yield read_bundle(unfinished)
        _replace(folder, unfinished)


def write_bundle(
    path: Path | str,
    manifest: Manifest,
    *,
    trials: Mapping[str, TrialAnswer],
    quiz: Mapping[str, int],
    media: Mapping[str, bytes],
    sources: Mapping[str, PictureSource],
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
        Media name -> bytes.
    sources
        Media name -> where it was taken from.

    Returns
    -------
    Bundle
        As `read_bundle` reads it.

    Raises
    ------
    BundleError
        As of `bundle_in_writing`.
    """
    with bundle_in_writing(
        path, manifest, trials=trials, quiz=quiz, media=media, sources=sources
    ) as bundle:
        pass
    return replace(bundle, path=Path(path))


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
    """Walk over every session: that of a practice first, as session 0 of list ``practice``.

    Parameters
    ----------
    manifest
        A study.

    Yields
    ------
    tuple[str, int, Session]
        List, session from 1, and the session.
    """
    if manifest.practice is not None:
        yield "practice", 0, manifest.practice.session
    for trial_list in manifest.lists:
        for number, session in enumerate(trial_list.sessions, start=1):
            yield trial_list.name, number, session


def trials_of(
    manifest: Manifest, session: Session
) -> Iterator[tuple[str, TrainingTrial | TestTrial]]:
    """Walk over the trials of a session, those of the training first.

    Parameters
    ----------
    manifest
        A study.
    session
        One of its sessions.

    Yields
    ------
    tuple[str, TrainingTrial | TestTrial]
        Name, and what is shown.
    """
    for name in session.training:
        yield name, manifest.training_trials[name]
    for name in session.test:
        yield name, manifest.test_trials[name]


def media_of(trial: TrainingTrial | TestTrial) -> Iterator[str]:
    """Walk over the media names of a trial: its image, then those of each condition or option.

    Parameters
    ----------
    trial
        A training or test trial.

    Yields
    ------
    str
        Media names; one may come more than once.
    """
    if trial.image is not None:
        yield trial.image
    if isinstance(trial, TestTrial):
        for option in trial.options:
            yield from option.pictures
        return
    for groups in trial.explanations.values():
        for group in groups:
            yield from group.crops
            if group.map is not None:
                yield group.map


def _replace(folder: Path, unfinished: Path) -> None:
    """Put a finished bundle in its place; if that fails, what was there is put back."""
    replaced = unfinished.parent / f"{unfinished.name}-replaced"
    if folder.exists():
        folder.rename(replaced)
    try:
        unfinished.rename(folder)
    except OSError:
        if replaced.exists():
            replaced.rename(folder)
        raise


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
    if version not in READABLE:
        is_newer = isinstance(version, int) and version > SCHEMA_VERSION
        step = "Update this package." if is_newer else 'Rebuild it with "craft-stimuli build".'
        raise BundleError(
            f"bundle {folder.name} must have schema_version {SCHEMA_VERSION}; got {version}. {step}"
        )
    try:
        return to_newest(parsed, name)
    except (KeyError, TypeError, AttributeError) as error:
        raise FormatError(
            f"{name} of bundle {folder.name} must be of schema_version {version}; got no {error}."
        ) from error


def _dump(value: object) -> bytes:
    text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=False)
    return (text + "\n").encode()
