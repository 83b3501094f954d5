"""Read what a form sent: every field once, of its type, and in its range."""

import math
import re
from typing import Final

from flask import request

from stimuli_builder.bundle import Manifest
from study_app.errors import BadPayloadError
from study_app.services.submissions import Sent
from study_app.steps import Step

MAX_DURATION_MS: Final = 1e10  # about four months; more is no clock
MAX_SPANS: Final = 200
RESERVED: Final = ("csrf_token", "answer_key", "looking_ms", "reservoir_ms", "away_ms")
_INDEX: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_ANSWER_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_SHORT_NAME: Final = re.compile(r"[a-z0-9_-]{1,40}", re.ASCII)


def read_sent(study: Manifest, step: Step) -> Sent:
    """Read what a page's form sent.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The page.

    Returns
    -------
    Sent
        Not compared yet with what is on offer.

    Raises
    ------
    BadPayloadError
        If a field is missing, doubled, or not of its type.
    """
    return Sent(
        answer_key=_answer_key(),
        choices=tuple(_index(name) for name in _asked(study, step)),
        confidence=_index("confidence") if study.confidence and step.kind == "test" else None,
        replies=_replies(step),
        looking_ms=_duration("looking_ms", single("looking_ms")),
        reservoir_ms=_spans("reservoir_ms"),
        away_ms=_spans("away_ms"),
    )


def single(name: str) -> str | None:
    """Return a field that is sent once at most.

    Parameters
    ----------
    name
        Of the field.

    Returns
    -------
    str | None
        None where it was not sent.

    Raises
    ------
    BadPayloadError
        If it was sent twice, or has a NUL character, which no database takes.
    """
    values = request.form.getlist(name)
    if len(values) > 1:
        raise BadPayloadError(f"{name} must be sent once; got {len(values)} values.")
    if values and "\0" in values[0]:
        raise BadPayloadError(f"{name} must be text; got one with a NUL character.")
    return values[0] if values else None


def short_name(name: str) -> str | None:
    """Return a field that holds a short name.

    Parameters
    ----------
    name
        Of the field.

    Returns
    -------
    str | None
        None where it was not sent.

    Raises
    ------
    BadPayloadError
        If it holds anything else, or was sent twice.
    """
    value = single(name)
    if value is not None and not _SHORT_NAME.fullmatch(value):
        raise BadPayloadError(f"{name} must be a short name; got {_shown(value)}.")
    return value


def _asked(study: Manifest, step: Step) -> list[str]:
    if step.kind == "quiz":
        return [each.item for each in study.quiz]
    return ["choice"] if step.kind == "test" else []


def _replies(step: Step) -> dict[str, str]:
    """Return every other field of a questionnaire's page."""
    names = [name for name in request.form if name not in RESERVED] if step.is_asking else []
    return {name: single(name) or "" for name in names[:MAX_SPANS]}


def _answer_key() -> str:
    value = single("answer_key")
    if value is None or not _ANSWER_KEY.fullmatch(value):
        raise BadPayloadError(
            f"answer_key must be 16 to 64 letters, digits, - or _; got {_shown(value)}."
        )
    return value


def _index(name: str) -> int:
    value = single(name)
    if value is None or not _INDEX.fullmatch(value):
        raise BadPayloadError(f"{name} must be the number of a choice; got {_shown(value)}.")
    return int(value)


def _spans(name: str) -> tuple[float, ...]:
    values = request.form.getlist(name)[:MAX_SPANS]
    spans = (_duration(name, value) for value in values)
    return tuple(span for span in spans if span is not None)


def _duration(name: str, value: str | None) -> float | None:
    if not value:
        return None
    try:
        duration_ms = float(value)
    except ValueError:
        duration_ms = math.nan
    if not 0 <= duration_ms < MAX_DURATION_MS:
        raise BadPayloadError(
            f"{name} must be a number in [0, {MAX_DURATION_MS:.0f}); got {_shown(value)}."
        )
    return duration_ms


def _shown(value: str | None) -> str:
    return "nothing" if value is None else repr(value[:40])
