"""Errors of this package: one base class, so that a caller can catch them all."""


class StimuliError(Exception):
    """A stimulus could not be made, and the message says why."""
