"""The codebook: what every column of an export means, as a table of its own."""

from collections.abc import Iterable
from typing import Final

from study_app.columns import ALL_TABLES, Column
from study_app.export_folder import to_csv

HEADER: Final = ("table", "column", "type", "unit", "meaning", "choices", "required")
CODEBOOK_FILE: Final = "codebook.csv"


def codebook_rows(tables: Iterable[str] = ALL_TABLES) -> list[dict[str, object]]:
    """Return one row a column.

    Parameters
    ----------
    tables
        Keys of `study_app.columns.ALL_TABLES`.

    Returns
    -------
    list[dict[str, object]]
        With the keys of `HEADER`; ``choices`` is separated by spaces.

    Examples
    --------
    >>> codebook_rows(["events"])[4]["choices"].split()[:2]
    ['consented', 'page_shown']
    """
    return [_row(table, column) for table in tables for column in ALL_TABLES[table]]


def codebook_csv(tables: Iterable[str] = ALL_TABLES) -> bytes:
    """Return the codebook's file.

    Parameters
    ----------
    tables
        Keys of `study_app.columns.ALL_TABLES`.

    Returns
    -------
    bytes
        CSV with `HEADER`.
    """
    return to_csv(HEADER, codebook_rows(tables))


def _row(table: str, column: Column) -> dict[str, object]:
    return {
        "table": table,
        "column": column.name,
        "type": column.kind,
        "unit": column.unit,
        "meaning": column.meaning,
        "choices": " ".join(column.choices),
        "required": column.required,
    }
