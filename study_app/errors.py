"""Errors of this package; `study_app.views.statuses` gives those of requests their HTTP status.

StudyError
├── BadPayloadError    what was sent cannot be read
├── ForbiddenError     understood, but not for this browser
├── NotFoundError      no such participation, step or picture
├── ConflictError      understood, but not at this step
├── TooEarlyError      understood, but the page must be looked at longer
├── MediaError         the bucket does not give a picture, now
└── SetupError         the server or an export cannot be set up; the command line's errors
"""


class StudyError(Exception):
    """Something the study cannot do, and the message says why."""


class BadPayloadError(StudyError):
    """What a browser sent cannot be read."""


class ForbiddenError(StudyError):
    """The browser belongs to another participation."""


class NotFoundError(StudyError):
    """There is no such participation, step or picture."""


class ConflictError(StudyError):
    """A step was sent that the participation has not reached, or that cannot be left."""


class TooEarlyError(StudyError):
    """A training page was left before its time."""


class MediaError(StudyError):
    """A bucket does not answer, or does not have what it should."""


class SetupError(StudyError):
    """A server or an export cannot be set up as asked."""
