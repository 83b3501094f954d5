"""What people answer to questionnaires: read, cleaned, and checked against the questions. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from stimuli_builder.bundle import Question, Questionnaire
from study_app.errors import BadPayloadError

_INTEGER: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_KEPT_CONTROLS: Final = "\n\t"


def read_replies(questionnaire: Questionnaire, sent: Mapping[str, str]) -> dict[str, str]:
    """Check what was sent for a questionnaire.

    Parameters
    ----------
    questionnaire
        Of the bundle.
    sent
        Question -> what was chosen or typed; may be empty or missing where nothing is required.

    Returns
    -------
    dict[str, str]
        Question -> value, for what was answered.

    Raises
    ------
    BadPayloadError
        If a required answer is missing, or an answer is none of its question's.
    """
    replies = {}
    for question in questionnaire.questions:
        value = clean_text(sent.get(question.question, ""))
        if value:
            replies[question.question] = _checked(question, value)
        elif question.is_required:
            raise BadPayloadError(f"{question.question} must be answered; got nothing.")
    return replies


def is_eligible(questionnaire: Questionnaire, replies: Mapping[str, str]) -> bool:
    """Return whether the answers let somebody take part.

    Parameters
    ----------
    questionnaire
        Of an eligibility stage.
    replies
        As `read_replies` returns them.

    Returns
    -------
    bool
        False where a choice that was made is not eligible.
    """
    return all(
        choice.is_eligible
        for question in questionnaire.questions
        for choice in question.choices
        if choice.value == replies.get(question.question)
    )


def clean_text(text: str) -> str:
    r"""Return text that every database can store.

    Parameters
    ----------
    text
        As typed, or as a program sent it.

    Returns
    -------
    str
        In composed form, without control characters, lone surrogates and outer spaces.

    Examples
    --------
    >>> clean_text(" a\x00b\r\nc ")
    'ab\nc'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        letter
        for letter in unicodedata.normalize("NFC", lines)
        if letter in _KEPT_CONTROLS or unicodedata.category(letter) not in ("Cc", "Cs")
    )
    return "".join(kept).strip()


def _checked(question: Question, value: str) -> str:
    name = question.question
    match question.kind:
        case "choice":
            values = [choice.value for choice in question.choices]
            if value not in values:
                raise BadPayloadError(f"{name} must be one of {values}; got {value[:40]!r}.")
        case "integer":
            return _checked_integer(question, value)
        case "text":
            if question.high is not None and len(value) > question.high:
                raise BadPayloadError(
                    f"{name} must have at most {question.high} letters; got {len(value)}."
                )
    return value


def _checked_integer(question: Question, value: str) -> str:
    if not _INTEGER.fullmatch(value):
        raise BadPayloadError(f"{question.question} must be a whole number; got {value[:40]!r}.")
    number = int(value)
    is_low = question.low is not None and number < question.low
    is_high = question.high is not None and number > question.high
    if is_low or is_high:
        raise BadPayloadError(
            f"{question.question} must be in [{question.low}, {question.high}]; got {number}."
        )
    return str(number)
