"""Whether a study takes new participants, and what was fixed before the first one."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from study_app.errors import ConflictError, SetupError
from study_app.extensions import db
from study_app.models import Action, Participation, Study, Withdrawal
from study_app.services.admins import COMMAND_LINE, record
from study_app.services.transactions import writing

STATE_OF: Final = {"paused": "paused", "resumed": "open", "closed": "closed"}  # by action


@dataclass(frozen=True, kw_only=True)
class Change:
    """What came of a wish to pause, resume or close a study.

    Attributes
    ----------
    is_new
        False where the study was in that state already, as when two researchers close it at once.
    by, at
        Who brought it there, and when; None for a study that was never paused.
    """

    is_new: bool
    by: str | None
    at: datetime | None


def state_of_study() -> str:
    """Return whether the study is open, paused or closed.

    Returns
    -------
    str
        One of `study_app.columns.STATES`.
    """
    return str(db.session.scalars(select(Study.state)).one())


def change_state(action: str, *, by: str = COMMAND_LINE) -> Change:
    """Pause, resume or close the study; who takes part already goes on in every case.

    Parameters
    ----------
    action
        A key of `STATE_OF`.
    by
        Who wishes it.

    Returns
    -------
    Change
        Not new where it was so already: nothing is changed then.

    Raises
    ------
    ConflictError
        If the study is closed, which is final: results have been open since.
    """
    with writing():
        query = select(Study).with_for_update().execution_options(populate_existing=True)
        study = db.session.scalars(query).one()
        last = _last_change()
        if study.state == STATE_OF[action]:
            return last
        if study.state == "closed":
            raise ConflictError(f"a closed study must stay closed; got one that {last.by} closed.")
        study.state = STATE_OF[action]
        record(by, action)
        db.session.flush()
        return replace(_last_change(), is_new=True)


def hash_plan(file: Path) -> str:
    """Return the hash of an analysis plan.

    Parameters
    ----------
    file
        The plan, in any format.

    Returns
    -------
    str
        SHA-256.

    Raises
    ------
    SetupError
        If the file cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise SetupError(f"analysis plan must be a readable file; got {file}.") from error


def fix_plan(file: Path) -> str:
    """Fix the analysis plan by its hash, before the first participant.

    Parameters
    ----------
    file
        The plan, in any format; it stays where it is.

    Returns
    -------
    str
        SHA-256.

    Raises
    ------
    SetupError
        If the file cannot be read, or another plan or none was fixed before somebody took part.
    """
    digest = hash_plan(file)
    with writing():
        study = db.session.scalars(select(Study).with_for_update()).one()
        if study.plan_sha256 == digest:
            return digest
        people = select(func.count()).select_from(Participation).filter_by(is_simulated=False)
        left = select(func.count()).select_from(Withdrawal).filter_by(is_simulated=False)
        n_people = (db.session.scalar(people) or 0) + (db.session.scalar(left) or 0)
        if n_people:
            raise SetupError(
                "analysis plan must be fixed before the first participant; got another one after "
                f"{n_people} began."
            )
        study.plan_file, study.plan_sha256 = file.name[:200], digest
    return digest


def _last_change() -> Change:
    """Return who changed the study's state last, as a change that is not new."""
    query = select(Action).where(Action.name.in_(STATE_OF)).order_by(Action.id.desc()).limit(1)
    last: Action | None = db.session.scalar(query)
    if last is None:
        return Change(is_new=False, by=None, at=None)
    return Change(is_new=False, by=last.admin, at=last.at)
