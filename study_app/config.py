"""Settings of the server: from the environment (``STUDY_*``), or as overrides in tests.

STUDY_BUNDLE           folder of the bundle
STUDY_DATABASE_URL     SQLAlchemy address of the database
STUDY_SECRET_KEY       signs cookies, and keys the hashes of numbers from outside; no default
STUDY_WITHDRAWALS      file that withdrawals are written to as well, to be kept where the database
                       is restored from a backup; beside a SQLite file by default
STUDY_PANEL            the panel's TOML file, or the name of shipped settings; empty takes any link
STUDY_MEDIA            where the pictures are, such as s3://bucket/study; empty takes the bundle's
STUDY_UPLOADS          folder for bundles that the administrator uploads; empty allows none
STUDY_SHOW_RESULTS     1 shows results by condition before the study is closed; put on record
STUDY_SIMULATED        1 marks every participation as a program's
STUDY_SECURE_COOKIES   0 sends cookies over plain HTTP too, for a machine of one's own; else 1
STUDY_PROXIES          number of proxies in front whose X-Forwarded-* headers are believed
STUDY_METRICS_TOKEN    whoever sends it may read /metrics; empty allows this machine alone
STUDY_LOG_REQUESTS     1 writes a line of the log for every request, and not for failures alone
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from study_app.errors import SetupError

NAMES: Final = (
    "STUDY_BUNDLE",
    "STUDY_DATABASE_URL",
    "STUDY_SECRET_KEY",
    "STUDY_WITHDRAWALS",
    "STUDY_PANEL",
    "STUDY_MEDIA",
    "STUDY_UPLOADS",
    "STUDY_SHOW_RESULTS",
    "STUDY_SIMULATED",
    "STUDY_SECURE_COOKIES",
    "STUDY_PROXIES",
    "STUDY_METRICS_TOKEN",
    "STUDY_LOG_REQUESTS",
)
REQUIRED: Final = NAMES[:3]
COOKIE_LIFETIME: Final = timedelta(days=180)
MAX_REQUEST_BYTES: Final = 64 * 1024
MIN_SECRET_LENGTH: Final = 16
MIN_SECRET_LETTERS: Final = 8  # different ones
PLACEHOLDERS: Final = ("change", "default", "example", "insecure", "password", "placeholder")
CONNECTIONS: Final = 6  # of each worker, as many as it has threads and a few more
CONNECT_S: Final = 5  # until PostgreSQL counts as away
SILENT_S: Final = 10  # until a connection on which nothing is confirmed counts as lost
WITHDRAWALS_ENDING: Final = ".withdrawn"


def flask_config(overrides: Mapping[str, object]) -> dict[str, Any]:
    """Return the application's configuration.

    Parameters
    ----------
    overrides
        Any of `NAMES`, in place of the environment's, and settings of Flask or its extensions.

    Returns
    -------
    dict[str, Any]
        For `flask.Config.update`.

    Raises
    ------
    SetupError
        If a required setting is missing, a secret is too short or a placeholder, the database's
        address cannot be read, or it is not said plainly whether cookies are secure.
    """
    settings: dict[str, Any] = {
        **{name: os.environ.get(name, "") for name in NAMES},
        **overrides,
    }
    for name in REQUIRED:
        if not settings[name]:
            raise SetupError(f'{name} must be set; got nothing. "craft-study serve" sets it.')
    check_secret(str(settings["STUDY_SECRET_KEY"]))
    check_token(str(settings["STUDY_METRICS_TOKEN"]))
    url = database_address(str(settings["STUDY_DATABASE_URL"]))
    is_secure = has_secure_cookies(settings["STUDY_SECURE_COOKIES"])
    return {
        **_fixed(),
        "SECRET_KEY": str(settings["STUDY_SECRET_KEY"]),
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "SESSION_COOKIE_SECURE": is_secure,
        "SESSION_COOKIE_NAME": "__Host-study" if is_secure else "study",
        **settings,
        "STUDY_WITHDRAWALS": str(settings["STUDY_WITHDRAWALS"] or withdrawals_file(url)),
    }


def check_secret(secret: str) -> None:
    """Refuse a secret that somebody could guess.

    Parameters
    ----------
    secret
        As configured.

    Raises
    ------
    SetupError
        If it is too short, too plain, or a placeholder.
    """
    if len(secret) < MIN_SECRET_LENGTH:
        raise SetupError(
            f"STUDY_SECRET_KEY must have {MIN_SECRET_LENGTH} characters or more; got {len(secret)}."
        )
    n_letters = len(set(secret))
    if n_letters < MIN_SECRET_LETTERS:
        raise SetupError(
            f"STUDY_SECRET_KEY must have {MIN_SECRET_LETTERS} different characters or more; got "
            f"{n_letters}."
        )
    found = [word for word in PLACEHOLDERS if word in secret.lower()]
    if found:
        raise SetupError(
            f'STUDY_SECRET_KEY must be a random secret; got one with "{found[0]}" in it. '
            "Make one with \"python -c 'import secrets; print(secrets.token_hex(32))'\"."
        )


def check_token(token: str) -> None:
    """Refuse a token for the figures that somebody could guess.

    Parameters
    ----------
    token
        As configured; empty where there is none.

    Raises
    ------
    SetupError
        If it is too short.
    """
    if 0 < len(token) < MIN_SECRET_LENGTH:
        raise SetupError(
            f"STUDY_METRICS_TOKEN must have {MIN_SECRET_LENGTH} characters or more; got "
            f"{len(token)}."
        )


def has_secure_cookies(value: object) -> bool:
    """Return whether cookies are sent over HTTPS alone; no slip of the pen switches that off.

    Parameters
    ----------
    value
        ``1``, ``true``, ``0`` or ``false`` as text, or a bool; empty is on.

    Returns
    -------
    bool
        Off for ``0`` and ``false`` alone.

    Raises
    ------
    SetupError
        If it is something else.
    """
    said = str(value).lower()
    if said not in ("", "0", "1", "false", "true"):
        raise SetupError(f"STUDY_SECURE_COOKIES must be 0 or 1; got {str(value)[:40]!r}.")
    return said not in ("0", "false")


def database_address(url: str) -> str:
    """Return a database's address with the driver that this package comes with.

    Parameters
    ----------
    url
        As configured.

    Returns
    -------
    str
        For SQLAlchemy.

    Raises
    ------
    SetupError
        If it cannot be read, or is of another database than SQLite and PostgreSQL.

    Examples
    --------
    >>> database_address("postgresql://localhost/study")
    'postgresql+psycopg://localhost/study'
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise SetupError(
            f"STUDY_DATABASE_URL must be SQLAlchemy's address of a database; got {url[:20]!r}."
        ) from error
    name = address.get_backend_name()
    if name not in ("sqlite", "postgresql"):
        raise SetupError(f"STUDY_DATABASE_URL must be of SQLite or PostgreSQL; got {name}.")
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return address.render_as_string(hide_password=False)


def engine_options(url: str) -> dict[str, Any]:
    """Return how SQLAlchemy connects.

    Parameters
    ----------
    url
        As `database_address` returns it.

    Returns
    -------
    dict[str, Any]
        A connection that was lost, as when PostgreSQL was restarted, is noticed and replaced; a
        server that does not answer is not waited for.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return {}
    return {
        "pool_pre_ping": True,
        "pool_size": CONNECTIONS,
        "max_overflow": 0,
        "pool_timeout": 10,
        "connect_args": {"connect_timeout": CONNECT_S, "tcp_user_timeout": 1000 * SILENT_S},
    }


def withdrawals_file(url: str) -> str:
    """Return the file that withdrawals are written to where nothing else is configured.

    Parameters
    ----------
    url
        Of the database.

    Returns
    -------
    str
        The environment's; else beside a SQLite file, or in the current folder.

    Examples
    --------
    >>> withdrawals_file("sqlite:////srv/study.sqlite")
    '/srv/study.sqlite.withdrawn'
    """
    configured = os.environ.get("STUDY_WITHDRAWALS")
    address = make_url(url)
    is_file = address.get_backend_name() == "sqlite" and address.database
    default = Path(address.database or "") if is_file else Path("study").resolve()
    return configured or f"{default}{WITHDRAWALS_ENDING}"


def _fixed() -> dict[str, Any]:
    """Return the settings that no study changes."""
    return {
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": COOKIE_LIFETIME,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the cookie: nobody loses an answer to a clock
        "WTF_CSRF_SSL_STRICT": False,  # some browsers send no Referer
        "MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_REQUEST_BYTES,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "RATELIMIT_STORAGE_URI": "memory://",
        "RATELIMIT_STRATEGY": "moving-window",
        "RATELIMIT_HEADERS_ENABLED": True,
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(hours=1),
    }


def is_on(value: object) -> bool:
    """Return whether a setting is switched on.

    Parameters
    ----------
    value
        ``1`` or ``true`` as text, or a bool.

    Returns
    -------
    bool
        Off for everything else.

    Examples
    --------
    >>> is_on("1"), is_on("")
    (True, False)
    """
    return str(value).lower() in ("1", "true")


def sqlite_url(file: Path) -> str:
    """Return the address of a SQLite file.

    Parameters
    ----------
    file
        Absolute or relative to the current folder.

    Returns
    -------
    str
        For ``STUDY_DATABASE_URL``.
    """
    return f"sqlite:///{file.resolve()}"
