"""Which rows an export holds: raw or cleaned, people or programs, and without a pilot's.

Raw tables hold everything that was stored, people and programs marked. Cleaned tables hold what an
analysis begins with: of one population, those whose verdict is ``include``, and of their answers
the scored ones of the sessions. ``craft-analysis`` reads raw tables, since it applies and counts
the exclusions itself.
"""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stimuli_builder.bundle import Bundle
from study_app.errors import SetupError
from study_app.rows import Known, Row, read_tables

OF_PARTICIPANTS: Final = ("participants", "responses", "events", "replies", "decisions")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What an export is asked to hold.

    Attributes
    ----------
    is_cleaned
        Whether only what is analysed; else everything.
    is_simulated
        Whether cleaned tables are of programs; else of people.
    pilots
        Folders of earlier exports, whose participants are left out.
    """

    is_cleaned: bool = False
    is_simulated: bool = False
    pilots: tuple[Path, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Return whether nothing is left out."""
        return not self.is_cleaned and not self.pilots

    def describe(self) -> dict[str, Any]:
        """Return what ``selection.json`` says: `tables`, `population` and `pilots`, by hash."""
        population = "simulated" if self.is_simulated else "people"
        files = [folder / "participants.csv" for folder in self.pilots]
        return {
            "schema": "study-selection",
            "schema_version": 1,
            "tables": "cleaned" if self.is_cleaned else "raw",
            "population": population if self.is_cleaned else "all",
            "pilots": [hashlib.sha256(file.read_bytes()).hexdigest() for file in files],
        }


def select_tables(bundle: Bundle, selection: Selection) -> dict[str, list[Row]]:
    """Read the tables from the database, without the pilots' participants; not cleaned yet.

    Parameters
    ----------
    bundle
        The study's bundle.
    selection
        Whose pilots are left out.

    Returns
    -------
    dict[str, list[Row]]
        As `study_app.rows.read_tables` returns them.

    Raises
    ------
    SetupError
        If a pilot is no export.
    """
    left_out = {known for folder in selection.pilots for known in read_known(folder)}
    return read_tables(bundle, left_out=left_out)


def read_known(folder: Path) -> set[Known]:
    """Return who is in an export.

    Parameters
    ----------
    folder
        As ``craft-study export`` wrote it.

    Returns
    -------
    set[Known]
        Number and instant of consent of each participant.

    Raises
    ------
    SetupError
        If the folder holds no participants.csv of an export.
    """
    file = folder / "participants.csv"
    if not file.is_file():
        raise SetupError(
            f"pilot must be the folder of an export; got {folder} without {file.name}."
        )
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if not {"participant", "started_at"} <= set(reader.fieldnames or ()):
            raise SetupError(
                f"{file} must have participant and started_at; got {reader.fieldnames}."
            )
        return {(row["participant"], row["started_at"]) for row in reader}


def clean(tables: Mapping[str, list[Row]], *, is_simulated: bool) -> dict[str, list[Row]]:
    """Return the tables with what is analysed alone.

    Parameters
    ----------
    tables
        As `study_app.rows.read_tables` returns them.
    is_simulated
        Whose rows are kept: programs', or people's.

    Returns
    -------
    dict[str, list[Row]]
        Participants whose verdict is ``include`` and their rows: answers to scored trials of the
        sessions, events of the sessions, replies and decisions. ``arms`` still counts everybody of
        the population, so that it shows who is missing.
    """
    kept = {
        row["participant"]
        for row in tables["participants"]
        if row["simulated"] == is_simulated and row["verdict"] == "include"
    }
    mine = {
        name: [row for row in tables[name] if row["participant"] in kept]
        for name in OF_PARTICIPANTS
    }
    scored = [row for row in mine["responses"] if row["phase"] == "test" and not row["is_catch"]]
    return mine | {
        "responses": scored,
        "events": [row for row in mine["events"] if row["session"]],
        "arms": [row for row in tables["arms"] if row["simulated"] == is_simulated],
    }
