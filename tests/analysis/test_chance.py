import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from analysis.chance import against_chance, as_odds
from analysis.errors import DesignError, ZeroVarianceWarning


def make_answers(share, *, n=36, n_items=15, sd=(0.45, 0.4), seed=0):
    rng = np.random.default_rng(seed)
    log_odds = special.logit(share) + sd[0] * rng.standard_normal((n, 1))
    log_odds = log_odds + sd[1] * rng.standard_normal(n_items)
    right = rng.random((n, n_items)) < special.expit(log_odds)
    return pd.DataFrame({
        "participant": np.repeat(np.arange(n), n_items), "item": np.tile(np.arange(n_items), n),
        "right": right.ravel().astype(float),
    })  # fmt: skip


def test_naive_alternative_is_the_binomial_test_and_says_what_it_assumes(aggression):
    # binom.test(1593, 3792, .2); prop.test(1593, 3792, correct = FALSE)$conf.int
    do = aggression[aggression["treated"]]
    default, naive = against_chance(do, 0.2, test="do")
    assert naive.p == pytest.approx(2.122935e-208, rel=1e-5) and naive.statistic == 1593
    assert (naive.ci_low, naive.ci_high) == pytest.approx((0.404473910, 0.435877694))
    assert "independent, which they are not" in naive.assumes
    assert default.is_default and not naive.is_default and default.p > naive.p


def test_p_reaches_alpha_where_the_limit_reaches_chance():
    answers = make_answers(0.65)
    low = against_chance(answers, 0.5, test="t", has_alternatives=False)[0].ci_low
    at_limit = against_chance(answers, low, test="t", has_alternatives=False)[0]
    assert at_limit.p == pytest.approx(0.05, abs=1e-6)


def test_answers_without_dependence_come_close_to_the_naive_test():
    answers = make_answers(0.3, n=60, n_items=40, sd=(0.0, 0.0))
    default, naive = against_chance(answers, 0.2, test="t")
    width = default.ci_high - default.ci_low
    assert 0.95 * (naive.ci_high - naive.ci_low) < width < 1.6 * (naive.ci_high - naive.ci_low)


def test_odds_are_named_odds_and_keep_p():
    share = against_chance(make_answers(0.75), 0.5, test="t", has_alternatives=False)[0]
    odds = as_odds(share)
    assert odds.quantity == "odds" and odds.null == 1 and odds.p == share.p
    assert odds.estimate == pytest.approx(share.estimate / (1 - share.estimate))


def test_all_right_keeps_a_lower_bound_and_a_p_value():
    answers = make_answers(0.5).assign(right=1.0)
    with pytest.warns(ZeroVarianceWarning, match="got 1.000 from all 36"):
        found = against_chance(answers, 0.2, test="t", has_alternatives=False)[0]
    assert found.ci_high == 1 and 0.98 < found.ci_low < 1 and found.p < 1e-10
    assert as_odds(found).estimate == np.inf
    assert found.assumes == "participants and items are all alike, and answers independent"


def test_one_participant_is_an_error():
    with pytest.raises(DesignError, match=r"t \(experts\) must have answers of 2 participants"):
        against_chance(make_answers(0.5, n=1), 0.2, test="t", group="experts")


def test_wilson_interval_of_the_naive_test_agrees_with_scipy():
    answers = make_answers(0.4, seed=3)
    naive = against_chance(answers, 0.5, test="t", level=0.9)[1]
    expected = stats.binomtest(int(answers["right"].sum()), len(answers)).proportion_ci(
        0.9, method="wilson"
    )
    assert (naive.ci_low, naive.ci_high) == pytest.approx((expected.low, expected.high))


def test_answer_given_twice_is_an_error():
    answers = make_answers(0.5)
    twice = pd.concat([answers, answers.head(3)])
    with pytest.raises(DesignError, match=r"participant 0\S*, item 0\S* must be there once; got 3"):
        against_chance(twice, 0.5, test="t")


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "got 1 empty"), (0.5, "or 1 or 0; got 0.5")]
)
def test_answers_are_right_or_wrong(value, message):
    answers = make_answers(0.5)
    answers.loc[0, "right"] = value
    with pytest.raises(DesignError, match=message):
        against_chance(answers, 0.5, test="t")
