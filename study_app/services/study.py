"""The study a database belongs to: set up once, and kept apart from other bundles."""

import secrets
from pathlib import Path

from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import inspect, select

from stimuli_builder.bundle import Bundle
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.models import Study
from study_app.services.decisions import decide_outstanding
from study_app.services.transactions import setting_up, writing
from study_app.services.withdrawals import apply_journal, delete_expired


def prepare_database(bundle: Bundle, *, seed: int | None = None, quota: int | None = None) -> Study:
    """Bring the database to the newest schema and tie it to a bundle, inside an app context.

    What was withdrawn since the database's state was saved is deleted again, as is what was kept as
    long as was promised; and participations that ended before there were verdicts get theirs.

    Parameters
    ----------
    bundle
        The study to be served.
    seed
        Of the assignment; None takes the stored one, or 0.
    quota
        Participants a condition, from now on; None keeps the stored one, or the bundle's.

    Returns
    -------
    Study
        The database's one row.

    Raises
    ------
    SetupError
        If the database belongs to another bundle, or began with another seed.
    """
    with setting_up():
        upgrade()
        study = _tie(bundle, seed=seed, quota=quota)
        apply_journal(Path(current_app.config["STUDY_WITHDRAWALS"]))
        delete_expired(bundle)
        decide_outstanding(bundle)
    return study


def _tie(bundle: Bundle, *, seed: int | None, quota: int | None) -> Study:
    """Write the database's one row, or compare it with the bundle."""
    with writing():
        study = db.session.scalar(select(Study))
        if study is None:
            study = Study(
                id=1,
                manifest_sha256=bundle.manifest_sha256,
                answers_sha256=bundle.answers_sha256,
                assignment_seed=seed or 0,
                secret_key=secrets.token_hex(32),
                state="open",
            )
            db.session.add(study)
        check_bundle(study, bundle)
        if seed is not None and seed != study.assignment_seed:
            raise SetupError(
                f"seed must be {study.assignment_seed}, with which this database began; got {seed}."
            )
        study.bundle_path = str(Path(bundle.path).resolve())
        study.quota = study.quota if quota is None else quota
    return study


def check_bundle(study: Study, bundle: Bundle) -> None:
    """Make sure that a database and a bundle belong together.

    Parameters
    ----------
    study
        The database's row.
    bundle
        The bundle given.

    Raises
    ------
    SetupError
        If they do not.
    """
    stored = (study.manifest_sha256, study.answers_sha256)
    given = (bundle.manifest_sha256, bundle.answers_sha256)
    for name, expected, got in zip(("manifest", "answers"), stored, given, strict=True):
        if expected != got:
            raise SetupError(
                f"database must belong to the bundle whose {name} has SHA-256 {expected[:12]}…; "
                f"got {got[:12]}… of {bundle.path}. Give another --database for another bundle."
            )


def read_study() -> Study:
    """Return the study that a database belongs to.

    Returns
    -------
    Study
        Its one row.

    Raises
    ------
    SetupError
        If the database was never served.
    """
    study: Study | None = None
    if inspect(db.engine).has_table(Study.__tablename__):
        study = db.session.scalar(select(Study))
    if study is None:
        raise SetupError('database must hold a study; got none. Run "craft-study serve" first.')
    return study
