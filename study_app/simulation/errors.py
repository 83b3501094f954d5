"""Errors of the simulated participants.

StudyError
└── PageError    a page or picture is not as the study's pages are, or cannot be had
"""

from study_app.errors import StudyError


class PageError(StudyError):
    """The server sent something that a participant cannot go on from."""
