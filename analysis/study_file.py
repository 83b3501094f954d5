"""Read an export's study.json: the study's design, rules, seed and hashes."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from analysis.errors import ExportError
from study_app.columns import ALL_TABLES, SCHEMA, SCHEMA_VERSION, STUDY_FIELDS

RULE_NAMES: Final = (
    "practice_min_correct",
    "practice_max_attempts",
    "quiz_max_attempts",
    "catch_min_correct",
)
STRINGS: Final = ("schema", "package_version", "study", "title", "task", "scenario")
INTEGERS: Final = ("schema_version", "n_sessions", "n_training", "n_test", "assignment_seed")
LISTS: Final = ("classes", "conditions", "lists")
OBJECTS: Final = ("rules", "bundle", "files")


@dataclass(frozen=True, kw_only=True)
class Study:
    """What study.json says; its fields are those of `study_app.columns.STUDY_FIELDS`.

    Attributes
    ----------
    schema
        Name of the format.
    schema_version
        Its version.
    package_version
        Of the server that wrote the export.
    git_commit
        Of the server's working tree, or None.
    study
        Short name.
    title
        As participants saw it.
    task
        What participants did.
    scenario
        Of the images.
    classes
        What the model answers.
    conditions
        The arms, the baseline first.
    lists
        The trial lists.
    n_sessions
        Sessions of a list.
    n_training
        Training trials of a session.
    n_test
        Scored test trials of a session.
    rules
        The thresholds of the screening, by name; one that is absent or null is not applied.
    assignment_seed
        Of the permuted blocks that assigned conditions.
    bundle
        Hashes and provenance of the bundle.
    files
        Table -> ``rows`` and ``sha256``.
    """

    schema: str
    schema_version: int
    package_version: str
    git_commit: str | None
    study: str
    title: str
    task: str
    scenario: str
    classes: tuple[str, ...]
    conditions: tuple[str, ...]
    lists: tuple[str, ...]
    n_sessions: int
    n_training: int
    n_test: int
    rules: dict[str, Any]
    assignment_seed: int
    bundle: dict[str, Any]
    files: dict[str, dict[str, Any]]

    @property
    def baseline(self) -> str:
        """The condition that the others are compared with."""
        return self.conditions[0]

    @property
    def has_utility(self) -> bool:
        """Whether participants predicted the model, in all or some of the sessions."""
        return self.task in {"utility", "mixed"}

    @property
    def n_scored(self) -> int:
        """Scored test trials of a whole participation."""
        return self.n_sessions * self.n_test


def read_study(folder: Path) -> tuple[Study, str]:
    """Read and check study.json.

    Parameters
    ----------
    folder
        The export's folder.

    Returns
    -------
    tuple[Study, str]
        The study, and the SHA-256 of the file.

    Raises
    ------
    ExportError
        If the file is missing, is no JSON, is of another schema version, or a field is missing,
        unknown or of another type.
    """
    content = read_bytes(folder / "study.json")
    try:
        parsed = json.loads(content)
    except ValueError as error:
        raise ExportError(f"study.json must be JSON; got {error}.") from error
    if not isinstance(parsed, dict):
        raise ExportError(f"study.json must hold an object; got {type(parsed).__name__}.")
    _check_version(parsed)
    _check_fields(parsed)
    _check_types(parsed)
    lists = {name: tuple(parsed[name]) for name in LISTS}
    return Study(**{**parsed, **lists}), hashlib.sha256(content).hexdigest()


def read_bytes(file: Path) -> bytes:
    """Read one file of an export.

    Parameters
    ----------
    file
        Inside the export's folder.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    ExportError
        If the folder or the file is missing.
    """
    if not file.parent.is_dir():
        raise ExportError(f"export must be a folder; got {file.parent}.")
    if not file.is_file():
        raise ExportError(f"export {file.parent} must hold {file.name}; got no such file.")
    return file.read_bytes()


def _check_version(parsed: dict[str, Any]) -> None:
    if parsed.get("schema") != SCHEMA:
        raise ExportError(f"study.json schema must be {SCHEMA!r}; got {parsed.get('schema')!r}.")
    if parsed.get("schema_version") != SCHEMA_VERSION:
        raise ExportError(
            f"study.json schema_version must be {SCHEMA_VERSION}; "
            f'got {parsed.get("schema_version")}. Write the export anew with "craft-study export".'
        )


def _check_fields(parsed: dict[str, Any]) -> None:
    missing = [name for name in STUDY_FIELDS if name not in parsed]
    if missing:
        raise ExportError(f"study.json must have the fields {missing}; got {sorted(parsed)}.")
    unknown = [name for name in parsed if name not in STUDY_FIELDS]
    if unknown:
        raise ExportError(f"study.json must have the fields {list(STUDY_FIELDS)}; got {unknown}.")


def _check_types(parsed: dict[str, Any]) -> None:
    for name in STRINGS:
        _require(isinstance(parsed[name], str), name, "be a string", parsed[name])
    for name in INTEGERS:
        _require(_is_integer(parsed[name]), name, "be an integer", parsed[name])
    for name in LISTS:
        _require(_is_names(parsed[name]), name, "be different strings, one or more", parsed[name])
    for name in OBJECTS:
        _require(isinstance(parsed[name], dict), name, "be an object", parsed[name])
    commit = parsed["git_commit"]
    _require(commit is None or isinstance(commit, str), "git_commit", "be a string or null", commit)
    for name in RULE_NAMES:
        value = parsed["rules"].get(name)
        _require(_is_integer(value), f"rules.{name}", "be an integer", value)
    for name in ALL_TABLES:
        entry = parsed["files"].get(name)
        fits = (
            isinstance(entry, dict)
            and _is_integer(entry.get("rows"))
            and isinstance(entry.get("sha256"), str)
        )
        _require(fits, f"files.{name}", "have rows (integer) and sha256 (string)", entry)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_names(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(item, str) and item for item in value)
        and len(set(value)) == len(value)
    )


def _require(fits: bool, name: str, rule: str, value: object) -> None:
    if not fits:
        raise ExportError(f"study.json {name} must {rule}; got {value!r:.80}.")
