"""Withdrawal: everything of a participation is deleted, and that there was one is counted.

A withdrawal is written to a file beside the database first, so that it outlives a backup: whoever
restores an older database starts a server, or runs ``craft-study restore``, and what was withdrawn
since is deleted again. A server makes the file when it is started, so that one that is missing was
lost, or is elsewhere.
"""

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select, update

from stimuli_builder.bundle import Bundle
from study_app.codes import code_hash, withdrawal_code
from study_app.errors import NotFoundError, SetupError
from study_app.extensions import db
from study_app.models import (
    Action,
    Decision,
    Event,
    OutsideId,
    Participation,
    Reply,
    Response,
    Slot,
    Submission,
    Withdrawal,
)
from study_app.services.transactions import writing

OWNED: Final = (Submission, Response, Reply, Event, Decision, OutsideId)
_LINE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def withdraw(code: str, journal: Path) -> None:
    """Delete the participation that a code belongs to; doing it again changes nothing.

    Parameters
    ----------
    code
        As the participant kept it.
    journal
        File that withdrawals are written to as well.

    Raises
    ------
    NotFoundError
        If the code is of no participation.
    """
    hashed = code_hash(code)
    with writing():
        row = _find(hashed)
        if row is None:
            _require_withdrawn(hashed)
            return
        _write_down(hashed, journal)
        _delete(row)


def apply_journal(journal: Path) -> int:
    """Delete what was withdrawn after the database's state was saved.

    Parameters
    ----------
    journal
        File that withdrawals were written to; may be missing.

    Returns
    -------
    int
        Participations deleted.
    """
    return apply_withdrawals(read_journal(journal))


def apply_withdrawals(hashes: Iterable[str]) -> int:
    """Delete the participations that withdrawal codes belong to.

    Parameters
    ----------
    hashes
        Of codes, as `read_journal` returns them; those of no participation are passed over.

    Returns
    -------
    int
        Participations deleted.
    """
    with writing():
        rows = [row for row in map(_find, sorted(set(hashes))) if row is not None]
        for row in rows:
            _delete(row)
    return len(rows)


def read_journal(journal: Path) -> list[str]:
    """Return the hashes in a file of withdrawals.

    Parameters
    ----------
    journal
        May be missing; a line that was cut short is passed over.

    Returns
    -------
    list[str]
        Of withdrawal codes.
    """
    lines = journal.read_text(encoding="ascii").splitlines() if journal.is_file() else []
    return [line for line in lines if _LINE.fullmatch(line)]


def add_to_journal(journal: Path, hashes: Iterable[str]) -> None:
    """Write withdrawals into a file that lacks them; it is there afterwards, if only empty.

    Parameters
    ----------
    journal
        File that withdrawals are written to.
    hashes
        Of withdrawal codes.
    """
    journal.touch()
    known = set(read_journal(journal))
    for hashed in sorted(set(hashes) - known):
        _write_down(hashed, journal)


def complete_journal(journal: Path) -> None:
    """Write the database's withdrawals into a file that lacks them, as a new one does.

    Parameters
    ----------
    journal
        File that the server is about to write withdrawals to.
    """
    add_to_journal(journal, _counted())


def check_journal(journal: Path) -> None:
    """Make sure that a file is the one that a database's withdrawals are written to.

    Parameters
    ----------
    journal
        Made, where it is missing and nobody has withdrawn.

    Raises
    ------
    SetupError
        If withdrawals of the database are not in it.
    """
    lacking = _counted() - set(read_journal(journal))
    if lacking:
        raise SetupError(
            f"file of withdrawals must hold those of the database; got {journal}, which lacks "
            f"{len(lacking)}. Give the server's with --withdrawals."
        )
    add_to_journal(journal, ())


def is_withdrawn(key: str, journal: Path) -> bool:
    """Return whether a participation was withdrawn, so that its key can begin no other.

    Parameters
    ----------
    key
        Secret in the participant's link.
    journal
        File that withdrawals were written to; it knows of those that a restored database does not.

    Returns
    -------
    bool
        False for keys that never began.
    """
    hashed = code_hash(withdrawal_code(key))
    return _is_counted(hashed) or hashed in read_journal(journal)


def delete_expired(bundle: Bundle, *, now: datetime | None = None) -> int:
    """Delete participations that were kept as long as was promised.

    Parameters
    ----------
    bundle
        The study; `privacy.retention_days` says how long.
    now
        By the server's clock; None takes it.

    Returns
    -------
    int
        Participations deleted; 0 where nothing was promised.
    """
    days = bundle.manifest.privacy.retention_days
    if days is None:
        return 0
    end = (now or datetime.now(UTC)) - timedelta(days=days)
    with writing():
        rows = db.session.scalars(
            select(Participation).where(Participation.consented_at < end).with_for_update()
        ).all()
        for row in rows:
            _delete_rows(row)
    return len(rows)


def _find(hashed: str) -> Participation | None:
    query = select(Participation).filter_by(withdrawal_hash=hashed).with_for_update()
    return db.session.scalar(query.execution_options(populate_existing=True))


def _require_withdrawn(hashed: str) -> None:
    if not _is_counted(hashed):
        raise NotFoundError("withdrawal code must be one of this study; got another.")


def _counted() -> set[str]:
    return set(db.session.scalars(select(Withdrawal.code_hash)))


def _is_counted(hashed: str) -> bool:
    return db.session.scalar(select(Withdrawal.id).filter_by(code_hash=hashed)) is not None


def _write_down(hashed: str, journal: Path) -> None:
    """Add a line that is on disk when this returns; one that was cut short is ended before."""
    with journal.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            file.write(b"" if file.read(1) == b"\n" else b"\n")
        file.write(f"{hashed}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def _delete(participation: Participation) -> None:
    if not _is_counted(participation.withdrawal_hash):
        db.session.add(
            Withdrawal(
                code_hash=participation.withdrawal_hash,
                is_simulated=participation.is_simulated,
                condition=participation.condition,
                withdrawn_on=datetime.now(UTC).date(),
            )
        )
    _delete_rows(participation)


def _delete_rows(participation: Participation) -> None:
    number = participation.id
    for table in OWNED:
        db.session.execute(delete(table).where(table.participation_id == number))
    held = update(Slot).where(Slot.participation_id == number)
    db.session.execute(held.values(participation_id=None))
    decided = Action.detail.startswith(f"{participation.name}: ", autoescape=True)
    db.session.execute(update(Action).where(Action.name == "decided", decided).values(detail=None))
    db.session.execute(delete(Participation).where(Participation.id == number))
    db.session.expunge(participation)
