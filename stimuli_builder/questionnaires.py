"""The questionnaires of a bundle's manifest: eligibility, demographics, free text."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a question.

    Attributes
    ----------
    value
        As stored, of a-z, 0-9, ``_`` and ``-``.
    label
        As shown.
    is_eligible
        Whether somebody who chooses it may take part; counts on an eligibility page alone.
    """

    value: str
    label: str
    is_eligible: bool


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question about the participant or the study.

    Attributes
    ----------
    question
        Its name: unique in the questionnaire, of a-z, 0-9, ``_`` and ``-``.
    text
        As shown.
    kind
        One of several choices, an integer, or free text.
    choices
        As shown, in order; empty but for ``choice``.
    low, high
        Least and largest integer, or the letters a text may have; None where any will do.
    is_required
        Whether the page can be left only with an answer; what is asked of a person had better not.
    """

    question: str
    text: str
    kind: Literal["choice", "integer", "text"]
    choices: tuple[Choice, ...]
    low: int | None
    high: int | None
    is_required: bool


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """A page of questions.

    Attributes
    ----------
    name
        Unique in the bundle, of a-z, 0-9, ``_`` and ``-``.
    title
        Heading.
    introduction
        Paragraphs above the questions.
    questions
        In order.
    """

    name: str
    title: str
    introduction: tuple[str, ...]
    questions: tuple[Question, ...]
