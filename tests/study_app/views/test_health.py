import re
import shutil

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from study_app.config import sqlite_url
from tests.study_app.live_server import LiveServer

TOKEN = "a token of the tests 0123"


def figures(text):
    """Return every figure by its name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_all_is_well(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "Set-Cookie" not in answer.headers


def test_database_that_is_away_is_named(make_app, tmp_path):
    app = make_app(STUDY_DATABASE_URL=sqlite_url(tmp_path / "no-folder" / "study.sqlite"))
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (503, "database does not answer\n")
    assert answer.headers["Retry-After"] == "5"


def test_pictures_that_are_away_are_named(make_app, bundle, tmp_path):
    folder = shutil.copytree(bundle.path, tmp_path / "b")
    shutil.rmtree(folder / "media")
    answer = make_app(STUDY_BUNDLE=folder).test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (503, "media do not answer\n")


def test_both_are_named(make_app, bundle, tmp_path):
    folder = shutil.copytree(bundle.path, tmp_path / "b")
    shutil.rmtree(folder / "media")
    url = sqlite_url(tmp_path / "no-folder" / "study.sqlite")
    client = make_app(STUDY_BUNDLE=folder, STUDY_DATABASE_URL=url).test_client()
    assert client.get("/healthz").text == "database and media do not answer\n"
    shown = figures(client.get("/metrics").text)
    assert shown["study_part_up", ("part", "database")] == 0
    assert shown["study_part_up", ("part", "media")] == 0


def test_requests_are_counted_by_the_name_of_their_route(client):
    client.get("/")
    client.get("/p/" + "x" * 24)
    client.get("/nowhere/at-all")
    shown = figures(client.get("/metrics").text)
    name = "study_requests_total"
    assert shown[name, ("route", "participations.get_start"), ("status", "200")] == 1
    assert shown[name, ("route", "participations.get_page"), ("status", "404")] == 1
    assert shown[name, ("route", "none"), ("status", "404")] == 1
    count = "study_request_seconds_count", ("route", "participations.get_page")
    assert shown[count] == 1


def test_participations_are_counted_when_asked_for(client, make_walker):
    make_walker().walk_to("training", session=1)
    make_walker().walk_to("practice-intro")
    shown = figures(client.get("/metrics").text)
    people = {key[1:]: value for key, value in shown.items() if key[0] == "study_participations"}
    who = ("simulated", "no"), ("status", "in_progress")
    assert people.pop((("condition", "none"), *who)) == 1
    assert sum(people.values()) == 1


def test_figures_hold_nothing_of_a_person(client, walker):
    walker.walk_to("test", session=1)
    text = client.get("/metrics").text
    code = walker.page.select_one(".withdrawal-code").text
    assert walker.key not in text
    assert code not in text
    assert not re.search(r"/p/|test\.1\.1", text)


@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "192.0.2.7", 404),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 404),
        ({"X-Forwarded-For": "192.0.2.7"}, "127.0.0.1", 404),
        ({"Authorization": "Bearer "}, "192.0.2.7", 404),
    ],
)
def test_figures_are_for_this_machine_alone(client, headers, address, status):
    environ = {"REMOTE_ADDR": address}
    answer = client.get("/metrics", headers=headers, environ_overrides=environ)
    assert answer.status_code == status
    assert ("study_requests" in answer.text) == (status == 200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.7"}, 200),
        ({"Authorization": f"Bearer {TOKEN}é"}, 404),
        ({"Authorization": "Basic YTpi"}, 404),
        ({}, 404),
    ],
)
def test_token_is_asked_for_where_there_is_one(make_app, headers, status):
    client = make_app(STUDY_METRICS_TOKEN=TOKEN).test_client()
    assert client.get("/metrics", headers=headers).status_code == status


def test_proxy_that_is_believed_hides_the_figures(make_app):
    client = make_app(STUDY_PROXIES="1").test_client()
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_module_that_is_missing_is_named(make_app, monkeypatch):
    monkeypatch.setattr("study_app.views.timing.find_spec", lambda name: None)
    answer = make_app().test_client().get("/metrics")
    assert answer.status_code == 404
    assert "metrics must have prometheus-client; got no such module" in answer.text


def test_workers_count_together(bundle_path, tmp_path):
    live = LiveServer(bundle_path, tmp_path, n_workers=2)
    live.start()
    try:
        seen = [requests.get(f"{live.url}healthz", timeout=20).text for _ in range(20)]
        shown = figures(requests.get(f"{live.url}metrics", timeout=20).text)
    finally:
        live.close()
    assert seen == ["ok\n"] * 20
    name = "study_requests_total"
    assert shown[name, ("route", "health.get_healthz"), ("status", "200")] == 20
