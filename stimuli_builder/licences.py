"""Licences of single images, where a folder's ``images.csv`` names them."""

import csv
from pathlib import Path


def image_licences(folder: Path) -> dict[str, str]:
    """Read the column ``licence`` of ``images.csv``.

    Parameters
    ----------
    folder
        Of images.

    Returns
    -------
    dict[str, str]
        File -> licence, for those that have one of their own.
    """
    table = folder / "images.csv"
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        return {row["file"]: row["licence"] for row in rows if row.get("licence")}
