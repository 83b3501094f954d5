"""The participant's pages: one address shows where the participant is, one takes what was sent."""

import secrets
from pathlib import Path
from typing import Final

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from stimuli_builder.bundle import Bundle
from study_app.config import is_on
from study_app.errors import BadPayloadError, ForbiddenError
from study_app.models import Participation
from study_app.pages import page_of
from study_app.services.participations import (
    KEY_BYTES,
    Visitor,
    begin_participation,
    find_participation,
    has_begun,
)
from study_app.services.submissions import leave_step
from study_app.services.withdrawals import is_withdrawn
from study_app.steps import CONSENT, parse_step
from study_app.translation import bundle_shown, current_language, offered_languages
from study_app.views.arrivals import (
    answer_not_open,
    answer_preview,
    check_consent,
    leaving_of,
    read_comer,
    receive,
)
from study_app.views.forms import read_sent, short_name

SCRIPT_HEADER: Final = "X-Study-Script"  # the script takes the next page as the answer
STORED_HEADER: Final = "X-Study-Stored"  # whether what was sent is what is stored for its step

bp = Blueprint("participations", __name__)


@bp.get("/")
def get_start() -> ResponseReturnValue:
    """Show the consent page, or bring a participant back to where they were."""
    preview = answer_preview()
    if preview is not None:
        return preview
    arrived = read_comer()
    key = None if arrived is not None and arrived.is_another else cookie.get("participation")
    if key is not None and has_begun(key):
        return redirect(url_for(".get_page", key=key))
    turned_away = answer_not_open() or receive(arrived)
    if turned_away is not None:
        return turned_away
    if key is None or _is_withdrawn(key):
        _remember(secrets.token_urlsafe(KEY_BYTES))
    return render_template(
        "consent.html",
        study=bundle_shown().manifest,
        step=CONSENT,
        progress=0.0,
        send_to=url_for(".post_consent"),
    )


@bp.post("/consent")
def post_consent() -> ResponseReturnValue:
    """Begin the participation that this browser's consent page stands for."""
    key = cookie.get("participation")
    if key is None:
        raise BadPayloadError("consent must be sent with the study's cookie; got none.")
    if _is_withdrawn(key):
        return redirect(url_for(".get_start"), 303)  # which makes a new key, to agree with
    turned_away = None if has_begun(key) else answer_not_open() or check_consent()
    if turned_away is not None:
        return turned_away
    is_simulated = is_on(current_app.config["STUDY_SIMULATED"])
    visitor = Visitor(
        is_simulated=is_simulated,
        simulated_kind=short_name("kind") if is_simulated else None,
        outside_hash=cookie.get("outside"),
        language=current_language() if offered_languages() else None,
    )
    begin_participation(_bundle().manifest, key, visitor)
    return redirect(url_for(".get_page", key=key), 303)


@bp.get("/p/<key>")
def get_page(key: str) -> str:
    """Show the page that the participation is at."""
    participation = find_participation(key)
    _check_browser(key)
    return _render(participation)


@bp.post("/p/<key>/<step_key>")
def post_step(key: str, step_key: str) -> Response:
    """Take what was sent for one step; sending it again changes nothing."""
    step = parse_step(step_key)
    _check_browser(key)
    receipt = leave_step(_bundle(), key, step, read_sent(_bundle().manifest, step))
    if SCRIPT_HEADER in request.headers:
        response = make_response(_render(receipt.participation))
    else:
        response = make_response(redirect(url_for(".get_page", key=key), 303))
    response.headers[STORED_HEADER] = "yes" if receipt.is_stored else "no"
    return response


@bp.get("/health")
def get_health() -> tuple[str, int]:
    """Tell that the server answers."""
    return "", 204


def _render(participation: Participation) -> str:
    progress = current_app.extensions["study_progress"]
    template, context = page_of(bundle_shown(), participation, progress)
    send_to = url_for(".post_step", key=participation.key, step_key=participation.step)
    leaving = leaving_of(participation)
    return render_template(template, **context, leaving=leaving, send_to=send_to)


def _is_withdrawn(key: str) -> bool:
    return is_withdrawn(key, Path(current_app.config["STUDY_WITHDRAWALS"]))


def _check_browser(key: str) -> None:
    """Refuse a browser that belongs to another participation; take one that belongs to none."""
    mine = cookie.get("participation")
    if mine == key:
        return
    if mine is not None and has_begun(mine):
        raise ForbiddenError("link must be the one of this browser; got another participant's.")
    _remember(key)


def _remember(key: str) -> None:
    cookie.permanent = True
    cookie["participation"] = key


def _bundle() -> Bundle:
    bundle: Bundle = current_app.extensions["study_bundle"]
    return bundle
