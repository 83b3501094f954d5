"""The export of a study: study.json and its tables, as `study_app.columns` describes them."""

import hashlib
import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from stimuli_builder.bundle import Bundle
from study_app.codebook import CODEBOOK_FILE, codebook_csv
from study_app.columns import ALL_TABLES, SCHEMA, SCHEMA_VERSION, STUDY_FIELDS, column_names
from study_app.export_folder import to_csv
from study_app.rows import Row

DISTRIBUTION: Final = "craft-studies"
FILES: Final = (
    "study.json",
    "selection.json",
    "export.json",
    "jspsych.csv",
    "jspsych.json",
    CODEBOOK_FILE,
    *(f"{name}.csv" for name in ALL_TABLES),
)


def about_study(
    bundle: Bundle, *, assignment_seed: int, plan_sha256: str | None = None
) -> dict[str, Any]:
    """Return what study.json says, but for its files.

    Parameters
    ----------
    bundle
        The study's bundle.
    assignment_seed
        Of the permuted blocks.
    plan_sha256
        Of the analysis plan that was fixed before the first participant; None where none was.

    Returns
    -------
    dict[str, Any]
        The keys of `STUDY_FIELDS`, in order, without ``files``.
    """
    study = bundle.manifest
    first = study.lists[0].sessions[0]
    n_catch = sum(bundle.answers.trials[trial].is_catch for trial in first.test)
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "package_version": _package_version(),
        "git_commit": _git_commit(),
        "study": study.study,
        "title": study.title,
        "task": study.task,
        "scenario": study.scenario,
        "classes": list(study.classes),
        "conditions": list(study.conditions),
        "lists": [each.name for each in study.lists],
        "n_sessions": len(study.lists[0].sessions),
        "n_training": len(first.training),
        "n_test": len(first.test) - n_catch,
        "rules": asdict(study.rules),
        "assignment_seed": assignment_seed,
        "bundle": {
            "manifest_sha256": bundle.manifest_sha256,
            "answers_sha256": bundle.answers_sha256,
            "analysis_plan_sha256": plan_sha256,
            "language": study.language,
            "privacy": asdict(study.privacy),
            "recruitment": asdict(study.recruitment),
            "provenance": asdict(study.provenance),
        },
    }


def export_files(about: Mapping[str, Any], tables: Mapping[str, Iterable[Row]]) -> dict[str, bytes]:
    """Return the files of an export.

    Parameters
    ----------
    about
        As `about_study` returns it.
    tables
        As `read_tables` returns them.

    Returns
    -------
    dict[str, bytes]
        Name -> content: the tables, their codebook, and study.json.
    """
    rows = {name: list(tables[name]) for name in ALL_TABLES}
    contents = {f"{name}.csv": to_csv(column_names(name), rows[name]) for name in ALL_TABLES}
    return {
        **contents,
        CODEBOOK_FILE: codebook_csv(),
        "study.json": to_json(study_file(about, rows, contents)),
    }


def study_file(
    about: Mapping[str, Any], rows: Mapping[str, list[Row]], contents: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return what study.json says, its files included.

    Parameters
    ----------
    about
        As `about_study` returns it.
    rows
        Table -> rows.
    contents
        Name of each table's CSV file -> its bytes.

    Returns
    -------
    dict[str, Any]
        The keys of `STUDY_FIELDS`, in order.
    """
    files = {
        name: {
            "rows": len(rows[name]),
            "sha256": hashlib.sha256(contents[f"{name}.csv"]).hexdigest(),
        }
        for name in rows
    }
    return {name: files if name == "files" else about[name] for name in STUDY_FIELDS}


def to_json(value: object) -> bytes:
    """Return a value as the bytes of a JSON file.

    Parameters
    ----------
    value
        Of plain types.

    Returns
    -------
    bytes
        UTF-8, indented, with a line's end.
    """
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _package_version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def _git_commit() -> str | None:
    """Return the commit of the working tree that this file belongs to, if it does to any."""
    here = Path(__file__).parent
    try:
        tracked = ["git", "-C", str(here), "ls-files", "--error-unmatch", Path(__file__).name]
        subprocess.run(tracked, check=True, capture_output=True)
        head = ["git", "-C", str(here), "rev-parse", "HEAD"]
        return subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
