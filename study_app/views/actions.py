"""What researchers do: decide, pause and close, add each other, and take the data home."""

import io
import tempfile
from pathlib import Path

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    send_file,
    session,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response

from study_app.archive_process import export_apart
from study_app.errors import BadPayloadError, SetupError
from study_app.payments import payments_csv
from study_app.services.admins import add_admin, record, remove_admin
from study_app.services.decisions import decide
from study_app.services.running import STATE_OF, change_state
from study_app.services.transactions import writing
from study_app.views.forms import single
from study_app.views.logins import needs

bp = Blueprint("actions", __name__, url_prefix="/admin")


@bp.post("/decisions")
@needs("researcher")
def post_decision() -> Response:
    """Store a verdict on a participant, in place of the rules'."""
    verdict, _, reason = (single("decision") or "").partition(" ")
    name, note = (single("participant") or "").strip(), single("note")
    decide(
        current_app.extensions["study_bundle"],
        name,
        verdict=verdict,
        reason=reason,
        note=note,
        by=current_user.name,
    )
    return _back(f"{name}: {verdict}, {reason}.")


@bp.post("/pause")
@needs("researcher")
def post_pause() -> Response:
    """Take nobody new for a while."""
    return _change("paused")


@bp.post("/resume")
@needs("researcher")
def post_resume() -> Response:
    """Take new participants again."""
    return _change("resumed")


@bp.post("/close")
@needs("owner")
def post_close() -> Response:
    """End the study, which is final, and open its results; the study's name must be typed."""
    study = current_app.extensions["study_bundle"].manifest.study
    typed = (single("study") or "").strip()
    if typed != study:
        raise BadPayloadError(f"name must be {study} to close the study; got {typed[:40]!r}.")
    return _change("closed")


@bp.post("/admins")
@needs("owner")
def post_admin() -> str:
    """Add a researcher, or give one a new password; it is shown once."""
    name, role = (single("name") or "").strip(), single("role") or ""
    try:
        password = add_admin(name, role, by=current_user.name)
    except SetupError as error:
        raise BadPayloadError(str(error)) from error
    study = current_app.extensions["study_bundle"].manifest
    return render_template(
        "admin_password.html", study=study, name=name, role=role, password=password
    )


@bp.post("/admins/remove")
@needs("owner")
def post_removal() -> Response:
    """Remove a researcher."""
    name = single("name") or ""
    remove_admin(name, by=current_user.name)
    return _back(f"{name} can no longer log in.")


@bp.post("/new-participation")
@needs("viewer")
def post_new_participation() -> Response:
    """Let this browser take part once more, from the consent page on."""
    session.pop("participation", None)
    session.pop("outside", None)
    session.pop("arrival", None)
    return redirect(url_for("participations.get_start"), 303)


@bp.get("/payments.csv")
@needs("researcher")
def get_payments() -> Response:
    """Send who is to be paid, by completion code, without any answer."""
    content = io.BytesIO(payments_csv().encode())
    study = current_app.extensions["study_bundle"].manifest.study
    return send_file(
        content, "text/csv", as_attachment=True, download_name=f"{study}-payments.csv", max_age=0
    )


@bp.post("/export.zip")
@needs("researcher")
def post_export() -> Response:
    """Send the export as one file, and put on record that it was taken.

    Another process writes the file, which has no name any more when it is sent: it is gone when it
    is closed, whoever ends first.

    Returns
    -------
    Response
        A ZIP archive, read from the disk as it is sent.
    """
    with tempfile.TemporaryDirectory(prefix="study-export-") as scratch:
        file = Path(scratch) / "export.zip"
        export_apart(current_app.config, file)
        content, size = file.open("rb"), file.stat().st_size
    with writing():
        record(current_user.name, "exported")
    name = f"{current_app.extensions['study_bundle'].manifest.study}-export.zip"
    response = send_file(
        content, "application/zip", as_attachment=True, download_name=name, max_age=0
    )
    response.content_length = size
    return response


def _change(action: str) -> Response:
    change = change_state(action, by=current_user.name)
    state = STATE_OF[action]
    if change.is_new:
        return _back(f"The study is {state} now.")
    if change.at is None:
        return _back(f"The study was {state} already.")
    return _back(f"The study was {state} already: {change.by} did it at {change.at:%H:%M} UTC.")


def _back(said: str) -> Response:
    flash(said)
    return redirect(url_for("admin.get_overview"), 303)
