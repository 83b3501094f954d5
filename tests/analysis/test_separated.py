import numpy as np
import pytest

from analysis.inversion import p_difference_above, two_sided
from analysis.separated import is_separated, separated_odds_ratio
from analysis.shares import share_of


@pytest.fixture
def arms():
    rng = np.random.default_rng(0)
    sure = share_of(np.ones(12), name="craft", n_answers=252)
    values = rng.binomial(21, 0.6, 12) / 21
    return sure, share_of(values, name="baseline", n_answers=252)


def test_all_right_is_bounded_from_below(arms):
    found = separated_odds_ratio(*arms, level=0.95)
    assert found["odds_ratio"] == np.inf == found["ci_high"] and found["ci_low"] > 10
    assert found["p"] == two_sided(p_difference_above(*arms))


def test_exchanged_arms_are_bounded_from_above(arms):
    forth, back = (
        separated_odds_ratio(*arms, level=0.95),
        separated_odds_ratio(*arms[::-1], level=0.95),
    )
    assert back["odds_ratio"] == 0 and back["ci_low"] == 0
    assert back["ci_high"] == pytest.approx(1 / forth["ci_low"])
    assert back["firth"] == pytest.approx(1 / forth["firth"], rel=1e-6)


def test_firth_of_two_arms_adds_half_an_answer_to_each_cell(arms):
    # closed form of Firth's estimate for a saturated 2 x 2 table: Haldane's correction
    n_right = round(arms[1].value * 252)
    odds = (252.5 / 0.5) / ((n_right + 0.5) / (252 - n_right + 0.5))
    assert separated_odds_ratio(*arms, level=0.95)["firth"] == pytest.approx(odds, rel=1e-6)


def test_both_all_right_say_nothing(arms):
    found = separated_odds_ratio(arms[0], arms[0], level=0.95)
    assert np.isnan(found["odds_ratio"]) and found["ci_low"] < 1 < found["ci_high"]
    assert found["p"] == 1


def test_separation_is_of_any_arm(arms):
    assert is_separated(*arms) and not is_separated(arms[1])
