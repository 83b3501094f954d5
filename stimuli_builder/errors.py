"""Errors of `stimuli_builder`.

StimuliError
├── ConfigError           a configuration file is wrong
├── SelectionError        there are too few images for the design
└── BundleError           a bundle cannot be read, written or served
    └── FormatError       a field is unknown, missing, or of another type
"""


class StimuliError(Exception):
    """A mistake of the user, told in one line."""


class ConfigError(StimuliError):
    """A configuration file is missing, is no TOML, or has a wrong value."""


class SelectionError(StimuliError):
    """There are too few images of a kind for the design."""


class BundleError(StimuliError):
    """A bundle is missing a part, is altered, or is of another schema version."""


class FormatError(BundleError):
    """A field of a file is unknown, missing, or of another type."""


class UnimportantWarning(UserWarning):
    """A study explains with concepts that do not matter to the network."""


class BalanceWarning(UserWarning):
    """A study cannot be balanced: its participants over its lists, or its choices over classes."""


class UnbiasedWarning(UserWarning):
    """A study's network has not learnt what its scenario is about."""
