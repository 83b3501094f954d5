"""Copies of a database: written while a study runs, and put back into an empty database.

    BACKUP.zip
      backup.json      format, revision of the schema, the bundle's folder, the file of withdrawals,
                       rows of each table
      TABLE.jsonl      one row a line, for each table

The copy depends on no kind of database: what was saved from SQLite goes back to PostgreSQL as well.
It holds all that the database holds, secrets included, and is readable by its owner alone.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, MetaData, Row, Table, func, inspect, select, text

from study_app.errors import SetupError
from study_app.extensions import db
from study_app.services.withdrawals import read_journal

FORMAT: Final = "study-backup"
FORMAT_VERSION: Final = 1
REVISIONS: Final = "alembic_version"
CHUNK: Final = 1000


def write_backup(engine: Engine, file: Path, *, journal: Path | None = None) -> dict[str, int]:
    """Save a database as it is at one moment; a study that runs goes on meanwhile.

    Parameters
    ----------
    engine
        Of the database.
    file
        To be written, whole or not at all; must not exist.
    journal
        File that withdrawals are written to, which a restored database is cleaned by; None where
        whoever restores has to say.

    Returns
    -------
    dict[str, int]
        Table -> rows saved.

    Raises
    ------
    SetupError
        If the file exists, or the database holds no study.
    """
    if file.exists():
        raise SetupError(f"backup must be a new file; got {file}, which exists.")
    file.parent.mkdir(parents=True, exist_ok=True)
    scratch = file.with_name(f".{file.name}.part")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as target:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                counts = _save(engine, archive, journal)
            target.flush()
            os.fsync(target.fileno())
        scratch.rename(file)
    finally:
        scratch.unlink(missing_ok=True)
    return counts


def read_about(file: Path) -> dict[str, Any]:
    """Return what a backup says of itself.

    Parameters
    ----------
    file
        As `write_backup` wrote it.

    Returns
    -------
    dict[str, Any]
        ``revision``, ``bundle_path``, ``tables`` and, but in older ones, ``withdrawals``.

    Raises
    ------
    SetupError
        If it is no backup, or one of another version.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
            about: dict[str, Any] = json.loads(archive.read("backup.json"))
    except OSError as error:
        raise SetupError(f"backup must be a readable file; got {file}.") from error
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError) as error:
        raise SetupError(f"backup must be written by craft-study backup; got {file}.") from error
    if damaged is not None:
        raise SetupError(f"backup must be whole; got {file}, in which {damaged} is damaged.")
    version = (about.get("schema"), about.get("schema_version"))
    if version != (FORMAT, FORMAT_VERSION):
        raise SetupError(f"backup must be {FORMAT} {FORMAT_VERSION}; got {version}.")
    return about


def withdrawn_since(about: dict[str, Any], *, own: Path, given: Path | None) -> set[str]:
    """Return what was withdrawn, as far as files tell.

    Parameters
    ----------
    about
        As `read_about` returns it; says where the database that was saved has its file.
    own
        File of the database to restore into.
    given
        File in place of both; None where none is given.

    Returns
    -------
    set[str]
        Hashes of codes, of both files where there are two.

    Raises
    ------
    SetupError
        If there is none.
    """
    places = [given] if given else [Path(about.get("withdrawals") or own), own]
    found = [place for place in places if place.is_file()]
    if not found:
        tried = " and ".join(dict.fromkeys(map(str, places)))
        raise SetupError(
            f"file of withdrawals must be there, to apply them again; got {tried}, which is "
            "missing. Give it with --withdrawals or, where it is lost, say --without-withdrawals."
        )
    return {hashed for place in found for hashed in read_journal(place)}


def restore_backup(engine: Engine, file: Path) -> dict[str, int]:
    """Put a backup into an empty database, inside an app context, all of it or nothing.

    The schema is that of the backup; `study_app.services.study.prepare_database` brings it to the
    newest, and deletes again what was withdrawn since.

    Parameters
    ----------
    engine
        Of the database.
    file
        As `write_backup` wrote it.

    Returns
    -------
    dict[str, int]
        Table -> rows put back.

    Raises
    ------
    SetupError
        If the database is not empty, or the file no backup.
    """
    about = read_about(file)
    found = inspect(engine).get_table_names()
    if found:
        raise SetupError(f"database must be empty to restore into it; got tables {found[:3]}.")
    upgrade(revision=about["revision"])
    tables = _tables(engine)
    counts = {}
    with zipfile.ZipFile(file) as archive, engine.begin() as connection:
        for name in about["tables"]:
            counts[name] = _fill(connection, tables[name], archive)
    return counts


def _save(engine: Engine, archive: zipfile.ZipFile, journal: Path | None) -> dict[str, int]:
    tables, counts = _tables(engine), {}
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if "studies" not in tables or REVISIONS not in tables:
            raise SetupError("database must hold a study to be saved; got none.")
        revision = connection.scalar(text(f"SELECT version_num FROM {REVISIONS}"))
        folder = connection.scalar(select(tables["studies"].c.bundle_path))
        for name, table in tables.items():
            if name != REVISIONS:
                counts[name] = _save_table(connection, table, archive)
    about = {
        "schema": FORMAT,
        "schema_version": FORMAT_VERSION,
        "revision": revision,
        "bundle_path": folder,
        "withdrawals": None if journal is None else str(journal.resolve()),
        "tables": counts,
    }
    archive.writestr("backup.json", json.dumps(about, indent=1))
    return counts


def _tables(engine: Engine) -> dict[str, Table]:
    """Return the tables of a database, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(engine)
    return {table.name: table for table in metadata.sorted_tables}


def _save_table(connection: Connection, table: Table, archive: zipfile.ZipFile) -> int:
    order = list(table.primary_key.columns) or list(table.columns)
    rows = connection.execute(select(table).order_by(*order))
    with archive.open(f"{table.name}.jsonl", "w") as target:
        return sum(target.write(_line(row)) > 0 for row in rows)


def _line(row: Row[Any]) -> bytes:
    return json.dumps(row._asdict(), default=_plain).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"value must be one that a backup can hold; got {type(value).__name__}.")


def _fill(connection: Connection, table: Table, archive: zipfile.ZipFile) -> int:
    n_rows = 0
    for rows in _chunks(table, archive):
        connection.execute(table.insert(), rows)
        n_rows += len(rows)
    if connection.dialect.name == "postgresql" and "id" in table.c and n_rows:
        last = select(func.max(table.c.id)).scalar_subquery()
        connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "id"), last)))
    return n_rows


def _chunks(table: Table, archive: zipfile.ZipFile) -> Iterator[list[dict[str, Any]]]:
    kinds = {column.name: column.type.python_type for column in table.columns}
    rows: list[dict[str, Any]] = []
    with archive.open(f"{table.name}.jsonl") as source:
        for line in source:
            row = json.loads(line)
            rows.append({name: _typed(kinds[name], value) for name, value in row.items()})
            if len(rows) == CHUNK:
                yield rows
                rows = []
    if rows:
        yield rows


def _typed(kind: type, value: object) -> object:
    if isinstance(value, str) and kind in (datetime, date):
        return kind.fromisoformat(value)
    return value


def check_restored(about: dict[str, Any], counts: dict[str, int]) -> None:
    """Make sure that every row of a backup was put back.

    Parameters
    ----------
    about
        As `read_about` returns it.
    counts
        As `restore_backup` returns it.

    Raises
    ------
    SetupError
        If a table has fewer or more.
    """
    for name, n_saved in about["tables"].items():
        if counts.get(name) != n_saved:
            raise SetupError(
                f"table {name} must have {n_saved} rows again; got {counts.get(name)}."
            )
    db.session.remove()
