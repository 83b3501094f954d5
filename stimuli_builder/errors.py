"""Errors of `stimuli_builder`.

StimuliError
└── BundleError       a bundle cannot be read, written or served
    └── FormatError   a field is unknown, missing, or of another type
"""


class StimuliError(Exception):
    """A mistake of the user, told in one line."""


class BundleError(StimuliError):
    """A bundle is missing a part, is altered, or is of another schema version."""


class FormatError(BundleError):
    """A field of a file is unknown, missing, or of another type."""
