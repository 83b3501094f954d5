"""The server's process: gunicorn, told everything by its command line and environment."""

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from study_app.errors import SetupError

APP: Final = "study_app.app:create_app()"
SHOW_RESULTS: Final = "STUDY_SHOW_RESULTS"
THREADS_PER_WORKER: Final = 4
THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Server:
    """What a server is started with.

    Attributes
    ----------
    bundle
        Folder of the study's bundle.
    database_url
        SQLAlchemy address of a database that was prepared.
    secret_key
        Signs cookies.
    withdrawals
        File that withdrawals are written to as well.
    host, port
        Where it listens.
    n_workers
        Processes.
    is_simulated
        Whether programs take part, and no people.
    panel
        Where participants come from: a TOML file, or the name of shipped settings.
    shows_results
        Whether results by condition are shown before the study is closed.
    """

    bundle: Path
    database_url: str
    secret_key: str
    withdrawals: str
    host: str
    port: int
    n_workers: int
    is_simulated: bool = False
    panel: str = ""
    shows_results: bool = False

    @property
    def url(self) -> str:
        """Return the participants' link."""
        return f"http://{self.host}:{self.port}/"


def server_command(server: Server) -> list[str]:
    """Return the command line that runs a server.

    Parameters
    ----------
    server
        What to start.

    Returns
    -------
    list[str]
        For `subprocess.Popen` or `os.execve`, with `server_environment`.
    """
    return gunicorn_command(server.host, server.port, server.n_workers, APP)


def gunicorn_command(host: str, port: int, n_workers: int, app: str) -> list[str]:
    """Return the command line that runs an application's processes.

    Parameters
    ----------
    host
        Where it listens.
    port
        In [1, 65535].
    n_workers
        Processes.
    app
        How gunicorn makes the application.

    Returns
    -------
    list[str]
        For `subprocess.Popen` or `os.execve`.
    """
    options = {
        "--bind": f"{host}:{port}",
        "--workers": str(n_workers),
        "--worker-class": "gthread",
        "--threads": str(THREADS_PER_WORKER),
        "--log-level": "warning",
        "--config": "python:study_app.workers",
        "--logger-class": "study_app.logs.ServerLogger",
    }
    words = [word for option in options.items() for word in option]
    return [sys.executable, "-m", "gunicorn", *words, "--no-control-socket", app]


def server_environment(server: Server) -> dict[str, str]:
    """Return the environment that `server_command` runs in.

    Parameters
    ----------
    server
        What to start.

    Returns
    -------
    dict[str, str]
        This process's, with the study's settings, and a path on which this package is found. On
        this machine alone, cookies are sent over plain HTTP too.
    """
    settings: Mapping[str, str] = {
        "STUDY_BUNDLE": str(server.bundle.resolve()),
        "STUDY_DATABASE_URL": server.database_url,
        "STUDY_SECRET_KEY": server.secret_key,
        "STUDY_WITHDRAWALS": server.withdrawals,
        "STUDY_PANEL": server.panel,
        SHOW_RESULTS: "1" if server.shows_results else os.environ.get(SHOW_RESULTS, ""),
        "STUDY_SIMULATED": "1" if server.is_simulated else "",
        "STUDY_SECURE_COOKIES": secure_cookies(server.host),
    }
    return {**os.environ, **settings, "PYTHONPATH": source_path()}


def source_path() -> str:
    """Return a path on which a process that is started finds this package.

    Returns
    -------
    str
        For ``PYTHONPATH``.
    """
    source = str(Path(__file__).parents[1])
    return os.pathsep.join(part for part in (source, os.environ.get("PYTHONPATH")) if part)


def secure_cookies(host: str) -> str:
    """Return whether cookies are sent over HTTPS alone.

    Parameters
    ----------
    host
        Where the server listens.

    Returns
    -------
    str
        What ``STUDY_SECURE_COOKIES`` is set to; else ``0`` where nobody else can listen in, on this
        machine and without a proxy, and ``1``.
    """
    is_behind_proxy = bool(os.environ.get("STUDY_PROXIES"))
    usual = "0" if host in THIS_MACHINE and not is_behind_proxy else "1"
    return os.environ.get("STUDY_SECURE_COOKIES") or usual


def check_port(host: str, port: int) -> None:
    """Make sure that a server can listen at a port.

    Parameters
    ----------
    host
        Name or address of this machine.
    port
        In [1, 65535].

    Raises
    ------
    SetupError
        If it is taken, or the host is not this machine's.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"port must be free on {host}; got {port} ({error.strerror}). Give another --port."
            ) from error
