"""Read a published table as printed, so that its own numbers can be held against each other.

Three layouts, told apart by their columns; every number is kept as printed, with its digits:

utility       ``scenario``, ``condition``, ``session_1`` and further, ``utility`` (empty for the
              baseline), and ``n`` (participants) where it is known
recursivity   ``task``, ``measure``, and a column a group whose name ends in its size, such as
              ``experts_n36``
sizes         ``scenario``, ``condition``, ``n``, with a row whose condition is ``total``
"""

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from analysis.errors import PublishedTableError
from analysis.grim import NUMBER

Layout = Literal["utility", "recursivity", "sizes"]

NAMES: Final = ("scenario", "condition", "task", "measure")
WHOLE: Final = re.compile(r"0*[1-9][0-9]*")
GROUP: Final = re.compile(r"(.+)_n(\d+)")


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """A table as printed.

    Attributes
    ----------
    name
        Of the file.
    layout
        Which of the three it is.
    rows
        Texts, as printed; an empty one where nothing is.
    """

    name: str
    layout: Layout
    rows: pd.DataFrame

    @property
    def sessions(self) -> list[str]:
        """Columns of the sessions."""
        return [str(name) for name in self.rows if str(name).startswith("session_")]

    @property
    def groups(self) -> dict[str, tuple[str, int]]:
        """Column -> name and size of a group."""
        found = {str(name): GROUP.fullmatch(str(name)) for name in self.rows}
        return {name: (match[1], int(match[2])) for name, match in found.items() if match}


def read_published(path: Path | str) -> PublishedTable:
    """Read a published table.

    Parameters
    ----------
    path
        A CSV file in one of the layouts of this module.

    Returns
    -------
    PublishedTable
        Its rows as texts.

    Raises
    ------
    PublishedTableError
        If the file is missing or no table of a known layout, or a cell is no number; the message
        names the line and the column.
    """
    file = Path(path)
    if not file.is_file():
        raise PublishedTableError(f"published table must be a file; got {file}.")
    try:
        lines = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise PublishedTableError(
            f"{file.name} must be a CSV file in UTF-8; got {error}."
        ) from error
    if len(lines) < 2:
        raise PublishedTableError(
            f"{file.name} must have a header and rows; got {len(lines)} lines."
        )
    header = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise PublishedTableError(
                f"{file.name} line {number} must have {len(header)} fields; got {len(line)}."
            )
    rows = pd.DataFrame([[cell.strip() for cell in line] for line in lines[1:]], columns=header)
    table = PublishedTable(name=file.name, layout=_layout(header, file.name), rows=rows)
    _check_numbers(table)
    return table


def _layout(header: list[str], name: str) -> Layout:
    columns = set(header)
    if len(columns) == len(header):
        if {"scenario", "condition", "session_1", "utility"} <= columns:
            return "utility"
        if {"task", "measure"} <= columns and any(GROUP.fullmatch(name) for name in header):
            return "recursivity"
        if {"scenario", "condition", "n"} <= columns:
            return "sizes"
    raise PublishedTableError(
        f"{name} must have the columns scenario, condition, session_1 and utility; or task, "
        f"measure and groups such as experts_n36; or scenario, condition and n; got {header}."
    )


def _check_numbers(table: PublishedTable) -> None:
    empty_groups = [column for column, (_, n) in table.groups.items() if n < 1]
    if table.layout == "recursivity" and empty_groups:
        raise PublishedTableError(
            f"{table.name} groups must have participants; got {empty_groups}."
        )
    numbers = {"utility": [*table.sessions, "utility", "n"], "sizes": ["n"]}
    for column in numbers.get(table.layout, list(table.groups)):
        for i, cell in enumerate(table.rows.get(column, [])):
            rule = _broken_rule(table, column, i)
            if rule:
                raise PublishedTableError(
                    f"{table.name} line {i + 2} {column} must be {rule}; got {cell!r}."
                )


def _broken_rule(table: PublishedTable, column: str, i: int) -> str:
    """Return what a cell must be and is not; empty where it is."""
    cell = table.rows[column].iloc[i]
    may_be_empty = table.layout != "sizes" and column in ("utility", "n", *table.groups)
    if not cell and may_be_empty:
        return ""
    if column == "n":
        return "" if WHOLE.fullmatch(cell) else "a whole number of 1 or more"
    if not NUMBER.fullmatch(cell):
        return "a number"
    is_share = column in table.sessions
    if table.layout == "recursivity":
        is_share = str(table.rows["measure"].iloc[i]).endswith("_percent")
    most = 100 if is_share else math.inf
    return "" if 0 <= float(cell) <= most else ("in [0, 100]" if is_share else "0 or more")
