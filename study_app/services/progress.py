"""How far people come, how long they take, and what asks for a researcher's eye."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import mean, median
from typing import Final

from sqlalchemy import Select, func, select

from stimuli_builder.bundle import Manifest
from study_app.extensions import db
from study_app.models import Decision, Event, Participation, Response, Slot, Study
from study_app.protocol import plain_way, rank
from study_app.services.counts import VERDICT_COUNTS, Arm, count_arms
from study_app.steps import Step, parse_step

QUOTA_NEAR: Final = 0.9  # of an arm's places
ITEM_FAILED: Final = 0.4  # of the first answers to a quiz item
ARMS_APART: Final = 0.2  # between the shares of two arms that completed
MIN_PEOPLE: Final = 10  # before a share is spoken of
QUIET: Final = timedelta(hours=6)
NAMES: Final = {
    "consent": "Consented",
    "eligibility": "Eligibility",
    "instructions": "Instructions",
    "practice-intro": "Practice",
    "quiz": "Quiz",
    "questionnaire": "Questionnaire",
    "debriefing": "Completed",
}
FLAGS: Final = ("focus_lost", "second_answer", "practice_failed", "quiz_failed", "place_lost")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """How many came as far as a part of the study.

    Attributes
    ----------
    name
        Of the part.
    reached
        Condition -> people; empty for those who have none yet.
    """

    name: str
    reached: dict[str, int]

    @property
    def n(self) -> int:
        """Return how many came so far, in all conditions."""
        return sum(self.reached.values())


@dataclass(frozen=True, kw_only=True)
class Times:
    """How long those of one condition took.

    Attributes
    ----------
    condition
        Of the study.
    n
        People who completed.
    minutes
        Median from consent to the end; None where nobody completed.
    answer_s
        Median of an answer to a test trial by the server's clock, in seconds; None without answers.
    """

    condition: str
    n: int
    minutes: float | None
    answer_s: float | None


def read_funnel(study: Manifest) -> list[Stage]:
    """Count people by how far they came; those who withdrew are not among them.

    Parameters
    ----------
    study
        The bundle's manifest.

    Returns
    -------
    list[Stage]
        From the consent to the end.
    """
    stages = _stages(study)
    columns = (
        Participation.step,
        Participation.status,
        Participation.screened_out_at,
        Participation.condition,
    )
    query = select(*columns, func.count()).where(Participation.is_simulated.is_(False))
    reached: list[Counter[str]] = [Counter() for _ in stages]
    for key, status, screening, condition, n in db.session.execute(query.group_by(*columns)):
        if status == "screened_out":
            last = _last_before(stages, screening)
        else:
            here = rank(study, parse_step(key))
            last = max(number for number, step in enumerate(stages) if rank(study, step) <= here)
        for counts in reached[: last + 1]:
            counts[condition or ""] += n
    return [
        Stage(name=_name(step), reached=dict(counts))
        for step, counts in zip(stages, reached, strict=True)
    ]


def read_times(study: Manifest) -> list[Times]:
    """Return how long people took, by condition.

    Parameters
    ----------
    study
        The bundle's manifest.

    Returns
    -------
    list[Times]
        In the order of the study's conditions.
    """
    minutes: dict[str, list[float]] = defaultdict(list)
    ended = select(
        Participation.condition, Participation.consented_at, Participation.finished_at
    ).where(Participation.is_simulated.is_(False), Participation.status == "completed")
    for condition, begun, finished in db.session.execute(ended):
        if condition is not None and finished is not None:
            minutes[condition].append((finished - begun) / timedelta(minutes=1))
    answers = (
        select(Participation.condition, Response.server_rt_ms.label("value"))
        .join(Participation, Participation.id == Response.participation_id)
        .where(Participation.is_simulated.is_(False), Participation.condition.is_not(None))
        .where(Response.session > 0)
    )
    answer_ms = _medians(answers)
    return [
        Times(
            condition=name,
            n=len(minutes[name]),
            minutes=_median(minutes[name]),
            answer_s=answer_ms[name] / 1000 if name in answer_ms else None,
        )
        for name in study.conditions
    ]


def count_flags() -> dict[str, int]:
    """Count people by what was noticed about them.

    Returns
    -------
    dict[str, int]
        Reason of an exclusion or name of an event -> people, the most frequent first.
    """
    flags: Counter[str] = Counter()
    verdicts = (
        select(Decision.participation_id, Decision.reasons, Participation.verdict)
        .join(Participation, Participation.id == Decision.participation_id)
        .where(Participation.is_simulated.is_(False), Decision.verdict == Participation.verdict)
        .order_by(Decision.id)
    )
    last = {
        number: [f"{VERDICT_COUNTS[verdict]}: {reason}" for reason in reasons.split()]
        for number, reasons, verdict in db.session.execute(verdicts)
        if verdict in ("exclude", "reject")
    }
    flags.update(flag for each in last.values() for flag in each)
    events = (
        select(Event.name, func.count(func.distinct(Event.participation_id)))
        .join(Participation, Participation.id == Event.participation_id)
        .where(Participation.is_simulated.is_(False), Event.name.in_(FLAGS))
        .group_by(Event.name)
    )
    flags.update(dict(db.session.execute(events).all()))
    return dict(flags.most_common())


def warnings_of(study: Manifest, *, now: datetime | None = None) -> list[str]:
    """Return what a researcher should look at now.

    Parameters
    ----------
    study
        The bundle's manifest.
    now
        By the server's clock; None takes it.

    Returns
    -------
    list[str]
        One sentence each; empty where all is well.
    """
    moment = now or datetime.now(UTC)
    return [
        *_near_quota(study),
        *_failed_items(),
        *_silence(moment),
        *_arms_apart(count_arms(study, now=moment)),
    ]


def _stages(study: Manifest) -> list[Step]:
    """Return the first step of each part of the study."""
    way = plain_way(study)
    return [step for step in way if step.kind in NAMES or step.kind == "session-intro"]


def _name(step: Step) -> str:
    if step.kind == "session-intro":
        return f"Session {step.session}"
    after = f" after session {step.session}" if step.session and not step.is_end else ""
    return f"{NAMES[step.kind]}{after}"


def _last_before(stages: list[Step], screening: str | None) -> int:
    """Return the number of the last part that somebody reached who was screened out."""
    kinds: list[str] = [step.kind for step in stages]
    if screening == "quota":
        return kinds.index("session-intro") - 1
    return kinds.index("practice-intro" if screening == "practice" else screening or "consent")


def _median(values: list[float]) -> float | None:
    return median(values) if values else None


def _medians(values: Select[str | None, float]) -> dict[str, float]:
    """Return condition -> median of its values, which the database sorts: there may be many."""
    each = values.subquery()
    counts = select(each.c.condition, func.count()).group_by(each.c.condition)
    medians: dict[str, float] = {}
    for condition, n in db.session.execute(counts).all():
        mine = select(each.c.value).where(each.c.condition == condition).order_by(each.c.value)
        middle = mine.offset((n - 1) // 2).limit(2 - n % 2)  # one, or the two next to the middle
        medians[condition] = mean(db.session.scalars(middle).all())
    return medians


def _near_quota(study: Manifest) -> Iterable[str]:
    stored = db.session.scalars(select(Study.quota)).one()
    quota = study.recruitment.quota if stored is None else stored
    if quota is None:
        return
    query = select(Slot.condition, func.count()).where(
        Slot.is_simulated.is_(False), Slot.participation_id.is_not(None)
    )
    taken = dict(db.session.execute(query.group_by(Slot.condition)).all())
    for name in study.conditions:
        if taken.get(name, 0) >= QUOTA_NEAR * quota:
            yield f"{name}: {taken[name]} of {quota} places are taken."


def _failed_items() -> Iterable[str]:
    first = (
        select(Response.item, func.count(), func.sum(1 - Response.is_correct.cast(db.Integer)))
        .join(Participation, Participation.id == Response.participation_id)
        .where(Participation.is_simulated.is_(False))
        .where(Response.phase == "quiz", Response.attempt == 1)
    )
    for item, n, n_wrong in db.session.execute(first.group_by(Response.item)):
        if n >= MIN_PEOPLE and n_wrong >= ITEM_FAILED * n:
            yield f"Quiz item {item}: {n_wrong} of {n} were wrong at first. Is it clear?"


def _silence(now: datetime) -> Iterable[str]:
    if db.session.scalars(select(Study.state)).one() != "open":
        return
    query = select(func.max(Participation.consented_at)).filter_by(is_simulated=False)
    last = db.session.scalar(query)
    if last is not None and now - last > QUIET:
        yield f"Nobody has come since {last:%Y-%m-%d %H:%M} UTC."


def _arms_apart(arms: Iterable[Arm]) -> Iterable[str]:
    """Compare who stayed among those whose end is known: they completed, left, or withdrew."""
    shares = {}
    for arm in arms:
        n_ended = arm.completed + arm.lapsed + arm.screened_out + arm.withdrawn
        if arm.condition and not arm.is_simulated and n_ended >= MIN_PEOPLE:
            shares[arm.condition] = arm.completed / n_ended
    if not shares:
        return
    low, high = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    if shares[high] - shares[low] > ARMS_APART:
        yield (
            f"{shares[low]:.0%} of those in {low} stayed to the end, and {shares[high]:.0%} in "
            f"{high}: arms that differ in who stays cannot be compared as if they did not."
        )
