"""Whether everything that a trial needs answers: the database and the pictures."""

from typing import Final

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from stimuli_builder.bundle import Bundle
from study_app.errors import MediaError
from study_app.extensions import db
from study_app.media.bucket import Bucket

PARTS: Final = ("database", "media")


def silent_parts() -> list[str]:
    """Ask each part of the study for something small.

    Returns
    -------
    list[str]
        Those of `PARTS` that do not answer; empty where all is well.
    """
    answers = {"database": _database_answers(), "media": _media_answer()}
    return [part for part in PARTS if not answers[part]]


def _database_answers() -> bool:
    try:
        db.session.execute(select(1))
    except SQLAlchemyError:
        db.session.rollback()
        return False
    return True


def _media_answer() -> bool:
    bundle: Bundle = current_app.extensions["study_bundle"]
    name = next(iter(bundle.manifest.media), None)
    bucket: Bucket | None = current_app.extensions["study_bucket"]
    if name is None or bucket is None:
        return name is None or bundle.media_path(name).is_file()
    try:
        bucket.read(name)
    except MediaError:
        return False
    return True
