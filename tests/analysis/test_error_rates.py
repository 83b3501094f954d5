"""How often intervals cover and tests err, over studies drawn from a mixed logit.

Every default is tried at its worst: 8 and 40 participants an arm, accuracies from .5 to .97,
standard deviations of participants and of items from 0 to 1 (log odds), items drawn anew for each
study. What an interval of Utility, of a gain, of an odds ratio or of an accuracy should hold is the
value on the items of its own study, which all arms share; what a test of the recursivity study
should hold is the value over all items. At 20,000 studies a rate of .05 has a standard error of
.0015; where a mixed logit is fitted there are fewer, and bounds have two standard errors more.
"""

import itertools
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from analysis.errors import AnalysisWarning
from analysis.groups import between_groups
from analysis.levels import between_levels
from analysis.regression.averaging import log_odds_of_share
from tests.analysis import drawn_at_once as drawn

pytestmark = pytest.mark.slow

N_ITEMS, N_STUDIES, CHUNK = 21, 20_000, 500  # CHUNK are drawn at once
N_FITTED = 400  # studies that a mixed logit is fitted to
LEAST_COVERAGE, MOST_ERRORS = 0.93, 0.06
NOISE = 2 * (MOST_ERRORS * (1 - MOST_ERRORS) / N_FITTED) ** 0.5
SPREADS = ((0.0, 0.0), (0.45, 0.5), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))
SIZES = ((8, 8), (8, 40), (40, 8), (40, 40))
PAIRS = ((0.5, 0.5), (0.75, 0.9), (0.6, 0.97), (0.97, 0.6), (0.97, 0.97))
SHARES = (0.5, 0.75, 0.9, 0.97)


@pytest.fixture(autouse=True)
def _unheard():
    """Small and separated arms are drawn on purpose; each study warns of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        yield


def said(text):
    """Show a rate to whoever runs this with -s."""
    sys.stdout.write(f"RATES {text}\n")


def drawn_studies(shares, sizes, spread, seed):
    """Answers and true accuracies of both arms, of `CHUNK` studies after the other."""
    rng = np.random.default_rng(seed)
    for _ in range(N_STUDIES // CHUNK):
        items = drawn.draw_items(CHUNK, N_ITEMS, spread[1], rng)
        yield [
            drawn.draw_arms(share, n, items, spread[0], rng)
            for share, n in zip(shares, sizes, strict=True)
        ]


def null_rate(decide, share, sizes, spread, seed):
    """How often a test decides against two arms that are alike."""
    drawn_arms = drawn_studies((share, share), sizes, spread, seed)
    return sum(decide(x, y).sum() for (x, _), (y, _) in drawn_arms) / N_STUDIES


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("shares", PAIRS)
def test_intervals_cover(shares, sizes, spread):
    covered = dict.fromkeys(["mean", "difference", "Utility", "gain", "odds ratio"], 0)
    for (x, a), (y, b) in drawn_studies(shares, sizes, spread, seed=0):
        found = {
            "mean": (drawn.mean_limits(x, tail=0.025), a),
            "difference": (drawn.difference_limits(x, y, tail=0.025), a - b),
            "Utility": (drawn.utility_limits(x, y, tail=0.025), a / b),
            "gain": (drawn.gain_limits(x, y, tail=0.025), 1 - (1 - a) / (1 - b)),
            "odds ratio": (
                drawn.odds_ratio_limits(x, y, tail=0.025), special.logit(a) - special.logit(b)
            ),
        }  # fmt: skip
        for name, ((low, high), truth) in found.items():
            covered[name] += ((low <= truth + 1e-12) & (truth - 1e-12 <= high)).sum()
    rates = {name: round(float(n) / N_STUDIES, 4) for name, n in covered.items()}
    said(f"coverage {shares} {sizes} {spread}: {rates}")
    assert min(rates.values()) >= LEAST_COVERAGE


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sizes", [(8, 8), (8, 40), (40, 40)])
@pytest.mark.parametrize("share", SHARES)
def test_default_test_between_conditions_errs_in_at_most_six_of_a_hundred(share, sizes, spread):
    rate = null_rate(drawn.are_different, share, sizes, spread, seed=1)
    said(f"errors {share} {sizes} {spread}: {rate:.4f}")
    assert rate <= MOST_ERRORS


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("share", [*SHARES, 0.95])
def test_harm_errs_in_at_most_six_of_a_hundred(share, sizes, spread):
    rate = null_rate(drawn.are_harmful, share, sizes, spread, seed=2)
    said(f"harm {share} {sizes} {spread}: {rate:.4f}")
    assert rate <= MOST_ERRORS


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("share", [*SHARES, 0.95])
def test_equivalence_errs_in_at_most_six_of_a_hundred(share, sizes, spread):
    wrong = 0
    for (x, a), (y, b) in drawn_studies((0.9 * share, share), sizes, spread, seed=3):
        wrong += drawn.are_equivalent(x, y, 1 - a / b).sum()
    said(f"equivalence {share} {sizes} {spread}: {wrong / N_STUDIES:.4f}")
    assert wrong / N_STUDIES <= MOST_ERRORS


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


@pytest.mark.parametrize("n", [8, 40])
@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("share", [0.2, *SHARES])
def test_share_against_chance_errs_in_at_most_six_of_a_hundred(n, spread, share):
    rng, errors = np.random.default_rng(3), 0
    center = log_odds_of_share(share, spread[0] ** 2 + spread[1] ** 2)
    for _ in range(N_STUDIES // CHUNK):
        items = spread[1] * rng.standard_normal((CHUNK, 1, 15))
        persons = spread[0] * rng.standard_normal((CHUNK, n, 1))
        p = special.expit(center + persons + items)
        errors += drawn.differ_from_chance(rng.random(p.shape) < p, share).sum()
    said(f"chance {share} {n} {spread}: {errors / N_STUDIES:.4f}")
    assert errors / N_STUDIES <= MOST_ERRORS


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize(("n", "share"), [(8, 0.7), (40, 0.7), (40, 0.95)])
def test_default_between_kinds_errs_in_at_most_six_of_a_hundred(n, share, spread):
    rng, log_odds = np.random.default_rng(4), [special.logit(share)] * 2
    errors, missing = 0, 0
    for _ in range(N_FITTED):
        answers = draw_recursivity(n, 15, spread, rng, log_odds=log_odds)
        p = between_levels(answers, test="t", has_alternatives=False)[0].p
        errors, missing = errors + (p < 0.05), missing + np.isnan(p)
    said(f"kinds {share} {n} {spread}: {errors / N_FITTED:.4f}, not fitted {missing}")
    assert errors / N_FITTED <= MOST_ERRORS + NOISE
    assert missing / N_FITTED < 0.1


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("sizes", [(8, 8), (8, 40), (40, 40)])
def test_groups_differ_by_chance_in_at_most_six_of_a_hundred(sizes, spread):
    rng, errors = np.random.default_rng(5), np.zeros(2)
    for _ in range(N_FITTED):
        answers = draw_recursivity(sum(sizes), 15, spread, rng)
        groups = np.where(answers["participant"] < sizes[0], "expert", "layman")
        errors += [f.p < 0.05 for f in between_groups(answers.assign(group=groups))]
    rates = errors / N_FITTED
    said(f"groups {sizes} {spread}: group, difference of the differences {rates}")
    assert (rates <= MOST_ERRORS + NOISE).all()


@pytest.mark.parametrize("spread", [(0.45, 0.5), (1.0, 1.0)])
def test_paired_t_test_between_kinds_errs_where_items_differ(spread):
    rng, errors = np.random.default_rng(4), {"paired_t": 0, "naive_binomial": 0}
    for _ in range(N_FITTED):
        for finding in between_levels(draw_recursivity(36, 15, spread, rng), test="t"):
            if finding.method in errors:
                errors[finding.method] += finding.p < 0.05
    rates = {name: count / N_FITTED for name, count in errors.items()}
    said(f"between kinds {spread}: {rates}")
    assert rates["paired_t"] > 0.15


def test_naive_test_errs_where_participants_differ_as_published_data_imply():
    """A pooled binomial logit at a standard deviation of .45 between participants."""
    errors, n_studies = 0, 0
    for (x, _), (y, _) in itertools.islice(
        drawn_studies((0.75, 0.75), (24, 24), (0.45, 0.0), seed=5), 2
    ):
        for one, other in zip(x, y, strict=True):
            table = np.array([[a.sum(), a.size - a.sum()] for a in (one, other)])
            errors += stats.chi2_contingency(table, correction=False).pvalue < 0.05
            n_studies += 1
    said(f"naive between conditions: {errors / n_studies:.3f}")
    assert errors / n_studies > 0.1
