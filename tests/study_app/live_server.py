"""A study served by gunicorn in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from stimuli_builder.bundle import read_bundle
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.extensions import db
from study_app.server import Server, server_command, server_environment
from study_app.services.admins import add_first_admin
from study_app.services.study import prepare_database

WAIT_S = 60


class LiveServer:
    """Starts, stops and kills one server, always at the same port and database."""

    def __init__(
        self, bundle_path: Path, folder: Path, *, url: str | None = None, n_workers: int = 1
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.server = Server(
            bundle=bundle_path,
            database_url=url or sqlite_url(folder / "study.sqlite"),
            secret_key="a secret of the tests",
            withdrawals=str(folder / "withdrawn"),
            host="127.0.0.1",
            port=port,
            n_workers=n_workers,
        )
        self.url = self.server.url
        self.app = create_app(
            {
                "STUDY_BUNDLE": bundle_path,
                "STUDY_DATABASE_URL": self.server.database_url,
                "STUDY_SECRET_KEY": self.server.secret_key,
                "STUDY_SECURE_COOKIES": "0",
                "STUDY_WITHDRAWALS": self.server.withdrawals,
            }
        )
        with self.app.app_context():
            prepare_database(read_bundle(bundle_path))
            self.password = add_first_admin()
        self.process = None

    def start(self) -> None:
        environment = server_environment(self.server)
        environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], *sys.path])
        self.process = subprocess.Popen(
            server_command(self.server), env=environment, start_new_session=True
        )
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"{self.url}health", timeout=2).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        self.stop()
        raise AssertionError(f"no server at {self.url} after {WAIT_S} s")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(WAIT_S)

    def kill(self) -> None:
        """End the server and its workers at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(WAIT_S)

    def rows(self, query):
        """Return what a query finds in the server's database."""
        with self.app.app_context():
            found = list(db.session.scalars(query))
            db.session.remove()
        return found

    def close(self) -> None:
        self.stop()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
