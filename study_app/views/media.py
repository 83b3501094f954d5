"""The bundle's pictures, by name; nothing else of the bundle is ever sent."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, current_app, send_file
from werkzeug.wrappers import Response

from study_app.errors import NotFoundError

LIFETIME: Final = timedelta(days=365)
TYPES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}

bp = Blueprint("media", __name__, url_prefix="/media")


@bp.get("/<name>")
def get_media(name: str) -> Response:
    """Send a picture that the manifest lists; its name is its content's hash."""
    bundle = current_app.extensions["study_bundle"]
    if name not in bundle.manifest.media:
        raise NotFoundError(f"picture must be one of the study; got {name[:80]!r}.")
    file = bundle.media_path(name).resolve()
    response = send_file(file, TYPES.get(file.suffix), etag=False, max_age=LIFETIME.days * 86_400)
    response.headers.remove("Last-Modified")  # would tell in which order pictures were made
    response.set_etag(name)
    response.cache_control.public = True
    response.cache_control.immutable = True
    return response
