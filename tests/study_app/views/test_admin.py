import io
import zipfile

from study_app.extensions import limiter
from study_app.services.study import make_admin_password
from study_app.views.admin import LOGIN_LASTS_S
from tests.study_app.walker import Walker


def log_in(client, password):
    page = client.get("/admin/login").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post("/admin/login", data={"csrf_token": token, "password": password})


def test_counts_are_shown_by_condition_and_step(admin, make_walker):
    make_walker().walk_to("test", session=1)
    make_walker()
    page = admin.get("/admin").text
    assert "session 1: test" in page
    assert "in progress" in page


def test_export_comes_as_one_file(admin, make_walker):
    make_walker().walk_to("debriefing")
    answer = admin.get("/admin/export.zip")
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
        make_admin_password()
    assert log_in(client, "guess").status_code == 403
    assert client.get("/admin").status_code == 302


def test_guessing_is_slowed_and_the_right_password_works_from_elsewhere(app, client):
    limiter.reset()
    with app.app_context():
        password = make_admin_password()
    statuses = [log_in(client, f"guess {n}").status_code for n in range(7)]
    assert statuses == [403] * 5 + [429] * 2
    other = app.test_client()
    other.environ_base["REMOTE_ADDR"] = "10.1.1.1"
    assert log_in(other, password).status_code == 303


def test_right_passwords_do_not_count_as_guesses(app, client):
    limiter.reset()
    with app.app_context():
        password = make_admin_password()
    assert [log_in(client, password).status_code for _ in range(8)] == [303] * 8


def test_login_ends_by_itself(admin, monkeypatch):
    import time

    later = time.time() + LOGIN_LASTS_S + 1
    monkeypatch.setattr("study_app.views.admin.time.time", lambda: later)
    assert admin.get("/admin").status_code == 302


def test_logout_ends_the_login(admin):
    token = admin.get("/admin").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert admin.post("/admin/logout", data={"csrf_token": token}).status_code == 303
    assert admin.get("/admin").status_code == 302


def test_admin_takes_part_once_more(admin, bundle):
    first = Walker(admin, bundle)
    first.advance()
    token = admin.get("/admin").text.split('name="csrf_token" value="')[1].split('"')[0]
    first.see(admin.post("/admin/new-participation", data={"csrf_token": token}))
    assert first.step == "consent"


def test_verdict_is_sent_by_a_form_and_shows_in_the_payments(admin, make_walker):
    make_walker().walk_to("debriefing")
    token = admin.get("/admin").text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {
        "csrf_token": token,
        "participant": "p0001",
        "decision": "reject automated",
        "note": "x",
    }
    assert admin.post("/admin/decisions", data=data).status_code == 303
    assert ",none,reject,automated" in admin.get("/admin/payments.csv").text
