"""Every acknowledged answer is there once, whatever happens on the way; and 500 come at once."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from stimuli_builder.bundle import read_bundle
from study_app.extensions import db
from study_app.models import Event, Participation, Response, Submission
from study_app.replay import Logged, check_path
from study_app.services.participations import Visitor, begin_participation
from study_app.services.transactions import writing
from tests.study_app.chaos_proxy import SHARES, ChaosProxy
from tests.study_app.crowd import HttpClient, at_once
from tests.study_app.live_server import LiveServer
from tests.study_app.studies import write_changed
from tests.study_app.walker import SCRIPT, Walker

pytestmark = pytest.mark.slow

N_PEOPLE, N_KILLS, N_ARRIVALS = 8, 3, 500
N_RESPONSES = 4 + 2 + 3 * 8
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(params=DATABASES)
def database(request):
    """The address of a new database; None is a SQLite file beside the server."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("postgresql")(f"study_{time.monotonic_ns()}")


class Person(Walker):
    """Answers as study.js does, and keeps what was acknowledged."""

    def __init__(self, url, bundle, number):
        self.acknowledged = []
        self.number, self.n_tabs = number, 0
        super().__init__(HttpClient(url), bundle)

    def advance(self, *, right=True, **extra):
        fields, url = self.fields(right=right) | extra, self.url
        if self.step == "consent":
            self.see(self.client.post(url, data=fields))
            return
        other = self._other_tab(url, fields)
        reply = self.client.post(url, data=fields, headers=SCRIPT)
        if other is not None:
            other.join()
        assert reply.status_code == 200, (url, reply.status_code)
        if reply.headers["X-Study-Stored"] == "yes":
            self.acknowledged.append((url.rsplit("/", 1)[-1], fields["answer_key"]))
        self.see(reply)

    def _other_tab(self, url, fields):
        """Send another answer to every fifth page at the same time, from a second tab."""
        self.n_tabs += 1
        if self.n_tabs % 5 or self.step != "test":
            return None
        client = HttpClient(self.client.base_url)
        client.session.cookies.update(self.client.session.cookies)
        other = fields | {
            "answer_key": f"tab-{self.number}-{self.n_tabs}-0123456789",
            "choice": "0",
        }
        thread = threading.Thread(
            target=client.post, args=(url,), kwargs={"data": other, "headers": SCRIPT}
        )
        thread.start()
        return thread

    def take_part(self):
        for _ in range(200):
            if self.form is None:
                return
            self.advance(right=self.step != "test" or "test.0." in self.url)


def kill_now_and_then(server, is_over):
    for _ in range(N_KILLS):
        if is_over.wait(4.0):
            return
        server.kill()
        time.sleep(0.3)
        server.start()


def test_every_acknowledged_answer_is_there_once(database, bundle, tmp_path):
    server = LiveServer(bundle.path, tmp_path, url=database, n_workers=2)
    server.start()
    people, is_over = [None] * N_PEOPLE, threading.Event()
    with ChaosProxy(server.url, seed=0) as proxy:

        def take_part(number):
            people[number] = Person(proxy.url, bundle, number)
            people[number].take_part()

        killer = threading.Thread(target=kill_now_and_then, args=(server, is_over))
        killer.start()
        try:
            at_once([lambda n=n: take_part(n) for n in range(N_PEOPLE)])
        finally:
            is_over.set()
            killer.join()
    try:
        assert set(SHARES) <= set(proxy.done)
        assert sum(person.client.n_repeated for person in people) > 0
        for person in people:
            check_person(server, bundle, person)
        assert len(server.rows(select(Participation))) == N_PEOPLE
    finally:
        server.close()


def check_person(server, bundle, person):
    """Whoever took part has every answer once, in an unbroken log, and the code that is stored."""
    assert person.step == "debriefing"
    key = next(r for r in person.received if r.location).location.rsplit("/", 1)[-1]
    (row,) = server.rows(select(Participation).filter_by(key=key))
    assert person.main.select_one(".completion-code").text == row.completion_code
    stored = {
        each.step: each.answer_key
        for each in server.rows(select(Submission).filter_by(participation_id=row.id))
    }
    assert len(person.acknowledged) > 40
    assert [(step, key) for step, key in person.acknowledged if stored[step] != key] == []
    responses = server.rows(select(Response).filter_by(participation_id=row.id))
    assert max(Counter((each.step, each.item) for each in responses).values()) == 1
    assert len(responses) == N_RESPONSES
    query = select(Event).filter_by(participation_id=row.id).order_by(Event.number)
    events = server.rows(query)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    check_path(
        bundle.manifest,
        [Logged(name=each.name, step=each.step, detail=each.detail) for each in events],
    )


@pytest.mark.parametrize("quota", [None, 200])
def test_five_hundred_at_once_fill_the_conditions_evenly(database, bundle, tmp_path, quota):
    recruitment = replace(bundle.manifest.recruitment, quota=quota)
    study = write_changed(tmp_path / "b", bundle, replace(bundle.manifest, recruitment=recruitment))
    server = LiveServer(study.path, tmp_path, url=database, n_workers=2)
    keys = [f"arrival-{number:016d}" for number in range(N_ARRIVALS)]
    put_before_the_sessions(server, study, keys)
    server.start()
    try:
        at_once([lambda key=key: arrive(server.url, study, key) for key in keys])
        rows = server.rows(select(Participation))
    finally:
        server.close()
    counts = Counter(row.condition for row in rows)
    lists = Counter((row.condition, row.list_name) for row in rows if row.condition)
    assert sum(counts.values()) == N_ARRIVALS
    assert max(lists.values()) - min(lists.values()) <= 1
    if quota is None:
        assert set(counts.values()) == {N_ARRIVALS // 2}
    else:
        assert counts == {"baseline": quota, "craft": quota, None: N_ARRIVALS - 2 * quota}
        turned_away = [row for row in rows if row.condition is None]
        assert {row.screened_out_at for row in turned_away} == {"quota"}


def put_before_the_sessions(server, study, keys):
    """Begin participations, and put them at the quiz."""
    with server.app.app_context():
        for key in keys:
            begin_participation(study.manifest, key, Visitor(is_simulated=False))
        with writing():
            for row in db.session.scalars(select(Participation)):
                row.step = "quiz.0.1.0"
        db.session.remove()


def arrive(url, study, key):
    client = HttpClient(url, timeout_s=60.0)
    walker = Walker.__new__(Walker)
    walker.client, walker.bundle, walker.received = client, study, []
    walker.see(client.get(f"/p/{key}"))
    assert walker.step == "quiz"
    walker.see(client.post(walker.url, data=walker.fields(), headers=SCRIPT))
    assert walker.step in ("session-intro", "screened-out")


def test_schema_and_people_are_the_same_on_postgresql(postgresql, bundle, tmp_path):
    server = LiveServer(bundle.path, tmp_path, url=postgresql("schema_test"))
    with server.app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []
    walker = Walker(server.app.test_client(), read_bundle(bundle.path)).walk_to("debriefing")
    (row,) = server.rows(select(Participation))
    assert row.completion_code in walker.main.text
    with server.app.app_context():
        db.engine.dispose()


def test_servers_that_begin_at_once_set_an_empty_database_up_once(postgresql, bundle, tmp_path):
    code = "import sys; from study_app.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "serve", str(bundle.path), "--only-prepare"]
    settings = {
        "STUDY_DATABASE_URL": postgresql(f"at_once_{time.monotonic_ns()}"),
        "STUDY_WITHDRAWALS": str(tmp_path / "withdrawn"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    processes = [
        subprocess.Popen(
            words,
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert sum("admin password" in out for out, _ in said) == 1
