"""How SQLite is opened, so that an acknowledged answer is on disk and writers wait in turn.

SQLite itself lets a writer that finds the database locked sleep for a while and try again: up to a
tenth of a second, and whoever tries first goes first. Here they queue at the lock of a file beside
the database, which wakes the next one as soon as the one before is through. The database's own lock
is taken too, so that nothing depends on the queue but time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=20000",
    "PRAGMA foreign_keys=ON",
)
BEGIN_OPTION: Final = "sqlite_begin"
QUEUE_ENDING: Final = ".queue"


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


@contextmanager
def in_turn(engine: Engine) -> Iterator[None]:
    """Wait until no other thread or process writes, and keep them waiting while the context lasts.

    Parameters
    ----------
    engine
        Of the study's database; where it is no SQLite file, nobody waits.

    Yields
    ------
    None
        When it is one's turn.
    """
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if not file or file == ":memory:":
        yield
        return
    queue = os.open(f"{file}{QUEUE_ENDING}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(queue, fcntl.LOCK_EX)
        yield
    finally:
        os.close(queue)  # and the lock with it
