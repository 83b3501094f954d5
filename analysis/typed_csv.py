"""Read one CSV table of an export into typed columns, naming the line that is wrong."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from analysis.errors import ExportError
from study_app.columns import Column, Kind

RULES: Final[dict[Kind, str]] = {
    "string": "be text",
    "integer": "be an integer of at least 0",
    "number": "be a number of at least 0",
    "boolean": "be true or false",
    "instant": "be an instant in ISO 8601",
}


def read_table(content: bytes, name: str, columns: Sequence[Column]) -> pd.DataFrame:
    """Parse a table and check every value against its column.

    Parameters
    ----------
    content
        The file's bytes.
    name
        The file's name, for messages.
    columns
        What the table must have, no more and no less.

    Returns
    -------
    pd.DataFrame
        One row a line, its number in the file as index ``line``; columns in the order of
        `columns`. Strings are of dtype ``string``, integers ``int64`` (``Int64`` where a value may
        be missing), numbers ``float64``, booleans ``bool``, instants ``datetime64`` in UTC.

    Raises
    ------
    ExportError
        If the file was cut short, or a header, a line or a value is not as described.
    """
    text = _decode(content, name)
    lines = _line_numbers(text, name, [column.name for column in columns])
    raw = pd.read_csv(
        io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False, index_col=False
    )
    raw.index = pd.Index(lines, name="line", dtype="int64")
    return pd.DataFrame({column.name: _typed(raw, column, name) for column in columns})


def _decode(content: bytes, name: str) -> str:
    """Return the file as text that ends with a line break."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExportError(
            f"{name} must be UTF-8; got byte {content[error.start]:#04x} at {error.start}."
        ) from error
    if not text.endswith("\n"):
        last = text.count("\n") + 1
        rest = text.rsplit("\n", 1)[-1]
        raise ExportError(
            f"{name} line {last} must end with a line break; got {rest[-40:]!r}. "
            "The file was cut short; copy or export it anew."
        )
    return text


def _line_numbers(text: str, name: str, expected: list[str]) -> list[int]:
    """Check the header and the fields of every line; return the line at which each row ends."""
    if '"' not in text and "\r" not in text:
        return _plain_line_numbers(text, name, expected)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines = []
    try:
        _check_header(next(reader), name, expected)
        for row in reader:
            if len(row) != len(expected):
                raise ExportError(
                    f"{name} line {reader.line_num} must have {len(expected)} fields; "
                    f"got {len(row)}."
                )
            lines.append(reader.line_num)
    except csv.Error as error:
        raise ExportError(
            f"{name} line {reader.line_num} must be comma-separated values; got {error}."
        ) from error
    return lines


def _plain_line_numbers(text: str, name: str, expected: list[str]) -> list[int]:
    """Do the same where nothing is quoted, so that a line is a row and a comma parts two fields."""
    header, *rows = text.split("\n")[:-1]
    _check_header(header.split(","), name, expected)
    n_commas = len(expected) - 1
    if {row.count(",") for row in rows} <= {n_commas} and "" not in rows:
        return list(range(2, len(rows) + 2))
    number, row = next(
        (i, row) for i, row in enumerate(rows, start=2) if row.count(",") != n_commas or not row
    )
    got = row.count(",") + 1 if row else 0
    raise ExportError(f"{name} line {number} must have {len(expected)} fields; got {got}.")


def _check_header(header: list[str], name: str, expected: list[str]) -> None:
    missing = [column for column in expected if column not in header]
    if missing:
        raise ExportError(f"{name} must have the columns {missing}; got {header}.")
    unknown = [column for column in header if column not in expected]
    if unknown or len(header) != len(expected):
        odd = unknown or sorted({column for column in header if header.count(column) > 1})
        raise ExportError(f"{name} must have the columns {expected} once each; got {odd} besides.")


def _typed(raw: pd.DataFrame, column: Column, name: str) -> pd.Series:
    """Check a column, each different text once, and return it with its dtype."""
    codes, different = pd.factorize(raw[column.name])
    text = pd.Series(different, dtype=raw[column.name].dtype)
    parsed = PARSERS[column.kind](text)
    for wrong, rule in _broken_rules(text, parsed, column):
        is_here = np.isin(codes, np.flatnonzero(wrong.to_numpy(dtype=bool)))
        _refuse(raw.loc[is_here, column.name], name, rule)
    values = parsed.take(codes)
    values.index = raw.index
    if column.required and column.kind in {"integer", "boolean"}:
        return values.astype("int64" if column.kind == "integer" else "bool")
    return values


def _broken_rules(
    text: pd.Series, values: pd.Series, column: Column
) -> Iterator[tuple[pd.Series, str]]:
    """Walk over the rules that some of the different texts break, and say which do."""
    given = text != ""
    rules = [
        (~given if column.required else given & False, "have a value"),
        (given & values.isna(), RULES[column.kind]),
    ]
    if column.unit == "from 1":
        rules.append((given & (values == 0).fillna(False).astype(bool), "be at least 1"))
    if column.choices:
        is_known = text.isin(column.choices)
        rules.append((given & ~is_known, f"be one of {list(column.choices)}"))
    yield from ((wrong, rule) for wrong, rule in rules if wrong.any())


def _refuse(wrong: pd.Series, name: str, rule: str) -> None:
    if len(wrong):
        value = str(wrong.iloc[0])[:40]
        raise ExportError(f"{name} line {wrong.index[0]} {wrong.name} must {rule}; got {value!r}.")


def _parse_string(text: pd.Series) -> pd.Series:
    return text.astype("string").where(text != "")


def _parse_integer(text: pd.Series) -> pd.Series:
    digits = text.where(text.str.fullmatch(r"[0-9]{1,18}"))
    return pd.to_numeric(digits, errors="coerce").astype("Int64")


def _parse_number(text: pd.Series) -> pd.Series:
    values = pd.to_numeric(text, errors="coerce").astype("float64")
    return values.where(np.isfinite(values) & (values >= 0))


def _parse_boolean(text: pd.Series) -> pd.Series:
    return text.map({"true": True, "false": False}).astype("boolean")


def _parse_instant(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")


PARSERS: Final[dict[Kind, Callable[[pd.Series], pd.Series]]] = {
    "string": _parse_string,
    "integer": _parse_integer,
    "number": _parse_number,
    "boolean": _parse_boolean,
    "instant": _parse_instant,
}
