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


def test_too_few_images_are_counted():
    message = (
        r"images predicted 'husky' with the tie kept must be at least 11 more .*; got 4 of the 15"
    )
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


def both_pool(n=40):
    """Images of every class, tie and result."""
    return [
        Candidate(file=f"{name}-{label}-{tie}-{index}", prediction=name, label=label, tie=tie)
        for name, label, tie in product(CLASSES, CLASSES, ("kept", "broken"))
        for index in range(n)
    ]


def shown_of(candidates, phases, n_sessions=3, n_lists=6, seed=0):
    """Per list, session and phase: the images."""
    rng = np.random.default_rng(seed)
    drawn = draw_supersets(candidates, CLASSES, phases, n_sessions=n_sessions, generator=rng)
    found = []
    for number in range(n_lists):
        turns = [superset_of(session, number, n_sessions) for session in range(n_sessions)]
        found.append(
            [
                [
                    choose_for_list(
                        drawn[superset][place],
                        CLASSES,
                        phase.n_images,
                        turn=turn + place,
                        generator=rng,
                    )
                    for place, phase in enumerate(phases)
                ]
                for superset, turn in turns
            ]
        )
    return found


def is_broken(image):
    return image.tie == "broken"


def is_wrong(image):
    return image.prediction != image.label


def check_share(found, place, share, is_it):
    """Every phase and every list are within one image; all lists within one a list."""
    counts = np.array([[sum(map(is_it, each[place])) for each in sessions] for sessions in found])
    n = len(found[0][0][place])
    assert np.abs(counts - share * n).max() < 1
    assert np.abs(counts.sum(axis=1) - share * n * counts.shape[1]).max() < 1
    assert abs(counts.sum() - share * n * counts.size) <= 0.4 * len(found) + 1e-9


@pytest.mark.parametrize("n", [1, 3, 4, 5, 7, 8])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0])
def test_ties_are_broken_as_nearly_as_whole_images_allow(n, share):
    phases = [PhaseDesign(n_images=n, tie_broken_share=share) for _ in range(2)]
    found = shown_of(pool(n=60), phases)
    for place in range(2):
        check_share(found, place, share, is_broken)


def test_half_of_the_training_breaks_the_tie_where_that_is_asked_for():
    phases = [PhaseDesign(n_images=5, tie_broken_share=0.5), TEST]
    counts = np.array(
        [
            [sum(map(is_broken, each[0])) for each in sessions]
            for sessions in shown_of(pool(), phases)
        ]
    )
    assert set(counts.flat) == {2, 3} and counts.mean() == 0.5 * 5
    assert set(counts.sum(axis=1)) == {7, 8}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.6])
def test_ties_are_broken_alike_in_every_class(share):
    """So the tie tells no more of the prediction than the share does."""
    phases = [PhaseDesign(n_images=n, tie_broken_share=share) for n in (5, 7)]
    found = shown_of(pool(n=60), phases)
    for place, name in product(range(2), CLASSES):
        for sessions in found:
            of_class = [
                [image for image in each[place] if image.prediction == name] for each in sessions
            ]
            for images in of_class:
                assert abs(sum(map(is_broken, images)) - share * len(images)) <= 1
            n, broken = sum(map(len, of_class)), sum(sum(map(is_broken, i)) for i in of_class)
            assert abs(broken - share * n) <= 1


@pytest.mark.parametrize("tie_share", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("error_share", [0.0, 0.15, 0.2, 0.3, 0.5])
def test_errors_come_in_their_share_beside_ties(tie_share, error_share):
    phases = [
        PhaseDesign(n_images=n, tie_broken_share=tie_share, error_share=error_share) for n in (5, 7)
    ]
    found = shown_of(both_pool(), phases)
    for place in range(2):
        check_share(found, place, tie_share, is_broken)
        check_share(found, place, error_share, is_wrong)


def test_errors_are_shared_out_alike_over_ties():
    phases = [PhaseDesign(n_images=8, tie_broken_share=0.5, error_share=0.25)]
    for sessions in shown_of(both_pool(), phases):
        for (images,) in sessions:
            kinds = Counter((image.tie, is_wrong(image)) for image in images)
            assert kinds["kept", True] == kinds["broken", True] == 1


def test_few_errors_are_taken_from_the_ties_that_have_them():
    """Foxes: 18 errors among 120 images, another number in each class and tie."""
    there = {
        ("husky", "kept", "wolf"): 3,
        ("husky", "broken", "wolf"): 4,
        ("wolf", "kept", "husky"): 5,
        ("wolf", "broken", "husky"): 6,
    }
    candidates = [
        Candidate(file=f"{key}-{index}", prediction=key[0], label=key[2], tie=key[1])
        for key, n in there.items()
        for index in range(n)
    ]
    phases = [replace(TRAINING, error_share=0.2), replace(TEST, error_share=0.3)]
    found = shown_of([*pool(n=25), *candidates], phases)
    for place, share in enumerate((0.2, 0.3)):
        check_share(found, place, share, is_wrong)


def test_too_few_errors_of_a_tie_are_counted():
    phases = [replace(TRAINING, error_share=0.2), replace(TEST, error_share=0.2)]
    message = r"images predicted 'husky' wrongly with the tie \w+ must be at least \d more"
    with pytest.raises(SelectionError, match=message):
        shown_of(pool(), phases)


def test_images_are_chosen_for_three_classes():
    names = ("husky", "wolf", "fox")
    candidates = [
        Candidate(file=f"{name}-{tie}-{index}", prediction=name, label=name, tie=tie)
        for name, tie in product(names, ("kept", "broken"))
        for index in range(40)
    ]
    rng = np.random.default_rng(0)
    phase = PhaseDesign(n_images=7, tie_broken_share=0.5)
    (sets,) = zip(
        *draw_supersets(candidates, names, [phase], n_sessions=3, generator=rng), strict=True
    )
    for superset, turn in product(sets, range(3)):
        shown = choose_for_list(superset, names, 7, turn=turn, generator=rng)
        counts = Counter(image.prediction for image in shown)
        assert sorted(counts.values()) == [2, 2, 3]
        assert sum(map(is_broken, shown)) in (3, 4)
