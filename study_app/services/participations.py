"""Participations: begun by consent, found by their key."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from flask import current_app
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from stimuli_builder.bundle import Manifest
from study_app.codes import code_hash, withdrawal_code
from study_app.errors import ConflictError, NotFoundError
from study_app.extensions import db
from study_app.models import OutsideId, Participation, Study
from study_app.protocol import Facts, following
from study_app.services.events import log_event
from study_app.services.transactions import writing
from study_app.services.withdrawals import is_withdrawn
from study_app.steps import CONSENT

KEY_BYTES: Final = 18
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{24}", re.ASCII)
_TO_READ: Final = select(Participation).where(Participation.key == bindparam("key"))
_TO_CHANGE: Final = _TO_READ.with_for_update().execution_options(populate_existing=True)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who gives consent.

    Attributes
    ----------
    is_simulated, simulated_kind
        Whether the server was started for programs, and what kind this one is.
    outside_hash
        Keyed hash of the number a panel gave the person, or None; see `study_app.outside`.
    language
        The study was read in when somebody agreed; None where there is one alone.
    """

    is_simulated: bool
    simulated_kind: str | None = None
    outside_hash: str | None = None
    language: str | None = None


def begin_participation(study: Manifest, key: str, visitor: Visitor) -> Participation:
    """Store consent, once however often it arrives.

    Parameters
    ----------
    study
        The bundle's manifest.
    key
        Random, made for one browser when it saw the consent page.
    visitor
        Who takes part.

    Returns
    -------
    Participation
        New, or the one that began earlier with this key.

    Raises
    ------
    ConflictError
        If the study was paused or closed meanwhile, what began with this key was withdrawn, or
        somebody with the same number from outside has begun under another key.
    """
    try:
        with writing():
            return _earlier(key) or _begin(study, key, visitor)
    except IntegrityError as error:
        earlier = _earlier(key)  # the unique key: another tab's consent was faster
        if earlier is not None:
            return earlier
        raise ConflictError(
            "participant number must be one that has not taken part; got one that has. "
            "Please go on in the browser you began with."
        ) from error


def _earlier(key: str) -> Participation | None:
    return db.session.scalar(select(Participation).filter_by(key=key))


def _begin(study: Manifest, key: str, visitor: Visitor) -> Participation:
    """Begin while nobody can close the study."""
    state = db.session.scalars(select(Study.state).with_for_update(read=True)).one()
    if state != "open":
        raise ConflictError(f"study must be open to begin; got one that is {state}.")
    if is_withdrawn(key, Path(current_app.config["STUDY_WITHDRAWALS"])):
        raise ConflictError("key must be new to begin; got one of answers that were withdrawn.")
    return _insert(study, key, visitor)


def _insert(study: Manifest, key: str, visitor: Visitor) -> Participation:
    now = datetime.now(UTC)
    first = following(study, CONSENT, Facts()).step
    participation = Participation(
        key=key,
        withdrawal_hash=code_hash(withdrawal_code(key)),
        is_simulated=visitor.is_simulated,
        simulated_kind=visitor.simulated_kind if visitor.is_simulated else None,
        consent_version=study.privacy.consent_version,
        status="in_progress",
        step=first.key,
        step_at=now,
        n_events=0,
        consented_at=now,
    )
    db.session.add(participation)
    db.session.flush()
    if visitor.outside_hash is not None:
        db.session.add(OutsideId(id_hash=visitor.outside_hash, participation_id=participation.id))
    log_event(participation, "consented", CONSENT, at=now, detail=visitor.language)
    log_event(participation, "page_shown", first, at=now)
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
    query = _TO_CHANGE if lock else _TO_READ  # made once: making one costs as much as its answer
    participation = db.session.scalar(query, {"key": key}) if _KEY.fullmatch(key) else None
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
