"""Researchers who may log in, their roles, and the record of what they did."""

import re
import secrets
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import func, select
from werkzeug.security import check_password_hash, generate_password_hash

from study_app.columns import ROLES
from study_app.errors import ConflictError, NotFoundError, SetupError
from study_app.extensions import db
from study_app.models import Action, Admin, Study
from study_app.services.transactions import writing

FIRST_NAME: Final = "admin"
PASSWORD_BYTES: Final = 12
COMMAND_LINE: Final = "command line"  # who did what nobody was logged in for
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}", re.ASCII)
_NOBODY: Final = generate_password_hash("nobody's")  # so that unknown names take as long


def add_first_admin() -> str | None:
    """Add an owner called ``admin`` where nobody can log in yet.

    Returns
    -------
    str | None
        The password, to be printed once; None where there is somebody.
    """
    with writing():
        _lock()  # of servers that begin at once, one adds
        if db.session.scalar(select(func.count()).select_from(Admin)):
            return None
        return _add(FIRST_NAME, "owner")


def add_admin(name: str, role: str, *, by: str = COMMAND_LINE) -> str:
    """Add a researcher, or give one that there is a new password and role.

    Parameters
    ----------
    name
        Small letters, digits, dots, hyphens and underscores; 40 at most.
    role
        One of `study_app.columns.ROLES`.
    by
        Who adds.

    Returns
    -------
    str
        The password; only its hash is kept.

    Raises
    ------
    SetupError
        If the name or the role is none.
    ConflictError
        If the last owner would lose the role.
    """
    if not _NAME.fullmatch(name):
        raise SetupError(
            f"admin's name must be small letters, digits and ._-, at most 40; got {name[:60]!r}."
        )
    if role not in ROLES:
        raise SetupError(f"role must be one of {', '.join(ROLES)}; got {role[:60]!r}.")
    with writing():
        _lock()
        earlier = db.session.scalar(select(Admin).filter_by(name=name))
        if earlier is not None:
            if role != "owner":
                _check_other_owner(earlier)
            db.session.delete(earlier)  # with a number of its own, the new one ends old logins
            db.session.flush()
        password = _add(name, role)
        record(by, "admin_added", f"{name}, {role}")
    return password


def remove_admin(name: str, *, by: str = COMMAND_LINE) -> None:
    """Remove a researcher; what they did stays on record, and their logins end.

    Parameters
    ----------
    name
        Of somebody who can log in.
    by
        Who removes.

    Raises
    ------
    NotFoundError
        If there is nobody of that name.
    ConflictError
        If it is the last owner.
    """
    with writing():
        _lock()
        admin = db.session.scalar(select(Admin).filter_by(name=name))
        if admin is None:
            known = ", ".join(each.name for each in list_admins())
            raise NotFoundError(f"admin must be one of {known}; got {name[:60]!r}.")
        _check_other_owner(admin)
        db.session.delete(admin)
        record(by, "admin_removed", name)


def list_admins() -> list[Admin]:
    """Return everybody who can log in.

    Returns
    -------
    list[Admin]
        By name.
    """
    return list(db.session.scalars(select(Admin).order_by(Admin.name)))


def check_password(name: str, password: str) -> Admin | None:
    """Return who logs in with a name and a password.

    Parameters
    ----------
    name
        As typed.
    password
        As typed.

    Returns
    -------
    Admin | None
        None where they do not belong together.
    """
    admin = db.session.scalar(select(Admin).filter_by(name=name))
    is_right = check_password_hash(_NOBODY if admin is None else admin.password_hash, password)
    return admin if is_right else None


def may(admin: Admin, role: str) -> bool:
    """Return whether somebody may do what a role may.

    Parameters
    ----------
    admin
        Who.
    role
        The least that is needed.

    Returns
    -------
    bool
        Roles include those before them.

    Examples
    --------
    >>> may(Admin(role="owner"), "researcher"), may(Admin(role="viewer"), "researcher")
    (True, False)
    """
    return ROLES.index(admin.role) >= ROLES.index(role)


def record(by: str, name: str, detail: str | None = None) -> None:
    """Put on record what somebody did, inside a transaction that writes.

    Parameters
    ----------
    by
        Name of an admin.
    name
        One of `study_app.columns.ACTIONS`.
    detail
        To what; nothing that participants wrote.
    """
    db.session.add(Action(admin=by, name=name, detail=detail, at=datetime.now(UTC)))


def last_actions(n: int) -> list[Action]:
    """Return what was done last.

    Parameters
    ----------
    n
        How many.

    Returns
    -------
    list[Action]
        The newest first.
    """
    return list(db.session.scalars(select(Action).order_by(Action.id.desc()).limit(n)))


def _lock() -> None:
    """Let one change of who may log in happen at a time."""
    db.session.scalars(select(Study).with_for_update()).one()


def _add(name: str, role: str) -> str:
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    hashed = generate_password_hash(password)
    db.session.add(Admin(name=name, role=role, password_hash=hashed, added_at=datetime.now(UTC)))
    return password


def _check_other_owner(admin: Admin) -> None:
    """Refuse to leave a study without an owner."""
    query = select(func.count()).select_from(Admin).where(Admin.role == "owner")
    others = db.session.scalar(query.where(Admin.id != admin.id))
    if admin.role == "owner" and not others:
        raise ConflictError(f"a study must keep an owner; got {admin.name}, the last one.")
