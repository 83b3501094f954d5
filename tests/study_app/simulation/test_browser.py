import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
from PIL import Image

from study_app.simulation import browser
from study_app.simulation.browser import Browser, Line
from study_app.simulation.errors import PageError
from study_app.simulation.reading import Page

PAGE = (
    '<main data-step="{step}"><form action="/p/k/{step}">'
    '<input type="hidden" name="csrf_token" value="token"></form></main>'
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        fields = parse_qsl(body.decode())
        is_scripted = self.headers.get("X-Study-Script") == "1"
        self.server.asked.append((self.command, self.path, fields, is_scripted))
        status, content = self.server.replies.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.asked, server.replies = True, [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def line():
    line = Line()
    yield line
    line.close()


@pytest.fixture
def visitor(server, line, monkeypatch):
    monkeypatch.setattr(browser, "PAUSES_S", (0.01, 0.01))
    return Browser(f"http://127.0.0.1:{server.server_port}/", line)


def page(step):
    return PAGE.format(step=step).encode()


def picture():
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "white").save(stream, "PNG")
    return stream.getvalue()


def test_consent_is_a_plain_form_that_says_the_kind(server, visitor):
    server.replies += [(200, page("consent")), (200, page("instructions"))]
    assert visitor.begin("learner").step == "instructions"
    assert server.asked == [
        ("GET", "/", [], False),
        ("POST", "/p/k/consent", [("csrf_token", "token"), ("kind", "learner")], False),
    ]


def test_answers_are_sent_as_the_script_sends_them(server, visitor):
    server.replies.append((200, page("debriefing")))
    fields = [("choice", "1"), ("looking_ms", "812.5"), ("reservoir_ms", "1.0")]
    after = visitor.send(Page(page("test").decode()), [*fields, ("reservoir_ms", "2.0")])
    assert after.step == "debriefing"
    sent = [("csrf_token", "token"), *fields, ("reservoir_ms", "2.0")]
    assert server.asked == [("POST", "/p/k/test", sent, True)]


def test_a_picture_is_fetched_once(server, visitor, line):
    server.replies.append((200, picture()))
    first = visitor.look_at("/media/a.png")
    other = Browser(f"http://127.0.0.1:{server.server_port}/", line)
    assert other.look_at("/media/a.png") is first
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again(server, visitor):
    server.replies += [(503, b""), (200, page("quiz"))]
    assert visitor.send(Page(page("test").decode())).step == "quiz"


def test_a_server_that_stays_busy_is_given_up(server, visitor):
    server.replies += [(503, b"")] * 3
    with pytest.raises(PageError, match=r"POST http://.*/p/k/test must succeed; got 503\."):
        visitor.send(Page(page("test").decode()))
    assert len(server.asked) == 3


def test_a_refusal_is_not_asked_again(server, visitor):
    server.replies.append((409, b""))
    with pytest.raises(PageError, match=r"must succeed; got 409\."):
        visitor.send(Page(page("test").decode()))


def test_what_is_no_picture_is_named(server, visitor):
    server.replies.append((200, b"<html>"))
    with pytest.raises(PageError, match=r"picture must be readable; got /media/a\.png\."):
        visitor.look_at("/media/a.png")


def test_no_server_is_an_error(line, monkeypatch):
    monkeypatch.setattr(browser, "PAUSES_S", (0.01,))
    with pytest.raises(PageError, match="server must answer; got no answer from http://127"):
        Browser("http://127.0.0.1:9/", line).begin("learner")
