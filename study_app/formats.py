"""Exports in every format that is offered: CSV, JSON, Psych-DS, jsPsych."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stimuli_builder.bundle import Bundle
from study_app.codebook import CODEBOOK_FILE, codebook_csv, codebook_rows
from study_app.columns import column_names
from study_app.errors import SetupError
from study_app.export import FILES, about_study, export_files, study_file, to_json
from study_app.export_folder import replace_folder, to_csv, to_text
from study_app.extensions import db
from study_app.jspsych import HEADER, jspsych_rows
from study_app.psych_ds import DESCRIPTION_FILE, psych_ds_files
from study_app.rows import Row
from study_app.selection import Selection, clean, select_tables
from study_app.services.study import check_bundle, read_study

FORMATS: Final = ("csv", "json", "psych-ds", "jspsych")
EVERYTHING: Final = Selection()
MARKERS: Final = {"psych-ds": DESCRIPTION_FILE}
Tables = Mapping[str, list[Row]]


def export_as(
    bundle: Bundle, folder: Path, *, form: str = "csv", selection: Selection = EVERYTHING
) -> Path:
    """Write the database's study in a format, whole or not at all.

    Parameters
    ----------
    bundle
        The study's bundle.
    folder
        New, empty, or an earlier export of the same format, which is replaced.
    form
        One of `FORMATS`.
    selection
        What it holds.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SetupError
        If the format is unknown, the bundle is not the database's, a pilot is no export, or the
        folder holds something else.
    """
    if form not in FORMATS:
        raise SetupError(f"format must be one of {list(FORMATS)}; got {form!r}.")
    study = read_study()
    check_bundle(study, bundle)
    tables = select_tables(bundle, selection)
    about = about_study(
        bundle, assignment_seed=study.assignment_seed, plan_sha256=study.plan_sha256
    )
    db.session.rollback()
    files = files_of(bundle, about, tables, form=form, selection=selection)
    return replace_folder(folder, files, known=FILES, marker=MARKERS.get(form, ""))


def files_of(
    bundle: Bundle,
    about: Mapping[str, Any],
    tables: Tables,
    *,
    form: str,
    selection: Selection,
) -> dict[str, bytes]:
    """Return the files of an export.

    Parameters
    ----------
    bundle
        The study's bundle.
    about
        As `study_app.export.about_study` returns it.
    tables
        As `study_app.rows.read_tables` returns them.
    form
        One of `FORMATS`.
    selection
        What it holds.

    Returns
    -------
    dict[str, bytes]
        Path in the folder -> content.
    """
    cleaned = clean(tables, is_simulated=selection.is_simulated)
    chosen = cleaned if selection.is_cleaned else tables
    match form:
        case "json":
            return {"export.json": to_json(_document(about, chosen, selection))}
        case "jspsych":
            return _jspsych(bundle, about, chosen, selection)
        case "psych-ds":
            parts: dict[str, Tables] = {"cleaned": cleaned}
            if not selection.is_cleaned:
                parts = {"raw": tables, **parts}
            return psych_ds_files(about, parts, selection.describe())
        case _:
            return _csv(about, chosen, selection)


def _csv(about: Mapping[str, Any], tables: Tables, selection: Selection) -> dict[str, bytes]:
    """Return the tidy export; cleaned tables have no study.json, by which analysis knows them."""
    files = export_files(about, tables)
    if selection.is_cleaned:
        files.pop("study.json")
        files["selection.json"] = to_json(selection.describe() | {"study": _study(about, tables)})
    elif not selection.is_everything:
        files["selection.json"] = to_json(selection.describe())
    return files


def _study(about: Mapping[str, Any], tables: Tables) -> dict[str, Any]:
    contents = {f"{name}.csv": to_csv(column_names(name), rows) for name, rows in tables.items()}
    return study_file(about, tables, contents)


def _document(about: Mapping[str, Any], tables: Tables, selection: Selection) -> dict[str, Any]:
    return {
        "schema": "study-export-json",
        "schema_version": 1,
        "study": _study(about, tables),
        "selection": selection.describe(),
        "codebook": codebook_rows(),
        "tables": {
            name: [{column: _plain(row[column]) for column in column_names(name)} for row in rows]
            for name, rows in tables.items()
        },
    }


def _plain(value: object) -> object:
    """Return a value of one of JSON's types, as exact as in the CSV files."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return round(value, 3) if isinstance(value, float) else to_text(value)


def _jspsych(
    bundle: Bundle, about: Mapping[str, Any], tables: Tables, selection: Selection
) -> dict[str, bytes]:
    rows = jspsych_rows(bundle, tables)
    plain = [{name: _plain(row[name]) for name in HEADER} for row in rows]
    return {
        "jspsych.csv": to_csv(HEADER, rows),
        "jspsych.json": to_json(plain),
        "participants.csv": to_csv(column_names("participants"), tables["participants"]),
        CODEBOOK_FILE: codebook_csv(),
        "selection.json": to_json(selection.describe() | {"study": _study(about, tables)}),
    }
