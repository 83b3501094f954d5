"""The file that lists the studies of one server.

[leaves]                        # the address: https://host/leaves/
bundle = "leaves/bundle"        # paths are relative to the file
database = "leaves.sqlite"      # or SQLAlchemy's address of a PostgreSQL database
panel = "prolific.toml"         # optional: a file, or the name of shipped settings
quota = 30                      # optional
media = "s3://bucket/leaves"    # optional: where "craft-study push-media" put the pictures
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from study_app.config import sqlite_url
from study_app.errors import SetupError
from study_app.panels.settings import SHIPPED

RESERVED: Final = ("admin", "bootstrap", "health", "healthz", "media", "metrics", "p", "static")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_KEYS: Final = ("bundle", "database", "panel", "media", "quota")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One study of a server.

    Attributes
    ----------
    name
        Of a-z, 0-9 and hyphens; the first part of its addresses.
    bundle
        Folder.
    database_url
        SQLAlchemy's address.
    panel
        A TOML file, the name of shipped settings, or empty.
    media
        fsspec's address of the pictures, or empty.
    quota
        Participants a condition, or None.
    """

    name: str
    bundle: Path
    database_url: str
    panel: str
    media: str
    quota: int | None


def read_listing(file: Path) -> list[Listed]:
    """Read which studies a server has.

    Parameters
    ----------
    file
        TOML: one table a study.

    Returns
    -------
    list[Listed]
        In the order of the file; one at least, no database twice.

    Raises
    ------
    SetupError
        If the file cannot be read, or a name, key or value is wrong.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(f"list of studies must be a TOML file; got {file} ({error}).") from error
    if not tables:
        raise SetupError(f"list of studies must have a table for each; got none in {file}.")
    studies = [_study(name, table, file.resolve().parent) for name, table in tables.items()]
    for number, study in enumerate(studies):
        same = [each.name for each in studies[:number] if each.database_url == study.database_url]
        if same:
            raise SetupError(f"study {study.name} must have its own database; got {same[0]}'s.")
    return studies


def _study(name: str, table: object, folder: Path) -> Listed:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise SetupError(
            f"study's name must be of a-z, 0-9 and -, and none of {', '.join(RESERVED)}; "
            f"got {name[:60]!r}."
        )
    if not isinstance(table, dict):
        raise SetupError(f"study {name} must be a table; got {table!r}.")
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        raise SetupError(f"study {name} must have keys of {', '.join(_KEYS)}; got {unknown[0]!r}.")
    bundle, database = (_text(name, table, key, required=True) for key in _KEYS[:2])
    panel, quota = _text(name, table, "panel", required=False), table.get("quota")
    is_count = isinstance(quota, int) and not isinstance(quota, bool) and quota >= 1
    if quota is not None and not is_count:
        raise SetupError(f"quota of study {name} must be at least 1; got {quota!r}.")
    return Listed(
        name=name,
        bundle=folder / bundle,
        database_url=database if "://" in database else sqlite_url(folder / database),
        panel=panel if panel in ("", *SHIPPED) else str(folder / panel),
        media=_text(name, table, "media", required=False),
        quota=quota,
    )


def _text(name: str, table: dict[str, Any], key: str, *, required: bool) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or (required and not value):
        raise SetupError(f"{key} of study {name} must be text; got {value!r}.")
    return value
