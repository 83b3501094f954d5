"""Transactions that write, one after the other, and the rows that they add."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

from sqlalchemy import Insert, func, insert, select

from study_app.database import Base
from study_app.extensions import db
from study_app.sqlite import BEGIN_OPTION, in_turn

SET_UP_LOCK: Final = 0x57D1  # any number, the same for all servers


@contextmanager
def writing() -> Iterator[None]:
    """Run a block in one transaction that holds the write lock from the start.

    On SQLite the lock is the whole database's; on other databases the block locks the rows it
    reads. Whatever was begun before is given up; an error undoes the block.

    Yields
    ------
    None
        The transaction is committed when the block ends.
    """
    db.session.rollback()
    with in_turn(db.engine):
        try:
            db.session.connection(execution_options={BEGIN_OPTION: "IMMEDIATE"})
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise


@contextmanager
def setting_up() -> Iterator[None]:
    """Run a block that one server alone may be in, where several begin on one PostgreSQL at once.

    A SQLite database is of one server, and set up before that has processes.

    Yields
    ------
    None
        When those before are through.
    """
    if db.engine.dialect.name != "postgresql":
        yield
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(select(func.pg_advisory_lock(SET_UP_LOCK)))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(SET_UP_LOCK)))


def insert_row(model: type[Base], row: Mapping[str, object]) -> None:
    """Add a row that nothing in the transaction needs as an object.

    It is there at once, and costs a quarter of what an object does that is added to the session.

    Parameters
    ----------
    model
        Of the table.
    row
        Column -> value.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        If the row breaks a constraint.
    """
    db.session.connection().execute(_insert_into(model), row)


@cache
def _insert_into(model: type[Base]) -> Insert:
    return insert(model).inline()  # the row's number is not asked for
