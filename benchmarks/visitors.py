"""Cheap participants for the load benchmark: many in one thread, each on a connection of its own.

They stand for browsers that run elsewhere, so that they do as little as they can on the machine
that is measured: they answer right, look at no picture, and find what they need by regular
expressions.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

FORM = re.compile(r'<form[^>]*action="([^"]+)"')
HIDDEN = re.compile(r'name="(csrf_token|answer_key)" value="([^"]+)"')
TRIAL = re.compile(r'data-trial="([^"]+)"')
CHOICE = re.compile(r'name="choice" value="(\d+)">\s*([^<]*?)\s*<')
FORM_TYPE = "application/x-www-form-urlencoded"
TIMEOUT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server answered; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    page: str


class Connection:
    """A connection that is kept, with its cookie; opened again where the server has closed it."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.cookie = ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, fields: Mapping[str, str], *, script: bool = False
    ) -> Reply:
        """Send a request, on a new connection if the kept one was closed in the meantime."""
        body = urlencode(fields).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"Cookie: {self.cookie}"] if self.cookie else []
        lines += ["X-Study-Script: 1"] if script else []
        lines += [f"Content-Type: {FORM_TYPE}", f"Content-Length: {len(body)}", "", ""]
        message = "\r\n".join(lines).encode() + body
        was_open = self._streams is not None
        try:
            return await asyncio.wait_for(self._exchange(message), TIMEOUT_S)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            if not was_open:
                raise
        return await asyncio.wait_for(self._exchange(message), TIMEOUT_S)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    async def _exchange(self, message: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.host, self.port)
        reader, writer = self._streams
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        page = await reader.readexactly(int(headers.get("content-length", 0)))
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].partition(";")[0]
        if headers.get("connection") == "close":
            self.close()
        return Reply(status=int(status.split()[1]), headers=headers, page=page.decode())


class Visitor:
    """Somebody who answers right; `answers` is what is right by trial, `quiz` by item."""

    def __init__(
        self, host: str, port: int, *, answers: Mapping[str, str], quiz: Mapping[str, int]
    ) -> None:
        self.answers, self.quiz = answers, quiz
        self.times_s: list[float] = []
        self.ended_s: list[float] = []  # by the same clock, of each of these
        self.acknowledged: list[str] = []
        self.trouble: str | None = None
        self._connection = Connection(host, port)
        self._page = ""

    @property
    def has_finished(self) -> bool:
        """Return whether the page shows a completion code."""
        return 'class="completion-code"' in self._page

    async def consent(self) -> None:
        """Open the link, agree, and come to the first page."""
        page = (await self._connection.request("GET", "/", {})).page
        fields = dict(HIDDEN.findall(page))
        reply = await self._connection.request("POST", "/consent", fields)
        path = "/" + reply.headers["location"].removeprefix("/")
        self._page = (await self._connection.request("GET", path, {})).page

    async def answer(self, n_pages: int, pause_s: Callable[[], float] = lambda: 0.0) -> None:
        """Answer a number of pages, or all up to the completion code; note what goes wrong."""
        for _ in range(n_pages):
            form = FORM.search(self._page)
            if form is None or self.trouble is not None:
                break
            await asyncio.sleep(pause_s())
            await self._send(form[1])

    def leave(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _send(self, path: str) -> None:
        fields = dict(HIDDEN.findall(self._page)) | self._chosen()
        start = time.perf_counter()
        try:
            reply = await self._connection.request("POST", path, fields, script=True)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.trouble = f"{type(error).__name__} at {path.rpartition('/')[2]}"
            return
        end = time.perf_counter()
        self.times_s.append(end - start)
        self.ended_s.append(end)
        if reply.status != 200 or reply.headers.get("x-study-stored") != "yes":
            self.trouble = f"status {reply.status} at {path.rpartition('/')[2]}"
            return
        self.acknowledged.append(fields["answer_key"])
        self._page = reply.page

    def _chosen(self) -> dict[str, str]:
        if 'data-step="quiz"' in self._page:
            return {item: str(index) for item, index in self.quiz.items()}
        trial = TRIAL.search(self._page)
        if 'data-step="test"' not in self._page or trial is None:
            return {}
        values = {text: value for value, text in CHOICE.findall(self._page)}
        return {"choice": values[self.answers[trial[1]]]}
