"""The pages of a participation.

A step's key, such as ``test.1.1.3``, names one of them: kind, session, attempt and position.
"""

from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from study_app.errors import NotFoundError

Kind = Literal[
    "consent",
    "eligibility",
    "instructions",
    "practice-intro",
    "training",
    "test",
    "practice-result",
    "quiz",
    "session-intro",
    "questionnaire",
    "debriefing",
    "screened-out",
]
ENDS: Final = ("debriefing", "screened-out")
MAX_NUMBER: Final = 999  # sessions, attempts and positions have three digits at most

_PHASES: Final[dict[str, str]] = {
    "instructions": "consent",
    "session-intro": "training",
    "debriefing": "end",
    "screened-out": "end",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One page of a participation.

    Attributes
    ----------
    kind
        What the page is.
    session
        0 before and after the sessions, else from 1.
    attempt
        Round of the practice or the quiz, from 1; 1 elsewhere.
    position
        Place among the trials of a phase or among the study's questionnaires, from 1; 0 on other
        pages.
    """

    kind: Kind
    session: int = 0
    attempt: int = 1
    position: int = 0

    @property
    def key(self) -> str:
        """Return the step's name in addresses and in the database."""
        return f"{self.kind}.{self.session}.{self.attempt}.{self.position}"

    @property
    def is_trial(self) -> bool:
        """Return whether the page shows pictures of a phase."""
        return self.kind in ("training", "test")

    @property
    def is_asking(self) -> bool:
        """Return whether the page shows a questionnaire."""
        return self.kind in ("eligibility", "questionnaire")

    @property
    def is_practice(self) -> bool:
        """Return whether the page belongs to the practice."""
        return self.kind.startswith("practice") or (self.is_trial and self.session == 0)

    @property
    def is_end(self) -> bool:
        """Return whether the page cannot be left."""
        return self.kind in ENDS

    @property
    def phase(self) -> str:
        """Return the step's phase as exports write it."""
        return "practice" if self.is_practice else _PHASES.get(self.kind, self.kind)


CONSENT: Final = Step(kind="consent")
SCREENED_OUT: Final = Step(kind="screened-out")


def parse_step(key: str) -> Step:
    """Read a step's key.

    Parameters
    ----------
    key
        As `Step.key` writes it.

    Returns
    -------
    Step
        Not checked against a bundle.

    Raises
    ------
    NotFoundError
        If it is no step's key.

    Examples
    --------
    >>> parse_step("test.1.1.3")
    Step(kind='test', session=1, attempt=1, position=3)
    """
    kind, *numbers = key.split(".")
    try:
        session, attempt, position = (int(number) for number in numbers)
        step = Step(kind=_kind(kind), session=session, attempt=attempt, position=position)
    except ValueError as error:
        raise NotFoundError(f"step must be one of the study; got {key[:40]!r}.") from error
    in_range = all(0 <= number <= MAX_NUMBER for number in (session, attempt, position))
    if step.key != key or not in_range:
        raise NotFoundError(f"step must be one of the study; got {key[:40]!r}.")
    return step


def _kind(name: str) -> Kind:
    if name not in get_args(Kind):
        raise ValueError(name)
    return cast("Kind", name)
