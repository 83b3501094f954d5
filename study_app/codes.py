"""Codes that participants keep: one to be paid with, one to withdraw with."""

import base64
import hashlib
import secrets
from typing import Final

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are easily confused
COMPLETION_LENGTH: Final = 10
WITHDRAWAL_LENGTH: Final = 12  # 60 bits
GROUP: Final = 4

_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_TO_LETTERS: Final = str.maketrans(_BASE32, LETTERS)


def new_completion_code() -> str:
    """Return a completion code that nobody can guess.

    Returns
    -------
    str
        `COMPLETION_LENGTH` letters and digits.
    """
    return "".join(secrets.choice(LETTERS) for _ in range(COMPLETION_LENGTH))


def withdrawal_code(key: str) -> str:
    """Return the code by which a participation can be withdrawn.

    It follows from the secret in the participant's link, so that it need not be stored, and the
    secret does not follow from it.

    Parameters
    ----------
    key
        Secret in the participant's link.

    Returns
    -------
    str
        In groups of four, to be written down.

    Examples
    --------
    >>> len(withdrawal_code("k" * 24)), withdrawal_code("k" * 24).count("-")
    (14, 2)
    """
    digest = hashlib.sha256(f"withdrawal code of {key}".encode()).digest()
    letters = base64.b32encode(digest).decode()[:WITHDRAWAL_LENGTH].translate(_TO_LETTERS)
    return "-".join(letters[i : i + GROUP] for i in range(0, WITHDRAWAL_LENGTH, GROUP))


def code_hash(code: str) -> str:
    """Return what is stored of a withdrawal code.

    Parameters
    ----------
    code
        As shown, or as somebody types it: in small letters, with spaces, without the dashes.

    Returns
    -------
    str
        SHA-256, in hexadecimal.

    Examples
    --------
    >>> code_hash("ABCD-EFGH-JKLM") == code_hash(" abcd efgh jklm")
    True
    """
    letters = "".join(letter for letter in code.upper() if letter in LETTERS)
    return hashlib.sha256(letters.encode()).hexdigest()
