"""Why something failed, in one line, in whatever code it was."""

from craft_core.errors import CraftError, first_line
from stimuli_builder.errors import StimuliError


def reason_of(error: Exception) -> str:
    """Say why something failed, in one line.

    Parameters
    ----------
    error
        Of this project, or of anybody's code.

    Returns
    -------
    str
        Its words; with its type where it is not of this project.

    Examples
    --------
    >>> reason_of(StimuliError("a")), reason_of(ValueError("b")), reason_of(AssertionError())
    ('a', 'ValueError: b', 'AssertionError: no reason given')
    """
    if isinstance(error, (StimuliError, CraftError)):
        return str(error)
    return f"{type(error).__name__}: {first_line(error)}"
