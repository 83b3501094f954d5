import numpy as np
import pandas as pd
import pytest

from analysis.contrasts import Contrast
from analysis.equivalence import utility_equivalence
from analysis.errors import SeparationWarning, ZeroVarianceWarning
from analysis.odds import marginal_odds_ratios
from analysis.two_arms import arm_of, difference_p, is_equivalent


def draw(share, n, seed=0):
    return (np.random.default_rng(seed).random((n, 21)) < share).astype(float)


def as_rows(arms):
    return pd.concat([
        pd.DataFrame({"participant": np.repeat([f"{name}{i}" for i in range(len(right))], 21),
                      "condition": name, "correct": right.ravel()})
        for name, right in arms.items()
    ])  # fmt: skip


CONTRAST = [Contrast(condition="craft", reference="baseline", family="planned")]


def test_p_is_that_of_the_table():
    x, y = draw(0.7, 12), draw(0.6, 9, seed=1)
    table = marginal_odds_ratios(as_rows({"craft": x, "baseline": y}), CONTRAST)
    assert difference_p(x, y) == pytest.approx(table.loc[0, "p"], rel=1e-9)


def test_p_of_a_separated_arm_is_that_of_the_table():
    x, y = np.ones((8, 21)), draw(0.8, 8)
    with pytest.warns(SeparationWarning), pytest.warns(ZeroVarianceWarning):
        table = marginal_odds_ratios(as_rows({"craft": x, "baseline": y}), CONTRAST)
    assert difference_p(x, y) == pytest.approx(table.loc[0, "p"], rel=1e-9)


@pytest.mark.parametrize("share", [0.6, 0.68, 0.9])
def test_equivalence_is_that_of_the_table(share):
    x, y = draw(share, 40), draw(0.65, 40, seed=1)
    rows = [
        ("s", name, f"{name}{i}", 1, value, 21)
        for name, right in (("craft", x), ("baseline", y))
        for i, value in enumerate(right.mean(axis=1))
    ]
    names = ["scenario", "condition", "participant", "session", "accuracy", "n_trials"]
    table = utility_equivalence(pd.DataFrame(rows, columns=names), margin=0.12)
    assert is_equivalent(x, y, margin=0.12) == table.loc[0, "is_equivalent"]


def test_baseline_without_right_answers_is_equivalent_to_nothing():
    assert not is_equivalent(draw(0.5, 8), np.zeros((8, 21)), margin=0.1)
    assert arm_of(draw(0.5, 8), "x").n_answers == 168


def test_p_of_participants_alike_is_that_of_the_table():
    x, y = (np.stack([np.arange(21) < n] * 8).astype(float) for n in (17, 15))
    with pytest.warns(ZeroVarianceWarning):
        table = marginal_odds_ratios(as_rows({"craft": x, "baseline": y}), CONTRAST)
    assert difference_p(x, y) == pytest.approx(table.loc[0, "p"], rel=1e-9)
    assert 0.01 < difference_p(x, y) < 0.2
