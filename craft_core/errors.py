"""Errors and warnings of `craft_core`.

CraftError
├── BackboneError     a network cannot be loaded, split or decoded
├── ConfigError       a configuration file is wrong
├── ImageError        no image can be read, or a folder holds none
├── ShapeError        a tensor has the wrong shape
├── ActivationError   activations are negative or not finite
├── DerivativeError   a derivative does not exist
├── ClassError        the network predicts a class too rarely
└── StoreError        a concept store cannot be read, or was altered

CraftWarning
├── ConvergenceWarning   a solver stopped before its tolerance
├── DerivativeWarning    a derivative is not unique
├── MemoryWarning        a batch did not fit a device's memory
└── SkippedImageWarning  an image could not be read
"""


class CraftError(Exception):
    """A mistake of the caller, told in one line."""


def first_line(error: BaseException) -> str:
    """Say what an error of somebody else's code says, in one line.

    Parameters
    ----------
    error
        Which may say nothing, as a bare assertion does.

    Returns
    -------
    str
        Its first line.

    Examples
    --------
    >>> first_line(ValueError("a")), first_line(AssertionError())
    ('a', 'no reason given')
    """
    return next(iter(str(error).splitlines()), "") or "no reason given"


class BackboneError(CraftError):
    """A network cannot be loaded, split at the layer, or decoded from it."""


class ConfigError(CraftError):
    """A configuration file is missing, is no TOML, or has a wrong value."""


class ImageError(CraftError):
    """No image can be read where images are needed."""


class ShapeError(CraftError):
    """A tensor has the wrong number of axes, or two tensors disagree in one."""


class ActivationError(CraftError):
    """Activations are negative, not finite, or of an integer type."""


class DerivativeError(CraftError):
    """Factors are not optimal or not locally unique, so that they have no derivative."""


class ClassError(CraftError):
    """The network predicts a class for too few images."""


class StoreError(CraftError):
    """A concept store is missing a part, was altered, or is of another schema version."""


class CraftWarning(UserWarning):
    """A usable but lesser result."""


class ConvergenceWarning(CraftWarning):
    """A solver stopped before its tolerance."""


class DerivativeWarning(CraftWarning):
    """A derivative is not unique; the one of minimum norm is given."""


class MemoryWarning(CraftWarning):
    """A batch did not fit a device's memory and was halved."""


class SkippedImageWarning(CraftWarning):
    """An image could not be read and was left out."""
