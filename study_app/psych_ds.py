"""An export as a Psych-DS data set, https://psych-ds.github.io.

    dataset_description.json                          name, description, every column
    README.md  CHANGES.md  .psychdsignore
    data/raw/study-NAME_description-TABLE_data.csv    everything that was stored
    data/cleaned/study-NAME_description-cleanedTABLE_data.csv
    data/…/…_data.json                                beside each: its own columns
    documentation/study.json  codebook.csv  selection.json
    analysis/  materials/  results/                   a line each that says where these come from

A table without rows has no file: the standard takes no data file that is empty.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from study_app.codebook import CODEBOOK_FILE, codebook_csv
from study_app.columns import ALL_TABLES, Column, column_names
from study_app.export import study_file, to_json
from study_app.export_folder import to_csv
from study_app.rows import Row

CONTEXT: Final = "https://schema.org/"
DESCRIPTION_FILE: Final = "dataset_description.json"
MEANINGS: Final = {
    "participants": "One row a participation.",
    "responses": "One row an answer to a trial or quiz item.",
    "events": "One row an event in a participation.",
    "replies": "One row an answer to a questionnaire.",
    "decisions": "One row a verdict on a participation.",
    "arms": "One row a condition: who came and who left.",
}
POINTERS: Final = {
    "analysis": 'Results are made from the raw tables by "craft-analysis report".',
    "materials": "What participants saw is the study bundle that documentation/study.json names by "
    "its hash.",
    "results": 'Results are made by "craft-analysis report", and lie beside the data set.',
}


def psych_ds_files(
    about: Mapping[str, Any], parts: Mapping[str, Mapping[str, list[Row]]], selection: object
) -> dict[str, bytes]:
    """Return the files of a data set.

    Parameters
    ----------
    about
        As `study_app.export.about_study` returns it.
    parts
        ``raw``, ``cleaned`` or both -> tables.
    selection
        As `study_app.selection.Selection.describe` returns it.

    Returns
    -------
    dict[str, bytes]
        Path in the data set -> content.
    """
    files: dict[str, bytes] = {}
    for part, tables in parts.items():
        for table, rows in tables.items():
            if rows:
                name = f"data/{part}/{data_name(str(about['study']), table, part)}_data"
                files[f"{name}.csv"] = to_csv(column_names(table), rows)
                files[f"{name}.json"] = to_json(_sidecar(table, part))
    whole = next(iter(parts.values()))
    contents = {f"{name}.csv": to_csv(column_names(name), rows) for name, rows in whole.items()}
    files |= {
        DESCRIPTION_FILE: to_json(_description(about)),
        "README.md": _readme(about).encode(),
        "CHANGES.md": f"# Changes\n\nWritten by craft-study {about['package_version']}.\n".encode(),
        ".psychdsignore": b"analysis/*\nmaterials/*\nresults/*\ndocumentation/*\n",
        "documentation/study.json": to_json(study_file(about, whole, contents)),
        "documentation/selection.json": to_json(selection),
        f"documentation/{CODEBOOK_FILE}": codebook_csv(),
    }
    return files | {f"{name}/README.md": f"{text}\n".encode() for name, text in POINTERS.items()}


def data_name(study: str, table: str, part: str) -> str:
    """Return the keywords of a data file's name.

    Parameters
    ----------
    study
        Short name of the study.
    table
        Of `study_app.columns.ALL_TABLES`.
    part
        ``raw`` or ``cleaned``.

    Returns
    -------
    str
        Pairs of keyword and value; a value has letters and digits alone.

    Examples
    --------
    >>> data_name("husky_wolf", "responses", "cleaned")
    'study-huskywolf_description-cleanedresponses'
    """
    value = re.sub(r"[^a-zA-Z0-9]", "", study) or "study"
    return f"study-{value}_description-{'' if part == 'raw' else part}{table}"


def _description(about: Mapping[str, Any]) -> dict[str, Any]:
    columns = {column.name: column for table in ALL_TABLES.values() for column in table}
    return {
        "@context": CONTEXT,
        "@type": "Dataset",
        "name": about["title"] or about["study"],
        "alternateName": about["study"],
        "description": f"Answers, events and decisions of the study {about['study']} "
        f"({about['task']}, {about['scenario']}) on whether explanations of a neural network help "
        "people. README.md says what each table holds.",
        "inLanguage": about["bundle"]["language"],
        "keywords": [about["task"], about["scenario"], *about["conditions"]],
        "identifier": {
            "@type": "PropertyValue",
            "name": "SHA-256 of the study bundle's manifest",
            "value": about["bundle"]["manifest_sha256"],
        },
        "variableMeasured": _variables(columns.values()),
    }


def _sidecar(table: str, part: str) -> dict[str, Any]:
    """Return what replaces the description's fields for one file."""
    return {
        "@context": CONTEXT,
        "@type": "Dataset",
        "description": f"{MEANINGS[table]} The {part} table.",
        "variableMeasured": _variables(ALL_TABLES[table]),
    }


def _variables(columns: Iterable[Column]) -> list[dict[str, str]]:
    return [_variable(column) for column in columns]


def _variable(column: Column) -> dict[str, str]:
    choices = f" One of {', '.join(column.choices)}." if column.choices else ""
    variable = {
        "@type": "PropertyValue",
        "name": column.name,
        "description": f"{column.meaning}{choices}",
    }
    return variable | ({"unitText": column.unit} if column.unit else {})


def _readme(about: Mapping[str, Any]) -> str:
    lines = [
        f"# {about['title'] or about['study']}",
        "",
        "A Psych-DS data set (https://psych-ds.github.io). `data/raw` holds everything that was "
        "stored, with programs marked in the column `simulated`; `data/cleaned` holds those whose "
        "answers are analysed, and their scored answers. Tables without rows are left out.",
        "",
        *(f"- `{table}`: {meaning}" for table, meaning in MEANINGS.items()),
        "",
        "A row is known by `participant` and, in `responses`, by `phase`, `attempt` and `trial` "
        "as well; in `events` by `number`.",
        "",
    ]
    return "\n".join(lines)
