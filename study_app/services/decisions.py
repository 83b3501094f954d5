"""Verdicts on participations: by the rules when they end, and by researchers afterwards."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from stimuli_builder.bundle import Bundle
from study_app.columns import EXCLUSIONS, REJECTIONS
from study_app.errors import BadPayloadError, ConflictError, NotFoundError
from study_app.extensions import db
from study_app.models import Decision, Event, Participation, Response
from study_app.services.admins import COMMAND_LINE, record
from study_app.services.assignment import give_place_back, regain_place
from study_app.services.transactions import writing
from study_app.steps import parse_step
from study_app.verdicts import Record, exclusions

MAX_NOTE_LETTERS = 500
REASONS = {"include": ("other",), "exclude": EXCLUSIONS, "reject": REJECTIONS}


def decide_by_rules(bundle: Bundle, participation: Participation, *, now: datetime) -> None:
    """Decide on a participation that has come to its end.

    Parameters
    ----------
    bundle
        The study.
    participation
        Completed or screened out; locked by the caller.
    now
        By the server's clock.
    """
    if participation.status == "screened_out":
        verdict, reasons = "screen_out", [participation.screened_out_at or ""]
    else:
        reasons = exclusions(bundle.manifest.rules, read_record(bundle, participation))
        verdict = "exclude" if reasons else "include"
    db.session.add(
        Decision(
            participation_id=participation.id,
            verdict=verdict,
            reasons=" ".join(reasons),
            decided_by="rules",
            at=now,
        )
    )
    participation.verdict = verdict
    if verdict != "include":
        give_place_back(participation)


def read_record(bundle: Bundle, participation: Participation) -> Record:
    """Gather what the rules look at.

    Parameters
    ----------
    bundle
        The study.
    participation
        Completed.

    Returns
    -------
    Record
        Of its sessions.
    """
    mine = Response.participation_id == participation.id
    rows = list(db.session.scalars(select(Response).where(mine, Response.session > 0)))
    trials = bundle.answers.trials
    begun = participation.assigned_at or participation.consented_at
    length = (participation.finished_at or begun) - begun
    return Record(
        n_catch_correct=sum(row.is_correct and trials[row.item].is_catch for row in rows),
        rts_ms=[row.server_rt_ms if row.rt_ms is None else row.rt_ms for row in rows],
        sessions_s=length / timedelta(seconds=1),
        away_s=away_s(participation),
    )


def away_s(participation: Participation) -> float:
    """Return how long somebody was away from the page in the sessions.

    Parameters
    ----------
    participation
        Any.

    Returns
    -------
    float
        Seconds, by the browser's clock.
    """
    total = db.session.scalar(
        select(func.sum(Event.duration_ms)).where(
            Event.participation_id == participation.id,
            Event.name == "focus_lost",
            Event.session > 0,
        )
    )
    return (total or 0.0) / 1000


def decide(
    bundle: Bundle,
    name: str,
    *,
    verdict: str,
    reason: str,
    note: str | None = None,
    by: str = COMMAND_LINE,
) -> Participation:
    """Store a researcher's verdict, which stands in place of the rules'.

    Parameters
    ----------
    bundle
        The study.
    name
        The participant's number, such as ``p0001``.
    verdict
        ``include``, ``exclude`` or ``reject``.
    reason
        One of `REASONS` for that verdict.
    note
        For the researchers; it is not exported.
    by
        Who decides; it is put on record.

    Returns
    -------
    Participation
        With its new verdict.

    Raises
    ------
    BadPayloadError
        If the verdict or the reason is not on offer.
    NotFoundError
        If there is no such participant.
    ConflictError
        If the participation has not ended, or was screened out and would be analysed.
    """
    _check(verdict, reason, note)
    with writing():
        participation = _find(name)
        if participation.status == "in_progress":
            raise ConflictError(f"participation {name} must have ended; it is in progress.")
        if participation.status == "screened_out" and verdict != "reject":
            raise ConflictError(
                f"participation {name} must be completed to {verdict} it; it was screened out."
            )
        now = datetime.now(UTC)
        db.session.add(
            Decision(
                participation_id=participation.id,
                verdict=verdict,
                reasons=reason,
                note=note or None,
                decided_by="researcher",
                at=now,
            )
        )
        participation.verdict = verdict
        record(by, "decided", f"{participation.name}: {verdict} {reason}")
        if verdict == "include":
            regain_place(bundle.manifest, participation, parse_step(participation.step), now=now)
        else:
            give_place_back(participation)
    return participation


def decide_outstanding(bundle: Bundle) -> int:
    """Decide on ended participations without a verdict: those of the first release's databases.

    Parameters
    ----------
    bundle
        The study.

    Returns
    -------
    int
        How many there were.
    """
    with writing():
        rows = db.session.scalars(
            select(Participation).where(
                Participation.status != "in_progress", Participation.verdict.is_(None)
            )
        ).all()
        for participation in rows:
            decide_by_rules(bundle, participation, now=datetime.now(UTC))
    return len(rows)


def _check(verdict: str, reason: str, note: str | None) -> None:
    if verdict not in REASONS:
        raise BadPayloadError(f"verdict must be one of {sorted(REASONS)}; got {verdict[:40]!r}.")
    if reason not in REASONS[verdict]:
        raise BadPayloadError(
            f"reason to {verdict} must be one of {list(REASONS[verdict])}; got {reason[:40]!r}."
        )
    if note is not None and len(note) > MAX_NOTE_LETTERS:
        raise BadPayloadError(
            f"note must have at most {MAX_NOTE_LETTERS} letters; got {len(note)}."
        )


def _find(name: str) -> Participation:
    number = name.removeprefix("p")
    is_number = number.isascii() and number.isdigit() and len(number) <= 9
    query = select(Participation).filter_by(id=int(number) if is_number else 0).with_for_update()
    participation = db.session.scalar(query.execution_options(populate_existing=True))
    if participation is None or participation.name != name:
        raise NotFoundError(f"participant must be one of this study; got {name[:40]!r}.")
    return participation
