from collections import Counter

import pytest

from study_app.simulation.kinds import (
    ALL_KINDS,
    EFFECTS,
    GUESSER,
    KINDS,
    LEARNER,
    ROUND,
    arrival_order,
    kind_names,
)


def test_three_in_five_are_learners():
    assert Counter(kind.name for kind in ROUND) == {
        "learner": 6,
        "guesser": 2,
        "inattentive": 1,
        "leaver": 1,
    }


@pytest.mark.parametrize("run_length", [1, 4, 6])
def test_a_kind_arrives_in_runs_as_long_as_a_block(run_length):
    order = arrival_order(10 * run_length, run_length)
    for start in range(0, len(order), run_length):
        assert len(set(order[start : start + run_length])) == 1
    assert set(order) == set(KINDS)


def test_sixty_in_blocks_of_four():
    counts = Counter(kind.name for kind in arrival_order(60, run_length=4))
    assert counts == {"learner": 36, "guesser": 12, "inattentive": 8, "leaver": 4}


def test_names_come_once_and_in_order():
    assert kind_names([GUESSER, LEARNER, GUESSER]) == ["learner", "guesser"]


def test_kinds_that_are_named_come_in_turn():
    order = arrival_order(6, run_length=2, kinds=[GUESSER, EFFECTS[1]])
    assert [kind.name for kind in order] == ["guesser"] * 2 + ["effect-gain"] * 2 + ["guesser"] * 2


def test_every_kind_has_a_name_of_its_own():
    names = [kind.name for kind in ALL_KINDS]
    assert len(set(names)) == len(names) == 10
    assert kind_names(ALL_KINDS) == names
