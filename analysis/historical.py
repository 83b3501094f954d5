"""Arms of an earlier study, to stand in Table 1 beside a new one's: labelled, without p-values.

Three sources:

    RESULTS/      results folder of an earlier report; its tables/table_1.csv is read
    table_1.csv   of such a folder: shares, Utility with its interval
    a published table in the layout ``utility`` of `analysis.published`: percentages, or shares
                  where none is above 1, as printed

Utility stays what it was: over the earlier study's own baseline, which comes along.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from analysis.errors import HistoricalError, PublishedTableError
from analysis.labels import DAGGER
from analysis.published import read_published

MARKED: Final = (
    "session_accuracies", "accuracy_by_session", "accuracy_by_condition", "accuracy_differences",
    "utility", "tie_accuracies", "accuracy_by_tie",
)  # fmt: skip
UNKNOWN: Final = "people or programs: not known"
NUMBERS: Final = ("utility", "ci_low", "ci_high")


@dataclass(frozen=True, kw_only=True)
class EarlierStudy:
    """Rows of Table 1 of an earlier study.

    Attributes
    ----------
    name
        As the report names it: that of the folder or the file.
    population
        ``people`` or ``simulated``; empty where no results.json says it.
    rows
        ``scenario``, ``condition``, ``session_1`` and further (in [0, 1]), ``utility``, ``ci_low``,
        ``ci_high`` (missing where unknown).
    """

    name: str
    population: str
    rows: pd.DataFrame


def read_earlier(path: Path | str) -> EarlierStudy:
    """Read an earlier study's Table 1.

    Parameters
    ----------
    path
        One of the three sources of this module.

    Returns
    -------
    EarlierStudy
        Of all scenarios in it.

    Raises
    ------
    HistoricalError
        If there is no such table, it is not of a known layout, or it has percentages and shares.
    """
    file = Path(path)
    if file.is_dir():
        table = file / "tables" / "table_1.csv"
        if not table.is_file():
            raise HistoricalError(f"earlier results {file} must hold tables/table_1.csv; got none.")
        return _recorded(file, _of_results(table))
    if not file.is_file():
        raise HistoricalError(f"earlier study must be a results folder or a table; got {file}.")
    header = file.read_text(encoding="utf-8-sig").split("\n", 1)[0]
    if "is_historical" not in header:
        return EarlierStudy(name=file.stem, population="people", rows=_as_printed(file))
    folder = next((f for f in file.resolve().parents[:2] if (f / "results.json").is_file()), None)
    if folder is None:
        return EarlierStudy(name=f"{file.stem}, {UNKNOWN}", population="", rows=_of_results(file))
    return _recorded(folder, _of_results(file))


def named_apart(studies: Sequence[EarlierStudy]) -> list[EarlierStudy]:
    """Tell studies of the same name apart by a number, so that their rows stay apart.

    Parameters
    ----------
    studies
        As read.

    Returns
    -------
    list[EarlierStudy]
        The second of a name has ``(2)`` after it, and so on.
    """
    names = pd.Series([study.name for study in studies], dtype=object)
    counts = names.groupby(names).cumcount() + 1
    return [
        study if n == 1 else dataclasses.replace(study, name=f"{study.name} ({n})")
        for study, n in zip(studies, counts, strict=True)
    ]


def with_daggers(
    tables: Mapping[str, pd.DataFrame], arms: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Mark arms of a study that were not randomised together with the others.

    Parameters
    ----------
    tables
        Of `results.Results`.
    arms
        Names of conditions.

    Returns
    -------
    dict[str, pd.DataFrame]
        The same, with ``†`` after these conditions in the tables of accuracy and Utility, for
        figures and text; `table_1` has a column for it.
    """
    marked = {name: tables[name].copy() for name in MARKED if name in tables}
    for table in marked.values():
        names = table["condition"]
        table["condition"] = names.where(~names.isin(arms), names + DAGGER)
    return {**tables, **marked} if arms else dict(tables)


def with_earlier(
    table: pd.DataFrame, studies: Sequence[EarlierStudy], *, population: str
) -> pd.DataFrame:
    """Put earlier studies' arms below a study's own.

    Parameters
    ----------
    table
        As from `table_one.table_one`, of one scenario.
    studies
        Those whose arms are shown.
    population
        Whose answers `table` is of.

    Returns
    -------
    pd.DataFrame
        With their rows of the same scenario: ``is_historical`` is true, ``mark`` empty, and
        ``source`` names the study.

    Raises
    ------
    HistoricalError
        If one has no row of the scenario, or is of people where this one is of programs, or the
        other way round.
    """
    scenario = str(table["scenario"].iloc[0])
    parts = [table]
    for study in studies:
        if study.population not in {population, ""}:
            raise HistoricalError(
                f"earlier study {study.name} must be of {population}; got {study.population}. "
                "People and programs never stand in one table."
            )
        rows = study.rows[study.rows["scenario"] == scenario]
        if rows.empty:
            found = sorted(study.rows["scenario"].unique())
            raise HistoricalError(
                f"earlier study {study.name} must have rows of scenario {scenario}; got {found}."
            )
        parts.append(rows.assign(mark="", is_historical=True, source=study.name))
    joined = pd.concat(parts, ignore_index=True)
    sessions = sorted(str(name) for name in joined if str(name).startswith("session_"))
    rest = [name for name in table if name not in {"scenario", "condition", *sessions}]
    return joined[["scenario", "condition", *sessions, *rest]]


def _recorded(folder: Path, rows: pd.DataFrame) -> EarlierStudy:
    """Name a study by its results.json, and say so where that does not tell whose answers."""
    name, population = _name(folder), _population(folder)
    return EarlierStudy(
        name=name if population else f"{name}, {UNKNOWN}", population=population, rows=rows
    )


def _name(folder: Path) -> str:
    """Return the study's name, as results.json has it; that of the folder where it has none."""
    return str(_record(folder).get("study") or folder.resolve().name)


def _population(folder: Path) -> str:
    record = _record(folder)
    names = record.get("studies")
    if isinstance(names, list) and names:  # several side by side, all of one population
        return _population(folder / str(names[0]))
    return str(record.get("population") or "")


def _record(folder: Path) -> dict[str, object]:
    file = folder / "results.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HistoricalError(
            f"earlier results {folder} must hold results.json; got none."
        ) from error
    return found if isinstance(found, dict) else {}


def _of_results(file: Path) -> pd.DataFrame:
    """Read the table of a report: its own arms, not those that it had from elsewhere."""
    table = pd.read_csv(file)
    needed = ["scenario", "condition", "session_1", *NUMBERS, "is_historical"]
    missing = [name for name in needed if name not in table]
    if missing:
        raise HistoricalError(f"{file.name} must have the columns {missing}; got {list(table)}.")
    own = table[~table["is_historical"].astype(bool)]
    return own.drop(columns=["mark", "is_historical", "source"], errors="ignore")


def _as_printed(file: Path) -> pd.DataFrame:
    """Read a published table; percentages become shares."""
    try:
        published = read_published(file)
    except PublishedTableError as error:
        raise HistoricalError(str(error)) from error
    if published.layout != "utility":
        raise HistoricalError(
            f"{file.name} must be a table of Utility; got one of {published.layout}."
        )
    if published.has_two_units:
        small = [cell for cell in published.shares if 0 < float(cell) <= 1]
        raise HistoricalError(
            f"{file.name} must have percentages or shares throughout; got {', '.join(small[:3])} "
            "beside numbers above 1."
        )
    columns = [*published.sessions, "utility"]
    numbers = published.rows[columns].apply(pd.to_numeric, errors="coerce")
    if published.unit == "percent":
        numbers[published.sessions] /= 100
    names = published.rows[["scenario", "condition"]]
    return names.join(numbers).assign(ci_low=float("nan"), ci_high=float("nan"))
