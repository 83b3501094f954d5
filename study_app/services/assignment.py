"""Who gets which condition and trial list: permuted blocks of places, taken in order.

A place (`Slot`) stands for one participant whose answers can be analysed. A block holds every pair
of condition and list once, in an order that follows from the seed, the kind of participant and the
block's number; within it, conditions come in turns, so that their counts never differ by more than
one. Whoever begins the sessions takes the next place. Under a quota a place is free again when its
holder made no step for the lease's time, withdrew, or cannot be analysed, and the lowest free place
is the next. Without a quota no place is given twice: who is analysed then decides nothing about the
assignment of others.

All of this runs under a lock on the study's row, so that two arrivals never take the same place.
"""

import json
import random
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from stimuli_builder.bundle import Manifest
from study_app.extensions import db
from study_app.models import Participation, Slot, Study
from study_app.services.events import log_event
from study_app.steps import Step, parse_step
from study_app.trials import Draw

Pair = tuple[str, str]  # condition and list
MAX_ORDER_SEED = 2**31


def take_place(study: Manifest, participation: Participation, *, now: datetime) -> bool:
    """Give a participation the next place, and its condition, list and order with it.

    Parameters
    ----------
    study
        The bundle's manifest.
    participation
        Not assigned yet; locked by the caller.
    now
        By the server's clock.

    Returns
    -------
    bool
        False where every place is taken; nothing is changed then.
    """
    seed, quota = _lock_study(study)
    slot = _free_slot(study, participation, seed=seed, quota=quota, now=now)
    if slot is None:
        return False
    slot.participation_id = participation.id
    participation.assignment_number = slot.number
    participation.condition, participation.list_name = slot.condition, slot.list_name
    participation.order_seed = draw_order_seed(seed, participation)
    participation.assigned_at = now
    return True


def regain_place(
    study: Manifest, participation: Participation, step: Step, *, now: datetime
) -> bool:
    """Take a place of the same condition and list again, where the lease was over and it was lost.

    Parameters
    ----------
    study
        The bundle's manifest.
    participation
        Assigned; locked by the caller.
    step
        Where it is.
    now
        By the server's clock.

    Returns
    -------
    bool
        False where every such place is taken.
    """
    seed, quota = _lock_study(study)
    if db.session.scalar(select(Slot.id).filter_by(participation_id=participation.id)) is not None:
        return True
    pair = (participation.condition or "", participation.list_name or "")
    slot = _free_slot(study, participation, seed=seed, quota=quota, now=now, pair=pair)
    if slot is None:
        return False
    slot.participation_id = participation.id
    participation.assignment_number = slot.number
    log_event(participation, "place_regained", step, at=now)
    return True


def give_place_back(participation: Participation) -> None:
    """Free the place that a participation holds, if it holds one.

    Parameters
    ----------
    participation
        Locked by the caller.
    """
    held = select(Slot).filter_by(participation_id=participation.id).with_for_update()
    slot = db.session.scalar(held)
    if slot is not None:
        slot.participation_id = None


def draw_block(study: Manifest, block: int, *, seed: int, is_simulated: bool) -> list[Pair]:
    """Return the pairs of a block, in order: every condition in turn, every pair once.

    Parameters
    ----------
    study
        The bundle's manifest.
    block
        Its number, from 0.
    seed
        The study's.
    is_simulated
        Whether programs are assigned.

    Returns
    -------
    list[Pair]
        As many as there are pairs.
    """
    generator = random.Random(f"{seed}/{int(is_simulated)}/{block}")
    names = [each.name for each in study.lists]
    lists = {name: generator.sample(names, len(names)) for name in study.conditions}
    turns = [generator.sample(study.conditions, len(study.conditions)) for _ in names]
    return [(name, lists[name][number]) for number, turn in enumerate(turns) for name in turn]


def draw_order_seed(seed: int, participation: Participation) -> int:
    """Return the seed of a participant's own order of trials and options.

    Parameters
    ----------
    seed
        The study's.
    participation
        Stored.

    Returns
    -------
    int
        In [0, `MAX_ORDER_SEED`).
    """
    return random.Random(f"{seed}/order/{participation.name}").randrange(MAX_ORDER_SEED)


def detail_of(draw: Draw) -> str:
    """Write a draw into the event log, as `study_app.replay` reads it.

    Parameters
    ----------
    draw
        The participation's.

    Returns
    -------
    str
        A JSON array.
    """
    return json.dumps([draw.condition, draw.list_name, draw.order_seed])


def _lock_study(study: Manifest) -> tuple[int, int | None]:
    """Let one assignment happen at a time; return seed and quota."""
    row = db.session.scalars(
        select(Study).with_for_update().execution_options(populate_existing=True)
    ).one()
    return row.assignment_seed, study.recruitment.quota if row.quota is None else row.quota


def _free_slot(
    study: Manifest,
    participation: Participation,
    *,
    seed: int,
    quota: int | None,
    now: datetime,
    pair: Pair | None = None,
) -> Slot | None:
    """Return the lowest place that may be given, taken from who let it lapse if need be."""
    wanted = _wanted(participation.is_simulated, quota, pair)
    is_refilled = quota is not None or pair is not None
    if not is_refilled:
        wanted.append(Slot.number > _last_taken(participation.is_simulated))
    while True:
        free = db.session.scalar(
            select(Slot).where(*wanted, Slot.participation_id.is_(None)).order_by(Slot.number)
        )
        expiry = now - timedelta(minutes=study.recruitment.lease_minutes)
        lapsed = db.session.scalar(_lapsed(wanted, expiry)) if is_refilled else None
        if lapsed is not None and (free is None or lapsed.number < free.number):
            holder = db.session.scalars(_holder(lapsed)).one()
            log_event(holder, "place_lost", parse_step(holder.step), at=now)
            return lapsed
        if free is not None:
            return free
        if not _add_block(study, participation.is_simulated, seed=seed, quota=quota):
            return None


def _wanted(is_simulated: bool, quota: int | None, pair: Pair | None) -> list[ColumnElement[bool]]:
    wanted = [Slot.is_simulated == is_simulated]
    if quota is not None:
        wanted.append(Slot.condition_number < quota)
    if pair is not None:
        wanted += [Slot.condition == pair[0], Slot.list_name == pair[1]]
    return wanted


def _last_taken(is_simulated: bool) -> int:
    query = select(func.max(Participation.assignment_number)).filter_by(is_simulated=is_simulated)
    last = db.session.scalar(query)
    return -1 if last is None else last


def _lapsed(wanted: list[ColumnElement[bool]], expiry: datetime) -> Select[Slot]:
    """Select the lowest place whose holder made no step since the expiry, and makes none now."""
    return (
        select(Slot)
        .join(Participation, Participation.id == Slot.participation_id)
        .where(*wanted, Participation.status == "in_progress", Participation.step_at < expiry)
        .order_by(Slot.number)
        .limit(1)
        .with_for_update(of=Participation, skip_locked=True)
    )


def _holder(slot: Slot) -> Select[Participation]:
    query = select(Participation).filter_by(id=slot.participation_id)
    return query.execution_options(populate_existing=True)


def _add_block(study: Manifest, is_simulated: bool, *, seed: int, quota: int | None) -> bool:
    """Make the next block's places, or the last one's that are missing, up to the quota."""
    last = db.session.scalar(select(func.max(Slot.number)).filter_by(is_simulated=is_simulated))
    size = len(study.conditions) * len(study.lists)
    block = 0 if last is None else last // size  # the first release kept taken places alone
    made = _made_of(block, size, is_simulated)
    if len(made) == size:
        block, made = block + 1, {}
    if quota is not None and block * len(study.lists) >= quota:
        return False
    pairs = draw_block(study, block, seed=seed, is_simulated=is_simulated)
    missing = [pair for pair in pairs if pair not in made.values()]
    numbers = [n for n in range(block * size, (block + 1) * size) if n not in made]
    counts = _counts_by_condition(is_simulated)
    for number, (condition, list_name) in zip(numbers, missing, strict=True):
        slot = Slot(
            is_simulated=is_simulated,
            number=number,
            condition=condition,
            list_name=list_name,
            condition_number=counts[condition],
        )
        counts[condition] += 1
        db.session.add(slot)
    db.session.flush()
    return True


def _made_of(block: int, size: int, is_simulated: bool) -> dict[int, Pair]:
    """Return the places of a block that there are."""
    rows = db.session.scalars(
        select(Slot).where(
            Slot.is_simulated == is_simulated,
            Slot.number >= block * size,
            Slot.number < (block + 1) * size,
        )
    )
    return {row.number: (row.condition, row.list_name) for row in rows}


def _counts_by_condition(is_simulated: bool) -> Counter[str]:
    query = select(Slot.condition, func.count()).filter_by(is_simulated=is_simulated)
    rows = db.session.execute(query.group_by(Slot.condition))
    return Counter(dict(rows.all()))
