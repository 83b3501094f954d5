"""How SQLite is opened, so that an acknowledged answer is on disk and writers wait in turn."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, event

PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=20000",
    "PRAGMA foreign_keys=ON",
)
BEGIN_OPTION: Final = "sqlite_begin"


def configure_sqlite(engine: Engine) -> None:
    """Set up every connection of an engine; other databases than SQLite are left alone.

    Parameters
    ----------
    engine
        Not connected yet.
    """
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401
    connection.isolation_level = None  # BEGIN is ours: the driver's own comes too late to lock
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    """Begin a transaction: one that will write takes the write lock at once."""
    kind = connection.get_execution_options().get(BEGIN_OPTION, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {kind}")
