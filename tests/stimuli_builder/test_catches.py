"""Catch trials come in turn: every image and every place as often as any other."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from stimuli_builder.catches import catch_places, choose_catches
from stimuli_builder.orders import PhaseDesign
from tests.stimuli_builder.test_orders import TEST, pool, shown_of


def places(n_test=7, n_lists=6, n_sessions=3):
    rng = np.random.default_rng(0)
    return catch_places(n_test, n_lists=n_lists, n_sessions=n_sessions, generator=rng)


def test_catch_is_neither_first_nor_last():
    assert {place for sessions in places() for place in sessions} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("n_lists", [1, 4, 6, 12, 13, 30])
@pytest.mark.parametrize("n_test", [3, 7, 8])
def test_places_come_equally_often_in_every_session(n_lists, n_test):
    for session in zip(*places(n_test, n_lists), strict=True):
        counts = Counter(session)
        often = [counts[place] for place in range(1, n_test)]
        assert max(often) - min(often) <= 1


def test_a_list_has_another_place_in_every_session():
    assert all(len(set(sessions)) == 3 for sessions in places())


def test_one_test_trial_leaves_one_place():
    assert places(n_test=1) == [[1] * 3] * 6


@pytest.mark.parametrize(
    ("n_sessions", "n_images", "n_lists"),
    [
        *((3, *each) for each in product([1, 2, 3, 5, 8], [6, 12, 24, 30])),
        *[(5, 3, 20), (6, 3, 12), (6, 3, 24)],  # where taking turns is not enough
    ],
)
def test_every_training_image_is_repeated_as_often_as_any_other(n_sessions, n_images, n_lists):
    phases = [PhaseDesign(n_images=n_images, tie_broken_share=0), TEST]
    shown = shown_of(pool(), phases, n_sessions=n_sessions, n_lists=n_lists)
    trained = [[phase for phase, _ in sessions] for sessions in shown]
    chosen = choose_catches(trained)
    counts = Counter({image: 0 for sessions in trained for shown in sessions for image in shown})
    counts.update(image for sessions in chosen for image in sessions)
    assert max(counts.values()) - min(counts.values()) <= 1
    for sessions, caught in zip(trained, chosen, strict=True):
        assert all(image in shown for image, shown in zip(caught, sessions, strict=True))


def test_predictions_of_catch_trials_are_mixed_in_every_list():
    phases = [PhaseDesign(n_images=5, tie_broken_share=0), TEST]
    trained = [[phase for phase, _ in sessions] for sessions in shown_of(pool(), phases)]
    for caught in choose_catches(trained):
        assert len({image.prediction for image in caught}) == 2
