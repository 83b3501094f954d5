"""The protocol of a study as data: which step follows which. No request, no database, no clock.

The bundle's stages are the way; each is one page or a few:

    consent, eligibility, instructions, quiz, questionnaire, debriefing    one page each
    practice    practice-intro → training … → test … → practice-result, and again until passed
    sessions    (session-intro → training … → test … → questionnaire) for each session

Condition and list are drawn where the sessions begin. Whoever is not eligible, does not pass the
practice or the quiz in the rounds allowed, or finds every place taken, goes to ``screened-out``.
"""

from dataclasses import dataclass, replace
from typing import Final

from stimuli_builder.bundle import Manifest
from study_app.errors import ConflictError
from study_app.steps import CONSENT, SCREENED_OUT, Step
from study_app.trials import UNDRAWN, Draw, session_of, sessions_of_list

_WITHIN: Final = (
    "practice-intro",
    "session-intro",
    "training",
    "test",
    "practice-result",
    "questionnaire",
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What must be known of a participation to say where it goes.

    Attributes
    ----------
    draw
        Its condition, list and order.
    n_right
        Right answers in the round of the practice or of the quiz that the step belongs to.
    is_eligible
        Whether the answers on an eligibility page let somebody take part.
    has_place
        Whether there is a place left in the sessions.
    """

    draw: Draw = UNDRAWN
    n_right: int = 0
    is_eligible: bool = True
    has_place: bool = True


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


def following(study: Manifest, step: Step, facts: Facts) -> Move:
    """Return where a participant goes from a step.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The step that is left.
    facts
        About the participation.

    Returns
    -------
    Move
        The next step, with the events of the transition.

    Raises
    ------
    ConflictError
        If the step is an end page, or none of this study.
    """
    if step.is_end:
        raise ConflictError(f"step must be one that can be left; got {step.key}.")
    if step.is_practice:
        return _in_practice(study, step, facts)
    if step.session:
        return _in_session(study, step, facts)
    match step.kind:
        case "consent":
            return _next_stage(study, step, facts, ("consented",))
        case "eligibility" if not facts.is_eligible:
            return _screened_out("eligibility", ("ineligible",))
        case "quiz":
            return _after_quiz(study, step, facts)
        case _:
            return _next_stage(study, step, facts)


def _in_practice(study: Manifest, step: Step, facts: Facts) -> Move:
    match step.kind:
        case "practice-intro":
            return Move(step=_first_trial(study, step, facts))
        case "practice-result":
            return _after_practice(study, step, facts)
        case _:
            return _after_trial(study, step, facts)


def _in_session(study: Manifest, step: Step, facts: Facts) -> Move:
    match step.kind:
        case "session-intro":
            return Move(step=_first_trial(study, step, facts))
        case "questionnaire":
            return _next_session(study, step, facts)
        case _:
            return _after_trial(study, step, facts)


def _first_trial(study: Manifest, step: Step, facts: Facts) -> Step:
    session = session_of(study, step, facts.draw)
    return replace(step, kind="training" if session.training else "test", position=1)


def _after_trial(study: Manifest, step: Step, facts: Facts) -> Move:
    session = session_of(study, step, facts.draw)
    n_trials = len(session.training if step.kind == "training" else session.test)
    if step.position < n_trials:
        return Move(step=replace(step, position=step.position + 1))
    if step.kind == "training":
        return Move(step=replace(step, kind="test", position=1))
    if step.is_practice:
        return _after_practice_test(study, step, facts)
    if session.questionnaire is not None:
        return Move(step=Step(kind="questionnaire", session=step.session))
    return _next_session(study, step, facts)


def _next_session(study: Manifest, step: Step, facts: Facts) -> Move:
    if step.session < len(sessions_of_list(study, facts.draw)):
        return Move(step=Step(kind="session-intro", session=step.session + 1))
    return _next_stage(study, step, facts)


def _after_practice_test(study: Manifest, step: Step, facts: Facts) -> Move:
    result = replace(step, kind="practice-result", position=0)
    if facts.n_right >= study.rules.practice_min_correct:
        return Move(step=result, events=("practice_passed",))
    if step.attempt < study.rules.practice_max_attempts:
        return Move(step=result, events=("practice_failed",))
    return _screened_out("practice", ("practice_failed",))


def _after_practice(study: Manifest, step: Step, facts: Facts) -> Move:
    if facts.n_right >= study.rules.practice_min_correct:
        return _next_stage(study, step, facts)
    again = Step(kind="practice-intro", attempt=step.attempt + 1)
    return Move(step=_first_trial(study, again, facts))


def _after_quiz(study: Manifest, step: Step, facts: Facts) -> Move:
    if facts.n_right >= study.rules.quiz_min_correct:
        return _next_stage(study, step, facts, ("quiz_passed",))
    if step.attempt < study.rules.quiz_max_attempts:
        return Move(step=replace(step, attempt=step.attempt + 1), events=("quiz_failed",))
    return _screened_out("quiz", ("quiz_failed",))


def _screened_out(screening: str, events: tuple[str, ...] = ()) -> Move:
    return Move(step=SCREENED_OUT, events=(*events, "screened_out"), screened_out_at=screening)


def _next_stage(study: Manifest, step: Step, facts: Facts, events: tuple[str, ...] = ()) -> Move:
    """Go to the first page of the stage after the step's; take a place where sessions begin."""
    number = _stage_number(study, step) + 1
    match study.stages[number].stage:
        case "sessions" if not facts.has_place:
            return _screened_out("quota", events)
        case "sessions":
            first = Step(kind="session-intro", session=1)
            return Move(step=first, events=(*events, "assigned"))
        case "practice":
            return Move(step=Step(kind="practice-intro"), events=events)
        case "questionnaire":
            position = _questionnaires_up_to(study, number)
            return Move(step=Step(kind="questionnaire", position=position), events=events)
        case "debriefing":
            end = Step(kind="debriefing", session=len(study.lists[0].sessions))
            return Move(step=end, events=(*events, "completed"))
        case "consent":
            raise ConflictError("stages must begin with consent; got it later.")
        case "eligibility" | "instructions" | "quiz" as kind:
            return Move(step=Step(kind=kind), events=events)


def _stage_number(study: Manifest, step: Step) -> int:
    """Return the place of a step's stage among the study's."""
    name: str = step.kind
    if step.is_practice:
        name = "practice"
    elif step.session and not step.is_end:
        name = "sessions"
    for number, stage in enumerate(study.stages):
        is_other = name == "questionnaire" and _questionnaires_up_to(study, number) != step.position
        if stage.stage == name and not is_other:
            return number
    raise ConflictError(f"step must be one of this study's stages; got {step.key}.")


def _questionnaires_up_to(study: Manifest, number: int) -> int:
    return sum(stage.stage == "questionnaire" for stage in study.stages[: number + 1])


def takes_place(study: Manifest, step: Step, facts: Facts) -> bool:
    """Return whether leaving a step begins the sessions, so that a place must be taken.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        The step that is left.
    facts
        About the participation, before it has a place.

    Returns
    -------
    bool
        True once in a participation, at most.

    Raises
    ------
    ConflictError
        If the step cannot be left.
    """
    return "assigned" in following(study, step, facts).events


def rank(study: Manifest, step: Step) -> tuple[int, ...]:
    """Return a step's place in every participation: what comes later ranks higher.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        Any step of it.

    Returns
    -------
    tuple[int, ...]
        To be compared.

    Raises
    ------
    ConflictError
        If it is no step of the study.
    """
    if step.is_end:
        return (len(study.stages),)
    within = _WITHIN.index(step.kind) if step.kind in _WITHIN else 0
    number = _stage_number(study, step)
    return (number, step.session, step.attempt, within, step.position)


def progress_by_step(study: Manifest) -> dict[str, float]:
    """Return how much of the way lies behind a participant at each step.

    Parameters
    ----------
    study
        The bundle's manifest; lists are taken to be as long as the first.

    Returns
    -------
    dict[str, float]
        Key of a step -> share in [0, 1]. A later round of the practice or the quiz is as far as the
        first; a step that no first round has is missing.
    """
    way = plain_way(study)
    return {step.key: number / (len(way) - 1) for number, step in enumerate(way)}


def plain_way(study: Manifest, draw: Draw | None = None) -> list[Step]:
    """Return the steps of somebody who passes every screening at once.

    Parameters
    ----------
    study
        The bundle's manifest.
    draw
        The participation's; None takes the study's first list.

    Returns
    -------
    list[Step]
        From consent to debriefing.
    """
    drawn = draw or Draw(condition=study.conditions[0], list_name=study.lists[0].name)
    way = [CONSENT]
    while not way[-1].is_end:
        n_right = len(study.quiz) if way[-1].kind == "quiz" else study.rules.practice_min_correct
        way.append(following(study, way[-1], Facts(draw=drawn, n_right=n_right)).step)
    return way


def questionnaire_name(study: Manifest, step: Step, draw: Draw) -> str:
    """Return the name of the questionnaire that a step shows.

    Parameters
    ----------
    study
        The bundle's manifest.
    step
        An eligibility or questionnaire step.
    draw
        The participation's.

    Returns
    -------
    str
        Of one of the study's questionnaires.

    Raises
    ------
    ConflictError
        If the step shows none.
    """
    name = (
        session_of(study, step, draw).questionnaire
        if step.session
        else study.stages[_stage_number(study, step)].questionnaire
    )
    if name is None:
        raise ConflictError(f"step must be one with a questionnaire; got {step.key}.")
    return name
