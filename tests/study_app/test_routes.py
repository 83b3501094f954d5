"""Who may call what: a route that is not listed here fails the first test."""

import pytest

from study_app.columns import ROLES
from study_app.extensions import db

NOBODY, PARTICIPANT, ADMIN = "nobody", "participant", "admin"

ROUTES = {
    ("GET", "/"): (200, 302, 200),
    ("GET", "/health"): (204, 204, 204),
    ("GET", "/healthz"): (200, 200, 200),
    ("GET", "/metrics"): (200, 200, 200),  # of this machine; see views/test_health.py
    ("GET", "/p/<key>"): (404, 200, 404),
    ("GET", "/media/<name>"): (404, 404, 404),
    ("GET", "/static/<path:filename>"): (404, 404, 404),
    ("GET", "/bootstrap/static/<path:filename>"): (404, 404, 404),
    ("GET", "/admin"): (302, 302, 200),
    ("GET", "/admin/live"): (302, 302, 200),
    ("GET", "/admin/texts"): (302, 302, 200),
    ("GET", "/admin/login"): (200, 200, 200),
    ("POST", "/admin/export.zip"): (400, 400, 400),
    ("GET", "/admin/payments.csv"): (302, 302, 200),
    ("GET", "/admin/bundles"): (302, 302, 404),  # no folder is set up for uploads
    ("GET", "/withdraw"): (200, 200, 200),
    ("POST", "/withdraw"): (400, 400, 400),
    ("POST", "/admin/results"): (400, 400, 400),
    ("POST", "/admin/decisions"): (400, 400, 400),
    ("POST", "/admin/bundles"): (400, 400, 400),
    ("POST", "/consent"): (400, 400, 400),
    ("POST", "/p/<key>/<step_key>"): (400, 400, 400),
    ("POST", "/admin/login"): (400, 400, 400),
    ("POST", "/admin/logout"): (400, 400, 400),
    ("POST", "/admin/new-participation"): (400, 400, 400),
    ("POST", "/admin/pause"): (400, 400, 400),
    ("POST", "/admin/resume"): (400, 400, 400),
    ("POST", "/admin/close"): (400, 400, 400),
    ("POST", "/admin/admins"): (400, 400, 400),
    ("POST", "/admin/admins/remove"): (400, 400, 400),
    ("POST", "/admin/previews"): (302, 302, 400),  # changes nothing, so needs no token
    ("GET", "/preview/<token>/<int:number>"): (404, 404, 404),
    ("POST", "/preview/<token>/<int:number>"): (404, 404, 404),
}
WITH_TOKEN = {
    "/consent": (303, 303, 303),
    "/p/<key>/<step_key>": (404, 303, 404),
    "/withdraw": (404, 404, 404),  # none of them knows a code
    "/admin/results": (302, 302, 403),  # the study is not closed
    "/admin/decisions": (302, 302, 400),
    "/admin/bundles": (302, 302, 404),
    "/admin/logout": (302, 302, 303),
    "/admin/new-participation": (302, 302, 303),
    "/admin/export.zip": (302, 302, 200),
    "/admin/pause": (302, 302, 303),
    "/admin/resume": (302, 302, 303),
    "/admin/close": (302, 302, 400),  # the study's name is missing
    "/admin/admins": (302, 302, 400),
    "/admin/admins/remove": (302, 302, 404),
}
LEAST_ROLES = {  # of the researchers' addresses; None is open to everybody
    ("GET", "/admin/login"): None,
    ("POST", "/admin/login"): None,
    ("GET", "/admin"): "viewer",
    ("GET", "/admin/live"): "viewer",
    ("GET", "/admin/texts"): "viewer",
    ("POST", "/admin/previews"): "viewer",
    ("POST", "/admin/new-participation"): "viewer",
    ("POST", "/admin/results"): "researcher",
    ("POST", "/admin/export.zip"): "researcher",
    ("GET", "/admin/payments.csv"): "researcher",
    ("POST", "/admin/decisions"): "researcher",
    ("POST", "/admin/pause"): "researcher",
    ("POST", "/admin/resume"): "researcher",
    ("POST", "/admin/close"): "owner",
    ("POST", "/admin/admins"): "owner",
    ("POST", "/admin/admins/remove"): "owner",
    ("GET", "/admin/bundles"): "owner",
    ("POST", "/admin/bundles"): "owner",
    ("POST", "/admin/logout"): "viewer",  # the last: it ends the login
}
LOOKED_AT = [*(rule for method, rule in ROUTES if method == "GET"), "/admin/results"]


@pytest.fixture
def callers(app, admin, make_walker):
    participant = make_walker()
    participant.advance()
    return {
        NOBODY: (app.test_client(), "x" * 24),
        PARTICIPANT: (participant.client, participant.key),
        ADMIN: (admin, "x" * 24),
    }


def fill(rule, key):
    parts = {"<key>": key, "<step_key>": "instructions.0.1.0", "<name>": "answers.json"}
    parts |= {"<token>": "forged", "<int:number>": "1"}
    for name, value in parts.items():
        rule = rule.replace(name, value)
    return rule.replace("<path:filename>", "../answers.json")


def test_every_route_is_listed(app):
    rules = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert rules == set(ROUTES)


@pytest.mark.parametrize(("method", "rule"), ROUTES)
def test_each_caller_gets_what_is_theirs(callers, method, rule):
    statuses = tuple(
        client.open(fill(rule, key), method=method).status_code for client, key in callers.values()
    )
    assert statuses == ROUTES[method, rule]


@pytest.mark.parametrize("rule", WITH_TOKEN)
def test_posts_with_a_token_are_refused_to_others(callers, rule):
    statuses = []
    for client, key in callers.values():
        page = client.get("/admin/login").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        client.get("/")
        data = {"csrf_token": token, "answer_key": "k" * 16}
        answer = client.post(fill(rule, key), data=data, buffered=True)
        statuses.append(answer.status_code)
    assert tuple(statuses) == WITH_TOKEN[rule]


def test_every_address_of_researchers_has_a_least_role():
    assert set(LEAST_ROLES) == {each for each in ROUTES if each[1].startswith("/admin")}


@pytest.fixture
def asked_for(monkeypatch, admin):
    """Call every address of researchers, with a token, and note what was done and said."""
    monkeypatch.setattr("study_app.views.actions.export_apart", lambda _, file: file.touch())

    def call(caller):
        token = caller.get("/admin/login").text.split('name="csrf_token" value="')[1].split('"')[0]
        answers = {}
        for method, rule in LEAST_ROLES:
            data = {"csrf_token": token} if method == "POST" else None
            answers[method, rule] = caller.open(rule, method=method, data=data, buffered=True)
        return answers

    return call


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_is_its_own_and_no_more(asked_for, log_in_as, role):
    answers = asked_for(log_in_as("mira", role))
    for address, least in LEAST_ROLES.items():
        is_refused = least is not None and ROLES.index(role) < ROLES.index(least)
        said = f"this needs the role of {least}"
        assert (said in answers[address].text) == is_refused, address
        assert answers[address].status_code == 403 or not is_refused, address
        assert answers[address].status_code != 302, address  # asked to log in


def test_nobody_is_asked_to_log_in_for_everything_of_researchers(app, asked_for):
    answers = asked_for(app.test_client())
    for address, least in LEAST_ROLES.items():
        is_sent_away = answers[address].status_code == 302
        assert is_sent_away == (least is not None), address
        assert not is_sent_away or answers[address].location.startswith("/admin/login"), address


@pytest.mark.parametrize("name", ["answers.json", "manifest.json"])
def test_no_address_leads_to_the_bundles_files(client, name):
    for path in ("", "media/", "static/", "static/../", "bundle/", "media/..%2f"):
        assert client.get(f"/{path}{name}").status_code == 404


def test_other_participant_can_do_nothing_with_my_ids(app, make_walker):
    mine, other = make_walker().walk_to("test", session=1), make_walker()
    other.advance()
    page, step = f"/p/{mine.key}", mine.url
    fields = mine.fields() | {"csrf_token": other.token}
    answers = [
        other.client.get(page),
        other.client.post(step, data=fields),
        other.client.post(step, data=fields, headers={"X-Study-Script": "1"}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert all(mine.main["data-trial"] not in answer.text for answer in answers)
    code = mine.page.select_one(".withdrawal-code").text
    assert all(code not in answer.text for answer in answers)
    again = mine.client.get(page)
    assert f'data-trial="{mine.main["data-trial"]}"' in again.text


def test_link_alone_opens_nothing_but_its_participation(app, make_walker):
    mine = make_walker()
    mine.advance()
    stranger = app.test_client()
    assert stranger.get(f"/p/{mine.key[:-1]}x").status_code == 404
    assert stranger.get(f"/p/{mine.key}?step=debriefing").status_code == 200
    ahead = mine.url.replace(mine.url.rsplit("/", 1)[-1], "debriefing.3.1.0")
    fields = mine.fields()
    assert mine.client.post(ahead, data=fields).status_code == 409


@pytest.mark.parametrize("shows_results", [False, True])
@pytest.mark.parametrize("rule", LOOKED_AT)
def test_nothing_is_changed_by_looking(app, callers, rule, shows_results):
    app.config["STUDY_SHOW_RESULTS"] = str(int(shows_results))
    before = rows_of(app)
    for client, key in callers.values():
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(fill(rule, key), method=method)
    assert rows_of(app) == before


def rows_of(app):
    with app.app_context():
        tables = db.metadata.sorted_tables
        return {table.name: db.session.execute(table.select()).all() for table in tables}
