"""Every answer is counted, with its route's name, its status and the time that it took."""

import time
from importlib.util import find_spec
from typing import Final

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

NO_ROUTE: Final = "none"


def register(app: Flask) -> None:
    """Count what an application answers.

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
    """Count an answer, also that of an error."""
    seconds = time.perf_counter() - g.began_s
    route = request.endpoint or NO_ROUTE
    metrics = current_app.extensions["study_metrics"]
    if metrics is not None:
        metrics.count(route, response.status_code, seconds)
    return response
