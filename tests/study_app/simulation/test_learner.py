from dataclasses import astuple, replace

import numpy as np
import pytest

from study_app.simulation.learner import SPREAD, TYPICAL, Learner, central_bias, draw_traits
from study_app.simulation.sight import GRID, N_FEATURES, Sight

CHOICES = ("husky", "wolf")
CENTRE = np.s_[2:6, 2:6]


def sight(generator, answer=None, *, hides=None, level=0.0):
    """A picture whose patches tell the answer, but for those it hides."""
    patches = generator.normal(scale=0.15, size=(GRID, GRID, N_FEATURES))
    patches[..., 0] += 3
    telling = np.full((GRID, GRID), {None: 0.0, "husky": -1.5, "wolf": 1.5}[answer])
    if hides is not None:
        telling[hides] = 0
    patches[..., 1] += telling
    patches[..., 2] += level
    return Sight(
        identity=str(generator.integers(2**60)),
        patches=patches.reshape(-1, N_FEATURES),
        visibility=np.full(GRID**2, 0.9),
    )


def no_more(_generator, _answer):
    return []


def accuracy(generator, image, *, extras=no_more, n_learners=60):
    """Share of right answers of learners after 15 training pages, for 14 test images each."""
    right = []
    for _ in range(n_learners):
        learner = Learner(draw_traits(generator), generator)
        for page in range(15):
            answer = CHOICES[page % 2]
            learner.study([image(generator, answer), *extras(generator, answer)], answer)
        for trial in range(14):
            answer = CHOICES[trial % 2]
            right.append(CHOICES[learner.choose(image(generator, answer), CHOICES)] == answer)
    return np.mean(right)


def at_the_edge(generator, answer):
    return sight(generator, answer, hides=CENTRE)


def untold(generator, _answer):
    return sight(generator)


def test_learns_what_can_be_learnt(generator):
    assert accuracy(generator, sight, n_learners=20) > 0.85


def test_stays_at_chance_where_nothing_can_be_learnt(generator):
    assert accuracy(generator, untold) == pytest.approx(0.5, abs=0.05)  # 3 standard errors


def test_hardly_learns_what_is_away_from_the_centre(generator):
    assert accuracy(generator, at_the_edge) < 0.6


def test_learns_it_from_pictures_that_show_it_in_the_centre(generator):
    assert accuracy(generator, at_the_edge, extras=lambda *told: [sight(*told)] * 8) > 0.65


@pytest.mark.slow
def test_pictures_without_information_bring_no_gain():
    def dull(generator, _answer):
        return [sight(generator, level=9.0) for _ in range(6)]

    plain = accuracy(np.random.default_rng(1), at_the_edge, n_learners=300)
    with_noise = accuracy(np.random.default_rng(2), at_the_edge, extras=dull, n_learners=300)
    assert with_noise - plain < 3 * np.sqrt(2 * 0.25 / (300 * 14))


def test_pictures_of_the_wrong_answer_harm(generator):
    def wrong(generator, answer):
        return [sight(generator, CHOICES[answer == "husky"]) for _ in range(6)]

    assert accuracy(generator, at_the_edge, extras=wrong) < 0.4


def test_same_pictures_and_seed_bring_the_same_answers(generator):
    pictures = [sight(generator, CHOICES[i % 2]) for i in range(20)]
    answers = []
    for _ in range(2):
        learner = Learner(TYPICAL, np.random.default_rng(5))
        glances = [learner.study([each], CHOICES[i % 2]) for i, each in enumerate(pictures)]
        answers.append((glances, [learner.choose(each, CHOICES) for each in pictures]))
    assert answers[0] == answers[1]


def test_same_pixels_are_known_again(generator):
    first, second = sight(generator), sight(generator)
    learner = Learner(TYPICAL, generator)
    learner.study([first], "wolf")
    assert learner.knows(replace(second, identity=first.identity))
    assert not learner.knows(second)


def test_without_memory_no_patch_speaks_for_either_answer(generator):
    learner = Learner(TYPICAL, generator)
    evidence = learner.evidence(sight(generator), CHOICES)
    np.testing.assert_array_equal(evidence, np.full((GRID**2, 2), np.log(TYPICAL.doubt)))


def test_what_another_model_answered_says_nothing(generator):
    picture = sight(generator, "wolf")
    learner = Learner(TYPICAL, generator)
    learner.study([picture], "night")
    assert np.ptp(learner.evidence(picture, CHOICES)) == 0


def test_evidence_speaks_for_the_answer_seen_with_such_patches(generator):
    learner = Learner(replace(TYPICAL, glances=30.0), generator)
    learner.study([sight(generator, "wolf")], "wolf")
    evidence = learner.evidence(sight(generator, "wolf"), CHOICES)
    assert (evidence[:, 1] >= evidence[:, 0]).all()
    assert evidence[:, 1].max() > 0


def test_all_is_forgotten_at_a_probability_of_one(generator):
    learner = Learner(replace(TYPICAL, forgetting=1.0), generator)
    learner.study([sight(generator, "wolf")], "wolf")
    learner.study([], "husky")
    assert np.ptp(learner.evidence(sight(generator, "wolf"), CHOICES)) == 0


def test_lapses_alone_are_answers_by_chance(generator):
    learner = Learner(replace(TYPICAL, lapse=1.0, glances=40.0), generator)
    learner.study([sight(generator, "wolf")], "wolf")
    image = sight(generator, "wolf")
    share = np.mean([learner.choose(image, CHOICES) for _ in range(600)])
    assert share == pytest.approx(0.5, abs=0.07)


def test_pictures_are_left_unchanged(generator):
    picture = sight(generator, "wolf")
    patches = picture.patches.copy()
    learner = Learner(TYPICAL, generator)
    learner.study([picture], "wolf")
    learner.choose(picture, CHOICES)
    np.testing.assert_array_equal(picture.patches, patches)


def test_a_page_without_pictures_teaches_nothing(generator):
    assert Learner(TYPICAL, generator).study([], "wolf") == 0


def test_glances_fall_where_the_centre_and_the_light_draw_them(generator):
    dark = sight(generator)
    visibility = np.ones((GRID, GRID))
    visibility[:, :4] = 0.0
    patches = np.repeat(np.arange(GRID**2, dtype=float)[:, None], N_FEATURES, axis=1)
    learner = Learner(replace(TYPICAL, glances=400.0), generator)
    learner.study([replace(dark, patches=patches, visibility=visibility.ravel())], "wolf")
    columns = learner._patches[:, 0] % GRID
    assert columns.min() == 4
    assert np.median(columns) == 4


def test_central_bias_is_a_gaussian_of_the_width_given():
    bias = central_bias(0.2).reshape(GRID, GRID)
    np.testing.assert_allclose(bias, bias[::-1, ::-1])
    assert bias[0, 3] / bias[3, 3] == pytest.approx(np.exp(-(0.4375**2 - 0.0625**2) / 0.08))


def test_traits_vary_around_the_typical_ones():
    generator = np.random.default_rng(0)
    drawn = np.array([astuple(draw_traits(generator)) for _ in range(2000)])
    logs = np.log(drawn / np.array(astuple(TYPICAL)))
    np.testing.assert_allclose(logs.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(logs.std(axis=0), SPREAD, atol=0.02)
