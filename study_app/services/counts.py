"""How many participations there are, by where they stand; people and programs apart."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from stimuli_builder.bundle import Manifest
from study_app.columns import STATUSES
from study_app.extensions import db
from study_app.models import Participation, Withdrawal
from study_app.protocol import rank
from study_app.steps import parse_step

VERDICT_COUNTS: Final = {"include": "included", "exclude": "excluded", "reject": "rejected"}


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many people, or programs, are at one place.

    Attributes
    ----------
    is_simulated
        Whether programs are counted.
    condition
        Empty before the assignment.
    status
        One of `study_app.columns.STATUSES`.
    place
        The step's kind, with its session.
    n
        Participations.
    """

    is_simulated: bool
    condition: str
    status: str
    place: str
    n: int


def count_participations(study: Manifest) -> list[Count]:
    """Count participations by condition, status and step.

    Parameters
    ----------
    study
        The bundle's manifest.

    Returns
    -------
    list[Count]
        People first, then by condition, status and order of the steps.
    """
    columns = (
        Participation.is_simulated,
        Participation.condition,
        Participation.status,
        Participation.step,
    )
    rows = db.session.execute(select(*columns, func.count()).group_by(*columns))
    totals: Counter[tuple[bool, str, str, str]] = Counter()
    ranks: dict[str, tuple[int, ...]] = {}
    for is_simulated, condition, status, key, n in rows:
        step = parse_step(key)
        in_session = step.session and not step.is_end
        place = f"session {step.session}: {step.kind}" if in_session else step.kind
        here = rank(study, step)
        ranks[place] = min(here, ranks.get(place, here))
        totals[is_simulated, condition or "", status, place] += n
    ordered = sorted(
        totals.items(),
        key=lambda item: (*item[0][:2], STATUSES.index(item[0][2]), ranks[item[0][3]]),
    )
    return [
        Count(is_simulated=simulated, condition=condition, status=status, place=place, n=n)
        for (simulated, condition, status, place), n in ordered
    ]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """How many of one condition came, and what became of them.

    Attributes
    ----------
    is_simulated
        Whether programs are counted.
    condition
        Empty for those who never got one.
    began
        All, the withdrawn included.
    in_progress, lapsed
        Not at an end; of these, without a step for the lease's time.
    screened_out, completed
        At an end.
    included, excluded, rejected
        Verdicts.
    withdrawn
        Deleted.
    """

    is_simulated: bool
    condition: str
    began: int
    in_progress: int
    lapsed: int
    screened_out: int
    completed: int
    included: int
    excluded: int
    rejected: int
    withdrawn: int


def count_arms(
    study: Manifest, *, now: datetime | None = None, without: Collection[int] = ()
) -> list[Arm]:
    """Count who came and who left, by condition: attrition.

    Parameters
    ----------
    study
        The bundle's manifest.
    now
        By the server's clock; None takes it.
    without
        Numbers of participations that are not counted.

    Returns
    -------
    list[Arm]
        People first; those without a condition, then the study's conditions.
    """
    expiry = (now or datetime.now(UTC)) - timedelta(minutes=study.recruitment.lease_minutes)
    is_late = Participation.step_at < expiry
    columns = (
        Participation.is_simulated,
        Participation.condition,
        Participation.status,
        Participation.verdict,
    )
    counts: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    query = select(*columns, is_late, func.count()).group_by(*columns, is_late)
    if without:
        query = query.where(Participation.id.not_in(without))
    rows = db.session.execute(query)
    for is_simulated, condition, status, verdict, late, n in rows:
        arm = counts[is_simulated, condition or ""]
        arm["began"] += n
        arm[status] += n
        arm[VERDICT_COUNTS.get(verdict or "", "undecided")] += n
        arm["lapsed"] += n if late and status == "in_progress" else 0
    left = select(Withdrawal.is_simulated, Withdrawal.condition, func.count())
    for is_simulated, condition, n in db.session.execute(
        left.group_by(Withdrawal.is_simulated, Withdrawal.condition)
    ):
        arm = counts[is_simulated, condition or ""]
        arm["began"] += n
        arm["withdrawn"] += n
    order = ["", *study.conditions]
    return [
        _arm(is_simulated, condition, counts[is_simulated, condition])
        for is_simulated in (False, True)
        for condition in order
        if any(key[0] == is_simulated for key in list(counts))
    ]


def _arm(is_simulated: bool, condition: str, counts: Counter[str]) -> Arm:
    names = [each.name for each in fields(Arm)][2:]
    numbers = {name: counts[name] for name in names}
    return Arm(is_simulated=is_simulated, condition=condition, **numbers)
