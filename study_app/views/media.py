"""The study's pictures, by name, from the bundle or a bucket; nothing else is ever sent."""

from typing import Final

from flask import Blueprint, current_app, make_response, request, send_file
from werkzeug.wrappers import Response

from stimuli_builder.bundle import Bundle
from study_app.errors import NotFoundError
from study_app.media.bucket import Bucket

LIFETIME: Final = 365 * 86_400  # seconds
TYPES: Final = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

bp = Blueprint("media", __name__, url_prefix="/media")


@bp.get("/<name>")
def get_media(name: str) -> Response:
    """Send a picture that the manifest lists; its name is its content's hash."""
    bundle: Bundle = current_app.extensions["study_bundle"]
    if name not in bundle.manifest.media:
        raise NotFoundError(f"picture must be one of the study; got {name[:80]!r}.")
    bucket: Bucket | None = current_app.extensions["study_bucket"]
    response = _from_bundle(bundle, name) if bucket is None else _from_bucket(bucket, name)
    response.set_etag(name)
    response.cache_control.public = True
    response.cache_control.max_age = LIFETIME
    response.cache_control.immutable = True
    return response


def _from_bundle(bundle: Bundle, name: str) -> Response:
    file = bundle.media_path(name).resolve()
    response = send_file(file, _type_of(name), etag=False, max_age=LIFETIME)
    response.headers.remove("Last-Modified")  # would tell in which order pictures were made
    return response


def _from_bucket(bucket: Bucket, name: str) -> Response:
    """Return a picture, or that it has not changed, which its name says without the bucket."""
    if request.if_none_match.contains(name):
        return make_response("", 304)
    response = make_response(bucket.read(name))
    response.content_type = _type_of(name)
    return response


def _type_of(name: str) -> str:
    return TYPES.get(name.rpartition(".")[2], "application/octet-stream")
