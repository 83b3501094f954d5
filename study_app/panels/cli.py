"""``craft-study reconcile``: a panel's export against the database."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Flask

from study_app.database_options import add_bundle, add_database
from study_app.errors import SetupError
from study_app.export_folder import to_csv
from study_app.extensions import db
from study_app.panels.prolific_export import STATUSES, read_submissions
from study_app.panels.settings import read_panel
from study_app.services.reconciliation import (
    NOT_HERE,
    PAYS,
    Reconciliation,
    differences,
    payments_of,
    reconcile,
)
from study_app.services.study import read_study

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

HERE: Final = (NOT_HERE, "in_progress", "screened_out", "completed")
HEADER: Final = ("submission", "status", "here", "pay", "reason")


def add_reconcile(commands: "Commands", open_existing: Callable[..., Flask]) -> None:
    """Add the command to those of ``craft-study``.

    Parameters
    ----------
    commands
        Of its parser.
    open_existing
        Returns the application of a database that was served.
    """
    command = commands.add_parser(
        "reconcile",
        help="compare a panel's export with the database: places, payments",
        description=(
            "Compare Prolific's export of submissions with the database. Places of returned and "
            "timed-out submissions are given back, and nobody is paid twice."
        ),
        epilog="example: craft-study reconcile prolific.csv --database study.sqlite --out pay.csv",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="CSV file that Prolific wrote")
    add_database(command)
    add_bundle(command)
    command.add_argument(
        "--panel", metavar="FILE", help="the panel's TOML file, to compare codes (STUDY_PANEL)"
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="write what each submission is to be paid"
    )
    command.add_argument("--dry-run", action="store_true", help="change nothing in the database")
    command.set_defaults(run=lambda arguments: _run(arguments, open_existing))


def _run(arguments: argparse.Namespace, open_existing: Callable[..., Flask]) -> None:
    if arguments.out is not None and arguments.out.exists():
        raise SetupError(f"payments must be a new file; got {arguments.out}, which exists.")
    submissions, notes = read_submissions(arguments.file)
    setting = arguments.panel or os.environ.get("STUDY_PANEL")
    panel = read_panel(setting) if setting else None
    app = open_existing(arguments)
    with app.app_context():
        secret = os.environ.get("STUDY_SECRET_KEY") or read_study().secret_key
        found = reconcile(submissions, secret=secret, panel=panel, is_dry=arguments.dry_run)
        db.session.remove()
        db.engine.dispose()
    _print(found, [*notes, *differences(found)], is_dry=arguments.dry_run)
    if arguments.out is not None:
        _write_private(arguments.out, to_csv(HEADER, payments_of(found)))
        print(f"payments: {arguments.out}")


def _print(found: Reconciliation, notes: Sequence[str], *, is_dry: bool) -> None:
    print(f"{'at the panel':<20}" + "".join(f"{name.replace('_', ' '):>14}" for name in HERE))
    for status in reversed(STATUSES):
        numbers = [found.counts[status, here] for here in HERE]
        if any(numbers):
            print(f"{status.replace('_', ' '):<20}" + "".join(f"{n:>14}" for n in numbers))
    totals = [sum(found.counts[status, here] for status in STATUSES) for here in HERE]
    print(f"{'all':<20}" + "".join(f"{n:>14}" for n in totals))
    would = "would be " if is_dry else ""
    print(f"places {would}given back: {found.n_freed}")
    print(f"completed here, returned there, and {would}excluded: {found.n_excluded}")
    counts = {pay: sum(each.pay == pay for each in found.payments) for pay in PAYS}
    print("submissions to pay: " + ", ".join(f"{pay} {n}" for pay, n in counts.items()))
    for note in notes:
        print(f"note: {note}")


def _write_private(file: Path, content: bytes) -> None:
    """Write a file that its owner alone can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        target.write(content)
