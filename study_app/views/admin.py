"""The researcher's page: counts and the export, behind a password."""

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
from flask_login import UserMixin, login_required, login_user, logout_user
from werkzeug.wrappers import Response

from study_app.export import export_study
from study_app.extensions import limiter, login_manager
from study_app.services.counts import count_participations
from study_app.services.study import is_admin_password

LOGIN_LIMIT: Final = "5 per minute"  # wrong passwords, by address; afterwards it is open again
LOGIN_LASTS_S: Final = 12 * 3600
MAX_PASSWORD_LENGTH: Final = 200
ADMIN_ID: Final = "admin"

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


@bp.get("/login")
def get_login() -> str:
    """Ask for the password."""
    return render_template("admin_login.html", is_wrong=False)


@bp.post("/login")
@limiter.limit(LOGIN_LIMIT, deduct_when=lambda response: response.status_code == 403)
def post_login() -> Response | tuple[str, int]:
    """Log in, where the password is right."""
    if not is_admin_password(request.form.get("password", "")[:MAX_PASSWORD_LENGTH]):
        return render_template("admin_login.html", is_wrong=True), 403
    session["admin_since"] = time.time()
    login_user(Admin())
    return redirect(url_for(".get_counts"), 303)


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
    """Show how many participations there are, by where they stand."""
    return render_template(
        "admin.html",
        study=current_app.extensions["study_bundle"].manifest,
        counts=count_participations(),
        participant_link=url_for("participations.get_start", _external=True),
    )


@bp.post("/new-participation")
@login_required  # type: ignore[untyped-decorator]
def post_new_participation() -> Response:
    """Let this browser take part once more, from the consent page on."""
    session.pop("participation", None)
    return redirect(url_for("participations.get_start"), 303)


@bp.get("/export.zip")
@login_required  # type: ignore[untyped-decorator]
def get_export() -> Response:
    """Send the export as one file."""
    bundle = current_app.extensions["study_bundle"]
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as scratch:
        folder = export_study(bundle, Path(scratch) / "export")
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.iterdir()):
                archive.write(file, f"{bundle.manifest.study}/{file.name}")
    content.seek(0)
    name = f"{bundle.manifest.study}-export.zip"
    return send_file(content, "application/zip", as_attachment=True, download_name=name, max_age=0)
