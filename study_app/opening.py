"""What has to be so before a study is served."""

import os
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from stimuli_builder.bundle import Bundle, placeholders_of
from study_app.errors import SetupError
from study_app.extensions import db
from study_app.media.cli import check_pictures
from study_app.services.admins import add_first_admin
from study_app.services.outside_ids import keep_id_key
from study_app.services.running import fix_plan, hash_plan
from study_app.services.study import prepare_database
from study_app.services.withdrawals import complete_journal


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a study is to be served.

    Attributes
    ----------
    seed
        Of the assignment; None takes the stored one, or 0.
    quota
        Participants a condition; None keeps the stored one, or the bundle's.
    plan
        The analysis plan's file, or None.
    is_trial_run
        Whether texts may still have to be written.
    """

    seed: int | None = None
    quota: int | None = None
    plan: Path | None = None
    is_trial_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A study that is ready to be served.

    Attributes
    ----------
    secret_key
        Signs its cookies.
    password
        Of its first admin, to be printed once; None where there was one.
    """

    secret_key: str
    password: str | None


def open_study(app: Flask, wishes: Wishes) -> Opened:
    """Check a study's bundle and prepare its database, once for all processes that serve it.

    Parameters
    ----------
    app
        Of the study.
    wishes
        How it is to be served.

    Returns
    -------
    Opened
        Its key and password.

    Raises
    ------
    SetupError
        If a text is still to be written, the plan cannot be read, the database is another study's,
        or the bucket answers and lacks a picture.
    BundleError
        If a picture is missing or damaged.
    """
    bundle: Bundle = app.extensions["study_bundle"]
    check_pictures(bundle, app.extensions["study_bucket"])
    if wishes.plan is not None:
        hash_plan(wishes.plan)  # before there is a database
    if not wishes.is_trial_run:
        _check_written(bundle, has_panel=app.extensions["study_panel"] is not None)
    with app.app_context():
        study = prepare_database(bundle, seed=wishes.seed, quota=wishes.quota)
        complete_journal(Path(app.config["STUDY_WITHDRAWALS"]))
        secret_key = os.environ.get("STUDY_SECRET_KEY") or study.secret_key
        keep_id_key(secret_key, app.extensions["study_others"])
        if wishes.plan is not None:
            fix_plan(wishes.plan)
        password = add_first_admin()
        db.engine.dispose()
    return Opened(secret_key=secret_key, password=password)


def _check_written(bundle: Bundle, *, has_panel: bool) -> None:
    """Refuse to show people a text that is still to be written, and strangers a study without."""
    texts = bundle.manifest.texts
    for name, text in (
        ("contact", texts.contact),
        ("data_notice", texts.data_notice),
        ("ethics", texts.ethics),
    ):
        if has_panel and not text:
            raise SetupError(
                f"{name} of a study with a panel must be written; got nothing. Write it under "
                '[texts] and build the bundle again, or try it out with "--trial-run".'
            )
    if not texts.consent:
        raise SetupError(
            "consent of a live study must be written; got nothing. Write it under [texts] and "
            'build the bundle again, or try it out with "--trial-run".'
        )
    placeholders = placeholders_of(bundle.manifest)
    if placeholders:
        raise SetupError(
            f"texts of a live study must be written; got {placeholders[0]!r}. Write them and build "
            'the bundle again, or try it out with "--trial-run".'
        )
