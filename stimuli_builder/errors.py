"""Errors of `stimuli_builder`.

StimuliError
├── ConfigError           a configuration file is wrong
├── SelectionError        there are too few images for the design
└── BundleError           a bundle cannot be read, written or served
    └── FormatError       a field is unknown, missing, or of another type

StimuliWarning
├── UnimportantWarning    concepts that are shown do not matter
├── BalanceWarning        lists or shares are out of balance
└── UnbiasedWarning       the network has not learnt the scenario
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


class StimuliWarning(UserWarning):
    """A study can be built, and lacks something, told in one line."""


class UnimportantWarning(StimuliWarning):
    """A study explains with concepts that do not matter to the network."""


class BalanceWarning(StimuliWarning):
    """A study's lists or choices cannot balance something, or its images not come near a share."""


class UnbiasedWarning(StimuliWarning):
    """A study's network has not learnt what its scenario is about."""
