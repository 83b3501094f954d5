"""Errors of this package; `study_app.views.statuses` gives those of requests their HTTP status.

StudyError
├── BadPayloadError    what was sent cannot be read
├── NotFoundError      no such participation, step or picture
├── ConflictError      understood, but not at this step
└── SetupError         the server or an export cannot be set up; the command line's errors
"""


class StudyError(Exception):
    """Something the study cannot do, and the message says why."""


class BadPayloadError(StudyError):
    """What a browser sent cannot be read."""


class NotFoundError(StudyError):
    """There is no such participation, step or picture."""


class ConflictError(StudyError):
    """A step was sent that the participation has not reached, or that cannot be left."""


class SetupError(StudyError):
    """A server or an export cannot be set up as asked."""
