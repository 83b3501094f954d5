"""The researcher's page behind a password: who came, who left, and the data."""

import io
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Final

from flask import (
    Blueprint,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask_limiter.util import get_remote_address
from flask_login import UserMixin, login_required, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from study_app.columns import EXCLUSIONS, REJECTIONS
from study_app.config import COOKIE_LIFETIME
from study_app.extensions import limiter, login_manager
from study_app.formats import export_as
from study_app.panels.settings import Panel
from study_app.payments import payments_csv
from study_app.services.counts import count_arms, count_participations
from study_app.services.decisions import decide
from study_app.services.study import is_admin_password
from study_app.views.forms import single

LOGIN_LIMIT: Final = "5 per minute"  # wrong passwords; see `login_source`
LOGIN_LASTS_S: Final = 12 * 3600
MAX_PASSWORD_LENGTH: Final = 200
ADMIN_ID: Final = "admin"
DEVICE_COOKIE: Final = "study-device"

bp = Blueprint("admin", __name__, url_prefix="/admin")
login_manager.login_view = "admin.get_login"
login_manager.login_message = None


class Admin(UserMixin):  # type: ignore[misc]
    """The one user who logs in."""

    id = ADMIN_ID


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load_admin(user_id: str) -> Admin | None:
    """Return the admin while the login lasts."""
    is_recent = time.time() - session.get("admin_since", 0) < LOGIN_LASTS_S
    return Admin() if user_id == ADMIN_ID and is_recent else None


def login_source() -> str:
    """Return whose wrong passwords are counted together.

    A browser that was logged in before has a count of its own, so that nobody who guesses from
    elsewhere, or from behind the same proxy, can keep the administrator out.

    Returns
    -------
    str
        A device, or an address.
    """
    try:
        return f"device {_devices().loads(request.cookies.get(DEVICE_COOKIE, ''))}"
    except BadSignature:
        return f"address {get_remote_address()}"


@bp.get("/login")
def get_login() -> str:
    """Ask for the password."""
    return render_template("admin_login.html", is_wrong=False)


@bp.post("/login")
@limiter.limit(
    LOGIN_LIMIT, key_func=login_source, deduct_when=lambda response: response.status_code == 403
)
def post_login() -> Response | tuple[str, int]:
    """Log in, where the password is right."""
    if not is_admin_password((single("password") or "")[:MAX_PASSWORD_LENGTH]):
        return render_template("admin_login.html", is_wrong=True), 403
    session["admin_since"] = time.time()
    login_user(Admin())
    response = redirect(url_for(".get_counts"), 303)
    response.set_cookie(
        DEVICE_COOKIE,
        str(_devices().dumps(ADMIN_ID)),
        max_age=COOKIE_LIFETIME,
        path="/admin",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )
    return response


@bp.post("/logout")
@login_required  # type: ignore[untyped-decorator]
def post_logout() -> Response:
    """Log out."""
    logout_user()
    session.pop("admin_since", None)
    return redirect(url_for(".get_login"), 303)


@bp.get("")
@login_required  # type: ignore[untyped-decorator]
def get_counts() -> str:
    """Show who came and who left by condition, and where they stand."""
    study = current_app.extensions["study_bundle"].manifest
    return render_template(
        "admin.html",
        study=study,
        arms=count_arms(study),
        counts=count_participations(study),
        participant_link=f"{url_for('participations.get_start', _external=True)}{_link()}",
        reasons={"exclude": EXCLUSIONS, "reject": REJECTIONS},
        has_uploads=bool(current_app.config["STUDY_UPLOADS"]),
    )


@bp.post("/decisions")
@login_required  # type: ignore[untyped-decorator]
def post_decision() -> Response:
    """Store a verdict on a participant, in place of the rules'."""
    verdict, _, reason = (single("decision") or "").partition(" ")
    name, note = (single("participant") or "").strip(), single("note")
    decide(current_app.extensions["study_bundle"], name, verdict=verdict, reason=reason, note=note)
    return redirect(url_for(".get_counts"), 303)


@bp.post("/new-participation")
@login_required  # type: ignore[untyped-decorator]
def post_new_participation() -> Response:
    """Let this browser take part once more, from the consent page on."""
    session.pop("participation", None)
    session.pop("outside", None)
    session.pop("arrival", None)
    return redirect(url_for("participations.get_start"), 303)


@bp.get("/payments.csv")
@login_required  # type: ignore[untyped-decorator]
def get_payments() -> Response:
    """Send who is to be paid, by completion code, without any answer."""
    content = io.BytesIO(payments_csv().encode())
    study = current_app.extensions["study_bundle"].manifest.study
    return send_file(
        content, "text/csv", as_attachment=True, download_name=f"{study}-payments.csv", max_age=0
    )


@bp.get("/export.zip")
@login_required  # type: ignore[untyped-decorator]
def get_export() -> Response:
    """Send the export as one file."""
    bundle = current_app.extensions["study_bundle"]
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch:
        folder = export_as(bundle, Path(scratch) / "export")
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{bundle.manifest.study}/{file.name}")
    content.seek(0)
    name = f"{bundle.manifest.study}-export.zip"
    return send_file(content, "application/zip", as_attachment=True, download_name=name, max_age=0)


def _link() -> str:
    """Return what is put behind the study's address on the panel's form."""
    panel: Panel | None = current_app.extensions["study_panel"]
    return "" if panel is None else panel.link


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="admin devices")
