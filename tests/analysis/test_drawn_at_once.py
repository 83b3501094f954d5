"""The tests on many studies at once are those of the package."""

import warnings

import numpy as np
import pandas as pd
import pytest

from analysis.attainable import attainable_gains
from analysis.chance import against_chance
from analysis.contrasts import Contrast
from analysis.errors import AnalysisWarning
from analysis.intervals import difference_interval, mean_interval, ratio_interval
from analysis.inversion import p_ratio_above
from analysis.odds import marginal_odds_ratios
from analysis.shares import widened
from analysis.two_arms import arm_of, difference_p, is_equivalent
from tests.analysis import drawn_at_once as drawn

N_STUDIES = 25
CONTRAST = [Contrast(condition="craft", reference="baseline", family="planned")]


@pytest.fixture(autouse=True)
def _unheard():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        yield


@pytest.fixture(params=[0.7, 0.97])
def arms(request):
    rng = np.random.default_rng(3)
    items = drawn.draw_items(N_STUDIES, 21, 0.5, rng)
    x, _ = drawn.draw_arms(request.param - 0.15, 8, items, 0.5, rng)
    y, _ = drawn.draw_arms(request.param, 12, items, 0.5, rng)
    return x, y


def test_test_between_conditions_is_that_of_the_package(arms):
    x, y = arms
    for alpha in (0.05, 0.4):
        found = drawn.are_different(x, y, alpha=alpha)
        expected = [
            difference_p(a.astype(float), b.astype(float)) < alpha
            for a, b in zip(x, y, strict=True)
        ]
        assert found.tolist() == expected


def test_test_of_participants_alike_is_that_of_the_package():
    x, y = (np.stack([np.arange(21) < n] * 8)[None] for n in (18, 12))
    for alpha in (0.05, 0.0005):
        expected = difference_p(x[0].astype(float), y[0].astype(float)) < alpha
        assert drawn.are_different(x, y, alpha=alpha).tolist() == [expected]


def test_equivalence_and_harm_are_those_of_the_package(arms):
    x, y = arms
    margin = np.full(N_STUDIES, 0.3)
    expected = [is_equivalent(a, b, margin=0.3) for a, b in zip(x, y, strict=True)]
    assert drawn.are_equivalent(x, y, margin).tolist() == expected
    harmful = [
        1 - p_ratio_above(widened(arm_of(a, "x")), widened(arm_of(b, "y")), 1.0) < 0.05
        for a, b in zip(x, y, strict=True)
    ]
    assert drawn.are_harmful(x, y).tolist() == harmful


def _table(x, y):
    """One row an answer of the two arms."""
    return pd.concat([
        pd.DataFrame({
            "condition": name,
            "participant": [f"{name}-{i}" for i in np.indices(right.shape)[0].ravel()],
            "session": 1,
            "correct": right.ravel(),
        })
        for name, right in (("craft", x), ("baseline", y))
    ])  # fmt: skip


def _accuracies(table):
    keys = ["condition", "participant", "session"]
    groups = table.astype({"correct": float}).groupby(keys, sort=False)["correct"]
    means = groups.agg(n_trials="size", accuracy="mean").reset_index()
    return means.assign(scenario="foxes")


def test_intervals_are_those_of_the_package(arms):
    x, y = arms
    tables = [_table(a, b) for a, b in zip(x, y, strict=True)]
    shares = [(arm_of(a, "x"), arm_of(b, "y")) for a, b in zip(x, y, strict=True)]
    odds = [marginal_odds_ratios(t, CONTRAST, level=0.9) for t in tables]
    gains = [attainable_gains(_accuracies(t), level=0.9) for t in tables]
    expected = {
        "mean": [mean_interval(a, level=0.9) for a, _ in shares],
        "difference": [difference_interval(a, b, level=0.9) for a, b in shares],
        "utility": [ratio_interval(a, b, level=0.9) for a, b in shares],
        "gain": [next(t.itertuples()) for t in gains],
        "odds": [next(np.log(t[["ci_low", "ci_high"]]).itertuples()) for t in odds],
    }
    found = {
        "mean": drawn.mean_limits(x, tail=0.05),
        "difference": drawn.difference_limits(x, y, tail=0.05),
        "utility": drawn.utility_limits(x, y, tail=0.05),
        "gain": drawn.gain_limits(x, y, tail=0.05),
        "odds": drawn.odds_ratio_limits(x, y, tail=0.05),
    }
    for name, intervals in expected.items():
        limits = np.array([(e.ci_low, e.ci_high) for e in intervals]).T
        np.testing.assert_allclose(found[name], limits, rtol=1e-6, atol=1e-9, err_msg=name)


def test_unbounded_gain_is_that_of_the_package(arms):
    x, y = (right[:, :8] for right in arms)
    tail = 1e-6
    tables = [_table(a, b) for a, b in zip(x, y, strict=True)]
    gains = pd.concat([attainable_gains(_accuracies(t), level=1 - 2 * tail) for t in tables])
    limits = gains[["ci_low", "ci_high"]].to_numpy().T
    assert np.isinf(limits[0]).any() and (limits[1] == 1).any()
    np.testing.assert_allclose(drawn.gain_limits(x, y, tail=tail), limits, rtol=1e-6, atol=1e-9)


def test_share_against_chance_is_that_of_the_package(arms):
    x, _ = arms
    person, item = (index.ravel() for index in np.indices(x.shape[1:]))
    tables = [
        pd.DataFrame({"participant": person, "item": item, "right": r.ravel() * 1.0}) for r in x
    ]
    for chance in (0.5, 0.78):
        expected = [
            against_chance(table, chance, test="t", has_alternatives=False)[0].p < 0.05
            for table in tables
        ]
        assert drawn.differ_from_chance(x, chance).tolist() == expected


def test_arms_have_the_share_that_they_were_drawn_for():
    rng = np.random.default_rng(4)
    items = drawn.draw_items(400, 21, 1.0, rng)
    right, truth = drawn.draw_arms(0.8, 20, items, 1.0, rng)
    assert truth.mean() == pytest.approx(0.8, abs=0.01)
    assert right.mean() == pytest.approx(truth.mean(), abs=0.01)
