import io
import zipfile

import pytest

from study_app.columns import ROLES
from study_app.extensions import limiter
from study_app.services.admins import add_admin, add_first_admin
from study_app.services.findings import Text
from study_app.views.logins import LOGIN_LASTS_S
from tests.study_app.walker import Walker


def token_of(client, path="/admin"):
    return client.get(path).text.split('name="csrf_token" value="')[1].split('"')[0]


def log_in(client, password, name="admin"):
    data = {"csrf_token": token_of(client, "/admin/login"), "name": name, "password": password}
    return client.post("/admin/login", data=data)


def send(client, path, **fields):
    return client.post(path, data={"csrf_token": token_of(client), **fields})


def test_counts_are_shown_by_condition_and_step(admin, make_walker):
    make_walker().walk_to("test", session=1)
    make_walker()
    page = admin.get("/admin").text
    assert "session 1: test" in page
    assert "in progress" in page


def test_export_comes_as_one_file(admin, make_walker):
    make_walker().walk_to("debriefing")
    answer = send(admin, "/admin/export.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == [
            "small/arms.csv", "small/codebook.csv", "small/decisions.csv", "small/events.csv",
            "small/participants.csv", "small/replies.csv", "small/responses.csv",
            "small/study.json",
        ]  # fmt: skip
        assert b"p0001,false,,completed" in archive.read("small/participants.csv")


def test_wrong_password_is_refused(app, client):
    limiter.reset()
    with app.app_context():
        add_first_admin()
    assert log_in(client, "guess").status_code == 403
    assert client.get("/admin").status_code == 302


def test_guessing_is_slowed_and_the_right_password_works_from_elsewhere(app, client):
    limiter.reset()
    with app.app_context():
        password = add_first_admin()
    statuses = [log_in(client, f"guess {n}").status_code for n in range(7)]
    assert statuses == [403] * 5 + [429] * 2
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "10.1.1.1"
    assert log_in(other, password).status_code == 303


def from_address(app, address):
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def test_guessing_at_one_name_keeps_no_other_out_at_the_same_address(app, client):
    limiter.reset()
    with app.app_context():
        password = add_first_admin()
    guesser = app.test_client()
    statuses = [log_in(guesser, f"guess {n}", "mira").status_code for n in range(6)]
    assert statuses == [403] * 5 + [429]
    assert log_in(client, password).status_code == 303


def test_guessing_at_many_names_is_slowed(app, client):
    limiter.reset()
    statuses = [log_in(client, "guess", f"name-{n}").status_code for n in range(32)]
    assert statuses == [403] * 30 + [429] * 2


def test_guesses_of_one_ipv6_network_are_counted_together(app):
    limiter.reset()
    clients = [from_address(app, f"2001:db8:1:2:{n}::1") for n in range(6)]
    assert [log_in(each, "guess").status_code for each in clients] == [403] * 5 + [429]
    assert log_in(from_address(app, "2001:db8:1:3::1"), "guess").status_code == 403


def test_browser_that_was_logged_in_is_kept_out_by_nobody(app, admin):
    send(admin, "/admin/logout")
    guesser = app.test_client()
    assert [log_in(guesser, "guess").status_code for _ in range(6)] == [403] * 5 + [429]
    assert log_in(admin, "guess").status_code == 403


def test_right_passwords_do_not_count_as_guesses(app, client):
    limiter.reset()
    with app.app_context():
        password = add_first_admin()
    assert [log_in(client, password).status_code for _ in range(8)] == [303] * 8


def test_login_ends_by_itself(admin, monkeypatch):
    import time

    later = time.time() + LOGIN_LASTS_S + 1
    monkeypatch.setattr("study_app.views.logins.time.time", lambda: later)
    assert admin.get("/admin").status_code == 302


def test_logout_ends_the_login(admin):
    token = token_of(admin)
    assert admin.post("/admin/logout", data={"csrf_token": token}).status_code == 303
    assert admin.get("/admin").status_code == 302


def test_admin_takes_part_once_more(admin, bundle):
    first = Walker(admin, bundle)
    first.advance()
    token = token_of(admin)
    first.see(admin.post("/admin/new-participation", data={"csrf_token": token}))
    assert first.step == "consent"


def test_verdict_is_sent_by_a_form_and_shows_in_the_payments(admin, make_walker):
    make_walker().walk_to("debriefing")
    token = token_of(admin)
    data = {
        "csrf_token": token,
        "participant": "p0001",
        "decision": "reject automated",
        "note": "x",
    }
    assert admin.post("/admin/decisions", data=data).status_code == 303
    assert ",none,reject,automated" in admin.get("/admin/payments.csv").text


@pytest.fixture
def log_in_as(app):
    """Add somebody with a role and return their browser, logged in."""

    def add(name, role):
        limiter.reset()
        with app.app_context():
            password = add_admin(name, role)
        client = app.test_client()
        assert log_in(client, password, name).status_code == 303
        return client

    return add


ROUTES = [
    ("GET", "/admin", "viewer"),
    ("GET", "/admin/live", "viewer"),
    ("GET", "/admin/texts", "viewer"),
    ("POST", "/admin/export.zip", "researcher"),
    ("GET", "/admin/payments.csv", "researcher"),
    ("POST", "/admin/decisions", "researcher"),
    ("POST", "/admin/pause", "researcher"),
    ("POST", "/admin/resume", "researcher"),
    ("POST", "/admin/close", "owner"),
    ("POST", "/admin/admins", "owner"),
    ("POST", "/admin/admins/remove", "owner"),
    ("GET", "/admin/bundles", "owner"),
]


@pytest.mark.parametrize("role", ROLES)
def test_roles_may_do_what_is_theirs_and_no_more(admin, log_in_as, role):
    client = log_in_as("mira", role)
    token = token_of(client, "/admin")
    for method, path, least in ROUTES:
        data = {"csrf_token": token} if method == "POST" else None
        answer = client.open(path, method=method, data=data)
        is_refused = ROLES.index(role) < ROLES.index(least)
        assert (answer.status_code == 403) == is_refused, path
        assert not is_refused or f"this needs the role of {least}" in answer.text


def test_each_role_sees_only_buttons_that_work_for_it(admin, log_in_as):
    viewer, researcher = log_in_as("vera", "viewer"), log_in_as("mira", "researcher")
    assert "/admin/pause" not in viewer.get("/admin").text
    assert "/admin/pause" in researcher.get("/admin").text
    assert "/admin/close" not in researcher.get("/admin").text
    assert "/admin/close" in admin.get("/admin").text


def test_removed_and_renewed_admins_are_logged_out(admin, log_in_as, app):
    mira, vera = log_in_as("mira", "researcher"), log_in_as("vera", "viewer")
    assert send(admin, "/admin/admins/remove", name="mira").status_code == 303
    assert mira.get("/admin").status_code == 302
    page = send(admin, "/admin/admins", name="vera", role="researcher").text
    assert vera.get("/admin").status_code == 302
    password = page.split('completion-code">')[1].split("<")[0]
    assert log_in(app.test_client(), password, "vera").status_code == 303


def test_paused_study_turns_new_people_away_and_lets_others_go_on(admin, app, bundle, make_walker):
    inside = make_walker()
    inside.walk_to("instructions")
    waiting = app.test_client()
    consent = waiting.get("/").text
    assert "is paused now" in admin.get(send(admin, "/admin/pause").location).text
    outside = app.test_client().get("/")
    assert outside.status_code == 503
    assert 'data-reason="paused"' in outside.text
    token = consent.split('name="csrf_token" value="')[1].split('"')[0]
    assert waiting.post("/consent", data={"csrf_token": token}).status_code == 503
    inside.walk_to("debriefing")
    send(admin, "/admin/resume")
    assert app.test_client().get("/").status_code == 200
    assert waiting.post("/consent", data={"csrf_token": token}).status_code == 303


def test_closing_needs_the_name_and_is_final(admin, app, bundle):
    assert send(admin, "/admin/close", study="wrong").status_code == 400
    assert app.test_client().get("/").status_code == 200
    send(admin, "/admin/close", study=bundle.manifest.study)
    assert app.test_client().get("/").status_code == 410
    refused = send(admin, "/admin/pause")
    assert refused.status_code == 409
    assert "a closed study must stay closed; got one that admin closed" in refused.text


def test_second_admin_who_closes_is_told_who_did(admin, log_in_as, bundle):
    other = log_in_as("olga", "owner")
    send(admin, "/admin/close", study=bundle.manifest.study)
    answer = send(other, "/admin/close", study=bundle.manifest.study)
    assert "The study was closed already: admin did it at " in other.get(answer.location).text
    assert other.get("/admin").text.count("admin: closed") == 1


def test_results_wait_until_the_study_is_closed(admin, bundle, make_walker):
    make_walker().walk_to("debriefing")
    assert admin.get("/admin/results").status_code == 403
    assert "/admin/results" not in admin.get("/admin").text
    send(admin, "/admin/close", study=bundle.manifest.study)
    assert "Mean share right" in admin.get("/admin/results").text
    assert "saw results" not in admin.get("/admin").text


def test_results_shown_early_are_on_record(make_app, bundle):
    app = make_app(STUDY_SHOW_RESULTS="1")
    limiter.reset()
    with app.app_context():
        password = add_first_admin()
    client = app.test_client()
    log_in(client, password)
    assert client.get("/admin/results").status_code == 200
    assert "admin: saw results" in client.get("/admin").text


def test_exports_and_verdicts_are_on_record(admin, make_walker):
    make_walker().walk_to("debriefing")
    send(admin, "/admin/export.zip")
    send(admin, "/admin/decisions", participant="p0001", decision="exclude other", note="secret")
    page = admin.get("/admin").text
    assert "admin: exported" in page
    assert "admin: decided, p0001: exclude other" in page
    assert "secret" not in page


def test_verdict_of_somebody_who_withdraws_is_forgotten(admin, make_walker):
    person = make_walker().walk_to("debriefing")
    send(admin, "/admin/decisions", participant="p0001", decision="reject dishonest", note="")
    code = person.page.select_one(".withdrawal-code").text
    token = token_of(person.client, "/withdraw")
    person.client.post("/withdraw", data={"csrf_token": token, "code": code})
    page = admin.get("/admin").text
    assert "dishonest" not in page.split("On record")[1]
    assert "admin: decided" in page


def test_viewers_see_no_verdict_on_anybody(admin, log_in_as, make_walker):
    make_walker().walk_to("debriefing")
    send(admin, "/admin/decisions", participant="p0001", decision="reject dishonest", note="")
    assert "p0001: reject" not in log_in_as("vera", "viewer").get("/admin").text


def test_text_that_no_database_takes_is_refused(admin, client):
    for sender, path, name in [
        (client, "/admin/login", "name"),
        (admin, "/admin/admins/remove", "name"),
        (admin, "/admin/decisions", "note"),
    ]:
        data = {"csrf_token": token_of(sender, "/admin/login"), name: "a\0b"}
        assert sender.post(path, data=data).status_code == 400


def test_errors_of_researchers_say_why_and_lead_back(admin):
    page = send(admin, "/admin/close", study="wrong").text
    assert "name must be small to close the study" in page
    assert 'href="/admin"' in page


def test_live_counts_are_the_pages_own(admin, make_walker):
    make_walker().walk_to("quiz")
    live = admin.get("/admin/live").text
    assert "<main" not in live
    assert live.strip() in admin.get("/admin").text


def test_texts_are_shown_as_text(app, admin, make_walker, monkeypatch):
    texts = [Text(participant="p0001", session=0, question="Why?", text="<script>x</script>")]
    monkeypatch.setattr("study_app.views.admin.read_texts", lambda *_, **__: texts)
    page = admin.get("/admin/texts").text
    assert "&lt;script&gt;x&lt;/script&gt;" in page
