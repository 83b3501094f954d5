"""``craft-study serve-all``: several studies on one server."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from study_app.opening import Wishes, open_study
from study_app.server import check_port, gunicorn_command, secure_cookies, source_path
from study_app.several.app import app_of
from study_app.several.listing import Listed, read_listing

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

APP = "study_app.several.app:create_several()"


def add_serve_all(
    commands: "Commands", port: Callable[[str], int], count: Callable[[str], int]
) -> None:
    """Add the command to those of ``craft-study``.

    Parameters
    ----------
    commands
        Of its parser.
    port
        Reads a port.
    count
        Reads a number of at least 1.
    """
    command = commands.add_parser(
        "serve-all",
        help="serve several studies, each below its name",
        description="Serve several studies, each below its name, with its own database and admins.",
        epilog="example: craft-study serve-all studies.toml --port 8000",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="TOML: one table a study")
    command.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    command.add_argument("--port", type=port, default=8000, help="port (%(default)s)")
    command.add_argument("--workers", type=count, default=2, help="processes (%(default)s)")
    command.add_argument(
        "--trial-run", action="store_true", help="serve studies with texts still to be written"
    )
    command.set_defaults(run=_serve_all)


def _serve_all(arguments: argparse.Namespace) -> None:
    check_port(arguments.host, arguments.port)
    for study in read_listing(arguments.file):
        _open(study, f"http://{arguments.host}:{arguments.port}", arguments.trial_run)
    print("Stop with Ctrl+C; the answers stay in the databases.", flush=True)
    command = gunicorn_command(arguments.host, arguments.port, arguments.workers, APP)
    os.execve(sys.executable, command, _environment(arguments))


def _open(study: Listed, server: str, is_trial_run: bool) -> None:
    """Prepare one study, and print its addresses."""
    app = app_of(study, secrets.token_hex(32))  # signs nothing: the processes read the key
    opened = open_study(app, Wishes(quota=study.quota, is_trial_run=is_trial_run))
    panel = app.extensions["study_panel"]
    print(f"{study.name}: {server}/{study.name}/{panel.link if panel else ''}")
    print(f"  admin: {server}/{study.name}/admin")
    if opened.password is not None:
        print(f"  admin password, printed only now: {opened.password}")


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    cookies = secure_cookies(arguments.host)
    own = {"STUDY_LIST": str(arguments.file.resolve()), "STUDY_SECURE_COOKIES": cookies}
    return {**os.environ, **own, "PYTHONPATH": source_path()}
