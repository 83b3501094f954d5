"""``craft-study simulate``: a rehearsal of a study, from its server to its participants."""

import argparse
import contextlib
import difflib
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import func, select

from stimuli_builder.bundle import Bundle
from study_app.app import create_app
from study_app.config import sqlite_url, withdrawals_file
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Participation
from study_app.server import Server
from study_app.services.study import prepare_database
from study_app.simulation.injection import answer_key
from study_app.simulation.kinds import ALL_KINDS, ROUND, Kind, arrival_order, kind_names
from study_app.simulation.rehearsal import (
    Report,
    Visit,
    free_port,
    new_secret,
    rehearse,
    running,
)

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

HOST: Final = "127.0.0.1"
DATABASE_FILE: Final = Path("study.sqlite")
SQLITE_ENDINGS: Final = ("", "-wal", "-shm", ".queue", ".withdrawn")
N_WORKERS: Final = 1  # participants come one after the other


def add_simulate(commands: "Commands") -> None:
    """Add the command to those of ``craft-study``.

    Parameters
    ----------
    commands
        Of its parser.
    """
    simulate = commands.add_parser(
        "simulate",
        help="send simulated participants through a bundle's study",
        description=(
            "Serve a bundle on a free port of this machine, and send simulated participants "
            "through its pages over HTTP: learners, guessers, inattentive ones and leavers, or "
            "those that --kinds names. Every one of them is marked as simulated."
        ),
        epilog="example: craft-study simulate runs/demo/bundle --database runs/demo/study.sqlite",
    )
    simulate.set_defaults(run=simulate_study)
    simulate.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    simulate.add_argument(
        "--database",
        type=Path,
        metavar="FILE",
        help=f"SQLite file (STUDY_DATABASE_URL where that is set, else {DATABASE_FILE})",
    )
    simulate.add_argument("--participants", type=_count, default=60, help="how many (%(default)s)")
    simulate.add_argument(
        "--seed", type=_seed, default=0, help="of participants and assignment (%(default)s)"
    )
    simulate.add_argument(
        "--kinds",
        nargs="+",
        metavar="KIND",
        help=(
            "who comes, one a block of the assignment, in turn: "
            + ", ".join(kind.name for kind in ALL_KINDS)
            + "; effect-… answer right with known probabilities, to calibrate the analysis"
        ),
    )


def simulate_study(arguments: argparse.Namespace) -> None:
    """Run the command.

    Parameters
    ----------
    arguments
        As parsed.

    Raises
    ------
    SetupError
        If there is no such kind, the server does not start, the database has simulated participants
        already, or the run is interrupted.
    """
    kinds = [_kind(name) for name in arguments.kinds] if arguments.kinds else ROUND
    url = _database_url(arguments.database)
    secret = new_secret()
    with _whole_or_not_at_all(url), _interrupted_by_signals():
        study = _prepare(arguments.bundle, url, secret=secret, seed=arguments.seed)
        run_length = len(study.manifest.conditions) * len(study.manifest.lists)
        order = arrival_order(arguments.participants, run_length, kinds)
        server = Server(
            bundle=arguments.bundle,
            database_url=url,
            secret_key=secret,
            withdrawals=withdrawals_file(url),
            host=HOST,
            port=free_port(HOST),
            n_workers=N_WORKERS,
            is_simulated=True,
        )
        seeds = np.random.SeedSequence(arguments.seed).spawn(len(order))
        generators = [np.random.default_rng(seed) for seed in seeds]
        with running(server) as link, _progress(len(order)) as report:
            visits = rehearse(link, order, generators, report, answer_key(study))
    for line in summary(visits):
        print(line)


def summary(visits: Sequence[Visit]) -> list[str]:
    """Say for each kind how many came, finished, and were screened out.

    Parameters
    ----------
    visits
        One a participant.

    Returns
    -------
    list[str]
        One line a kind.

    Examples
    --------
    >>> from study_app.simulation.kinds import LEARNER
    >>> summary([Visit(kind=LEARNER, outcome=how) for how in ("finished", "left")])
    ['learner: 2, finished: 1, screened out: 0']
    """
    counts = Counter((visit.kind.name, visit.outcome) for visit in visits)
    n_of = Counter(visit.kind.name for visit in visits)
    return [
        f"{name}: {n_of[name]}, finished: {counts[name, 'finished']}, "
        f"screened out: {counts[name, 'screened_out']}"
        for name in kind_names([visit.kind for visit in visits])
    ]


def _kind(name: str) -> Kind:
    """Return a kind by its name."""
    names = [kind.name for kind in ALL_KINDS]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)[0]
        raise SetupError(f"kind must be one of {names}; got {name!r}, nearest to {near!r}.")
    return ALL_KINDS[names.index(name)]


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"participants must be at least 1; got {count}.")
    return count


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise argparse.ArgumentTypeError(f"seed must be at least 0; got {seed}.")
    return seed


def _database_url(file: Path | None) -> str:
    configured = os.environ.get("STUDY_DATABASE_URL")
    return configured if file is None and configured else sqlite_url(file or DATABASE_FILE)


def _prepare(bundle: Path, url: str, *, secret: str, seed: int) -> Bundle:
    """Set up the database, and return the study."""
    app = create_app(
        {
            "STUDY_BUNDLE": bundle,
            "STUDY_DATABASE_URL": url,
            "STUDY_SECRET_KEY": secret,
            "STUDY_WITHDRAWALS": withdrawals_file(url),
        }
    )
    with app.app_context():
        prepare_database(app.extensions["study_bundle"], seed=seed)
        simulated = select(func.count()).where(Participation.is_simulated)
        n_earlier = db.session.scalar(simulated) or 0
        db.session.rollback()
        db.engine.dispose()
    if n_earlier:
        raise SetupError(
            f"database must hold no simulated participants yet; got {n_earlier}. "
            "Give another --database, or remove that file."
        )
    study: Bundle = app.extensions["study_bundle"]
    return study


@contextlib.contextmanager
def _whole_or_not_at_all(url: str) -> Iterator[None]:
    """Remove a database file that this run began and could not finish."""
    path = Path(url.removeprefix("sqlite:///"))
    is_new = url.startswith("sqlite:") and not path.exists()
    if is_new:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for ending in SQLITE_ENDINGS if is_new else ():
            path.with_name(path.name + ending).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Turn Ctrl+C and SIGTERM into an error, so that the server is stopped on the way out."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise SetupError(f"simulation must run to its end; got {signal.Signals(number).name}.")

    earlier = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in earlier.items():
            signal.signal(each, handler)


@contextlib.contextmanager
def _progress(n: int) -> Iterator[Report]:
    """Show how many are through, where somebody watches."""
    if not sys.stderr.isatty():
        yield lambda _number: None
        return

    def show(number: int) -> None:
        print(f"\rsimulated participants: {number} of {n}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(file=sys.stderr)
