"""Every answer is counted and logged, with its route's name, its status and its time."""

import logging
import time
from importlib.util import find_spec
from typing import Final

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from study_app.config import is_on

REQUESTS: Final = "study_app.requests"  # the logger's name
NO_ROUTE: Final = "none"


def register(app: Flask) -> None:
    """Count what an application answers; log it where that is switched on, and failures always.

    Parameters
    ----------
    app
        Still being made.
    """
    app.extensions["study_metrics"] = None
    if find_spec("prometheus_client") is not None:
        from study_app.metrics import Metrics

        app.extensions["study_metrics"] = Metrics()
    app.before_request_funcs.setdefault(None, []).insert(0, _begin)
    app.after_request(_end)


def _begin() -> None:
    g.began_s = time.perf_counter()


def _end(response: Response) -> Response:
    """Count and log an answer, also that of an error."""
    seconds = time.perf_counter() - g.began_s
    route = request.endpoint or NO_ROUTE
    metrics = current_app.extensions["study_metrics"]
    if metrics is not None:
        metrics.count(route, response.status_code, seconds)
    is_failure = response.status_code >= 500
    if is_failure or is_on(current_app.config["STUDY_LOG_REQUESTS"]):
        fields = {"route": route, "status": response.status_code, "ms": round(1000 * seconds, 1)}
        level = logging.ERROR if is_failure else logging.INFO
        logging.getLogger(REQUESTS).log(level, "request", extra=fields)
    return response
