"""Transactions that write, one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from study_app.extensions import db
from study_app.sqlite import BEGIN_OPTION


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
    db.session.connection(execution_options={BEGIN_OPTION: "IMMEDIATE"})
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
