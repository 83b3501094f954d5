"""The application factory."""

from collections.abc import Mapping
from pathlib import Path

from flask import Flask, request
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from stimuli_builder.bundle import read_bundle
from study_app import fragments, translation
from study_app.config import flask_config
from study_app.errors import SetupError
from study_app.extensions import bootstrap, csrf, db, limiter, login_manager, migrate
from study_app.media.bucket import Bucket
from study_app.panels.panel_of import panel_for
from study_app.protocol import progress_by_step
from study_app.services.outside_ids import other_databases
from study_app.sqlite import configure_sqlite
from study_app.views import (
    actions,
    admin,
    headers,
    health,
    logins,
    media,
    participations,
    previews,
    statuses,
    timing,
    uploads,
    withdrawals,
)

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app(overrides: Mapping[str, object] | None = None) -> Flask:
    """Make the application of one study.

    Parameters
    ----------
    overrides
        Settings in place of the environment's; see `study_app.config`.

    Returns
    -------
    Flask
        Ready to answer, once `study_app.services.study.prepare_database` has run on its database.

    Raises
    ------
    SetupError
        If a setting is missing or wrong, or the database's driver is not installed.
    BundleError
        If the bundle cannot be read.
    """
    app = Flask("study_app")
    app.config.update(flask_config(overrides or {}))
    bundle = read_bundle(Path(app.config["STUDY_BUNDLE"]))
    app.extensions["study_bundle"] = bundle
    media_url = str(app.config["STUDY_MEDIA"])
    app.extensions["study_bucket"] = Bucket(media_url) if media_url else None
    panel = panel_for(app.config["STUDY_PANEL"], bundle)
    app.extensions["study_panel"] = panel
    app.extensions["study_others"] = other_databases(panel.once_across) if panel else ()
    app.extensions["study_progress"] = progress_by_step(bundle.manifest)
    app.extensions["study_neighbours"] = {}  # address -> title, where one server has several
    timing.register(app)
    app.before_request(_allow_upload)
    _bind_extensions(app)
    for_participants = (participations.bp, withdrawals.bp, media.bp, previews.bp, health.bp)
    for_researchers = (logins.bp, admin.bp, actions.bp, uploads.bp)
    for blueprint in for_participants + for_researchers:
        app.register_blueprint(blueprint)
    fragments.register(app)
    translation.register(app, bundle)
    statuses.register(app)
    headers.register(app)
    n_proxies = int(app.config["STUDY_PROXIES"] or 0)
    if n_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, n_proxies, n_proxies, n_proxies)  # type: ignore[method-assign]
    return app


def _allow_upload() -> None:
    """Let the administrator alone send a large file, before the form's token is read."""
    if request.endpoint == "uploads.post_upload" and current_user.is_authenticated:
        request.max_content_length = uploads.MAX_UPLOAD_BYTES
        request.max_form_memory_size = uploads.MAX_FORM_BYTES


def _bind_extensions(app: Flask) -> None:
    try:
        db.init_app(app)
    except ModuleNotFoundError as error:
        raise SetupError(
            f"database driver must be installed; got no {error.name}. "
            'Run "pip install craft-studies[postgresql]".'
        ) from error
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    csrf.init_app(app)
    bootstrap.init_app(app)
    login_manager.init_app(app)
    limiter.init_app(app)
    with app.app_context():
        configure_sqlite(db.engine)
