from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import select

from study_app.extensions import db
from study_app.models import Participation
from study_app.services.assignment import assign, draw_pair
from study_app.services.participations import begin_participation, find_participation
from study_app.services.transactions import writing


def draw(bundle, n, seed=0, is_simulated=False):
    return [draw_pair(bundle.manifest, i, seed=seed, is_simulated=is_simulated) for i in range(n)]


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


def test_arrivals_at_once_stay_balanced(app, bundle):
    def arrive(number):
        with app.app_context():
            key = f"{number:024d}"
            begin_participation(key, is_simulated=number % 2 == 0)
            with writing():
                assign(bundle, find_participation(key, lock=True))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(arrive, range(48)))
    with app.app_context():
        rows = db.session.scalars(select(Participation)).all()
    assert sorted(row.assignment_number for row in rows if row.is_simulated) == list(range(24))
    counts = Counter((row.is_simulated, row.condition, row.list_name) for row in rows)
    assert set(counts.values()) == {6}
