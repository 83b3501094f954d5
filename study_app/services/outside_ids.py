"""Numbers from outside: whether somebody took part already, here or in another study."""

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import NullPool, create_engine, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from study_app.config import database_address, sqlite_url
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import OutsideId, Participation, Study
from study_app.services.transactions import writing

_LABEL: Final = b"which key the numbers from outside are stored with"


def has_taken_part(id_hash: str, others: Sequence[str] = ()) -> bool:
    """Return whether somebody has begun, in this study or in another.

    Parameters
    ----------
    id_hash
        As `study_app.outside.outside_hash` returns it.
    others
        Addresses of other studies' databases.

    Returns
    -------
    bool
        Looked up at every call, so that studies may run at the same time.
    """
    query = select(OutsideId.id).filter_by(id_hash=id_hash)
    return db.session.scalar(query) is not None or took_part_elsewhere(id_hash, others)


def took_part_elsewhere(id_hash: str, others: Sequence[str]) -> bool:
    """Return whether somebody has begun in another study.

    Parameters
    ----------
    id_hash
        As `study_app.outside.outside_hash` returns it.
    others
        Addresses of other studies' databases.

    Returns
    -------
    bool
        False where there are none.
    """
    query = select(OutsideId.id).filter_by(id_hash=id_hash)
    for address in others:
        with create_engine(address, poolclass=NullPool).connect() as connection:
            if connection.scalar(query) is not None:
                return True
    return False


def find_by_hash(id_hash: str) -> Participation | None:
    """Return the participation that a number from outside belongs to, and lock it.

    Parameters
    ----------
    id_hash
        As `study_app.outside.outside_hash` returns it.

    Returns
    -------
    Participation | None
        None where nobody with the number has begun.
    """
    query = (
        select(Participation)
        .join(OutsideId, OutsideId.participation_id == Participation.id)
        .where(OutsideId.id_hash == id_hash)
        .with_for_update(of=Participation)
    )
    return db.session.scalar(query.execution_options(populate_existing=True))


def other_databases(given: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses of other studies' databases.

    Parameters
    ----------
    given
        SQLite files, or SQLAlchemy's addresses.

    Returns
    -------
    tuple[str, ...]
        For `has_taken_part`.

    Raises
    ------
    SetupError
        If a file does not exist, or an address is of another kind of database.
    """
    addresses = [database_address(name) if "://" in name else _file(name) for name in given]
    return tuple(addresses)


def keep_id_key(secret: str, others: Sequence[str] = ()) -> None:
    """Remember which key numbers are stored with, and refuse another one.

    With another key nobody would be known again: one person could take part twice, unnoticed.

    Parameters
    ----------
    secret
        The server's.
    others
        Addresses of other studies' databases, which must have the same key.

    Raises
    ------
    SetupError
        If numbers are stored here, or anything in another study, with another key.
    """
    mine = key_check(secret)
    with writing():
        study = db.session.scalars(select(Study)).one()
        n_stored = db.session.scalar(select(func.count()).select_from(OutsideId))
        if study.id_key_check not in (None, mine) and n_stored:
            raise SetupError(
                "STUDY_SECRET_KEY must be the one that participants' numbers are stored with; "
                "got another."
            )
        study.id_key_check = mine
    for address in others:
        if _key_check_of(address) != mine:
            raise SetupError(
                f"database {_shown(address)} must have been served with the same STUDY_SECRET_KEY "
                "to know its participants again; got another key."
            )


def key_check(secret: str) -> str:
    """Return what tells two keys apart, and says nothing else about them.

    Parameters
    ----------
    secret
        The server's.

    Returns
    -------
    str
        HMAC-SHA-256 of a fixed text, in hexadecimal.
    """
    return hmac.new(secret.encode(), _LABEL, hashlib.sha256).hexdigest()


def _file(name: str) -> str:
    file = Path(name)
    if not file.is_file():
        raise SetupError(
            f"panel setting once_across must name databases; got {name}, which does not exist."
        )
    return f"{sqlite_url(file).replace('sqlite:///', 'sqlite:///file:')}?mode=rw&uri=true"


def _shown(address: str) -> str:
    """Return the name of a database, without the password that its address may hold."""
    return address.rsplit("/", 1)[-1].partition("?")[0]


def _key_check_of(address: str) -> str | None:
    engine = create_engine(address, poolclass=NullPool)
    try:
        columns = {each["name"] for each in inspect(engine).get_columns(Study.__tablename__)}
        if "id_key_check" not in columns:
            return None
        with engine.connect() as connection:
            found: str | None = connection.scalar(select(Study.id_key_check))
    except SQLAlchemyError as error:
        raise SetupError(
            f"panel setting once_across must name databases of studies; got {_shown(address)}."
        ) from error
    return found
