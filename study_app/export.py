"""The export of a study: study.json and its tables, as `study_app.columns` describes them."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from stimuli_builder.bundle import Bundle
from study_app.columns import ALL_TABLES, SCHEMA, SCHEMA_VERSION, STUDY_FIELDS, column_names
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.rows import Row, read_tables
from study_app.services.study import check_bundle, read_study

DISTRIBUTION: Final = "craft-studies"


def export_study(bundle: Bundle, folder: Path) -> Path:
    """Write the database's study as an export, whole or not at all.

    Parameters
    ----------
    bundle
        The study's bundle.
    folder
        New, empty, or an earlier export, which is replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SetupError
        If the bundle is not the database's, or the folder holds something else.
    """
    study = read_study()
    check_bundle(study, bundle)
    tables = read_tables(bundle)
    about = about_study(bundle, assignment_seed=study.assignment_seed)
    db.session.rollback()
    return write_export(folder, about, tables)


def about_study(bundle: Bundle, *, assignment_seed: int) -> dict[str, Any]:
    """Return what study.json says, but for its files.

    Parameters
    ----------
    bundle
        The study's bundle.
    assignment_seed
        Of the permuted blocks.

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
            "language": study.language,
            "privacy": asdict(study.privacy),
            "recruitment": asdict(study.recruitment),
            "provenance": asdict(study.provenance),
        },
    }


def write_export(
    folder: Path, about: Mapping[str, Any], tables: Mapping[str, Iterable[Row]]
) -> Path:
    """Write an export's files, whole or not at all.

    Parameters
    ----------
    folder
        New, empty, or an earlier export, which is replaced.
    about
        As `about_study` returns it.
    tables
        As `read_tables` returns them.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SetupError
        If the folder holds something else than an export.
    """
    _check_replaceable(folder)
    contents = {name: _to_csv(name, tables[name]) for name in ALL_TABLES}
    files = {
        name: {"rows": n_rows, "sha256": hashlib.sha256(content).hexdigest()}
        for name, (content, n_rows) in contents.items()
    }
    study = {name: files if name == "files" else about[name] for name in STUDY_FIELDS}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "export"
        unfinished.mkdir()
        for name, (content, _) in contents.items():
            (unfinished / f"{name}.csv").write_bytes(content)
        text = json.dumps(study, indent=1, ensure_ascii=False)
        (unfinished / "study.json").write_text(text + "\n", encoding="utf-8")
        if folder.exists():
            shutil.move(folder, Path(scratch) / "replaced")
        unfinished.rename(folder)
    return folder


def _check_replaceable(folder: Path) -> None:
    known = {"study.json", *(f"{name}.csv" for name in ALL_TABLES)}
    if folder.exists() and not folder.is_dir():
        raise SetupError(f"export folder must be a folder; got the file {folder}.")
    other = {file.name for file in folder.iterdir()} - known if folder.exists() else set()
    if other:
        raise SetupError(
            f"export folder must be new, empty or an export; got {sorted(other)[0]} in {folder}."
        )


def _to_csv(table: str, rows: Iterable[Row]) -> tuple[bytes, int]:
    """Return a table's file, and the number of its rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, column_names(table), lineterminator="\n")
    writer.writeheader()
    n_rows = 0
    for row in rows:
        writer.writerow({name: _to_text(value) for name, value in row.items()})
        n_rows += 1
    return text.getvalue().encode(), n_rows


def _to_text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.3f}"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        case _:
            return str(value)


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
