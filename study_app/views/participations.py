"""The participant's pages: one address shows where the participant is, one takes what was sent."""

import math
import re
import secrets
from typing import Final

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from stimuli_builder.bundle import Bundle
from study_app.config import is_on
from study_app.errors import BadPayloadError
from study_app.models import Participation
from study_app.pages import page_of
from study_app.protocol import CONSENT, Step, parse_step
from study_app.services.participations import (
    KEY_BYTES,
    begin_participation,
    find_participation,
    has_begun,
)
from study_app.services.steps import Submission, leave_step

MAX_DURATION_MS: Final = 1e10  # about four months; more is no clock
MAX_OPENINGS: Final = 200
SCRIPT_HEADER: Final = "X-Study-Script"  # the script takes the next page as the answer
_INDEX: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_SIMULATED_KIND: Final = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)

bp = Blueprint("participations", __name__)


@bp.get("/")
def get_start() -> Response | str:
    """Show the consent page, or bring a participant back to where they were."""
    key = session.get("participation")
    if key is not None and has_begun(key):
        return redirect(url_for(".get_page", key=key))
    if key is None:
        _remember(secrets.token_urlsafe(KEY_BYTES))
    study = _bundle().manifest
    return render_template("consent.html", study=study, step=CONSENT, progress=0.0)


@bp.post("/consent")
def post_consent() -> Response:
    """Begin the participation that this browser's consent page stands for."""
    key = session.get("participation")
    if key is None:
        raise BadPayloadError("consent must be sent with the study's cookie; got none.")
    is_simulated = is_on(current_app.config["STUDY_SIMULATED"])
    kind = _parse_kind() if is_simulated else None
    begin_participation(key, is_simulated=is_simulated, simulated_kind=kind)
    return redirect(url_for(".get_page", key=key), 303)


@bp.get("/p/<key>")
def get_page(key: str) -> str:
    """Show the page that the participation is at."""
    participation = find_participation(key)
    if session.get("participation") != key:
        _remember(key)
    return _render(participation)


@bp.post("/p/<key>/<step_key>")
def post_step(key: str, step_key: str) -> Response | str:
    """Take what was sent for one step; sending it again changes nothing."""
    step = parse_step(step_key)
    participation = leave_step(_bundle(), key, step, _parse_submission(step))
    if SCRIPT_HEADER in request.headers:
        return _render(participation)
    return redirect(url_for(".get_page", key=key), 303)


@bp.get("/health")
def get_health() -> tuple[str, int]:
    """Tell that the server answers."""
    return "", 204


def _render(participation: Participation) -> str:
    template, context = page_of(_bundle(), participation)
    return render_template(template, **context)


def _remember(key: str) -> None:
    session.permanent = True
    session["participation"] = key


def _bundle() -> Bundle:
    bundle: Bundle = current_app.extensions["study_bundle"]
    return bundle


def _parse_submission(step: Step) -> Submission:
    asked: list[str] = []
    if step.kind == "quiz":
        asked = [each.item for each in _bundle().manifest.quiz]
    elif step.kind == "test":
        asked = ["choice"]
    looking_ms = _parse_duration("looking_ms", _single("looking_ms"))
    openings = request.form.getlist("reservoir_ms")[:MAX_OPENINGS]
    durations = (_parse_duration("reservoir_ms", value) for value in openings)
    return Submission(
        choices=tuple(_parse_index(name) for name in asked),
        looking_ms=looking_ms,
        reservoir_ms=tuple(value for value in durations if value is not None),
    )


def _parse_index(name: str) -> int:
    value = _single(name)
    if value is None or not _INDEX.fullmatch(value):
        raise BadPayloadError(f"{name} must be the number of a choice; got {_shown(value)}.")
    return int(value)


def _parse_duration(name: str, value: str | None) -> float | None:
    if not value:
        return None
    try:
        duration_ms = float(value)
    except ValueError:
        duration_ms = math.nan
    if not 0 <= duration_ms < MAX_DURATION_MS:
        raise BadPayloadError(
            f"{name} must be a number in [0, {MAX_DURATION_MS:.0f}); got {_shown(value)}."
        )
    return duration_ms


def _parse_kind() -> str | None:
    kind = request.values.get("kind")
    if kind is not None and not _SIMULATED_KIND.fullmatch(kind):
        raise BadPayloadError(f"kind must be a short name; got {_shown(kind)}.")
    return kind


def _single(name: str) -> str | None:
    values = request.form.getlist(name)
    if len(values) > 1:
        raise BadPayloadError(f"{name} must be sent once; got {len(values)} values.")
    return values[0] if values else None


def _shown(value: str | None) -> str:
    return "nothing" if value is None else repr(value[:40])
