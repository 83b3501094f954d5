"""The HTTP status of every error, in one table, and the page that tells of it."""

from typing import Final

from flask import Flask, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from study_app.errors import BadPayloadError, ConflictError, NotFoundError, StudyError
from study_app.extensions import db

STATUS: Final[dict[type[StudyError], int]] = {
    BadPayloadError: 400,
    NotFoundError: 404,
    ConflictError: 409,
}
ADVICE: Final = {
    400: "Something that this page sent could not be read. Nothing was lost; please go on.",
    404: "There is nothing here. Perhaps a part of the link is missing.",
    409: "This page is not where you are in the study. Please go on from there.",
    429: "Too many attempts. Please wait a minute, then try again.",
    503: "The study is busy. Nothing was lost; please wait a moment, then go on.",
}
OTHERWISE: Final = "Something went wrong on our side. Nothing was lost; please go on."
RETRY_AFTER_S: Final = 5


def register(app: Flask) -> None:
    """Answer every error with a page and its status.

    Parameters
    ----------
    app
        Still being made.
    """

    @app.errorhandler(StudyError)
    def on_study_error(error: StudyError) -> ResponseReturnValue:
        return _page(STATUS.get(type(error), 500), str(error))

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error.get_response()
        return _page(error.code, "")

    @app.errorhandler(OperationalError)
    def on_database_error(error: OperationalError) -> ResponseReturnValue:
        app.logger.error("database: %s", error.orig)
        db.session.rollback()
        page, status = _page(503, "")
        return page, status, {"Retry-After": str(RETRY_AFTER_S)}


def _page(status: int, detail: str) -> tuple[str, int]:
    advice = ADVICE.get(status, OTHERWISE)
    return render_template("error.html", status=status, advice=advice, detail=detail), status
