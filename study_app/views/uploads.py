"""Upload of a bundle by the administrator: checked, then put into a folder, and not served yet."""

from pathlib import Path
from typing import Final

from flask import Blueprint, current_app, render_template, request

from study_app.errors import BadPayloadError, NotFoundError
from study_app.unpacking import MAX_ARCHIVE_BYTES, unpack_bundle
from study_app.views.logins import needs

MAX_UPLOAD_BYTES: Final = MAX_ARCHIVE_BYTES + 64 * 1024
MAX_FORM_BYTES: Final = 2**20  # a file's chunk of 64 KiB and what is left of the last count as form

bp = Blueprint("uploads", __name__, url_prefix="/admin/bundles")


@bp.get("")
@needs("owner")
def get_upload() -> str:
    """Show the form."""
    _folder()
    return render_template("upload.html", bundle=None)


@bp.post("")
@needs("owner")
def post_upload() -> str:
    """Check a bundle, and keep it under the name of its study and its manifest's hash."""
    folder = _folder()
    sent = request.files.get("bundle")
    if sent is None or not sent.filename:
        raise BadPayloadError("bundle must be a ZIP file; got nothing.")
    bundle = unpack_bundle(sent.stream, folder)
    return render_template("upload.html", bundle=bundle)


def _folder() -> Path:
    folder = current_app.config["STUDY_UPLOADS"]
    if not folder:
        raise NotFoundError("uploads must be switched on by STUDY_UPLOADS; they are off.")
    return Path(folder)
