"""Read a published table as printed, so that its own numbers can be held against each other.

Three layouts, told apart by their columns; every number is kept as printed, with its digits:

utility       ``scenario``, ``condition``, ``session_1`` and further, ``utility`` (empty for the
              baseline), and ``n`` (participants) where it is known
recursivity   ``task``, ``measure``, and a column a group whose name ends in its size, such as
              ``experts_n36``
sizes         ``scenario``, ``condition``, ``n``, with a row whose condition is ``total``

Shares are printed as percentages or as shares throughout a table. A p-value may be ``< .001``.
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
KEYS: Final = {
    "utility": ["scenario", "condition"],
    "recursivity": ["task", "measure"],
    "sizes": ["scenario", "condition"],
}
P_VALUES: Final = ("p_value", "p_value_below")

RANGES: Final = {1.0: "in [0, 1]", 100.0: "in [0, 100]", math.inf: "0 or more"}

Unit = Literal["percent", "share"]
Check = tuple[str, str, str, float, float, float, str, str]  # a row of `verification.CHECK`


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

    @property
    def shares(self) -> list[str]:
        """Cells that are percentages or shares, as printed."""
        if self.layout == "utility":
            return [cell for name in self.sessions for cell in self.rows[name]]
        if self.layout == "sizes":
            return []
        of_shares = self.rows[self.rows["measure"].str.endswith("_percent")]
        return [cell for name in self.groups for cell in of_shares[name] if cell]

    @property
    def unit(self) -> Unit:
        """Of the whole table: ``share`` where none of `shares` is above 1."""
        return "percent" if any(float(cell) > 1 for cell in self.shares) else "share"

    @property
    def has_two_units(self) -> bool:
        """Whether some of `shares` are above 1, and others above 0 and not above 1."""
        return self.unit == "percent" and any(0 < float(cell) <= 1 for cell in self.shares)


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
        If the file is missing or no table of a known layout, a row is there twice, or a cell is no
        number; the message names the line and the column.
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
    _check_keys(table)
    _check_numbers(table)
    return table


def printed_p(cell: str) -> tuple[str, bool]:
    """Read a p-value.

    Parameters
    ----------
    cell
        As printed, such as ``0.043`` or ``< .001``.

    Returns
    -------
    tuple[str, bool]
        The number as printed, and whether p is below it.

    Examples
    --------
    >>> printed_p("< .001"), printed_p("0.043")
    (('.001', True), ('0.043', False))
    """
    return cell.removeprefix("<").strip(), cell.startswith("<")


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


def _check_keys(table: PublishedTable) -> None:
    keys = KEYS[table.layout]
    is_again = table.rows.duplicated(keys).to_numpy()
    if is_again.any():
        line = int(is_again.argmax())
        raise PublishedTableError(
            f"{table.name} line {line + 2} must have a {' and a '.join(keys)} of its own; "
            f"got {', '.join(table.rows[keys].iloc[line])} again."
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
    most = _most(table, column, i)
    number, is_bound = printed_p(cell) if most == 1 else (cell, False)
    if not NUMBER.fullmatch(number):
        return "a number or, as in < .001, a bound" if most == 1 else "a number"
    if is_bound and table.rows["measure"].iloc[i] == "p_value_below":
        return "a number"
    return "" if 0 <= float(number) <= most else RANGES[most]


def _most(table: PublishedTable, column: str, i: int) -> float:
    """Return the largest number that a cell may hold: of a percentage, of a p-value, or of any."""
    if table.layout == "recursivity":
        measure = str(table.rows["measure"].iloc[i])
        if measure in P_VALUES:
            return 1
        return 100 if measure.endswith("_percent") else math.inf
    return 100 if column in table.sessions else math.inf
