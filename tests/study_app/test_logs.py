import json
import logging
import re
import subprocess

import pytest
import requests

from study_app.errors import ConflictError, SetupError
from study_app.logs import JsonFormatter
from tests.study_app.crowd import HttpClient
from tests.study_app.live_server import LiveServer
from tests.study_app.walker import Walker

PANEL_ID = "5f00000000000000000000aa"
BROWSER = "a browser of its own kind"


def line_of(**record):
    return json.loads(JsonFormatter().format(logging.makeLogRecord(record)))


def test_record_is_one_line_with_its_fields():
    record = {"msg": "request", "name": "study_app.requests", "route": "x", "status": 200, "ms": 9}
    line = line_of(**record, levelname="INFO", process=7, created=0.0)
    assert line == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "info",
        "event": "request",
        "worker": 7,
        "route": "x",
        "status": 200,
        "ms": 9,
    }


@pytest.mark.parametrize(
    ("name", "message", "arguments", "event"),
    [
        ("study_app", "Odd: %s [%s]", ("/p/secret", "GET"), "Odd: … […]"),
        ("gunicorn.error", "Worker (pid:%s) exited with code %s", (7, 3), None),
        ("gunicorn.error", "Invalid request from ip=192.0.2.7: b'GET /p/x'", (), None),
        ("gunicorn.error", ValueError("secret"), (), "ValueError"),
        ("sqlalchemy.pool", "parameters: secret", (), "said by sqlalchemy.pool"),
    ],
)
def test_only_numbers_of_a_message_are_kept(name, message, arguments, event):
    written = line_of(name=name, msg=message, args=arguments)["event"]
    assert "secret" not in written and "192.0.2.7" not in written and "/p/" not in written
    if event is not None:
        assert written == event
    elif arguments:
        assert written == "Worker (pid:7) exited with code 3"


def raised(error):
    answer = "secret"  # a local value, which is not to be written
    try:
        raise error
    except type(error) as caught:
        return caught, answer


def test_error_is_written_without_its_words_and_values():
    error, _ = raised(ConflictError("choice must be secret"))
    line = line_of(name="study_app", msg="failed at /p/secret", exc_info=(type(error), error, None))
    assert line["error"] == "ConflictError"
    assert re.fullmatch(r".*/test_logs\.py:\d+ raised", line["trace"][-1])
    assert "secret" not in json.dumps(line)


def test_errors_of_the_set_up_keep_their_words():
    error, _ = raised(SetupError("STUDY_BUNDLE must be set; got nothing."))
    line = line_of(name="gunicorn.error", msg="failed", exc_info=(type(error), error, None))
    assert line["message"] == "STUDY_BUNDLE must be set; got nothing."


class LoggedServer(LiveServer):
    """Keeps what its processes write."""

    def __init__(self, bundle_path, folder):
        super().__init__(bundle_path, folder)
        self.file = folder / "log"

    def start(self):
        with pytest.MonkeyPatch.context() as patch, self.file.open("wb") as file:
            popen = subprocess.Popen
            patch.setattr(
                subprocess,
                "Popen",
                lambda words, **how: popen(words, stdout=file, stderr=subprocess.STDOUT, **how),
            )
            super().start()

    def lines(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()]


@pytest.fixture
def server(bundle_path, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_LOG_REQUESTS", "1")
    live = LoggedServer(bundle_path, tmp_path)
    live.start()
    yield live
    live.close()


def test_log_has_a_line_a_request_and_nothing_of_a_person(server, bundle):
    client = HttpClient(server.url)
    client.session.headers.update({"User-Agent": BROWSER, "X-Forwarded-For": "192.0.2.7"})
    client.get(f"/?PROLIFIC_PID={PANEL_ID}&STUDY_ID={PANEL_ID}&SESSION_ID={PANEL_ID}")
    walker = Walker(client, bundle).walk_to("test", session=1)
    own = [walker.key, walker.page.select_one(".withdrawal-code").text, walker.token]
    own += [cookie.value for cookie in client.session.cookies]
    walker.walk_to("debriefing")
    own.append(walker.main.select_one(".completion-code").text)
    requests.get(f"{server.url}p/{'x' * 24}?secret=1", timeout=20)
    requests.post(f"{server.url}withdraw", data={"code": own[1]}, timeout=20)
    server.stop()
    text, lines = server.file.read_text(), server.lines()
    for word in (*own, PANEL_ID, BROWSER, "192.0.2.7", "127.0.0.1", "secret", "/p/", "test.1.1"):
        assert word not in text
    asked = [line for line in lines if line["event"] == "request"]
    assert len(asked) >= len(walker.received)
    keys = {"time", "level", "event", "worker", "route", "status", "ms"}
    assert all(set(line) == keys for line in asked)
    assert {line["route"] for line in asked} >= {
        "participations.get_page",
        "participations.post_step",
        "withdrawals.post_withdraw",
    }


def test_unexpected_error_is_one_line_with_its_trace(app, caplog):
    app.add_url_rule("/boom/<key>", "boom", lambda key: {"answer": "private"}[key])
    assert app.test_client().get("/boom/secret?also=secret").status_code == 500
    failure, answer = (json.loads(JsonFormatter().format(record)) for record in caplog.records)
    assert (failure["event"], failure["error"]) == ("unexpected error", "KeyError")
    assert re.fullmatch(r".*/test_logs\.py:\d+ <lambda>", failure["trace"][-1])
    assert (answer["event"], answer["route"], answer["status"]) == ("request", "boom", 500)
    assert not re.search("secret|private", json.dumps([failure, answer]))
