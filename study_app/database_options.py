"""The options of every command that works on a study's database."""

import argparse
from pathlib import Path
from typing import Final

DATABASE_FILE: Final = Path("study.sqlite")


def add_database(command: argparse.ArgumentParser) -> None:
    """Let a command take a database.

    Parameters
    ----------
    command
        Gets ``--database``.
    """
    command.add_argument(
        "--database",
        type=Path,
        metavar="FILE",
        help=f"SQLite file (STUDY_DATABASE_URL where that is set, else {DATABASE_FILE})",
    )


def add_bundle(command: argparse.ArgumentParser) -> None:
    """Let a command take the bundle of a database that was served.

    Parameters
    ----------
    command
        Gets ``--bundle``.
    """
    command.add_argument("--bundle", type=Path, help="folder of the bundle, where it was moved")
