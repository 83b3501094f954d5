"""One application for several studies: each answers below its name."""

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, render_template
from sqlalchemy import create_engine, inspect, make_url, select
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from study_app.app import create_app
from study_app.config import WITHDRAWALS_ENDING, database_address
from study_app.errors import SetupError
from study_app.models import Study
from study_app.services.readiness import silent_parts
from study_app.several.listing import Listed, read_listing
from study_app.views import headers


def create_several(file: Path | None = None) -> DispatcherMiddleware:
    """Make the application of all studies of a list.

    Parameters
    ----------
    file
        The list; None takes ``STUDY_LIST``.

    Returns
    -------
    DispatcherMiddleware
        Ready to answer, once each study was opened.

    Raises
    ------
    SetupError
        If the list or a study's settings are wrong, or a study was not opened.
    """
    studies = read_listing(file or Path(os.environ.get("STUDY_LIST", "")))
    apps = {study.name: app_of(study, secret_of(study)) for study in studies}
    titles = {name: app.extensions["study_bundle"].manifest.title for name, app in apps.items()}
    for name, app in apps.items():
        app.extensions["study_neighbours"] = {
            f"/{other}/admin": title for other, title in titles.items() if other != name
        }
    return DispatcherMiddleware(_front(apps), {f"/{name}": app for name, app in apps.items()})


def app_of(study: Listed, secret_key: str) -> Flask:
    """Make the application of one study, whose cookies are its own.

    Parameters
    ----------
    study
        As listed.
    secret_key
        Signs its cookies.

    Returns
    -------
    Flask
        To be mounted below its name.
    """
    app = create_app(
        {
            "STUDY_BUNDLE": study.bundle,
            "STUDY_DATABASE_URL": study.database_url,
            "STUDY_SECRET_KEY": secret_key,
            "STUDY_WITHDRAWALS": withdrawals_of(study),
            "STUDY_PANEL": study.panel,
            "STUDY_MEDIA": study.media,
        }
    )
    app.config["SESSION_COOKIE_NAME"] += f"-{study.name}"
    return app


def withdrawals_of(study: Listed) -> str:
    """Return the file of a study's withdrawals: none is shared with another study.

    Parameters
    ----------
    study
        As listed.

    Returns
    -------
    str
        Beside its SQLite file; else beside its bundle, by its name.
    """
    file = make_url(study.database_url).database
    if study.database_url.startswith("sqlite:"):
        return f"{file}{WITHDRAWALS_ENDING}"
    return str(study.bundle.parent / f"{study.name}.withdrawn")


def secret_of(study: Listed) -> str:
    """Return the key that signs a study's cookies.

    Parameters
    ----------
    study
        Opened before.

    Returns
    -------
    str
        ``STUDY_SECRET_KEY`` where that is set, else the database's own.

    Raises
    ------
    SetupError
        If the database was never opened.
    """
    configured = os.environ.get("STUDY_SECRET_KEY")
    if configured:
        return configured
    engine = create_engine(database_address(study.database_url))
    with engine.connect() as connection:
        has_study = inspect(connection).has_table(Study.__tablename__)
        key: str | None = connection.scalar(select(Study.secret_key)) if has_study else None
    engine.dispose()
    if key is None:
        raise SetupError(f'study {study.name} must be opened by "craft-study serve-all" first.')
    return key


def _front(apps: Mapping[str, Flask]) -> Flask:
    """Make the pages that belong to no study."""
    front = Flask("study_app")
    headers.register(front)

    @front.get("/health")
    def health() -> tuple[str, int]:
        return "", 204

    @front.get("/healthz")
    def healthz() -> tuple[str, int]:
        silent = []
        for name, app in apps.items():
            with app.app_context():
                silent += [f"{name}: {part}" for part in silent_parts()]
        return f"{', '.join(silent) or 'ok'}\n", 503 if silent else 200

    @front.errorhandler(404)
    def not_found(_: Exception) -> tuple[str, int]:
        return render_template("front.html"), 404

    return front
