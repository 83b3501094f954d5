"""A study rehearsed by programs: a server of its own, and the participants one after the other."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import requests

from study_app.errors import SetupError
from study_app.server import Server, server_command, server_environment
from study_app.simulation.browser import Line
from study_app.simulation.injection import Informed
from study_app.simulation.kinds import Kind
from study_app.simulation.participant import Outcome, Participant

START_S: Final = 30.0
STOP_S: Final = 10.0
POLL_S: Final = 0.05

Report = Callable[[int], None]
NO_KEY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """How one participant's visit went.

    Attributes
    ----------
    kind
        Of the participant.
    outcome
        How it ended.
    """

    kind: Kind
    outcome: Outcome


def rehearse(
    base_url: str,
    order: Sequence[Kind],
    generators: Sequence[np.random.Generator],
    report: Report = lambda _number: None,
    key: Mapping[str, str] = NO_KEY,
) -> list[Visit]:
    """Send participants through a running study, one after the other.

    Parameters
    ----------
    base_url
        The participants' link.
    order
        Kinds, as many as there are participants. Who is screened out, and so gets no condition, is
        followed by one of the same kind, so that kinds stay in step with the assignment's blocks.
    generators
        One a participant, independent of each other.
    report
        Called after each visit with the number of those who are through.
    key
        What is right, for kinds with an injected effect; see `study_app.simulation.injection`.

    Returns
    -------
    list[Visit]
        One a participant, in order of arrival.

    Raises
    ------
    PageError
        If the server sends what a participant cannot go on from.
    """
    visits: list[Visit] = []
    place = 0
    with contextlib.closing(Line()) as line:
        for generator in generators:
            kind = order[place]
            visitor = _participant(base_url, kind, generator, line, key)
            visits.append(Visit(kind=kind, outcome=visitor.take_part()))
            place += visits[-1].outcome != "screened_out"
            report(len(visits))
    return visits


def _participant(
    base_url: str, kind: Kind, generator: np.random.Generator, line: Line, key: Mapping[str, str]
) -> Participant:
    """Return a participant, who knows what is right where its kind has an injected effect."""
    if kind.strategy == "inject":
        return Informed(base_url, kind=kind, generator=generator, line=line, key=key)
    return Participant(base_url, kind=kind, generator=generator, line=line)


@contextlib.contextmanager
def running(server: Server) -> Iterator[str]:
    """Run a server for as long as the context lasts.

    Parameters
    ----------
    server
        On a database that was prepared.

    Yields
    ------
    str
        The participants' link, once the server answers.

    Raises
    ------
    SetupError
        If it ends, or does not answer in time.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            server_command(server),
            env=server_environment(server),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl+C is for this process, which then stops the server
        )
        try:
            if not _answers_in_time(process, f"{server.url}health"):
                log.seek(0)
                said = log.read().decode(errors="replace").strip().splitlines() or ["nothing"]
                raise SetupError(f"server must answer within {START_S:.0f} s; got {said[-1]!r}.")
            yield server.url
        finally:
            _stop(process)


def free_port(host: str) -> int:
    """Return a port that nothing listens at.

    Parameters
    ----------
    host
        Address of this machine.

    Returns
    -------
    int
        Free a moment ago.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def new_secret() -> str:
    """Return a key that signs the cookies of one run.

    Returns
    -------
    str
        Random.
    """
    return secrets.token_hex(32)


def _answers_in_time(process: "subprocess.Popen[bytes]", url: str) -> bool:
    deadline = time.monotonic() + START_S
    with requests.Session() as session:
        session.trust_env = False
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(requests.RequestException):
                if session.get(url, timeout=POLL_S * 20).ok:
                    return True
            time.sleep(POLL_S)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: the server and its workers
        process.wait(STOP_S)
