"""Leaving a step: store what was answered there, once, and go on to the next."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from stimuli_builder.bundle import Bundle, QuizItem
from study_app.errors import BadPayloadError, ConflictError
from study_app.extensions import db
from study_app.models import Participation, Response
from study_app.protocol import (
    Move,
    Step,
    classes_of,
    following,
    parse_step,
    rank,
    trial_of,
)
from study_app.services.assignment import assign
from study_app.services.events import log_event
from study_app.services.participations import find_participation
from study_app.services.transactions import writing

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are easily confused
CODE_LENGTH = 10


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a browser sends when a step is left.

    Attributes
    ----------
    choices
        Indices of the choices, in the order asked; empty where nothing is asked.
    looking_ms
        Milliseconds from the painted image to the answer or to leaving; None without scripts.
    reservoir_ms
        Milliseconds of each time the reservoir was open.
    """

    choices: tuple[int, ...] = ()
    looking_ms: float | None = None
    reservoir_ms: tuple[float, ...] = ()


def leave_step(bundle: Bundle, key: str, step: Step, submission: Submission) -> Participation:
    """Store a submission and go on; one for a step that was left already changes nothing.

    Parameters
    ----------
    bundle
        The study.
    key
        Secret in the participant's link.
    step
        The step the submission is for.
    submission
        What was sent.

    Returns
    -------
    Participation
        At the step it is at now.

    Raises
    ------
    NotFoundError
        If there is no such participation.
    ConflictError
        If the participation has not reached the step, or the step is an end page.
    BadPayloadError
        If a choice is missing or not on offer.
    """
    with writing():
        participation = find_participation(key, lock=True)
        current = parse_step(participation.step)
        if rank(step) < rank(current):
            return participation  # sent twice, or from another tab: the first answer stays
        if step != current:
            raise ConflictError(f"step must be {current.key}; got {step.key}.")
        now = datetime.now(UTC)
        _store_responses(bundle, participation, submission, now=now)
        _log_looking(bundle, participation, submission, now=now)
        n_right = count_right(participation, step)
        move = following(bundle.manifest, step, participation.list_name, n_right)
        _go(bundle, participation, move, now=now)
    return participation


def count_right(participation: Participation, step: Step) -> int:
    """Count the right answers in a step's round of the practice or of the quiz.

    Parameters
    ----------
    participation
        Whose answers.
    step
        Any step; in a session there is nothing to count.

    Returns
    -------
    int
        Stored answers that are right.
    """
    if step.session != 0:
        return 0
    query = select(func.count()).where(
        Response.participation_id == participation.id,
        Response.phase == step.phase,
        Response.attempt == step.attempt,
        Response.is_correct,
    )
    return db.session.scalar(query) or 0


def _store_responses(
    bundle: Bundle, participation: Participation, submission: Submission, *, now: datetime
) -> None:
    step = parse_step(participation.step)
    asked = _asked(bundle, participation, step)
    if len(submission.choices) != len(asked):
        raise BadPayloadError(
            f"choices must be {len(asked)} in step {step.key}; got {len(submission.choices)}."
        )
    for position, (index, question) in enumerate(
        zip(submission.choices, asked, strict=True), start=1
    ):
        item, offered, expected = question
        if not 0 <= index < len(offered):
            raise BadPayloadError(f"choice must be in [0, {len(offered)}); got {index}.")
        db.session.add(
            Response(
                participation_id=participation.id,
                step=step.key,
                item=item,
                session=step.session,
                phase=step.phase,
                attempt=step.attempt,
                position=step.position or position,
                choice=offered[index],
                is_correct=offered[index] == expected,
                rt_ms=submission.looking_ms if step.kind == "test" else None,
                server_rt_ms=(now - participation.step_at).total_seconds() * 1000,
                answered_at=now,
            )
        )
    db.session.flush()


def _asked(
    bundle: Bundle, participation: Participation, step: Step
) -> list[tuple[str, tuple[str, ...], str]]:
    """Return what a step asks: trial or quiz item, what is offered, and the right choice."""
    study, answers = bundle.manifest, bundle.answers
    if step.kind == "test":
        trial = trial_of(study, step, participation.list_name).trial
        return [(trial, classes_of(study, step), answers.trials[trial].answer)]
    if step.kind == "quiz":
        return [(each.item, _indices(each), str(answers.quiz[each.item])) for each in study.quiz]
    return []


def _indices(item: QuizItem) -> tuple[str, ...]:
    return tuple(str(index) for index in range(len(item.choices)))


def _log_looking(
    bundle: Bundle, participation: Participation, submission: Submission, *, now: datetime
) -> None:
    step = parse_step(participation.step)
    if not step.is_trial:
        return
    trial = trial_of(bundle.manifest, step, participation.list_name).trial
    if step.kind == "training":
        looked = submission.looking_ms
        log_event(participation, "training_left", step, at=now, trial=trial, duration_ms=looked)
        return
    for opened in submission.reservoir_ms:
        log_event(participation, "reservoir_opened", step, at=now, trial=trial, duration_ms=opened)


def _go(bundle: Bundle, participation: Participation, move: Move, *, now: datetime) -> None:
    """Move a participation on, and log what that means."""
    left = parse_step(participation.step)
    participation.step, participation.step_at = move.step.key, now
    for name in move.events:
        is_end = name in ("completed", "screened_out")
        log_event(participation, name, move.step if is_end else left, at=now)
    if "assigned" in move.events:
        assign(bundle, participation)
    if move.step.is_trial:
        trial = trial_of(bundle.manifest, move.step, participation.list_name).trial
        log_event(participation, "trial_shown", move.step, at=now, trial=trial)
    if "screened_out" in move.events:
        participation.status, participation.screened_out_at = "screened_out", move.screened_out_at
        participation.finished_at = now
    if "completed" in move.events:
        participation.status, participation.finished_at = "completed", now
        participation.completion_code = new_code()


def new_code() -> str:
    """Return a completion code that nobody can guess.

    Returns
    -------
    str
        `CODE_LENGTH` letters and digits.
    """
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
