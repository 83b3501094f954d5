"""For those who run the server: whether it is well, and its figures. Nothing of any person."""

import hmac
from ipaddress import ip_address
from typing import Final

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from study_app.errors import NotFoundError
from study_app.services.counts import count_participations
from study_app.services.readiness import silent_parts

PLAIN: Final = "text/plain; charset=utf-8"
FIGURES: Final = "text/plain; version=0.0.4; charset=utf-8"  # as Prometheus names its format
FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def get_healthz() -> ResponseReturnValue:
    """Tell whether the database and the media answer."""
    silent = silent_parts()
    if not silent:
        return "ok\n", {"Content-Type": PLAIN}
    verb = "does" if silent == ["database"] else "do"
    line = f"{' and '.join(silent)} {verb} not answer\n"
    return line, 503, {"Content-Type": PLAIN, "Retry-After": "5"}


@bp.get("/metrics")
def get_metrics() -> ResponseReturnValue:
    """Give Prometheus the figures; for everybody else there is nothing here."""
    if not _may_read():
        raise NotFoundError("page must be one of the study; got none of them.")
    metrics = current_app.extensions["study_metrics"]
    if metrics is None:
        raise NotFoundError(
            "metrics must have prometheus-client; got no such module. "
            'Run "pip install craft-studies[metrics]".'
        )
    silent = silent_parts()
    study = current_app.extensions["study_bundle"].manifest
    counts = [] if "database" in silent else count_participations(study)
    return metrics.text(silent, counts), {"Content-Type": FIGURES}


def _may_read() -> bool:
    """Return whether the token is right or, where there is none, who asks is on this machine."""
    token = str(current_app.config["STUDY_METRICS_TOKEN"])
    if token:
        given = request.authorization
        sent = given.token if given is not None and given.type == "bearer" else None
        return hmac.compare_digest((sent or "").encode(), token.encode())
    is_forwarded = any(name in request.headers for name in FORWARDED)
    return not is_forwarded and ip_address(request.remote_addr or "0.0.0.0").is_loopback
