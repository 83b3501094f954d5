"""A proxy that drops, duplicates, delays and reorders requests, and loses replies."""

import random
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

SHARES = {"drop": 0.06, "lose_reply": 0.06, "duplicate": 0.06, "delay": 0.06, "late": 0.06}
LATE_S = (0.2, 1.5)
KEPT_HEADERS = ("Set-Cookie", "Location", "X-Study-Stored", "Content-Type")


class ChaosProxy:
    """Listens at a port of its own, and forwards what it does not lose."""

    def __init__(self, target: str, seed: int) -> None:
        self.target, self.random = target.rstrip("/"), random.Random(seed)
        self.done: Counter[str] = Counter()
        self.late: list[threading.Thread] = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> "ChaosProxy":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        for thread in self.late:
            thread.join()

    def draw(self) -> str:
        left = self.random.random()
        for name, share in SHARES.items():
            left -= share
            if left < 0:
                self.done[name] += 1
                return name
        return ""


class _Handler(BaseHTTPRequestHandler):
    proxy: ChaosProxy

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._pass_on(b"")

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers["Content-Length"] or 0)))

    def _pass_on(self, body: bytes) -> None:
        fate = self.proxy.draw()
        self.close_connection = True
        if fate == "drop":
            return
        if fate == "delay":
            time.sleep(self.proxy.random.uniform(*LATE_S))
        if fate == "duplicate":
            self._forward(body)
        if fate == "late":
            self._again_later(body)
        reply = self._forward(body)
        if fate != "lose_reply" and reply is not None:
            self._answer(reply)

    def _again_later(self, body: bytes) -> None:
        """Send the same again when the participant is further on: it comes out of order."""

        def send() -> None:
            time.sleep(self.proxy.random.uniform(*LATE_S))
            self._forward(body)

        self.proxy.late.append(threading.Thread(target=send))
        self.proxy.late[-1].start()

    def _forward(self, body: bytes) -> requests.Response | None:
        headers = {
            name: value for name, value in self.headers.items() if name.lower() != "connection"
        }
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.request(
                    self.command,
                    f"{self.proxy.target}{self.path}",
                    data=body,
                    headers=headers,
                    timeout=20,
                    allow_redirects=False,
                )
        except requests.RequestException:
            return None

    def _answer(self, reply: requests.Response) -> None:
        try:
            self.send_response(reply.status_code)
            for name in KEPT_HEADERS:
                if name in reply.headers:
                    self.send_header(name, reply.headers[name])
            self.send_header("Content-Length", str(len(reply.content)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(reply.content)
        except OSError:
            self.proxy.done["hung up"] += 1
