"""The protocol of a study as data: which step follows which. No request, no database, no clock.

    consent → instructions → practice-intro → training … → test … → practice-result ─┐
                                              ↑ another round ───────────────────────┤
                                                                                     ↓ passed
    debriefing ← (session-intro → training … → test …) per session ←───────────── quiz …

    screened-out: after the last round of the practice or of the quiz that was not passed.

A `Step` is one page. Its key, such as ``test.1.1.3``, names kind, session, attempt and position.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, cast, get_args

from stimuli_builder.bundle import Manifest, Session, TestTrial, TrainingTrial
from study_app.errors import ConflictError, NotFoundError

Kind = Literal[
    "consent",
    "instructions",
    "practice-intro",
    "training",
    "test",
    "practice-result",
    "quiz",
    "session-intro",
    "debriefing",
    "screened-out",
]
ENDS: Final = ("debriefing", "screened-out")
MAX_NUMBER: Final = 999  # sessions, attempts and positions have three digits at most

_BEFORE: Final = ("consent", "instructions")
_STAGES: Final = ("practice-intro", "session-intro", "training", "test", "practice-result")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One page of a participation.

    Attributes
    ----------
    kind
        What the page is.
    session
        0 before the sessions, then from 1.
    attempt
        Round of the practice or the quiz, from 1; 1 elsewhere.
    position
        Place among the trials of a phase, from 1; 0 on other pages.
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
        """Return whether the page shows an image of the phase."""
        return self.kind in ("training", "test")

    @property
    def is_practice(self) -> bool:
        """Return whether the page belongs to the practice."""
        return self.kind.startswith("practice") or (self.is_trial and self.session == 0)

    @property
    def phase(self) -> str:
        """Return the step's phase as exports write it."""
        if self.is_practice:
            return "practice"
        if self.kind in ENDS:
            return "end"
        if self.kind == "session-intro":
            return "training"
        return "consent" if self.kind in _BEFORE else self.kind


@dataclass(frozen=True, kw_only=True)
class Move:
    """Where a participant goes from a step, and what happened there.

    Attributes
    ----------
    step
        The next step.
    events
        Names of events, in order.
    screened_out_at
        The screening that ended the participation, or None.
    """

    step: Step
    events: tuple[str, ...] = ()
    screened_out_at: str | None = None


CONSENT: Final = Step(kind="consent")
FIRST: Final = Step(kind="instructions")


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


def following(study: Manifest, step: Step, list_name: str | None, n_right: int = 0) -> Move:
    """Return where a participant goes from a step.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The step that is left.
    list_name
        The participation's trial list; None before it is assigned.
    n_right
        Right answers in the step's round, of the practice or of the quiz.

    Returns
    -------
    Move
        The next step, with the events of the transition.

    Raises
    ------
    ConflictError
        If the step is an end page.
    """
    match step.kind:
        case "consent":
            return Move(step=FIRST, events=("consented",))
        case "instructions":
            return Move(step=Step(kind="practice-intro"))
        case "practice-intro" | "session-intro":
            return Move(step=replace(step, kind="training", position=1))
        case "training" | "test":
            return _after_trial(study, step, list_name, n_right)
        case "practice-result":
            return _after_practice(study, step, n_right)
        case "quiz":
            return _after_quiz(study, step, n_right)
        case _:
            raise ConflictError(f"step must be one that can be left; got {step.key}.")


def _after_trial(study: Manifest, step: Step, list_name: str | None, n_right: int) -> Move:
    session = session_of(study, step, list_name)
    trials = session.training if step.kind == "training" else session.test
    if step.position < len(trials):
        return Move(step=replace(step, position=step.position + 1))
    if step.kind == "training":
        return Move(step=replace(step, kind="test", position=1))
    if step.is_practice:
        return _after_practice_test(study, step, n_right)
    if step.session < len(_list(study, list_name)):
        return Move(step=Step(kind="session-intro", session=step.session + 1))
    return Move(step=Step(kind="debriefing", session=step.session), events=("completed",))


def _after_practice_test(study: Manifest, step: Step, n_right: int) -> Move:
    result = replace(step, kind="practice-result", position=0)
    if n_right >= study.rules.practice_min_correct:
        return Move(step=result, events=("practice_passed",))
    if step.attempt < study.rules.practice_max_attempts:
        return Move(step=result, events=("practice_failed",))
    return _screened_out("practice")


def _after_practice(study: Manifest, step: Step, n_right: int) -> Move:
    if n_right >= study.rules.practice_min_correct:
        return Move(step=Step(kind="quiz"))
    return Move(step=Step(kind="training", attempt=step.attempt + 1, position=1))


def _after_quiz(study: Manifest, step: Step, n_right: int) -> Move:
    if n_right == len(study.quiz):
        return Move(step=Step(kind="session-intro", session=1), events=("quiz_passed", "assigned"))
    if step.attempt < study.rules.quiz_max_attempts:
        return Move(step=replace(step, attempt=step.attempt + 1), events=("quiz_failed",))
    return _screened_out("quiz")


def _screened_out(screening: str) -> Move:
    return Move(
        step=Step(kind="screened-out"),
        events=(f"{screening}_failed", "screened_out"),
        screened_out_at=screening,
    )


def rank(step: Step) -> tuple[int, ...]:
    """Return a step's place in every participation: what comes later ranks higher.

    Parameters
    ----------
    step
        Any step.

    Returns
    -------
    tuple[int, ...]
        To be compared.

    Examples
    --------
    >>> rank(parse_step("test.0.1.7")) < rank(parse_step("training.0.2.1"))
    True
    """
    if step.kind in _BEFORE:
        return (_BEFORE.index(step.kind),)
    if step.kind in ENDS:
        return (5,)
    if step.kind == "quiz":
        return (3, step.attempt)
    block = 2 if step.is_practice else 4
    return (block, step.session, step.attempt, _STAGES.index(step.kind), step.position)


def session_of(study: Manifest, step: Step, list_name: str | None) -> Session:
    """Return the session of a trial step: the practice's where it is 0.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A step whose session the list has.
    list_name
        The participation's trial list; not needed in the practice.

    Returns
    -------
    Session
        With its trials.

    Raises
    ------
    ConflictError
        If the list is not assigned yet, or unknown.
    """
    return (
        study.practice.session if step.session == 0 else _list(study, list_name)[step.session - 1]
    )


def trial_of(study: Manifest, step: Step, list_name: str | None) -> TrainingTrial | TestTrial:
    """Return the trial that a step shows.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A trial step of the list.
    list_name
        The participation's trial list; not needed in the practice.

    Returns
    -------
    TrainingTrial | TestTrial
        By the step's kind.

    Raises
    ------
    ConflictError
        If the list is not assigned yet, or unknown.
    """
    session = session_of(study, step, list_name)
    trials = session.training if step.kind == "training" else session.test
    return trials[step.position - 1]


def reservoir_of(
    study: Manifest, step: Step, list_name: str | None
) -> list[tuple[int, TrainingTrial]]:
    """Return the training trials that a test step lets participants look at again.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A test step.
    list_name
        The participation's trial list; not needed in the practice.

    Returns
    -------
    list[tuple[int, TrainingTrial]]
        Session and trial, of all sessions up to the step's, in the order shown.

    Raises
    ------
    ConflictError
        If the list is not assigned yet, or unknown.
    """
    if step.session == 0:
        return [(0, trial) for trial in study.practice.session.training]
    seen = _list(study, list_name)[: step.session]
    return [(n, trial) for n, session in enumerate(seen, start=1) for trial in session.training]


def classes_of(study: Manifest, step: Step) -> tuple[str, ...]:
    """Return what can be answered at a test step, in the order of the buttons.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        A test step.

    Returns
    -------
    tuple[str, ...]
        The practice's classes in the practice.
    """
    return study.practice.classes if step.is_practice else study.classes


def progress_of(study: Manifest, step: Step) -> float:
    """Return how much of the way lies behind a participant.

    Parameters
    ----------
    study
        The bundle's manifest; lists are taken to be as long as the first.
    step
        Where the participant is.

    Returns
    -------
    float
        In [0, 1].
    """
    way = _plain_way(study)
    first_round = rank(step if step.session else replace(step, attempt=1))
    return sum(rank(other) < first_round for other in way) / (len(way) - 1)


def _plain_way(study: Manifest) -> list[Step]:
    """Return the steps of somebody who passes every screening at once."""
    name, n_practice = study.lists[0].name, study.rules.practice_min_correct
    way = [CONSENT]
    while way[-1].kind != "debriefing":
        n_right = len(study.quiz) if way[-1].kind == "quiz" else n_practice
        way.append(following(study, way[-1], name, n_right).step)
    return way


def _list(study: Manifest, name: str | None) -> tuple[Session, ...]:
    for trial_list in study.lists:
        if trial_list.name == name:
            return trial_list.sessions
    raise ConflictError(f"list must be one of the bundle; got {name!r}.")


def _kind(name: str) -> Kind:
    if name not in get_args(Kind):
        raise ValueError(name)
    return cast("Kind", name)
