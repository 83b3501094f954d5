"""Folders of exported files: written whole or not at all, with values as text."""

import csv
import io
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from study_app.errors import SetupError


def to_text(value: object) -> str:
    """Return a value as a CSV file holds it.

    Parameters
    ----------
    value
        Of a row; instants are in UTC.

    Returns
    -------
    str
        Empty for None, ``true`` or ``false``, three decimals, or ISO 8601 with milliseconds.

    Examples
    --------
    >>> to_text(None), to_text(True), to_text(1.5), to_text("wolf")
    ('', 'true', '1.500', 'wolf')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.3f}"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        case _:
            return str(value)


def to_csv(header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a table as the bytes of its CSV file.

    Parameters
    ----------
    header
        Names of the columns, in order.
    rows
        Column -> value.

    Returns
    -------
    bytes
        UTF-8, with a header.

    Examples
    --------
    >>> to_csv(["trial", "correct"], [{"trial": "a1", "correct": True}]).split()
    [b'trial,correct', b'a1,true']
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: to_text(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def replace_folder(
    folder: Path, files: Mapping[str, bytes], *, known: Collection[str], marker: str = ""
) -> Path:
    """Write files into a folder that is new, empty or an earlier one of the same kind.

    Parameters
    ----------
    folder
        To be written; nothing is left beside it.
    files
        Path in the folder -> content.
    known
        Names of files that an earlier one may hold; a file of another name keeps it as it is.
    marker
        A file that an earlier one must hold, where its other names could be anybody's.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SetupError
        If the folder holds something else.
    """
    check_replaceable(folder, known={*known, *files}, marker=marker)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "export"
        unfinished.mkdir()
        for name, content in files.items():
            file = unfinished / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if folder.exists():
            shutil.move(folder, Path(scratch) / "replaced")
        unfinished.rename(folder)
    return folder


def check_replaceable(folder: Path, *, known: Collection[str], marker: str = "") -> None:
    """Make sure that nothing but an earlier export would be replaced.

    Parameters
    ----------
    folder
        To be written.
    known
        Names of files that it may hold.
    marker
        A file that it must hold unless it is empty; an empty string asks for none.

    Raises
    ------
    SetupError
        If it is a file, or holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise SetupError(f"export folder must be a folder; got the file {folder}.")
    found = [file for file in folder.rglob("*") if not file.is_dir()] if folder.exists() else []
    names = {file.relative_to(folder).as_posix() for file in found}
    other = names if marker and marker not in names else names - set(known)
    if other:
        raise SetupError(
            f"export folder must be new, empty or an export; got {sorted(other)[0]} in {folder}."
        )
