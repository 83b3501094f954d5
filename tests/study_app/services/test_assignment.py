from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from study_app.extensions import db
from study_app.models import Event, Participation, Slot
from study_app.services.assignment import draw_block, give_place_back, regain_place, take_place
from study_app.services.participations import (
    Visitor,
    begin_participation,
    find_participation,
)
from study_app.services.transactions import writing
from study_app.steps import parse_step

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)


def draw(bundle, n, seed=0, is_simulated=False):
    blocks = (
        draw_block(bundle.manifest, number, seed=seed, is_simulated=is_simulated)
        for number in range(n)
    )
    return [pair for block in blocks for pair in block][:n]


def begin(bundle, number, *, is_simulated=False):
    """Begin a participation and return its key."""
    key = f"{number:024d}"
    begin_participation(bundle.manifest, key, Visitor(is_simulated=is_simulated))
    return key


def take(bundle, key, now=NOW):
    with writing():
        return take_place(bundle.manifest, find_participation(key, lock=True), now=now)


def with_quota(bundle, quota):
    recruitment = replace(bundle.manifest.recruitment, quota=quota)
    return replace(bundle, manifest=replace(bundle.manifest, recruitment=recruitment))


def test_every_block_holds_every_pair_once(bundle):
    pairs = draw(bundle, 40)
    assert all(len(set(pairs[i : i + 4])) == 4 for i in range(0, 40, 4))


def test_counts_of_pairs_differ_by_one_at_most(bundle):
    for n in range(4, 30):
        counts = Counter(draw(bundle, n)).values()
        assert max(counts) - min(counts) <= 1


def test_order_follows_the_seed_and_the_kind(bundle):
    assert draw(bundle, 40, seed=1) == draw(bundle, 40, seed=1)
    assert draw(bundle, 40, seed=1) != draw(bundle, 40, seed=2)
    assert draw(bundle, 40, is_simulated=True) != draw(bundle, 40)


def test_blocks_are_shuffled(bundle):
    pairs = draw(bundle, 400)
    assert len({tuple(pairs[i : i + 4]) for i in range(0, 400, 4)}) > 10


def test_conditions_come_in_turns_within_a_block(bundle):
    names = [condition for condition, _ in draw(bundle, 40)]
    assert all(set(names[i : i + 2]) == {"baseline", "craft"} for i in range(0, 40, 2))


def test_arrivals_at_once_stay_balanced(app, bundle):
    def arrive(number):
        with app.app_context():
            return take(bundle, begin(bundle, number, is_simulated=number % 2 == 0))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(arrive, range(48)))
    with app.app_context():
        rows = db.session.scalars(select(Participation)).all()
    assert sorted(row.assignment_number for row in rows if row.is_simulated) == list(range(24))
    counts = Counter((row.is_simulated, row.condition, row.list_name) for row in rows)
    assert set(counts.values()) == {6}


def test_quota_is_never_exceeded(app, bundle):
    few = with_quota(bundle, 3)

    def arrive(number):
        with app.app_context():
            return take(few, begin(few, number))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(arrive, range(20))) == 6
    with app.app_context():
        held = select(Slot.condition).where(Slot.participation_id.is_not(None))
        assert Counter(db.session.scalars(held)) == {"baseline": 3, "craft": 3}


@pytest.mark.parametrize(("quota", "number"), [(9, 0), (None, 3)])
def test_place_that_was_given_back_is_the_next_under_a_quota(context, bundle, quota, number):
    study = with_quota(bundle, quota)
    keys = [begin(study, arrival) for arrival in range(4)]
    for key in keys[:3]:
        take(study, key)
    with writing():
        give_place_back(find_participation(keys[0], lock=True))
    take(study, keys[3])
    last = find_participation(keys[3])
    place = db.session.scalars(select(Slot).filter_by(participation_id=last.id)).one()
    assert (last.assignment_number, place.number) == (number, number)
    assert (last.condition, last.list_name) == (place.condition, place.list_name)


def lapsed(bundle, is_full):
    """Take a place, let the lease lapse, and let somebody else arrive."""
    lease = timedelta(minutes=bundle.manifest.recruitment.lease_minutes)
    keys = [begin(bundle, number) for number in range(3 if is_full else 2)]
    for key in keys[:-1]:
        take(bundle, key)
    with writing():
        find_participation(keys[0], lock=True).step_at = NOW - 2 * lease
    with writing():
        for key in keys[1:]:
            find_participation(key, lock=True).step_at = NOW
    assert take(bundle, keys[-1])
    return keys


def test_lapsed_place_goes_to_the_next_and_is_logged(context, bundle):
    keys = lapsed(with_quota(bundle, 9), is_full=False)
    assert find_participation(keys[1]).assignment_number == 0
    assert "place_lost" in db.session.scalars(select(Event.name)).all()


def test_who_comes_back_regains_a_place_of_the_same_pair(context, bundle):
    keys = lapsed(with_quota(bundle, 9), is_full=False)
    row = find_participation(keys[0])
    before = (row.condition, row.list_name)
    with writing():
        row = find_participation(keys[0], lock=True)
        assert regain_place(bundle.manifest, row, parse_step(row.step), now=NOW)
    assert (row.condition, row.list_name) == before
    held = db.session.scalars(select(Slot).where(Slot.participation_id == row.id)).one()
    assert (held.condition, held.list_name) == before
    assert "place_regained" in db.session.scalars(select(Event.name)).all()


def test_who_comes_back_to_a_full_study_has_no_place(context, bundle):
    few = with_quota(bundle, 1)
    keys = lapsed(few, is_full=True)
    with writing():
        row = find_participation(keys[0], lock=True)
        assert not regain_place(few.manifest, row, parse_step(row.step), now=NOW)


@pytest.mark.parametrize("is_simulated", [False, True])
def test_order_seed_follows_the_participant(context, bundle, is_simulated):
    keys = [begin(bundle, number, is_simulated=is_simulated) for number in range(2)]
    for key in keys:
        take(bundle, key)
    seeds = [find_participation(key).order_seed for key in keys]
    assert len(set(seeds)) == 2
