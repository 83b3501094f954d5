"""Read and check an export whole, and choose whose answers are analysed."""

import dataclasses
import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import pandas as pd

from analysis.checks import check_choice
from analysis.errors import (
    AlteredFileWarning,
    ClockWarning,
    CounterWarning,
    ExportError,
    PopulationError,
)
from analysis.study_file import Study, read_bytes, read_study
from analysis.typed_csv import read_table
from study_app.columns import ALL_TABLES

Population = Literal["people", "simulated"]

CLOCK_S: Final = 1  # by which clocks that are set while a study runs may disagree
INSTANTS: Final = {  # what cannot be before consent
    "participants": ("finished_at", "assigned_at"),
    "responses": ("answered_at",),
    "events": ("at",),
    "replies": ("replied_at",),
    "decisions": ("decided_at",),
}
RESPONSE_KEY: Final = ["participant", "trial", "phase", "attempt"]


@dataclass(frozen=True, kw_only=True)
class Export:
    """An export that was read and checked.

    Attributes
    ----------
    name
        Its folder's name.
    study
        What study.json says.
    participants
        One row a participation; the index is the line in the file, as in the others.
    responses
        One row an answer.
    events
        One row an event.
    replies
        One row an answer to a questionnaire.
    decisions
        One row a verdict on a participation.
    arms
        One row a condition: who came, who left, who withdrew.
    sha256
        File name -> hash of its bytes as read.
    """

    name: str
    study: Study
    participants: pd.DataFrame
    responses: pd.DataFrame
    events: pd.DataFrame
    replies: pd.DataFrame
    decisions: pd.DataFrame
    arms: pd.DataFrame
    sha256: dict[str, str]


def read_export(path: Path | str) -> Export:
    """Read an export's seven files and check them against `study_app.columns`.

    Parameters
    ----------
    path
        The folder that ``craft-study export`` wrote.

    Returns
    -------
    Export
        With typed tables that agree with each other.

    Raises
    ------
    ExportError
        If a file is missing, cut short, or not as `study_app.columns` says, or if two tables
        contradict each other; the message names file, line, column, rule and value.

    Warns
    -----
    AlteredFileWarning
        If a table has its rows but not the hash that study.json gives; it is read all the same.
    ClockWarning
        If people's answers took longer, by their browsers, than their pages were out.
    CounterWarning
        If arms.csv does not count the participants that participants.csv lists.
    """
    folder = Path(path)
    study, study_sha256 = read_study(folder)
    sha256 = {"study.json": study_sha256}
    tables = {}
    for table, columns in ALL_TABLES.items():
        file = f"{table}.csv"
        content = read_bytes(folder / file)
        sha256[file] = hashlib.sha256(content).hexdigest()
        tables[table] = read_table(content, file, columns)
        _check_against_study(file, len(tables[table]), sha256[file], study.files[table])
    _check_participants(tables["participants"], study)
    _check_responses(tables["responses"], tables["participants"], study)
    _check_events(tables["events"], tables["participants"])
    for table in ("replies", "decisions"):
        _check_participation(
            tables[table], tables["participants"], f"{table}.csv", ["simulated", "simulated_kind"]
        )
    _check_arms(tables["arms"], tables["participants"], study)
    _check_times(tables)
    return Export(name=folder.resolve().name, study=study, **tables, sha256=sha256)


def select_population(export: Export, population: Population) -> Export:
    """Keep people or simulated participants, never both.

    Parameters
    ----------
    export
        As read.
    population
        Whose rows are kept.

    Returns
    -------
    Export
        With the rows of that population only.

    Raises
    ------
    PopulationError
        If the export has nobody of that population.
    AnalysisError
        If `population` is neither ``people`` nor ``simulated``.
    """
    check_choice("population", population, get_args(Population))
    wanted = population == "simulated"
    if not (export.participants["simulated"] == wanted).any():
        raise PopulationError(_nobody(export, population))
    return dataclasses.replace(
        export,
        participants=_of(export.participants, wanted),
        responses=_of(export.responses, wanted),
        events=_of(export.events, wanted),
        replies=_of(export.replies, wanted),
        decisions=_of(export.decisions, wanted),
        arms=_of(export.arms, wanted),
    )


def _of(rows: pd.DataFrame, is_simulated: bool) -> pd.DataFrame:
    return rows[rows["simulated"] == is_simulated]


def _nobody(export: Export, population: Population) -> str:
    n_others = len(export.participants)
    if population == "people":
        hint = "Add --simulated to report on the programs." if n_others else "Nobody began yet."
        return f"export {export.name} must hold people; got {n_others} simulated only. {hint}"
    hint = "Leave out --simulated to report on the people." if n_others else "Nobody began yet."
    return f"export {export.name} must hold simulated participants; got {n_others} people. {hint}"


def _check_against_study(file: str, n_rows: int, sha256: str, entry: dict[str, object]) -> None:
    if n_rows != entry["rows"]:
        raise ExportError(
            f"{file} must have the {entry['rows']} rows that study.json counts; got {n_rows}."
        )
    if sha256 != entry["sha256"]:
        warnings.warn(
            f"{file} must have the SHA-256 that study.json gives, {str(entry['sha256'])[:12]}; "
            f"got {sha256[:12]}. It was changed after the export.",
            AlteredFileWarning,
            stacklevel=3,
        )


def _check_participants(participants: pd.DataFrame, study: Study) -> None:
    file = "participants.csv"
    _refuse(participants["participant"].duplicated(), participants, file, "be there once")
    for column, known in (("condition", study.conditions), ("list", study.lists)):
        unknown = participants[column].notna() & ~participants[column].isin(known)
        _refuse(unknown, participants, file, f"be one of {list(known)}", column)
    lost = (participants["status"] == "completed") & participants["condition"].isna()
    _refuse(lost, participants, file, "be given where status is completed", "condition")
    odd = participants["simulated"] != participants["simulated_kind"].notna()
    _refuse(odd, participants, file, "be given for simulated rows only", "simulated_kind")


def _check_responses(responses: pd.DataFrame, participants: pd.DataFrame, study: Study) -> None:
    file = "responses.csv"
    _check_participation(responses, participants, file, ["simulated", "condition", "list"])
    duplicated = responses.duplicated(RESPONSE_KEY)
    rule = "be answered once by a participant in a phase and attempt"
    _refuse(duplicated, responses, file, rule, "trial")
    late = responses["session"] > study.n_sessions
    _refuse(late, responses, file, f"be at most {study.n_sessions}", "session")
    wrong = (responses["choice"] == responses["expected"]).astype(bool) != responses["correct"]
    _refuse(wrong, responses, file, "say whether choice equals expected", "correct")


def _check_events(events: pd.DataFrame, participants: pd.DataFrame) -> None:
    file = "events.csv"
    _check_participation(events, participants, file, ["simulated"])
    duplicated = events.duplicated(["participant", "number"])
    _refuse(duplicated, events, file, "be there once for a participant", "number")


def _check_arms(arms: pd.DataFrame, participants: pd.DataFrame, study: Study) -> None:
    """Require known arms, each once, and warn where they count others than are listed."""
    keys = ["simulated", "condition"]
    unknown = arms["condition"].notna() & ~arms["condition"].isin(study.conditions)
    rule = f"be one of {list(study.conditions)}"
    _refuse(unknown, arms, "arms.csv", rule, "condition")
    _refuse(arms.duplicated(keys), arms, "arms.csv", "be there once", "condition")
    _refuse(arms["withdrawn"] > arms["began"], arms, "arms.csv", "be at most began", "withdrawn")
    check_counts(arms, participants)


def _check_times(tables: dict[str, pd.DataFrame]) -> None:
    """Refuse instants that cannot be, and warn of answers that took longer than their page."""
    participants = tables["participants"]
    started, finished = (
        participants.set_index("participant")[name] for name in ("started_at", "finished_at")
    )
    for table, columns in INSTANTS.items():
        rows = tables[table]
        since = _of_participant(started, rows) - pd.Timedelta(seconds=CLOCK_S)
        for column in columns:
            early = (rows[column] < since).fillna(False)
            _refuse(early, rows, f"{table}.csv", "be no earlier than started_at", column)
    responses = tables["responses"]
    until = _of_participant(finished, responses) + pd.Timedelta(seconds=CLOCK_S)
    late = (responses["answered_at"] > until).fillna(False)
    _refuse(late, responses, "responses.csv", "be no later than finished_at", "answered_at")
    length = (participants["finished_at"] - participants["started_at"]).dt.total_seconds()
    is_long = (participants["sessions_s"] > length + CLOCK_S).fillna(False)
    rule = "be at most the seconds from started_at to finished_at"
    _refuse(is_long, participants, "participants.csv", rule, "sessions_s")
    _warn_of_long_answers(responses)


def _of_participant(values: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """Return what is known of each row's participant."""
    return pd.Series(values.reindex(rows["participant"]).array, index=rows.index)


def _warn_of_long_answers(responses: pd.DataFrame) -> None:
    excess = responses["rt_ms"] - responses["server_rt_ms"]
    is_long = (excess > 1000 * CLOCK_S).fillna(False) & ~responses["simulated"]
    if is_long.any():
        warnings.warn(
            "rt_ms of responses.csv must be at most server_rt_ms; got "
            f"{int(is_long.sum())} answers by more than {CLOCK_S} s, line "
            f"{responses.index[is_long][0]} first. A browser's clock was wrong, or an answer was "
            "sent long after it was given.",
            ClockWarning,
            stacklevel=4,
        )


def check_counts(arms: pd.DataFrame, participants: pd.DataFrame) -> None:
    """Warn where arms count others than are listed.

    Parameters
    ----------
    arms
        As arms.csv.
    participants
        As participants.csv.

    Warns
    -----
    CounterWarning
        With how many more, or fewer, are counted.
    """
    keys = ["simulated", "condition"]
    counted = arms.assign(n=arms["began"] - arms["withdrawn"]).groupby(keys, dropna=False)["n"]
    listed = participants.groupby(keys, dropna=False).size()
    differs = counted.sum().sub(listed, fill_value=0)
    if differs.any():
        warnings.warn(
            f"arms.csv must count the participants of participants.csv; got {differs.sum():+.0f} "
            f"in all, in {int((differs != 0).sum())} arms. Those who are listed are analysed.",
            CounterWarning,
            stacklevel=3,
        )


def _check_participation(
    rows: pd.DataFrame, participants: pd.DataFrame, file: str, columns: list[str]
) -> None:
    """Require that rows belong to a participant and repeat what is said of it."""
    place = pd.Index(participants["participant"]).get_indexer(pd.Index(rows["participant"]))
    _refuse(pd.Series(place < 0), rows, file, "be in participants.csv")
    for column in columns:
        values = pd.concat([participants[column], rows[column]], ignore_index=True)
        codes = pd.factorize(values)[0]
        said, found = codes[: len(participants)][place], codes[len(participants) :]
        differs = pd.Series(found != said)
        _refuse(differs, rows, file, "be the same as in participants.csv", column)


def _refuse(
    wrong: pd.Series, table: pd.DataFrame, file: str, rule: str, column: str = "participant"
) -> None:
    rows = table.loc[wrong.to_numpy(dtype=bool), column]
    if len(rows):
        value = "" if pd.isna(rows.iloc[0]) else str(rows.iloc[0])[:40]
        raise ExportError(f"{file} line {rows.index[0]} {column} must {rule}; got {value!r}.")
