"""How many participations there are, by where they stand; people and programs apart."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from study_app.columns import STATUSES
from study_app.extensions import db
from study_app.models import Participation
from study_app.protocol import parse_step, rank


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


def count_participations() -> list[Count]:
    """Count participations by condition, status and step.

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
        in_session = step.session and step.kind != "debriefing"
        place = f"session {step.session}: {step.kind}" if in_session else step.kind
        ranks[place] = min(rank(step), ranks.get(place, rank(step)))
        totals[is_simulated, condition or "", status, place] += n
    ordered = sorted(
        totals.items(),
        key=lambda item: (*item[0][:2], STATUSES.index(item[0][2]), ranks[item[0][3]]),
    )
    return [
        Count(is_simulated=simulated, condition=condition, status=status, place=place, n=n)
        for (simulated, condition, status, place), n in ordered
    ]
