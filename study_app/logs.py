"""What the server writes about itself: JSON, an object a line, and nothing of any person.

    {"time": "2026-01-01T10:00:00.000+00:00", "level": "info", "event": "request",
     "worker": 4711, "route": "participations.post_step", "status": 200, "ms": 9.1}

Nothing that a request brought is ever written: no address, query, cookie, browser or answer. Of a
message's arguments only numbers stay, and of other packages' messages only who said something; of
an error its class and the lines that it passed, without what they held and without its own words,
which may quote an answer. Errors of the set-up, which happen before there are requests, keep their
words.
"""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final

from gunicorn.glogging import Logger

from stimuli_builder.bundle import BundleError
from study_app.errors import SetupError
from study_app.views.timing import REQUESTS

HIDDEN: Final = "…"
UNEXPECTED: Final = "unexpected error"
FIELDS: Final = ("route", "status", "ms", "cause")  # that a record may bring along
_FROM: Final = re.compile(r"\bip=.*", re.DOTALL)  # how gunicorn begins an address it has put in
_KNOWN: Final = ("study_app", "gunicorn")  # whose messages have their data in arguments
_OF_FLASK: Final = "study_app"  # the application's name, which Flask logs errors under
_OF_SETUP: Final = (SetupError, BundleError, ImportError)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record.

        Parameters
        ----------
        record
            Of any logger.

        Returns
        -------
        str
            JSON without line breaks.
        """
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": event_of(record),
            "worker": record.process,
        }
        line |= {name: vars(record)[name] for name in FIELDS if name in vars(record)}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= error_fields(error)
        return json.dumps(line, ensure_ascii=False)


def event_of(record: logging.LogRecord) -> str:
    """Return a record's message without what may be of a person.

    Parameters
    ----------
    record
        Of any logger.

    Returns
    -------
    str
        The message with its numbers, every other argument hidden; of other packages than this and
        gunicorn, the logger's name alone.

    Examples
    --------
    >>> record = {"name": "study_app", "msg": "%s is at step %d", "args": ("somebody", 3)}
    >>> event_of(logging.makeLogRecord(record))
    '… is at step 3'
    """
    if record.exc_info and record.name == _OF_FLASK:
        return UNEXPECTED  # Flask's own words have the address in them
    if record.name.partition(".")[0] not in _KNOWN:
        return f"said by {record.name}"
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    text = str(record.msg)
    arguments = record.args
    if isinstance(arguments, tuple) and arguments:
        text %= tuple(each if isinstance(each, int | float) else HIDDEN for each in arguments)
    return _FROM.sub(HIDDEN, text)


def error_fields(error: BaseException) -> dict[str, Any]:
    """Return what is written of an error.

    Parameters
    ----------
    error
        That was raised.

    Returns
    -------
    dict[str, Any]
        ``error``, its class; ``trace``, where it passed, the innermost last; and ``message`` for
        errors of the set-up alone.
    """
    frames = traceback.extract_tb(error.__traceback__)
    fields: dict[str, Any] = {
        "error": type(error).__name__,
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, _OF_SETUP):
        fields["message"] = str(error)
    return fields


class ServerLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger, whose own log of requests, with addresses in it, stays empty."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's configuration has no type
        """Send every logger of the process to stdout, as JSON.

        Parameters
        ----------
        cfg
            gunicorn's configuration.
        """
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
        self.error_log.propagate = True
        root = logging.getLogger()
        root.handlers = [handler]
        root.setLevel(self.loglevel)
        logging.getLogger(REQUESTS).setLevel(logging.INFO)

    def access(self, *_arguments: object) -> None:
        """Write nothing: `study_app.views.timing` has a line for each request."""
