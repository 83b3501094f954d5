"""Participations: begun by consent, found by their key."""

import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from study_app.errors import NotFoundError
from study_app.extensions import db
from study_app.models import Participation
from study_app.protocol import CONSENT, FIRST
from study_app.services.events import log_event
from study_app.services.transactions import writing

KEY_BYTES: Final = 18
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)


def begin_participation(
    key: str, *, is_simulated: bool, simulated_kind: str | None = None
) -> Participation:
    """Store consent, once however often it arrives.

    Parameters
    ----------
    key
        Random, made for one browser when it saw the consent page.
    is_simulated
        Whether the server was started for programs.
    simulated_kind
        What kind of program it is.

    Returns
    -------
    Participation
        New, or the one that began earlier with this key.
    """
    try:
        with writing():
            return _earlier(key) or _insert(key, is_simulated, simulated_kind)
    except IntegrityError:  # the unique key: another tab's consent was faster
        return find_participation(key)


def _earlier(key: str) -> Participation | None:
    return db.session.scalar(select(Participation).filter_by(key=key))


def _insert(key: str, is_simulated: bool, simulated_kind: str | None) -> Participation:
    now = datetime.now(UTC)
    participation = Participation(
        key=key,
        is_simulated=is_simulated,
        simulated_kind=simulated_kind if is_simulated else None,
        status="in_progress",
        step=FIRST.key,
        step_at=now,
        n_events=0,
        consented_at=now,
    )
    db.session.add(participation)
    db.session.flush()
    log_event(participation, "consented", CONSENT, at=now)
    return participation


def find_participation(key: str, *, lock: bool = False) -> Participation:
    """Return the participation of a link.

    Parameters
    ----------
    key
        Secret in the link.
    lock
        Whether to hold its row until the transaction ends.

    Returns
    -------
    Participation
        The stored row.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    query = select(Participation).filter_by(key=key)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    participation = db.session.scalar(query) if _KEY.fullmatch(key) else None
    if participation is None:
        raise NotFoundError("participation must be one of this study; got an unknown link.")
    return participation


def has_begun(key: str) -> bool:
    """Return whether consent was given under a key.

    Parameters
    ----------
    key
        Of a browser's cookie.

    Returns
    -------
    bool
        False for keys that only saw the consent page.
    """
    return db.session.scalar(select(Participation.id).filter_by(key=key)) is not None
