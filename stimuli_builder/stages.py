"""The stages of a study: its steps as a whole, in order."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the study as a whole.

    Attributes
    ----------
    stage
        What it is. Condition and list are drawn where ``sessions`` begins.
    questionnaire
        Name of the questionnaire of an ``eligibility`` or ``questionnaire`` stage; else None.
    """

    stage: Literal[
        "consent",
        "eligibility",
        "instructions",
        "practice",
        "quiz",
        "sessions",
        "questionnaire",
        "debriefing",
    ]
    questionnaire: str | None
