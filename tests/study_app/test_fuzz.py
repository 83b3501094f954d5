"""Whatever is sent to whatever address: never a 500, and never a row that breaks a rule."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from study_app.extensions import db, limiter
from study_app.models import Event, Reply, Response, Submission
from tests.study_app.studies import asking, write_changed
from tests.study_app.test_routes import ROUTES
from tests.study_app.walker import Walker

FIELDS = (
    "csrf_token", "answer_key", "choice", "confidence", "looking_ms", "reservoir_ms", "away_ms",
    "task", "reservoir", "adult", "expertise", "uses", "age", "gender", "kind", "code",
    "password", "participant", "decision", "note", "bundle",
)  # fmt: skip
STEPS = ("consent", "eligibility", "instructions", "quiz", "training", "test", "questionnaire")
HEADERS = ("X-Study-Script", "Content-Type", "X-CSRFToken", "Referer", "Cookie")
NASTY = ("\x00", "\ud800", "‮", "-1", "1e999", "NaN", "9" * 400, "' OR 1=1 --", "../../x", "{}")

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=30), st.integers(-3, 5).map(str))
fields = st.dictionaries(st.sampled_from(FIELDS), st.one_of(texts, st.lists(texts, max_size=3)))
numbers = st.integers(-1, 9).map(str)
steps = st.one_of(st.tuples(st.sampled_from(STEPS), numbers, numbers, numbers).map(".".join), texts)
plain = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
cases = st.fixed_dictionaries(
    {
        "route": st.sampled_from(sorted(ROUTES)),
        "is_mine": st.booleans(),
        "step": steps,
        "fields": fields,
        "keeps_form": st.booleans(),
        "headers": st.dictionaries(st.sampled_from(HEADERS), plain, max_size=2),
        "body": st.one_of(st.none(), st.binary(max_size=40)),
    }
)


@pytest.fixture
def target(apart, bundle, tmp_path):
    """A participant of a study that asks everything; others have gone before."""
    study = write_changed(tmp_path / "asking", bundle, asking(bundle))
    app = apart(study)
    Walker(app.test_client(), study).walk_to("test", session=1)
    walker = Walker(app.test_client(), study)
    walker.advance()
    return app, walker


def try_case(app, walker, case):
    method, rule = case["route"]
    key = walker.key if case["is_mine"] and walker.form is not None else "k" * 24
    url = rule.replace("<key>", key).replace("<step_key>", case["step"])
    url = url.replace("<name>", case["step"]).replace("<path:filename>", case["step"])
    if case["keeps_form"] and walker.form is not None and rule == "/p/<key>/<step_key>":
        url, sent = walker.url, walker.fields() | case["fields"]
    else:
        token = {"csrf_token": walker.token} if walker.form is not None else {}
        sent = case["fields"] | token
    url = url.encode("utf-8", "replace").decode().replace("?", "").replace("#", "")
    how = {"data": sent} if case["body"] is None else {"data": case["body"]}
    how["data"] = without_surrogates(how["data"])
    limiter.reset()
    answer = walker.client.open(url, method=method, headers=case["headers"], **how)
    assert answer.status_code < 500, (method, url, answer.status_code)
    if rule == "/p/<key>/<step_key>" and answer.status_code == 303 and case["is_mine"]:
        walker.see(walker.client.get(f"/p/{key}"))


def without_surrogates(sent):
    """Send lone surrogates as the bytes that a broken program would."""
    if isinstance(sent, bytes):
        return sent
    return {
        name: [each.encode("utf-8", "surrogatepass") for each in value]
        if isinstance(value, list)
        else value.encode("utf-8", "surrogatepass")
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
    app, walker = target

    @settings(
        max_examples=n_cases, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases)
    def run(case):
        try_case(app, walker, case)

    run()
    check_rows(app)


def test_nothing_breaks_the_routes(target):
    fuzz(target, 200)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_breaks_the_routes_in_ten_thousand_cases(target):
    fuzz(target, 10_000)
