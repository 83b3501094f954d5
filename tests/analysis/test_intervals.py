import dataclasses
import math
import warnings

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.errors import (
    AnalysisError,
    BaselineError,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)
from analysis.intervals import (
    difference_interval,
    mean_interval,
    ratio_interval,
    ratio_of_limits,
)
from analysis.shares import share_of, wilson_limits


def _share(values, name="x", n_answers=None):
    return share_of(np.asarray(values, float), name=name, n_answers=n_answers or 21 * len(values))


@pytest.fixture
def arms():
    rng = np.random.default_rng(3)
    return _share(rng.uniform(0.5, 1.0, 14)), _share(rng.uniform(0.3, 0.8, 11), "y")


def _independent(n_right, n):
    a = n_right / n
    share = _share(np.repeat([1.0, 0.0], [n_right, n - n_right]), n_answers=n)
    return dataclasses.replace(share, squared_error=a * (1 - a) / n, degrees=np.inf)


def test_difference_of_independent_answers_is_newcombes():
    estimate = difference_interval(_independent(56, 70), _independent(48, 80))
    low, high = confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high))


def test_newcombes_own_example():
    # 56 of 70 against 48 of 80: 0.0524 to 0.3339, method 10 in table II of Newcombe (1998)
    estimate = difference_interval(_independent(56, 70), _independent(48, 80))
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize("a", [0.4, 0.9])
def test_symmetric_limits_give_fiellers_interval(a):
    b, of_a, of_b = 0.6, 0.07, 0.11
    lead = b**2 - of_b**2  # as in Fieller (1954), with t times each standard error
    half = math.sqrt((a * b) ** 2 - lead * (a**2 - of_a**2))
    expected = ((a * b - half) / lead, (a * b + half) / lead)
    limits = ratio_of_limits(a, (a - of_a, a + of_a), b, (b - of_b, b + of_b))
    assert limits == pytest.approx(expected)


def test_ratio_solves_its_equation_at_both_limits(arms):
    x, y = arms
    estimate = ratio_interval(x, y)
    (l1, h1), (l2, h2) = (wilson_limits(share, tail=0.025) for share in arms)
    low, high = estimate.ci_low, estimate.ci_high
    # at the limit r the difference a - r b is as far from zero as its own limit
    assert x.value - low * y.value == pytest.approx(math.hypot(x.value - l1, low * (h2 - y.value)))
    assert high * y.value - x.value == pytest.approx(
        math.hypot(h1 - x.value, high * (y.value - l2))
    )


def test_mean_has_the_limits_of_its_share(arms):
    estimate = mean_interval(arms[0], level=0.9)
    limits = wilson_limits(arms[0], tail=0.05, has_floor=True)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx(limits)


def test_difference_turns_its_sign_with_the_arms(arms):
    x, y = arms
    assert difference_interval(x, y).ci_low == pytest.approx(-difference_interval(y, x).ci_high)


def test_ratio_turns_over_with_the_arms(arms):
    x, y = arms
    assert ratio_interval(x, y).ci_low == pytest.approx(1 / ratio_interval(y, x).ci_high)


def test_a_higher_level_holds_a_lower_one(arms):
    for interval in (difference_interval, ratio_interval):
        narrow, wide = interval(*arms, level=0.8), interval(*arms, level=0.99)
        assert wide.ci_low < narrow.ci_low < narrow.value < narrow.ci_high < wide.ci_high


def test_ratio_and_difference_agree_on_whether_arms_differ():
    rng = np.random.default_rng(7)
    for _ in range(200):
        x, y = _share(rng.uniform(0.3, 1, 9)), _share(rng.uniform(0.3, 1, 12), "y")
        difference, ratio = difference_interval(x, y), ratio_interval(x, y)
        assert (difference.ci_low > 0) == (ratio.ci_low > 1)
        assert (difference.ci_high < 0) == (ratio.ci_high < 1)


def test_arm_with_every_answer_right_has_an_interval():
    y = _share([0.5, 0.6, 0.55, 0.7], "y")
    with pytest.warns(ZeroVarianceWarning, match=r"x must vary .* got 1\.000 from all 8\."):
        estimate = ratio_interval(_share(np.ones(8)), y)
    assert estimate.ci_low < estimate.value < estimate.ci_high < math.inf
    with pytest.warns(ZeroVarianceWarning, match=r"x must vary"):
        estimate = mean_interval(_share(np.ones(8)))
    assert 0.9 < estimate.ci_low < estimate.ci_high == 1


def test_arm_without_a_right_answer_has_ratio_zero():
    with pytest.warns(ZeroVarianceWarning, match=r"x must vary .* got 0\.000"):
        estimate = ratio_interval(_share(np.zeros(4)), _share([0.4, 0.5, 0.6], "y"))
    assert estimate.value == estimate.ci_low == 0 < estimate.ci_high


def test_baseline_near_zero_leaves_the_ratio_unbounded():
    x, y = _share([0.5, 0.6, 0.7], "craft"), _share([0.0, 0.1, 0.3], "baseline")
    with pytest.warns(
        UnboundedIntervalWarning, match=r"g of craft over baseline must be below 1 .*; got 8\.1"
    ):
        estimate = ratio_interval(x, y)
    assert (estimate.ci_low, estimate.ci_high) == (-math.inf, math.inf)


@pytest.mark.parametrize("interval", [ratio_interval, difference_interval])
def test_arm_of_one_has_no_interval(interval):
    with pytest.warns(SmallArmWarning, match=r"x must have 2 participants or more .* got 1\."):
        estimate = interval(_share([0.6]), _share([0.5, 0.7], "y"))
    assert not math.isnan(estimate.value)
    assert math.isnan(estimate.ci_low) and math.isnan(estimate.ci_high)


def test_mean_of_one_has_no_interval():
    with pytest.warns(SmallArmWarning, match=r"got 1\."):
        estimate = mean_interval(_share([0.6]))
    assert estimate.value == 0.6 and math.isnan(estimate.ci_low)


def test_zero_or_missing_divisor_is_an_error():
    x = _share([0.5, 0.6])
    with pytest.raises(BaselineError, match=r"mean accuracy of y must be above 0; got 0\.0\."):
        ratio_interval(x, _share(np.zeros(3), "y"))
    with pytest.raises(BaselineError, match=r"must be above 0; got nobody\."):
        ratio_interval(x, _share([], "y"))


def test_level_must_be_a_share(arms):
    for interval in (ratio_interval, difference_interval):
        with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
            interval(*arms, level=95)
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 1"):
        mean_interval(arms[0], level=1)


def test_sound_arms_warn_of_nothing(arms):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ratio_interval(*arms)
        difference_interval(*arms)
        mean_interval(arms[0])
