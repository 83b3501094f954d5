"""The public rules of Psych-DS that make its validator report an error, and its warnings.

Written from https://psychds-docs.readthedocs.io/en/latest/reference/rules_and_conventions/ and the
schema model (https://github.com/psych-ds/psych-DS/tree/master/schema_model).
"""

import csv
import fnmatch
import json
import re

FILE = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
KEYWORDS = {
    "study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description",
}  # fmt: skip
REQUIRED = ("name", "description", "variableMeasured")
CONTEXTS = ("https://schema.org", "https://schema.org/", "http://schema.org", "http://schema.org/")
PROPERTIES = {  # of schema.org, as far as they are used here
    "Dataset": {
        "name", "alternateName", "description", "inLanguage", "keywords", "identifier",
        "variableMeasured",
    },
    "PropertyValue": {"name", "description", "unitText", "value"},
}  # fmt: skip
RECOMMENDED = ("README.md", "CHANGES.md", ".psychdsignore")
FOLDERS = ("analysis", "results", "materials", "documentation")


def errors_of(folder):
    """Return what the validator calls errors; empty for a valid data set."""
    description = folder / "dataset_description.json"
    if not description.is_file():
        return ["MISSING_DATASET_DESCRIPTION"]
    whole, found = _metadata(description)
    for key in REQUIRED:
        found += [] if whole.get(key) else [f"JSON_KEY_REQUIRED {key}"]
    if not (folder / "data").is_dir():
        return [*found, "MISSING_DATA_DIRECTORY"]
    files = sorted((folder / "data").rglob("*.csv"))
    for file in files:
        found += _of_data_file(file, whole)
    found += [] if files else ["MISSING_DATAFILE"]
    return found + [f"FILE_EMPTY {each}" for each in folder.rglob("*") if _is_empty(each)]


def warnings_of(folder):
    """Return what the validator warns of."""
    found = [f"MISSING {name}" for name in RECOMMENDED if not (folder / name).is_file()]
    found += [f"MISSING {name}" for name in FOLDERS if not (folder / name).is_dir()]
    ignored = (folder / ".psychdsignore").read_text().splitlines()
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        is_known = name.startswith("data/") or name in ("dataset_description.json", *RECOMMENDED)
        if file.is_file() and not is_known:
            is_ignored = any(fnmatch.fnmatch(name, pattern) for pattern in ignored)
            found += [] if is_ignored else [f"FILE_NOT_CHECKED {name}"]
    for file in [folder / "dataset_description.json", *(folder / "data").rglob("*.json")]:
        found += _of_terms(json.loads(file.read_text()), file.name)
    for file in (folder / "data").rglob("*.csv"):
        keywords = {pair.split("-")[0] for pair in file.name.split("_")[:-1]}
        found += [f"FILENAME_UNOFFICIAL_KEYWORD {word}" for word in keywords - KEYWORDS]
        found += [] if file.with_suffix(".json").is_file() else [f"MISSING_SIDECAR {file.name}"]
    return found


def _metadata(file):
    try:
        whole = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return {}, [f"JSON_INVALID {file.name}"]
    found = [] if whole.get("@context") in CONTEXTS else [f"JSON_KEY_REQUIRED @context {file.name}"]
    if "@type" not in whole:
        return whole, [*found, f"MISSING_DATASET_TYPE {file.name}"]
    is_dataset = whole["@type"] == "Dataset"
    return whole, found + ([] if is_dataset else [f"INCORRECT_DATASET_TYPE {file.name}"])


def _of_data_file(file, whole):
    found = [] if FILE.fullmatch(file.name) else [f"FILENAME_KEYWORD_FORMATTING_ERROR {file.name}"]
    compiled = dict(whole)
    if file.with_suffix(".json").is_file():
        sidecar, more = _metadata(file.with_suffix(".json"))
        compiled |= sidecar
        found += more
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, strict=True))
    if not rows or not rows[0]:
        return [*found, f"CSV_HEADER_MISSING {file.name}"]
    header = rows[0]
    found += [] if len(set(header)) == len(header) else [f"CSV_HEADER_REPEATED {file.name}"]
    if any(len(row) != len(header) for row in rows):
        found.append(f"CSV_HEADER_LENGTH_MISMATCH {file.name}")
    variables = compiled.get("variableMeasured", [])
    named = {each["name"] if isinstance(each, dict) else each for each in variables}
    missing = set(header) - named
    found += [f"CSV_COLUMN_MISSING_FROM_METADATA {name}" for name in sorted(missing)]
    if "row_id" in header:
        ids = [row[header.index("row_id")] for row in rows[1:]]
        found += [] if len(set(ids)) == len(ids) else [f"ROWID_VALUES_NOT_UNIQUE {file.name}"]
    return found


def _of_terms(value, place):
    """Look through an object for types that are missing and properties its type has not."""
    if isinstance(value, list):
        return [issue for each in value for issue in _of_terms(each, place)]
    if not isinstance(value, dict):
        return []
    kind = value.get("@type")
    if kind is None:
        return [f"OBJECT_TYPE_MISSING {place}"]
    names = [name for name in value if not name.startswith("@")]
    found = [f"INVALID_SCHEMAORG_PROPERTY {n}" for n in names if n not in PROPERTIES[kind]]
    return found + [issue for name in names for issue in _of_terms(value[name], place)]


def _is_empty(file):
    return file.is_file() and not file.stat().st_size
