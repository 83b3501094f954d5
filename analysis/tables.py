"""Write result tables, so that the same numbers give the same bytes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

FLOAT_FORMAT: Final = "%.6f"


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[str]:
    """Write each table as CSV.

    Parameters
    ----------
    tables
        Name -> table.
    folder
        Exists; gets one file a table.

    Returns
    -------
    list[str]
        File names, in the order of the tables.
    """
    files = []
    for name, table in tables.items():
        files.append(f"{name}.csv")
        table.to_csv(
            folder / files[-1],
            index=False,
            float_format=FLOAT_FORMAT,
            lineterminator="\n",
            encoding="utf-8",
        )
    return files
