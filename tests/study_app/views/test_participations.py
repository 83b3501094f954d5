import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from study_app.extensions import db
from study_app.models import Participation, Response
from tests.study_app.walker import SCRIPT, Walker


def n_rows(app, table):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def test_person_without_scripts_takes_part_to_the_code(app, walker):
    walker.walk_to("debriefing")
    with app.app_context():
        row = db.session.scalars(select(Participation)).one()
    assert row.status == "completed"
    assert row.completion_code in walker.main.text
    assert n_rows(app, Response) == 4 + 2 + 3 * 8


def test_completion_code_is_not_sent_before_the_end(app, walker):
    walker.walk_to("debriefing")
    with app.app_context():
        code = db.session.scalars(select(Participation.completion_code)).one()
    assert not any(code in answer.text for answer in walker.received[:-1])


def test_plain_form_is_answered_by_a_redirect(client, walker):
    walker.advance()
    answer = client.post(walker.url, data=walker.fields())
    assert (answer.status_code, answer.location) == (303, f"/p/{walker.key}")


def test_script_gets_the_next_page_in_the_same_round_trip(client, walker):
    walker.advance()
    answer = client.post(walker.url, data=walker.fields(), headers=SCRIPT)
    assert answer.status_code == 200
    assert 'data-step="practice-intro"' in answer.text


def test_trial_pages_say_where_they_are(walker, bundle):
    walker.walk_to("training", session=2)
    trial = {name: walker.main[f"data-{name}"] for name in ("phase", "position", "total")}
    assert trial == {"phase": "session", "position": "1", "total": "5"}
    known = [trial for each in bundle.manifest.lists for trial in each.sessions[1].training]
    assert walker.main["data-trial"] in known


def test_training_shows_the_prediction_and_the_test_does_not(walker):
    walker.walk_to("training")
    assert walker.main.select_one("strong.prediction").text in ("Circle", "Square")
    walker.walk_to("test")
    assert walker.main.select("strong.prediction") == walker.main.select(
        "details.reservoir strong.prediction"
    )
    assert [button.text for button in walker.form.find_all("button")] == ["Circle", "Square"]


def test_conditions_differ_by_the_explanation_alone(make_walker):
    shown = {}
    for _ in range(8):
        walker = make_walker().walk_to("training", session=1)
        has_explanation = walker.main.select_one("section.explanation") is not None
        shown.setdefault(has_explanation, walker)
    concepts = shown[True].main.select("section.explanation figure.concept")
    assert len(concepts) == 2
    assert [len(concept.select("img.map")) for concept in concepts] == [1, 1]
    assert [len(concept.select("img.crop")) for concept in concepts] == [3, 3]
    shown[True].main.select_one("section.explanation").decompose()
    outline = [[tag.name for tag in shown[arm].main.find_all()] for arm in (True, False)]
    assert outline[0] == outline[1]


@pytest.mark.parametrize("session", [1, 2, 3])
def test_reservoir_grows_by_session(walker, session):
    walker.walk_to("test", session=session)
    assert len(walker.main.select("details.reservoir figure.example")) == 5 * session
    assert not walker.main.select_one("details.reservoir").has_attr("open")


def test_failed_practice_says_how_many_were_right_and_comes_again(walker):
    walker.walk_to("practice-result", right=False)
    assert "0 of 4 right" in " ".join(walker.main.text.split())
    walker.walk_to("screened-out", right=False)
    assert "Thank you" in walker.main.h1.text
    assert "fail" not in walker.main.text.lower()


def test_failed_quiz_marks_the_wrong_items_and_ends_kindly(walker):
    walker.walk_to("quiz")
    walker.advance(task="0")
    marked = walker.main.select("fieldset.is-wrong legend")
    assert [legend.text.split("?")[0] for legend in marked] == [
        "What do you say in the second half of each part"
    ]
    walker.advance(right=False)
    assert walker.step == "screened-out"
    assert walker.form is None


def test_browser_is_brought_back_to_where_it_was(client, walker):
    walker.walk_to("test", session=1)
    trial = walker.main["data-trial"]
    walker.see(client.get("/"))
    assert walker.main["data-trial"] == trial


def test_link_goes_on_in_another_browser(app, bundle, walker):
    walker.walk_to("test", session=1)
    other = Walker(app.test_client(), bundle)
    other.see(other.client.get(f"/p/{walker.key}"))
    assert other.main["data-trial"] == walker.main["data-trial"]
    other.walk_to("debriefing")


def test_server_started_again_goes_on_at_the_same_trial(make_app, bundle):
    walker = Walker(make_app().test_client(), bundle).walk_to("test", session=2)
    again = make_app().test_client()
    again.set_cookie("study", walker.client.get_cookie("study").value)
    trial, fields = walker.main["data-trial"], walker.fields()
    walker.client = again
    walker.see(again.get("/"))
    assert walker.main["data-trial"] == trial
    walker.see(again.post(walker.url, data=fields))
    assert walker.main["data-position"] == "2"


def test_consent_sent_twice_begins_one_participation(app, client, walker):
    fields = walker.fields()
    for _ in range(3):
        assert client.post("/consent", data=fields).status_code == 303
    assert n_rows(app, Participation) == 1


def test_answer_sent_twice_is_stored_once(app, client, walker):
    walker.walk_to("test")
    url, fields = walker.url, walker.fields()
    pages = [client.post(url, data=fields, headers=SCRIPT).text for _ in range(3)]
    assert n_rows(app, Response) == 1
    assert all('data-position="2"' in page for page in pages)


def test_other_participants_step_is_out_of_reach(make_walker):
    mine, other = make_walker().walk_to("test"), make_walker()
    other.advance()
    url = mine.url.replace(mine.key, other.key)
    answer = other.client.post(url, data=mine.fields() | {"csrf_token": other.token})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"choice": None}, "choice must be the number of a choice; got nothing."),
        ({"choice": ["0", "1"]}, "choice must be sent once; got 2 values."),
        ({"choice": "wolf"}, "got &#39;wolf&#39;."),
        ({"choice": "1.0"}, "got &#39;1.0&#39;."),
        ({"choice": "-1"}, "got &#39;-1&#39;."),
        ({"choice": "٣"}, "choice must be"),
        ({"choice": "9"}, "choice must be in [0, 2); got 9."),
        ({"choice": "9" * 5000}, "choice must be the number"),
        ({"looking_ms": "soon"}, "looking_ms must be a number in [0, 10000000000)"),
        ({"looking_ms": "nan"}, "looking_ms must be"),
        ({"looking_ms": "-5"}, "looking_ms must be"),
        ({"looking_ms": "1e99"}, "looking_ms must be"),
        ({"reservoir_ms": ["1", "x"]}, "reservoir_ms must be"),
    ],
)
def test_bad_fields_are_refused_and_nothing_is_stored(app, client, walker, change, message):
    walker.walk_to("test")
    fields = {k: v for k, v in (walker.fields() | change).items() if v is not None}
    answer = client.post(walker.url, data=fields)
    assert (answer.status_code, n_rows(app, Response)) == (400, 0)
    assert message in answer.text


@pytest.mark.parametrize(
    "sent",
    [
        {"data": b"{not json", "content_type": "application/json"},
        {"json": {"choice": 1}},
        {"data": b"choice=%ff%fe", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"\x00", "content_type": "multipart/form-data; boundary=x"},
    ],
)
def test_what_is_no_form_is_refused(client, walker, sent):
    walker.walk_to("test")
    headers = {"X-CSRFToken": walker.token}
    assert client.post(walker.url, headers=headers, **sent).status_code == 400


def test_request_that_is_too_long_is_refused(client, walker):
    walker.walk_to("test")
    answer = client.post(walker.url, data=walker.fields() | {"extra": "x" * 100_000})
    assert answer.status_code == 413


def test_form_without_token_is_refused(app, client, walker):
    walker.walk_to("test")
    assert client.post(walker.url, data={"choice": "0"}).status_code == 400
    assert n_rows(app, Response) == 0


def test_step_that_is_no_step_is_not_found(client, walker):
    walker.walk_to("test")
    url = f"/p/{walker.key}/test.1"
    assert client.post(url, data=walker.fields()).status_code == 404


@pytest.mark.parametrize("key", ["x" * 24, "short", "x" * 500, "%00" * 8, "..%2f..%2fanswers"])
def test_unknown_link_is_not_found(client, key):
    answer = client.get(f"/p/{key}")
    assert answer.status_code == 404


def test_unanswered_quiz_is_refused(client, walker):
    walker.walk_to("quiz")
    fields = {name: value for name, value in walker.fields().items() if name != "reservoir"}
    answer = client.post(walker.url, data=fields)
    assert (answer.status_code, "reservoir must be the number" in answer.text) == (400, True)


def test_busy_database_asks_to_wait(client, walker, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def busy(*_, **__):
        raise OperationalError("BEGIN", {}, Exception("database is locked"))

    walker.advance()
    monkeypatch.setattr("study_app.views.participations.leave_step", busy)
    answer = client.post(walker.url, data=walker.fields())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "wait a moment" in answer.text


def test_people_are_never_marked_simulated(app, client, walker):
    client.post("/consent?kind=guesser", data=walker.fields() | {"kind": "guesser"})
    with app.app_context():
        row = db.session.scalars(select(Participation)).one()
    assert (row.is_simulated, row.simulated_kind) == (False, None)


def test_programs_are_marked_with_their_kind(make_app, bundle):
    app = make_app(STUDY_SIMULATED="1")
    walker = Walker(app.test_client(), bundle)
    walker.advance(kind="guesser")
    with app.app_context():
        row = db.session.scalars(select(Participation)).one()
    assert (row.is_simulated, row.simulated_kind) == (True, "guesser")


def test_odd_kind_is_refused(make_app, bundle):
    walker = Walker(make_app(STUDY_SIMULATED="1").test_client(), bundle)
    answer = walker.client.post("/consent", data=walker.fields() | {"kind": "<b>"})
    assert "kind must be a short name; got &#39;&lt;b&gt;&#39;." in answer.text


texts = st.text(max_size=40)
forms = st.dictionaries(
    st.sampled_from(["choice", "looking_ms", "reservoir_ms", "task", "reservoir", "kind"]),
    st.one_of(texts, st.lists(texts, max_size=3), st.integers().map(str)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(step=st.one_of(texts, st.sampled_from(["test.0.1.1", "quiz.0.1.0"])), fields=forms)
def test_nothing_that_is_sent_breaks_the_server(walker, step, fields):
    if walker.step == "consent":
        walker.walk_to("test")
    url = f"/p/{walker.key}/{step.replace('/', '').replace('?', '').replace('#', '')}"
    answer = walker.client.post(url, data=fields | {"csrf_token": walker.token})
    assert answer.status_code in (200, 303, 308, 400, 404, 405, 409)


def test_browser_that_hides_where_it_comes_from_takes_part_over_https(make_app, bundle):
    client = make_app(STUDY_SECURE_COOKIES="1", PREFERRED_URL_SCHEME="https").test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    walker = Walker(client, bundle)
    assert "Referer" not in walker.response.request.headers
    walker.walk_to("practice-intro")
