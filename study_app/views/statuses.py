"""The HTTP status of every error, in one table, and the page that tells of it."""

from typing import Final

from flask import Flask, current_app, g, render_template, request, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from study_app.errors import (
    BadPayloadError,
    ConflictError,
    ForbiddenError,
    MediaError,
    NotFoundError,
    StudyError,
    TooEarlyError,
)
from study_app.extensions import db
from study_app.translation import bundle_shown

STATUS: Final[dict[type[StudyError], int]] = {
    BadPayloadError: 400,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooEarlyError: 425,
    MediaError: 503,
}
ADVICE: Final = {
    400: "Something that this page sent could not be read. Nothing was lost; please go on.",
    403: "This page is not yours to see.",
    404: "There is nothing here. Perhaps a part of the link is missing.",
    409: "This page is not where you are in the study. Please go on from there.",
    425: "Please look at the page a little longer, then go on.",
    429: "Too many attempts. Please wait a minute, then try again.",
    503: "The study is busy. Nothing was lost; please wait a moment, then go on.",
}
OTHERWISE: Final = "Something went wrong on our side. Nothing was lost; please go on."
RETRY_AFTER_S: Final = 5
NOT_THEIRS: Final = (403, 404)  # the link's participation is another's, or there is none
ADMIN_PATH: Final = "/admin"
UNAVAILABLE: Final = (OperationalError, InterfaceError, PoolTimeoutError, OSError)


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

    @app.errorhandler(MediaError)
    def on_media_error(error: MediaError) -> ResponseReturnValue:
        return _ask_to_wait(str(error))

    @app.errorhandler(HTTPException)
    def on_http_error(error: HTTPException) -> ResponseReturnValue:
        has_addresses = request_ctx.url_adapter is not None  # none where the Host is no host
        if error.code is None or error.code < 400 or not has_addresses:
            return error.get_response()
        return _page(error.code, "")

    for kind in UNAVAILABLE:
        app.register_error_handler(kind, _on_unavailable)


def _on_unavailable(error: Exception) -> ResponseReturnValue:
    """Ask to wait: the database is busy, full or away, and nothing of the request was stored."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = str(cause).partition("\n")[0]
    db.session.rollback()
    return _ask_to_wait(f"{type(cause).__name__}: {said}")


def _ask_to_wait(cause: str) -> ResponseReturnValue:
    current_app.logger.error("unavailable", extra={"cause": cause})
    page, status = _page(503, "")
    return page, status, {"Retry-After": str(RETRY_AFTER_S)}


def _page(status: int, detail: str) -> tuple[str, int]:
    g.is_error_page = True
    is_admin = request.path.startswith(ADMIN_PATH)
    resend = []
    is_answer = request.method == "POST" and request.blueprint == "participations"
    if status == 503 and is_answer:  # somebody without scripts sends it from here
        resend = [(name, value) for name in request.form for value in request.form.getlist(name)]
    return (
        render_template(
            "error.html",
            study=bundle_shown().manifest,
            is_admin=is_admin,
            status=status,
            advice=ADVICE.get(status, OTHERWISE),
            detail=detail,
            resend=resend,
            way_on=_way_on(status, is_admin=is_admin),
        ),
        status,
    )


def _way_on(status: int, *, is_admin: bool) -> str:
    """Return where to go on: a participation's own page, which a browser without cookie can see."""
    key = (request.view_args or {}).get("key")
    if is_admin:
        return url_for("admin.get_overview")
    if key is None or status in NOT_THEIRS:
        return url_for("participations.get_start")
    return url_for("participations.get_page", key=key)
