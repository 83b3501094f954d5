"""What a page is made of: cards, printed tables and sections, and how a cell becomes text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from analysis.labels import bare_percent, condition_label, interval, percent, points, ratio

Row = Mapping[Any, Any]
Cell = Callable[[Row], str]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A number shown large.

    Attributes
    ----------
    label
        What it is.
    value
        The number as text.
    detail
        Interval or sample.
    """

    label: str
    value: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table as printed.

    Attributes
    ----------
    caption
        What is shown, of whom, with which interval.
    header
        One name a column.
    rows
        One text a cell.
    text_columns
        Columns set flush left.
    summary
        The line to unfold it by; empty where it is not folded.
    marks
        (row, column) -> ``best`` (set in bold) or ``second`` (underlined).
    groups
        Names above the header, and how many columns each spans; none where empty.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: tuple[int, ...] = ()
    summary: str = ""
    marks: Mapping[tuple[int, int], str] = field(default_factory=dict)
    groups: tuple[tuple[str, int], ...] = ()

    @property
    def is_folded(self) -> bool:
        """Whether it is hidden until asked for."""
        return bool(self.summary)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One heading of the report.

    Attributes
    ----------
    id
        Of the heading, for links.
    title
        The heading.
    paragraphs
        Plain text.
    cards
        Numbers shown large.
    items
        A list, after the paragraphs.
    figures
        Names of figures, where these were drawn.
    tables
        In order.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    items: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[Part, ...] = ()


def printed(
    table: pd.DataFrame,
    *,
    caption: str,
    columns: Mapping[str, Cell],
    n_text: int = 1,
    summary: str = "",
) -> Part:
    """Turn a table into text.

    Parameters
    ----------
    table
        Any table.
    caption
        Of the part.
    columns
        Header -> what to print of a row.
    n_text
        How many columns, from the left, are set flush left.
    summary
        The line to unfold it by; empty to show it at once.

    Returns
    -------
    Part
        One row a row of the table.
    """
    rows = table.to_dict("records")
    return Part(
        caption=caption,
        header=tuple(columns),
        rows=tuple(tuple(cell(row) for cell in columns.values()) for row in rows),
        text_columns=tuple(range(n_text)),
        summary=summary,
    )


def text(column: str) -> Cell:
    """Print a column as it is; a dash where it is missing."""
    return lambda row: "–" if pd.isna(row[column]) else str(row[column])


def condition_name(row: Row) -> str:
    """Print the condition."""
    name = row["condition"]
    return "none" if pd.isna(name) or name == "" else condition_label(str(name))


def bounds(low: str, high: str, form: Callable[[float], str]) -> Cell:
    """Print an interval whose bounds are in two columns."""
    return lambda row: interval(form(row[low]), form(row[high]))


percent_interval: Final = bounds("ci_low", "ci_high", bare_percent)
points_interval: Final = bounds("ci_low", "ci_high", points)
ratio_interval: Final = bounds("ci_low", "ci_high", ratio)

ACCURACY_COLUMNS: Final[dict[str, Cell]] = {
    "n": text("n_participants"),
    "Accuracy": lambda row: percent(row["accuracy"]),
    "Interval": percent_interval,
}
