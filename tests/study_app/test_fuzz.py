"""Whatever is sent to whatever address: never a 500, and never a row that breaks a rule."""

import io
from collections import Counter
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from study_app.extensions import db, limiter
from study_app.models import Event, Reply, Response, Submission
from study_app.services.admins import add_first_admin
from tests.study_app.studies import asking, write_changed
from tests.study_app.test_routes import ROUTES
from tests.study_app.walker import Walker

FIELDS = (
    "csrf_token", "answer_key", "choice", "confidence", "looking_ms", "reservoir_ms", "away_ms",
    "task", "reservoir", "adult", "expertise", "uses", "age", "gender", "kind", "code",
    "password", "participant", "decision", "note", "bundle", "name", "role", "study", "condition",
    "list",
)  # fmt: skip
PARAMETERS = ("lang", "page", "participant", "PROLIFIC_PID", "workerId", "x")
CALLERS = ("nobody", "participant", "participant", "admin")  # the participant has most to send
STEPS = ("consent", "eligibility", "instructions", "quiz", "training", "test", "questionnaire")
HEADERS = ("X-Study-Script", "Content-Type", "X-CSRFToken", "Referer", "Cookie")
NASTY = ("\x00", "\ud800", "‮", "-1", "1e999", "NaN", "9" * 400, "' OR 1=1 --", "../../x", "{}")
NASTY += ("100%", "a%sb", "%(x)s", "%ED%A0%80", "{{ 7 * 7 }}")
KNOWN = ("p0001", "mira", "viewer", "exclude other", "include other", "craft", "list_a", "en")

texts = st.one_of(
    st.sampled_from(NASTY),
    st.sampled_from(KNOWN),
    st.text(max_size=30),
    st.integers(-3, 5).map(str),
)
fields = st.dictionaries(st.sampled_from(FIELDS), st.one_of(texts, st.lists(texts, max_size=3)))
numbers = st.integers(-1, 9).map(str)
steps = st.one_of(st.tuples(st.sampled_from(STEPS), numbers, numbers, numbers).map(".".join), texts)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
cases = st.fixed_dictionaries(
    {
        "route": st.sampled_from(sorted(ROUTES)),
        "caller": st.sampled_from(CALLERS),
        "query": st.lists(st.tuples(st.sampled_from(PARAMETERS), texts), max_size=3),
        "is_mine": st.booleans(),
        "step": steps,
        "fields": fields,
        "keeps_form": st.booleans(),
        "headers": st.dictionaries(st.sampled_from(HEADERS), plain, max_size=2),
        "body": st.one_of(st.none(), st.binary(max_size=40)),
        "file": st.one_of(st.none(), st.none(), st.binary(max_size=40)),
    }
)


class Target:
    """A study that asks everything, and browsers of somebody of each kind."""

    def __init__(self, app, study):
        self.app = app
        Walker(app.test_client(), study).walk_to("test", session=1)  # others have gone before
        self.walker = Walker(app.test_client(), study)
        self.walker.advance()
        with app.app_context():
            self.password = add_first_admin()
        self.clients = {
            "nobody": app.test_client(),
            "participant": self.walker.client,
            "admin": app.test_client(),
        }
        self.log_in()

    def token(self, caller):
        page = self.clients[caller].get("/admin/login").text
        return page.split('name="csrf_token" value="')[1].split('"')[0]

    def log_in(self):
        limiter.reset()
        sent = {"csrf_token": self.token("admin"), "name": "admin", "password": self.password}
        assert self.clients["admin"].post("/admin/login", data=sent).status_code == 303


@pytest.fixture
def target(apart, bundle, tmp_path):
    study = write_changed(tmp_path / "asking", bundle, asking(bundle))
    app = apart(study)
    app.config["STUDY_UPLOADS"] = str(tmp_path / "uploads")
    return Target(app, study)


def try_case(target, case):
    (method, rule), walker, caller = case["route"], target.walker, case["caller"]
    key = walker.key if case["is_mine"] and walker.form is not None else "k" * 24
    url = rule.replace("<key>", key).replace("<step_key>", case["step"])
    url = url.replace("<name>", case["step"]).replace("<path:filename>", case["step"])
    url = url.replace("<token>", case["step"]).replace("<int:number>", "1")
    if case["keeps_form"] and walker.form is not None and rule == "/p/<key>/<step_key>":
        url, sent = walker.url, walker.fields() | case["fields"]
    else:
        sent = case["fields"] | {"csrf_token": target.token(caller)}
    url = url.encode("utf-8", "replace").decode().replace("?", "").replace("#", "")
    how = {"data": without_surrogates(sent if case["body"] is None else case["body"])}
    if method == "POST" and case["file"] is not None and case["body"] is None:
        how["data"]["bundle"] = (io.BytesIO(case["file"]), "bundle.zip")
    query = "&".join(f"{name}={quote(as_bytes(value))}" for name, value in case["query"])
    limiter.reset()
    answer = target.clients[caller].open(
        url, method=method, headers=case["headers"], query_string=query, **how
    )
    is_paused = b'data-reason="paused"' in answer.data
    answer.close()  # as a server does; an export is a file
    assert answer.status_code < 500 or is_paused, (method, url, query, answer.status_code)
    if rule == "/p/<key>/<step_key>" and answer.status_code == 303 and case["is_mine"]:
        walker.see(walker.client.get(f"/p/{key}"))
    if (caller, rule) == ("admin", "/admin/logout"):
        target.log_in()


def as_bytes(text):
    return text.encode("utf-8", "surrogatepass")


def without_surrogates(sent):
    """Send lone surrogates as the bytes that a broken program would."""
    if isinstance(sent, bytes):
        return sent
    return {
        name: [as_bytes(each) for each in value] if isinstance(value, list) else as_bytes(value)
        for name, value in sent.items()
    }


def check_rows(app):
    with app.app_context():
        responses = db.session.scalars(select(Response)).all()
        places = Counter((row.participation_id, row.step, row.item) for row in responses)
        assert all(n == 1 for n in places.values())
        assert all(row.confidence in (None, 1, 2, 3) for row in responses)
        assert all(row.rt_ms is None or 0 <= row.rt_ms < 1e10 for row in responses)
        assert all("\x00" not in row.value for row in db.session.scalars(select(Reply)))
        submissions = db.session.scalars(select(Submission)).all()
        steps_left = Counter((row.participation_id, row.step) for row in submissions)
        assert all(n == 1 for n in steps_left.values())
        events = db.session.scalars(select(Event))
        numbers = Counter((row.participation_id, row.number) for row in events)
        assert all(n == 1 for n in numbers.values())


def fuzz(target, n_cases):
    @settings(
        max_examples=n_cases, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases)
    def run(case):
        try_case(target, case)

    run()
    check_rows(target.app)


def test_nothing_breaks_the_routes(target):
    fuzz(target, 200)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_breaks_the_routes_in_ten_thousand_cases(target):
    fuzz(target, 10_000)
