"""The numbers that panels give people, which are stored as keyed hashes alone."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

PARAMETERS: Final = ("participant", "PROLIFIC_PID", "workerId")  # of the link that a panel makes
MAX_LENGTH: Final = 100
_LABEL: Final = b"numbers from outside"


def outside_hash(number: str, *, secret: str) -> str:
    """Return what is stored of a number from outside.

    Parameters
    ----------
    number
        As the panel gives it.
    secret
        The server's; without it the hash cannot be made, so that numbers cannot be tried out.

    Returns
    -------
    str
        HMAC-SHA-256, in hexadecimal.
    """
    key = hmac.digest(secret.encode(), _LABEL, "sha256")
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()


def number_in(query: Mapping[str, str]) -> str | None:
    """Return the number from outside in a link, if it has one.

    Parameters
    ----------
    query
        Of the participants' link.

    Returns
    -------
    str | None
        The first of `PARAMETERS` that is not empty, cut at `MAX_LENGTH`.

    Examples
    --------
    >>> number_in({"PROLIFIC_PID": "5f1d"})
    '5f1d'
    """
    numbers = (query.get(name, "").strip() for name in PARAMETERS)
    return next((number[:MAX_LENGTH] for number in numbers if number), None)
