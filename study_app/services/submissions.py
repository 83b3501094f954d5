"""Leaving a step: store what was sent there, once, and go on to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from stimuli_builder.bundle import Bundle, Questionnaire
from study_app.codes import new_completion_code
from study_app.errors import BadPayloadError, ConflictError, TooEarlyError
from study_app.extensions import db
from study_app.models import Participation, Reply, Response, Submission
from study_app.panels.prolific_export import LEFT
from study_app.protocol import Facts, Move, following, questionnaire_name, rank, takes_place
from study_app.replies import is_eligible, read_replies
from study_app.services.assignment import detail_of, regain_place, take_place
from study_app.services.decisions import decide_by_rules
from study_app.services.events import log_event
from study_app.services.participations import find_participation
from study_app.services.scoring import asked_at, count_right
from study_app.services.transactions import insert_row, writing
from study_app.steps import SCREENED_OUT, Step, parse_step
from study_app.trials import trial_of

CLOCK_TOLERANCE_MS = 250.0  # by which the server's and the browser's idea of a time may differ
_MOVED = (
    update(Participation)
    .where(Participation.id == bindparam("number"))
    .values({name: bindparam(name) for name in ("step", "step_at", "n_events")})
)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a browser sends when a step is left.

    Attributes
    ----------
    answer_key
        Made with the page; the same however often this is sent.
    choices
        Indices of the choices on the page, in the order asked; empty where nothing is asked.
    confidence
        From 1; None where it is not asked for.
    replies
        Question -> what was answered, on the page of a questionnaire.
    looking_ms
        Milliseconds from the painted image to the answer or to leaving; None without scripts.
    reservoir_ms
        Milliseconds of each time the reservoir was open.
    away_ms
        Milliseconds of each time the page was out of sight or another window in use.
    """

    answer_key: str
    choices: tuple[int, ...] = ()
    confidence: int | None = None
    replies: Mapping[str, str] = field(default_factory=dict)
    looking_ms: float | None = None
    reservoir_ms: tuple[float, ...] = ()
    away_ms: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a submission.

    Attributes
    ----------
    participation
        At the step it is at now.
    is_stored
        Whether this very submission is what is stored for its step: now, or when it came before.
    """

    participation: Participation
    is_stored: bool


def leave_step(bundle: Bundle, key: str, step: Step, sent: Sent) -> Receipt:
    """Store a submission and go on; one for a step that was left already changes no answer.

    Parameters
    ----------
    bundle
        The study.
    key
        Secret in the participant's link.
    step
        The step the submission is for.
    sent
        What was sent.

    Returns
    -------
    Receipt
        Given out when everything is on disk.

    Raises
    ------
    NotFoundError
        If there is no such participation.
    ConflictError
        If the participation has not reached the step, the step is an end page, or the answer key
        was used for another step.
    TooEarlyError
        If a training page was not looked at as long as the study asks.
    BadPayloadError
        If an answer is missing or not on offer.
    """
    try:
        with writing():
            participation = find_participation(key, lock=True)
            current = parse_step(participation.step)
            if _is_behind(bundle, step, current):
                return _receipt_again(participation, step, sent)
            if step != current:
                raise ConflictError(f"step must be {current.key}; got {step.key}.")
            _store(bundle, participation, step, sent, now=datetime.now(UTC))
    except IntegrityError as error:
        raise ConflictError("answer_key must be new on every page; got one used before.") from error
    return Receipt(participation=participation, is_stored=True)


def _is_behind(bundle: Bundle, step: Step, current: Step) -> bool:
    return rank(bundle.manifest, step) < rank(bundle.manifest, current)


def _receipt_again(participation: Participation, step: Step, sent: Sent) -> Receipt:
    """Tell whether the step was left by this very submission; if not, note that there were two."""
    stored = db.session.scalar(
        select(Submission.answer_key).filter_by(participation_id=participation.id, step=step.key)
    )
    if stored is not None and stored != sent.answer_key:
        log_event(participation, "second_answer", step, at=datetime.now(UTC))
    return Receipt(participation=participation, is_stored=stored == sent.answer_key)


def _store(
    bundle: Bundle, participation: Participation, step: Step, sent: Sent, *, now: datetime
) -> None:
    """Store everything about a step that is left: all of it, or nothing."""
    has_place = _has_place_still(bundle, participation, step, now=now)
    _check_viewing(bundle, participation, step, sent, now=now)
    insert_row(
        Submission,
        {
            "participation_id": participation.id,
            "step": step.key,
            "answer_key": sent.answer_key,
            "received_at": now,
        },
    )
    _store_responses(bundle, participation, step, sent, now=now)
    eligible = _store_replies(bundle, participation, step, sent, now=now)
    _log_looking(bundle, participation, step, sent, now=now)
    move = _out_of_places()
    if has_place:
        move = _move(bundle, participation, step, eligible=eligible, now=now)
    _go(bundle, participation, step, move, now=now)


def _has_place_still(
    bundle: Bundle, participation: Participation, step: Step, *, now: datetime
) -> bool:
    """Return whether somebody who was away for long has a place, or gets one again."""
    lease = timedelta(minutes=bundle.manifest.recruitment.lease_minutes)
    has_left = participation.panel_status in LEFT  # at the panel: the place was given back
    is_fresh = now - participation.step_at <= lease and not has_left
    if participation.condition is None or is_fresh:
        return True
    return regain_place(bundle.manifest, participation, step, now=now)


def _out_of_places() -> Move:
    return Move(step=SCREENED_OUT, events=("screened_out",), screened_out_at="quota")


def _check_viewing(
    bundle: Bundle, participation: Participation, step: Step, sent: Sent, *, now: datetime
) -> None:
    """Require the least time on a training page: by the server's clock, or a program's own."""
    least_ms = bundle.manifest.viewing.minimum_ms
    if step.kind != "training" or not least_ms:
        return
    spent_ms = _since(participation.step_at, now)
    if participation.is_simulated:
        spent_ms = sent.looking_ms or 0.0
    if spent_ms + CLOCK_TOLERANCE_MS < least_ms:
        raise TooEarlyError(
            f"page must be looked at for {least_ms / 1000:g} s; got {spent_ms / 1000:.1f} s."
        )


def _store_responses(
    bundle: Bundle, participation: Participation, step: Step, sent: Sent, *, now: datetime
) -> None:
    asked = asked_at(bundle, step, participation.draw)
    if len(sent.choices) != len(asked):
        raise BadPayloadError(
            f"choices must be {len(asked)} in step {step.key}; got {len(sent.choices)}."
        )
    confidence = _checked_confidence(bundle, step, sent)
    for position, (index, question) in enumerate(zip(sent.choices, asked, strict=True), start=1):
        if not 0 <= index < len(question.offered):
            raise BadPayloadError(f"choice must be in [0, {len(question.offered)}); got {index}.")
        insert_row(
            Response,
            {
                "participation_id": participation.id,
                "step": step.key,
                "item": question.item,
                "session": step.session,
                "phase": step.phase,
                "attempt": step.attempt,
                "position": step.position or position,
                "choice": question.offered[index],
                "place": index + 1,
                "is_correct": question.offered[index] == question.expected,
                "confidence": confidence,
                "rt_ms": sent.looking_ms if step.kind == "test" else None,
                "server_rt_ms": _since(participation.step_at, now),
                "answered_at": now,
            },
        )


def _checked_confidence(bundle: Bundle, step: Step, sent: Sent) -> int | None:
    asked = bundle.manifest.confidence
    if asked is None or step.kind != "test":
        return None
    if sent.confidence is None or not 1 <= sent.confidence <= len(asked.levels):
        raise BadPayloadError(
            f"confidence must be in [1, {len(asked.levels)}]; got {sent.confidence}."
        )
    return sent.confidence


def _store_replies(
    bundle: Bundle, participation: Participation, step: Step, sent: Sent, *, now: datetime
) -> bool:
    """Store what a questionnaire's page sent; return whether the person may take part."""
    if not step.is_asking:
        return True
    questionnaire = _questionnaire(bundle, participation, step)
    replies = read_replies(questionnaire, sent.replies)
    for question, value in replies.items():
        insert_row(
            Reply,
            {
                "participation_id": participation.id,
                "step": step.key,
                "session": step.session,
                "questionnaire": questionnaire.name,
                "question": question,
                "value": value,
                "replied_at": now,
            },
        )
    return step.kind != "eligibility" or is_eligible(questionnaire, replies)


def _questionnaire(bundle: Bundle, participation: Participation, step: Step) -> Questionnaire:
    name = questionnaire_name(bundle.manifest, step, participation.draw)
    return next(each for each in bundle.manifest.questionnaires if each.name == name)


def _log_looking(
    bundle: Bundle, participation: Participation, step: Step, sent: Sent, *, now: datetime
) -> None:
    """Log how long was looked where, and how often elsewhere."""
    trial = _trial(bundle, participation, step)
    if step.kind == "training":
        looked = sent.looking_ms
        log_event(participation, "training_left", step, at=now, trial=trial, duration_ms=looked)
    spans = {
        "reservoir_opened": sent.reservoir_ms if step.kind == "test" else (),
        "focus_lost": sent.away_ms,
    }
    for name, lengths_ms in spans.items():
        for span_ms in lengths_ms:
            log_event(participation, name, step, at=now, trial=trial, duration_ms=span_ms)


def _move(
    bundle: Bundle, participation: Participation, step: Step, *, eligible: bool, now: datetime
) -> Move:
    """Ask the state machine where to go, and take a place where the sessions begin."""
    study = bundle.manifest
    facts = Facts(
        draw=participation.draw,
        n_right=count_right(participation, step),
        is_eligible=eligible,
    )
    if participation.condition is None and takes_place(study, step, facts):
        has_place = take_place(study, participation, now=now)
        facts = Facts(
            draw=participation.draw,
            n_right=facts.n_right,
            is_eligible=eligible,
            has_place=has_place,
        )
    return following(study, step, facts)


def _go(
    bundle: Bundle, participation: Participation, left: Step, move: Move, *, now: datetime
) -> None:
    """Move a participation on, and log what that means."""
    participation.step, participation.step_at = move.step.key, now
    for name in move.events:
        is_end = name in ("completed", "screened_out")
        detail = {
            "assigned": detail_of(participation.draw),
            "screened_out": move.screened_out_at,
        }.get(name)
        log_event(participation, name, move.step if is_end else left, at=now, detail=detail)
    _log_shown(bundle, participation, move.step, now=now)
    if move.step.is_end:
        participation.status = "screened_out" if move.screened_out_at else "completed"
        participation.screened_out_at = move.screened_out_at
        participation.finished_at = now
        participation.completion_code = new_completion_code()
        db.session.flush()
        decide_by_rules(bundle, participation, now=now)
    elif not move.events:
        _save_place(participation)


def _save_place(participation: Participation) -> None:
    """Write where a participation is now, and let the session forget it.

    The usual page changes nothing else; one statement keeps the lock for a shorter time than the
    session's search for what has changed.
    """
    db.session.connection().execute(
        _MOVED,
        {
            "number": participation.id,
            "step": participation.step,
            "step_at": participation.step_at,
            "n_events": participation.n_events,
        },
    )
    db.session.expunge(participation)


def _log_shown(bundle: Bundle, participation: Participation, step: Step, *, now: datetime) -> None:
    trial = _trial(bundle, participation, step)
    name = "trial_shown" if step.is_trial else "page_shown"
    log_event(participation, name, step, at=now, trial=trial)


def _trial(bundle: Bundle, participation: Participation, step: Step) -> str | None:
    return trial_of(bundle.manifest, step, participation.draw) if step.is_trial else None


def _since(begin: datetime, now: datetime) -> float:
    """Return milliseconds between two instants; 0 where the server's clock was set back."""
    return max(0.0, (now - begin) / timedelta(milliseconds=1))
