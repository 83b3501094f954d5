"""How often intervals cover and tests err, over studies drawn from a mixed logit.

Every default is tried at its worst: 8 and 40 participants an arm, accuracies from .5 to .97,
standard deviations of participants and of items from 0 to 1 (log odds), items drawn anew for each
study. What an interval of Utility or of an accuracy should hold is the value on the items of its
own study, which all arms share; what a test of the recursivity study should hold is the value over
all items. At 1000 studies, a rate of .05 has a standard error of .007, at 20,000 of .0015.
"""

import itertools
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from analysis.errors import AnalysisWarning
from analysis.intervals import difference_interval, mean_interval, ratio_interval
from analysis.levels import between_levels
from analysis.regression.averaging import averaged_share, log_odds_of_share
from analysis.two_arms import arm_of
from tests.analysis import drawn_at_once as drawn

pytestmark = pytest.mark.slow

N_ITEMS, N_STUDIES = 21, 1000
N_MANY, CHUNK = 20_000, 500  # studies drawn at once
LEAST_COVERAGE, MOST_ERRORS = 0.93, 0.06
NOISE = 2 * (0.05 * 0.95 / N_STUDIES) ** 0.5  # of a rate measured over so many studies
SPREADS = ((0.0, 0.0), (0.45, 0.5), (1.0, 1.0))
CELLS = [
    pytest.param(shares, sizes, spread, id=f"{shares}-{sizes}-{spread}")
    for shares, sizes, spread in itertools.product(
        ((0.5, 0.5), (0.75, 0.9), (0.6, 0.97), (0.97, 0.97)),
        ((8, 8), (8, 40), (40, 8), (40, 40)),
        SPREADS,
    )
]


@pytest.fixture(autouse=True)
def _unheard():
    """Small and separated arms are drawn on purpose; each study warns of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        yield


def said(text):
    """Show a rate to whoever runs this with -s."""
    sys.stdout.write(f"RATES {text}\n")


def draw_arm(share, n, items, participant_sd, rng):
    """Answers (n, items) of an arm and its accuracy on these items."""
    log_odds = log_odds_of_share(share, participant_sd**2 + items.var()) + items
    truth = float(averaged_share(log_odds, participant_sd**2).mean())
    p = special.expit(log_odds + participant_sd * rng.standard_normal((n, 1)))
    return rng.random(p.shape) < p, truth


def draw_items(sd, rng):
    items = rng.standard_normal(N_ITEMS) * sd
    return items - items.mean()


@pytest.mark.parametrize(("shares", "sizes", "spread"), CELLS)
def test_intervals_of_accuracy_difference_and_utility_cover(shares, sizes, spread):
    rng = np.random.default_rng(0)
    covered = np.zeros(3)
    for _ in range(N_STUDIES):
        items = draw_items(spread[1], rng)
        (x, a), (y, b) = (
            draw_arm(share, n, items, spread[0], rng)
            for share, n in zip(shares, sizes, strict=True)
        )
        x, y = arm_of(x, "craft"), arm_of(y, "baseline")
        found = [
            (mean_interval(x), a),
            (difference_interval(x, y), a - b),
            (ratio_interval(x, y), a / b),
        ]
        covered += [e.ci_low - 1e-12 <= truth <= e.ci_high + 1e-12 for e, truth in found]
    rates = covered / N_STUDIES
    said(f"coverage {shares} {sizes} {spread}: mean, difference, Utility {rates.round(3)}")
    assert (rates >= LEAST_COVERAGE - NOISE).all()


@pytest.mark.parametrize(
    ("share", "sizes", "spread"),
    list(itertools.product((0.5, 0.75, 0.97), ((8, 8), (8, 40), (40, 40)), SPREADS)),
)
def test_default_test_between_conditions_errs_in_at_most_six_of_a_hundred(share, sizes, spread):
    rng, errors = np.random.default_rng(1), 0
    for _ in range(N_MANY // CHUNK):
        items = drawn.draw_items(CHUNK, N_ITEMS, spread[1], rng)
        x, y = (drawn.draw_arms(share, n, items, spread[0], rng)[0] for n in sizes)
        errors += drawn.are_different(x, y).sum()
    said(f"errors {share} {sizes} {spread}: {errors / N_MANY:.4f}")
    assert errors / N_MANY <= MOST_ERRORS


@pytest.mark.parametrize(("sizes", "spread"), list(itertools.product(((8, 8), (40, 40)), SPREADS)))
@pytest.mark.parametrize("share", [0.5, 0.75])
def test_equivalence_and_harm_err_in_at_most_six_of_a_hundred(share, sizes, spread):
    rng, wrong = np.random.default_rng(2), np.zeros(2)
    for _ in range(N_MANY // CHUNK):
        items = drawn.draw_items(CHUNK, N_ITEMS, spread[1], rng)
        y, b = drawn.draw_arms(share, sizes[1], items, spread[0], rng)
        at_margin, a = drawn.draw_arms(0.9 * share, sizes[0], items, spread[0], rng)
        at_one, _ = drawn.draw_arms(share, sizes[0], items, spread[0], rng)
        wrong[0] += drawn.are_equivalent(at_margin, y, 1 - a / b).sum()
        wrong[1] += drawn.are_harmful(at_one, y).sum()
    rates = wrong / N_MANY
    said(f"equivalence, harm {share} {sizes} {spread}: {rates.round(4)}")
    assert (rates <= MOST_ERRORS).all()


@pytest.mark.parametrize("sizes", [(8, 8), (8, 40), (40, 8), (40, 40)])
@pytest.mark.parametrize("spread", [(0.45, 0.5), (1.0, 0.0), (1.0, 1.0)])
@pytest.mark.parametrize("share", [0.9, 0.95, 0.97])
def test_equivalence_near_the_ceiling_errs_in_at_most_six_of_a_hundred(share, sizes, spread):
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(N_MANY // CHUNK):
        items = drawn.draw_items(CHUNK, N_ITEMS, spread[1], rng)
        y, b = drawn.draw_arms(share, sizes[1], items, spread[0], rng)
        at_margin, a = drawn.draw_arms(0.9 * share, sizes[0], items, spread[0], rng)
        wrong += drawn.are_equivalent(at_margin, y, 1 - a / b).sum()
    said(f"equivalence {share} {sizes} {spread}: {wrong / N_MANY:.4f}")
    assert wrong / N_MANY <= MOST_ERRORS


def draw_recursivity(n, n_items, spread, rng, *, log_odds=(0.8, 0.8), slope_sd=0.3):
    """Answers to two kinds of items, 15 pictures each, participants differing in both."""
    kinds = np.repeat([False, True], n_items)
    person = spread[0] * rng.standard_normal((n, 1))
    slope = slope_sd * rng.standard_normal((n, 1)) * (kinds - 0.5)
    items = spread[1] * rng.standard_normal(2 * n_items)
    p = special.expit(np.where(kinds, log_odds[1], log_odds[0]) + person + slope + items)
    return pd.DataFrame({
        "participant": np.repeat(np.arange(n), 2 * n_items),
        "item": np.tile(np.arange(2 * n_items), n), "treated": np.tile(kinds, n),
        "right": (rng.random(p.shape) < p).ravel().astype(float),
    })  # fmt: skip


@pytest.mark.parametrize("n", [8, 36])
@pytest.mark.parametrize("spread", [(0.0, 0.0), (0.45, 0.5), (1.0, 1.0)])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_share_against_chance_errs_in_at_most_six_of_a_hundred(n, spread, share):
    rng, errors = np.random.default_rng(3), 0
    center = log_odds_of_share(share, spread[0] ** 2 + spread[1] ** 2)
    for _ in range(N_MANY // CHUNK):
        items = spread[1] * rng.standard_normal((CHUNK, 1, 15))
        persons = spread[0] * rng.standard_normal((CHUNK, n, 1))
        p = special.expit(center + persons + items)
        errors += drawn.differ_from_chance(rng.random(p.shape) < p, share).sum()
    said(f"chance {share} {n} {spread}: {errors / N_MANY:.4f}")
    assert errors / N_MANY <= MOST_ERRORS


@pytest.mark.parametrize("spread", [(0.45, 0.0), (0.45, 0.5), (1.0, 1.0)])
def test_default_of_recursivity_errs_less_than_the_paired_t_test(spread):
    rng = np.random.default_rng(4)
    n_studies, errors = 400, {"mixed_logit": 0, "paired_t": 0, "naive_binomial": 0}
    for _ in range(n_studies):
        found = between_levels(draw_recursivity(36, 15, spread, rng), test="t")
        for finding in found:
            if finding.method in errors:
                errors[finding.method] += finding.p < 0.05
    rates = {name: count / n_studies for name, count in errors.items()}
    said(f"recursivity {spread}: {rates}")
    assert rates["mixed_logit"] <= MOST_ERRORS + 2 * (0.05 * 0.95 / n_studies) ** 0.5
    if spread[1] > 0:
        assert rates["paired_t"] > 0.15


def test_naive_test_errs_where_participants_differ_as_published_data_imply():
    """A pooled binomial logit at a standard deviation of .45 between participants."""
    rng, errors = np.random.default_rng(5), 0
    for _ in range(N_STUDIES):
        x, y = (draw_arm(0.75, 24, np.zeros(N_ITEMS), 0.45, rng)[0] for _ in range(2))
        table = np.array([[x.sum(), x.size - x.sum()], [y.sum(), y.size - y.sum()]])
        errors += stats.chi2_contingency(table, correction=False).pvalue < 0.05
    said(f"naive between conditions: {errors / N_STUDIES:.3f}")
    assert errors / N_STUDIES > 0.1
