"""Settings of the server: from the environment (``STUDY_*``), or as overrides in tests.

STUDY_BUNDLE           folder of the bundle
STUDY_DATABASE_URL     SQLAlchemy address of the database
STUDY_SECRET_KEY       signs cookies; there is no default
STUDY_SIMULATED        1 marks every participation as a program's
STUDY_SECURE_COOKIES   1 sends cookies over HTTPS only
STUDY_PROXIES          number of proxies in front whose X-Forwarded-* headers are believed
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from study_app.errors import SetupError

NAMES: Final = (
    "STUDY_BUNDLE",
    "STUDY_DATABASE_URL",
    "STUDY_SECRET_KEY",
    "STUDY_SIMULATED",
    "STUDY_SECURE_COOKIES",
    "STUDY_PROXIES",
)
REQUIRED: Final = NAMES[:3]
COOKIE_LIFETIME: Final = timedelta(days=180)
MAX_REQUEST_BYTES: Final = 64 * 1024
MIN_SECRET_LENGTH: Final = 16


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
        If a required setting is missing, or the secret is too short.
    """
    settings: dict[str, Any] = {
        **{name: os.environ.get(name, "") for name in NAMES},
        **overrides,
    }
    for name in REQUIRED:
        if not settings[name]:
            raise SetupError(f'{name} must be set; got nothing. "craft-study serve" sets it.')
    secret = str(settings["STUDY_SECRET_KEY"])
    if len(secret) < MIN_SECRET_LENGTH:
        raise SetupError(
            f"STUDY_SECRET_KEY must have {MIN_SECRET_LENGTH} characters or more; got {len(secret)}."
        )
    return {
        **_fixed(),
        "SECRET_KEY": secret,
        "SQLALCHEMY_DATABASE_URI": str(settings["STUDY_DATABASE_URL"]),
        "SESSION_COOKIE_SECURE": is_on(settings["STUDY_SECURE_COOKIES"]),
        **settings,
    }


def _fixed() -> dict[str, Any]:
    """Return the settings that no study changes."""
    return {
        "SESSION_COOKIE_NAME": "study",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": COOKIE_LIFETIME,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the cookie: nobody loses an answer to a clock
        "MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_REQUEST_BYTES,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "RATELIMIT_STORAGE_URI": "memory://",
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
