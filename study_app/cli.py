"""``craft-study``: serve a study, steer it, export its answers, and save it."""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from flask import Flask
from sqlalchemy import create_engine, func, inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from stimuli_builder.bundle import BundleError
from study_app.app import create_app
from study_app.backup import (
    check_restored,
    read_about,
    restore_backup,
    withdrawn_since,
    write_backup,
)
from study_app.config import database_address, sqlite_url, withdrawals_file
from study_app.database_options import DATABASE_FILE, add_bundle, add_database
from study_app.errors import SetupError, StudyError
from study_app.extensions import db
from study_app.formats import FORMATS, export_as
from study_app.media.cli import add_push_media
from study_app.models import Participation, Study
from study_app.opening import Wishes, open_study
from study_app.panels.cli import add_reconcile
from study_app.panels.settings import SHIPPED, Panel
from study_app.running.cli import add_running
from study_app.selection import Selection
from study_app.server import Server, check_port, server_command, server_environment
from study_app.services.admins import FIRST_NAME
from study_app.services.study import prepare_database
from study_app.services.withdrawals import add_to_journal, check_journal
from study_app.several.cli import add_serve_all
from study_app.simulation.cli import add_simulate

MAX_PORT: Final = 65_535

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Without the program's name; None takes the process's.

    Returns
    -------
    int
        0, or 1 after one line on stderr that says why it failed.
    """
    parsed = _parser().parse_args(arguments)
    run: Run = parsed.run
    try:
        run(parsed)
    except (StudyError, BundleError, OSError, SQLAlchemyError) as error:
        print(f"craft-study: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="craft-study",
        description="Serve a study to participants, and export their answers.",
        epilog="example: craft-study serve runs/demo/bundle --database runs/demo/study.sqlite",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in COMMANDS:
        add(commands)
    return parser


def _add_serve(commands: Commands) -> None:
    serve = _command(
        commands,
        _serve,
        name="serve",
        does="serve a bundle to participants",
        example="craft-study serve runs/demo/bundle --port 8000",
    )
    serve.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder of the bundle")
    add_database(serve)
    serve.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    serve.add_argument("--port", type=_port, default=8000, help="port (%(default)s)")
    serve.add_argument("--workers", type=_count, default=2, help="processes (%(default)s)")
    serve.add_argument(
        "--seed", type=int, help="of the assignment to conditions (0, or the database's)"
    )
    serve.add_argument(
        "--quota", type=_count, help="participants of each condition, in place of the bundle's"
    )
    serve.add_argument(
        "--panel",
        metavar="FILE|NAME",
        help="where participants come from: a TOML file, or shipped settings "
        f"({', '.join(SHIPPED)}); STUDY_PANEL where that is set",
    )
    serve.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="analysis plan, fixed by its hash before the first participant",
    )
    serve.add_argument(
        "--show-results",
        action="store_true",
        help="show results by condition before the study is closed, which is put on record",
    )
    serve.add_argument(
        "--only-prepare", action="store_true", help="set up the database, print links and password"
    )
    serve.add_argument(
        "--trial-run", action="store_true", help="serve a study with texts still to be written"
    )


def _add_serve_all(commands: Commands) -> None:
    add_serve_all(commands, _port, _count)


def _add_export(commands: Commands) -> None:
    export = _command(
        commands,
        _export,
        name="export",
        does="write the answers as tidy CSV files, JSON, a Psych-DS data set or jsPsych's columns",
        example="craft-study export runs/demo/export --database runs/demo/study.sqlite",
    )
    export.add_argument("out_dir", type=Path, metavar="OUT_DIR", help="folder to write")
    export.add_argument(
        "--format", choices=FORMATS, default="csv", help="of the files (%(default)s)"
    )
    export.add_argument(
        "--cleaned", action="store_true", help="those who are analysed and their scored answers"
    )
    export.add_argument(
        "--simulated", action="store_true", help="cleaned tables of programs, not of people"
    )
    export.add_argument(
        "--pilot",
        type=Path,
        action="append",
        default=[],
        metavar="EXPORT_DIR",
        help="export made when a pilot was over; its participants are left out",
    )
    add_database(export)
    add_bundle(export)


def _add_backup(commands: Commands) -> None:
    backup = _command(
        commands,
        _backup,
        name="backup",
        does="save the database in one file, while the study runs",
        example="craft-study backup backups/monday.zip --database study.sqlite",
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="file to write")
    add_database(backup)
    add_bundle(backup)
    backup.add_argument(
        "--withdrawals",
        type=Path,
        metavar="FILE",
        help="that the server writes withdrawals to (STUDY_WITHDRAWALS where that is set, else "
        "beside the database)",
    )


def _add_restore(commands: Commands) -> None:
    restore = _command(
        commands,
        _restore,
        name="restore",
        does="put a backup into an empty database, without what was withdrawn since",
        example="craft-study restore backups/monday.zip --database new.sqlite",
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="as backup wrote it")
    add_database(restore)
    add_bundle(restore)
    withdrawals = restore.add_mutually_exclusive_group()
    withdrawals.add_argument(
        "--withdrawals",
        type=Path,
        metavar="FILE",
        help="that the server wrote withdrawals to, where it is no longer where the backup says",
    )
    withdrawals.add_argument(
        "--without-withdrawals",
        action="store_true",
        help="go on where that file is lost, so that answers withdrawn since come back",
    )


def _add_reconcile(commands: Commands) -> None:
    add_reconcile(commands, _open_existing)


def _add_running(commands: Commands) -> None:
    add_running(commands, _open_existing)


COMMANDS: Final = (
    _add_serve,
    _add_serve_all,
    add_simulate,
    add_push_media,
    _add_export,
    _add_running,
    _add_reconcile,
    _add_backup,
    _add_restore,
)


def _command(
    commands: Commands, run: Run, *, name: str, does: str, example: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(
        name, help=does, description=f"{does.capitalize()}.", epilog=f"example: {example}"
    )
    command.set_defaults(run=run)
    return command


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"port must be in [1, {MAX_PORT}]; got {port}.")
    return port


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"number must be at least 1; got {count}.")
    return count


def _serve(arguments: argparse.Namespace) -> None:
    if not arguments.only_prepare:
        check_port(arguments.host, arguments.port)
    url = database_url(arguments.database)
    panel_setting = panel_path(arguments.panel)
    app = _open(arguments.bundle, url, panel=panel_setting)
    panel: Panel | None = app.extensions["study_panel"]
    opened = open_study(
        app,
        Wishes(
            seed=arguments.seed,
            quota=arguments.quota,
            plan=arguments.plan,
            is_trial_run=arguments.trial_run,
        ),
    )
    server = Server(
        bundle=arguments.bundle,
        database_url=url,
        secret_key=opened.secret_key,
        withdrawals=app.config["STUDY_WITHDRAWALS"],
        host=arguments.host,
        port=arguments.port,
        n_workers=arguments.workers,
        panel=panel_setting,
        shows_results=arguments.show_results,
    )
    _print_links(server, opened.password, panel)
    if arguments.only_prepare:
        return
    print("Stop with Ctrl+C; the answers stay in the database.", flush=True)
    os.execve(sys.executable, server_command(server), server_environment(server))


def _print_links(server: Server, password: str | None, panel: Panel | None) -> None:
    print(f"participants: {server.url}{panel.link if panel else ''}")
    print(f"admin:        {server.url}admin")
    if password is not None:
        print(f"admin password, printed only now: {password} (log in as {FIRST_NAME})")


def _export(arguments: argparse.Namespace) -> None:
    app = _open_existing(arguments)
    with app.app_context():
        folder = export_as(
            app.extensions["study_bundle"],
            arguments.out_dir,
            form=arguments.format,
            selection=Selection(
                is_cleaned=arguments.cleaned,
                is_simulated=arguments.simulated,
                pilots=tuple(arguments.pilot),
            ),
        )
    print(f"export: {folder}")


def _backup(arguments: argparse.Namespace) -> None:
    app = _open_existing(arguments)
    journal = arguments.withdrawals or Path(app.config["STUDY_WITHDRAWALS"])
    with app.app_context():
        check_journal(journal)
        counts = write_backup(db.engine, arguments.file, journal=journal)
        db.engine.dispose()
    print(f"backup: {arguments.file}, {counts['participations']} participations")


def _restore(arguments: argparse.Namespace) -> None:
    about = read_about(arguments.file)
    app = _open(arguments.bundle or Path(about["bundle_path"]), database_url(arguments.database))
    own, hashes = Path(app.config["STUDY_WITHDRAWALS"]), set[str]()
    if not arguments.without_withdrawals:
        hashes = withdrawn_since(about, own=own, given=arguments.withdrawals)
    add_to_journal(own, hashes)
    with app.app_context():
        counts = restore_backup(db.engine, arguments.file)
        check_restored(about, counts)
        prepare_database(app.extensions["study_bundle"])
        n_left = db.session.scalar(select(func.count()).select_from(Participation))
        db.session.remove()
        db.engine.dispose()
    n_saved = counts["participations"]
    print(f"restored: {n_saved} participations, {n_saved - (n_left or 0)} of them withdrawn since")


def database_url(file: Path | None) -> str:
    """Return the address of the database to be used.

    Parameters
    ----------
    file
        A SQLite file; None takes ``STUDY_DATABASE_URL``, or the usual file.

    Returns
    -------
    str
        For SQLAlchemy.
    """
    configured = os.environ.get("STUDY_DATABASE_URL")
    return configured if file is None and configured else sqlite_url(file or DATABASE_FILE)


def panel_path(given: str | None) -> str:
    """Return the panel to be used, as every process of the server finds it.

    Parameters
    ----------
    given
        A TOML file or a name of shipped settings; None takes ``STUDY_PANEL``.

    Returns
    -------
    str
        A name, or an absolute path; empty where there is no panel.
    """
    setting = os.environ.get("STUDY_PANEL", "") if given is None else given
    return setting if setting in ("", *SHIPPED) else str(Path(setting).resolve())


def _open(bundle: Path, url: str, *, panel: str = "") -> Flask:
    """Return the application for work on the database alone, which signs no cookies."""
    return create_app(
        {
            "STUDY_BUNDLE": bundle,
            "STUDY_DATABASE_URL": url,
            "STUDY_SECRET_KEY": secrets.token_hex(32),
            "STUDY_WITHDRAWALS": withdrawals_file(url),
            "STUDY_PANEL": panel,
        }
    )


def _open_existing(arguments: argparse.Namespace) -> Flask:
    """Return the application of a database that was served, with its bundle."""
    url = database_url(arguments.database)
    file = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:") and not file.is_file():
        raise SetupError(f"database must be a file; got {file}, which does not exist.")
    address = make_url(database_address(url))
    engine = create_engine(address)
    with engine.connect() as connection:
        has_study = inspect(connection).has_table(Study.__tablename__)
        path = connection.scalar(select(Study.bundle_path)) if has_study else None
    engine.dispose()
    if path is None:
        raise SetupError(
            f"database must hold a study; got {address!r}. Serve a bundle with it first."
        )
    return _open(arguments.bundle or Path(path), url)
