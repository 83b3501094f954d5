from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from stimuli_builder.errors import SelectionError
from stimuli_builder.orders import (
    Candidate,
    PhaseDesign,
    choose_for_list,
    counts_per_class,
    draw_supersets,
    place_catch,
    superset_of,
)

CLASSES = ("husky", "wolf")
TRAINING = PhaseDesign(n_images=5, tie_broken_share=0)
TEST = PhaseDesign(n_images=7, tie_broken_share=0.5)


def pool(n=40, ties=("kept", "broken")):
    return [
        Candidate(file=f"{name}-{tie}-{index}", prediction=name, label=name, tie=tie)
        for name, tie in product(CLASSES, ties)
        for index in range(n)
    ]


def supersets(candidates, seed=0, n_sessions=3):
    rng = np.random.default_rng(seed)
    return draw_supersets(
        candidates, CLASSES, [TRAINING, TEST], n_sessions=n_sessions, generator=rng
    )


def lists(seed=0):
    """Per list and session: the images of training and of test."""
    drawn = supersets(pool(), seed)
    rng = np.random.default_rng(seed)
    return [
        [
            [
                choose_for_list(superset[0], CLASSES, 5, turn=number + turn, generator=rng),
                choose_for_list(superset[1], CLASSES, 7, turn=number + turn + 1, generator=rng),
            ]
            for turn, superset in enumerate(drawn)
        ]
        for number in range(2)
    ]


def test_no_image_comes_twice():
    files = [image.file for session in supersets(pool()) for phase in session for image in phase]
    assert len(files) == len(set(files)) == 3 * (6 + 8)


def test_training_keeps_every_tie_and_test_breaks_half():
    for training, test in supersets(pool()):
        assert Counter((i.prediction, i.tie) for i in training) == {(c, "kept"): 3 for c in CLASSES}
        assert set(Counter((i.prediction, i.tie) for i in test).values()) == {2}


@pytest.mark.parametrize("seed", range(5))
def test_predictions_are_at_most_one_apart_in_every_phase(seed):
    for session in (session for sessions in lists(seed) for session in sessions):
        for phase, n in zip(session, (5, 7), strict=True):
            counts = Counter(image.prediction for image in phase)
            assert sum(counts.values()) == n and max(counts.values()) - min(counts.values()) == 1


def test_the_extra_one_is_counterbalanced_over_lists():
    first, second = lists()
    for one, other in zip(first, second, strict=True):
        for phase, mirrored in zip(one, other, strict=True):
            counts = [Counter(image.prediction for image in part) for part in (phase, mirrored)]
            assert counts[0]["husky"] == counts[1]["wolf"]


def test_test_phases_hold_three_or_four_broken_ties():
    broken = [
        Counter(image.tie for image in session[1])["broken"]
        for sessions in lists()
        for session in sessions
    ]
    assert set(broken) == {3, 4}


def test_unknown_ties_are_not_asked_for():
    training, test = supersets(pool(ties=("",)))[0]
    assert len(training) == 6 and len(test) == 8


def test_same_seed_same_images():
    assert supersets(pool(), seed=3) == supersets(pool(), seed=3)
    assert supersets(pool(), seed=3) != supersets(pool(), seed=4)


@pytest.mark.parametrize(("n", "k"), [(5, 2), (7, 2), (7, 3), (6, 3), (1, 2)])
def test_extra_ones_go_round(n, k):
    totals = np.sum([counts_per_class(n, k, turn) for turn in range(k)], axis=0)
    assert (totals == n).all()


def test_catch_is_neither_first_nor_last():
    rng = np.random.default_rng(0)
    places = {place_catch(7, generator=rng) for _ in range(200)}
    assert places == {1, 2, 3, 4, 5, 6}


def test_too_few_images_are_counted():
    message = r"images predicted 'husky' with the tie kept must be at least 1 more .*; got 1 for a"
    with pytest.raises(SelectionError, match=message):
        supersets(pool(n=4))


def errors_pool(n=40):
    return [
        Candidate(file=f"{name}-{label}-{index}", prediction=name, label=label, tie="")
        for name, label in product(CLASSES, CLASSES)
        for index in range(n)
    ]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.4, 0.5, 0.75, 1.0])
def test_errors_come_in_the_share_asked_for(share):
    phases = [PhaseDesign(n_images=n, tie_broken_share=0, error_share=share) for n in (5, 7)]
    rng = np.random.default_rng(0)
    drawn = draw_supersets(errors_pool(), CLASSES, phases, n_sessions=3, generator=rng)
    wrong = [0, 0]
    for number, session in product(range(6), range(3)):
        superset, turn = superset_of(session, number, 3)
        for place, phase in enumerate(phases):
            shown = choose_for_list(
                drawn[superset][place],
                CLASSES,
                phase.n_images,
                turn=turn + place,
                generator=rng,
                error_share=share,
            )
            assert len(shown) == phase.n_images
            wrong[place] += sum(image.prediction != image.label for image in shown)
    assert wrong[0] / (18 * 5) == pytest.approx(share, abs=0.08)
    assert wrong[1] / (18 * 7) == pytest.approx(share, abs=0.05)


def test_ties_of_some_images_alone_are_refused():
    candidates = [*pool(), *pool(n=1, ties=("",))]
    message = r"tie of every image .* or of none; got another for 2 of 162, such as husky--0."
    with pytest.raises(SelectionError, match=message):
        supersets(candidates)


def test_errors_of_one_phase_alone_are_refused():
    phases = [TRAINING, replace(TEST, error_share=0.25)]
    rng = np.random.default_rng(0)
    with pytest.raises(SelectionError, match=r"for every phase or for none; got \[None, 0.25\]"):
        draw_supersets(errors_pool(), CLASSES, phases, n_sessions=1, generator=rng)


def test_errors_are_refused_where_ties_are_known():
    phases = [replace(TRAINING, error_share=0.25), replace(TEST, error_share=0.25)]
    rng = np.random.default_rng(0)
    with pytest.raises(SelectionError, match=r"must not be given where images.csv names ties"):
        draw_supersets(pool(), CLASSES, phases, n_sessions=1, generator=rng)
