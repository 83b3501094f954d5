import pytest
from sqlalchemy import event, exc

from study_app.extensions import db
from tests.study_app.walker import Walker


def token_of(client):
    return client.get("/admin").text.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.mark.parametrize(
    "value", [b"100%", b"a%sb", b"%(x)s", b"%", b"\xed\xa0\x80", b"{{ 7 * 7 }}"]
)
@pytest.mark.parametrize(
    ("path", "field", "more"),
    [
        ("/admin/decisions", "participant", {"decision": "exclude other"}),
        ("/admin/decisions", "decision", {"participant": "p0001"}),
        ("/admin/admins", "name", {"role": "viewer"}),
        ("/admin/admins", "role", {"name": "mira"}),
        ("/admin/admins/remove", "name", {}),
        ("/admin/previews", "condition", {"list": "list_a"}),
        ("/admin/close", "study", {}),
    ],
)
def test_whatever_an_administrator_sends_is_no_error_of_the_servers(
    admin, path, field, more, value
):
    sent = {"csrf_token": token_of(admin), field: value} | more
    answer = admin.post(path, data=sent)
    assert answer.status_code in (400, 404)
    assert 'data-step="error"' in answer.text


def test_administrator_reads_the_reason_itself_and_participants_beside_advice(admin, walker):
    sent = {"csrf_token": token_of(admin), "participant": "100%", "decision": "exclude other"}
    assert "100%" in admin.post("/admin/decisions", data=sent).text
    walker.advance()
    walker.see(walker.client.post(walker.url, data={"csrf_token": walker.token}))
    assert "Nothing was lost; please go on." in walker.main.text
    assert "answer_key must be" in walker.main.select_one("p.fineprint").text


@pytest.fixture
def away(app):
    """A database that cannot be asked."""

    def refuse(*_):
        raise exc.OperationalError("SELECT", {}, OSError("away"))

    with app.app_context():
        engine = db.engine
    return lambda: event.listen(engine, "before_cursor_execute", refuse)


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/live", "/p/{key}", "/withdraw"])
def test_logged_in_browser_is_asked_to_wait_while_the_database_is_away(admin, bundle, away, path):
    walker = Walker(admin, bundle)
    walker.advance()
    away()
    answer = admin.get(path.format(key=walker.key))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert 'data-step="error"' in answer.text


def test_pages_of_errors_need_no_database(admin, away):
    away()
    assert admin.get("/nothing-here").status_code == 404


@pytest.mark.parametrize("host", ["a..b", "[::", "a b", "a/b", "x" * 300, "%"])
def test_host_that_is_none_is_refused(client, host):
    answer = client.get("/", environ_overrides={"HTTP_HOST": host})
    assert answer.status_code in (200, 400)
    assert answer.headers["Content-Security-Policy"]


def test_host_of_two_dots_is_refused_without_a_page(client):
    answer = client.get("/", environ_overrides={"HTTP_HOST": "a..b"})
    assert (answer.status_code, 'data-step="error"' in answer.text) == (400, False)


def way_on(walker, answer):
    walker.see(answer)
    return walker.main.find("a")["href"]


def test_who_lost_the_cookie_goes_on_from_the_page_of_the_error(walker):
    walker.walk_to("test", session=1)
    page, fields, trial = f"/p/{walker.key}", walker.fields(), walker.main["data-trial"]
    url = walker.url
    walker.client.delete_cookie("study")
    answer = walker.client.post(url, data=fields)
    assert (answer.status_code, way_on(walker, answer)) == (400, page)
    walker.see(walker.client.get(page))
    assert walker.main["data-trial"] == trial
    walker.walk_to("debriefing")


def test_page_of_an_error_leads_to_no_participation_of_others(make_walker):
    mine, other = make_walker(), make_walker()
    mine.advance()
    other.advance()
    assert way_on(other, other.client.get(f"/p/{mine.key}")) == "/"
    assert way_on(other, other.client.get(f"/p/{'x' * 24}")) == "/"
    assert way_on(other, other.client.get("/nothing-here")) == "/"
