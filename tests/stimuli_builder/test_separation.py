"""What numbers tell of classes, beside what they tell of shuffled ones."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from stimuli_builder.separation import SHRINKAGE, can_be_told, told_by_chance, told_pairs

N = 24
LABELS = np.repeat(["husky", "wolf"], N // 2)


def rng(seed=0):
    return np.random.default_rng(seed)


def chance_of(features, labels=LABELS, seed=0):
    return told_by_chance(features, labels, generator=rng(seed), n_shuffles=100)


def test_one_number_has_its_area_under_the_curve():
    features = rng().normal(size=(N, 1)) + (LABELS == "wolf")[:, None]
    expected = roc_auc_score(LABELS == "wolf", features[:, 0])
    assert told_pairs(features, LABELS) == pytest.approx(expected)


@pytest.mark.parametrize("n_numbers", [2, 3])
def test_several_numbers_are_told_as_by_scikit_learn(n_numbers):
    features = rng(n_numbers).normal(size=(N, n_numbers)) + 0.5 * (LABELS == "wolf")[:, None]
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    line = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE).fit(scaled, LABELS)
    expected = roc_auc_score(LABELS == "wolf", line.decision_function(scaled))
    assert told_pairs(features, LABELS) == pytest.approx(expected)


def test_units_do_not_matter():
    features = rng().normal(size=(N, 3))
    assert told_pairs(features * [1e-3, 1, 1e3] + 5, LABELS) == told_pairs(features, LABELS)


def test_numbers_that_are_all_the_same_tell_half():
    assert told_pairs(np.ones((N, 2)), LABELS) == 0.5


def test_what_leaving_one_out_calls_never_right_is_near_chance():
    """Both classes alike: of the others, the nearer mean is then always the other class's."""
    features = np.tile([-1.0, 1.0], N // 2)[:, None]
    guessed = cross_val_predict(LogisticRegression(), features, LABELS, cv=LeaveOneOut())
    assert np.mean(guessed == LABELS) == 0
    share = told_pairs(features, LABELS)
    _, low, high = chance_of(features)
    assert share == 0.5 and low <= share <= high


@pytest.mark.parametrize("n_numbers", [1, 2, 3])
def test_numbers_that_tell_nothing_come_out_near_chance(n_numbers):
    generator = rng(n_numbers)
    off, n_above, n_sets = [], 0, 100
    for _ in range(n_sets):
        features = generator.normal(size=(N, n_numbers))
        chance, low, high = chance_of(features, seed=int(generator.integers(2**32)))
        share = told_pairs(features, LABELS)
        off.append(share - chance)
        n_above += share > high
        assert share > 0.4 and low <= chance <= high
    assert np.mean(off) == pytest.approx(0, abs=0.03)  # a standard error is 0.009
    assert n_above <= 10  # of 2.5 expected


def test_a_lead_is_above_what_is_shuffled():
    generator = rng()
    n_above = 0
    for _ in range(30):
        features = generator.normal(size=(N, 2)) + 1.5 * (LABELS == "wolf")[:, None]
        n_above += told_pairs(features, LABELS) > chance_of(features)[2]
    assert n_above >= 25


def test_same_generator_same_range():
    features = rng().normal(size=(N, 2))
    assert chance_of(features) == chance_of(features)


def test_three_classes_are_told_pair_by_pair():
    labels = np.repeat(["a", "b", "c"], 6)
    features = np.repeat([0.0, 1.0, 2.0], 6)[:, None] + 0.1 * rng().normal(size=(18, 1))
    assert told_pairs(features, labels) == 1


def test_classes_of_two_images_are_told_by_any_line():
    assert not can_be_told(np.array(["a", "a", "a", "b", "b"]))
    assert can_be_told(np.repeat(["a", "b"], 3))
