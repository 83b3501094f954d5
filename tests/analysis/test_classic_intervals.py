import math

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.classic_intervals import fieller_interval, welch_degrees
from analysis.errors import (
    AnalysisError,
    BaselineError,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)
from analysis.shares import share_of


def _share(values, name="x"):
    return share_of(np.asarray(values, float), name=name, n_answers=len(values), is_counted=False)


@pytest.fixture
def values():
    rng = np.random.default_rng(3)
    return rng.uniform(0.5, 1.0, 14), rng.uniform(0.3, 0.8, 11)


@pytest.fixture
def arms(values):
    return _share(values[0]), _share(values[1], "y")


def test_degrees_of_freedom_agree_with_scipy(values, arms):
    assert welch_degrees(*arms) == pytest.approx(stats.ttest_ind(*values, equal_var=False).df)


def _rejection(r, x, y, degrees):
    """Squared statistic of mean(x) = r mean(y), less its critical value."""
    error = x.var(ddof=1) / len(x) + r**2 * y.var(ddof=1) / len(y)
    return (x.mean() - r * y.mean()) ** 2 / error - stats.t.ppf(0.975, degrees) ** 2


def test_ratio_agrees_with_numerical_inversion_of_the_test(values, arms):
    x, y = values
    centre = x.mean() / y.mean()
    degrees = stats.ttest_ind(x, centre * y, equal_var=False).df
    low = optimize.brentq(_rejection, 0.1, centre, args=(x, y, degrees), xtol=1e-13)
    high = optimize.brentq(_rejection, centre, 10, args=(x, y, degrees), xtol=1e-13)
    estimate = fieller_interval(*arms)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high), rel=1e-9)


def test_ratio_agrees_with_finneys_closed_form(values, arms):
    x, y = values
    a, b = x.mean(), y.mean()
    u, v = stats.sem(x) ** 2, stats.sem(y) ** 2
    q = stats.t.ppf(0.975, stats.ttest_ind(x, a / b * y, equal_var=False).df)
    g = q**2 * v / b**2  # Finney (1978), section 4.12, without covariance
    half = q / b * math.sqrt(u * (1 - g) + (a / b) ** 2 * v)
    expected = ((a / b - half) / (1 - g), (a / b + half) / (1 - g))
    estimate = fieller_interval(*arms)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx(expected)


def test_known_baseline_gives_the_interval_of_the_mean_divided(values, arms):
    with pytest.warns(ZeroVarianceWarning, match=r"y must vary .* got 0\.500 from all 9\."):
        estimate = fieller_interval(arms[0], _share(np.full(9, 0.5), "y"))
    expected = stats.ttest_1samp(values[0], 0).confidence_interval(0.95)
    assert estimate.ci_low == pytest.approx(expected.low / 0.5)
    assert estimate.ci_high == pytest.approx(expected.high / 0.5)


def test_baseline_near_zero_leaves_the_ratio_unbounded():
    x, y = _share([0.5, 0.6, 0.7], "craft"), _share([0.0, 0.1, 0.3], "baseline")
    with pytest.warns(UnboundedIntervalWarning, match=r"g of craft over baseline must be below 1"):
        estimate = fieller_interval(x, y)
    assert (estimate.ci_low, estimate.ci_high) == (-math.inf, math.inf)


@pytest.mark.filterwarnings("ignore::analysis.errors.ZeroVarianceWarning")
def test_arms_without_spread_have_no_interval():
    assert math.isnan(fieller_interval(_share(np.ones(5)), _share(np.full(5, 0.5), "y")).ci_low)


def test_arm_of_one_and_wrong_levels(arms):
    with pytest.warns(SmallArmWarning, match=r"x must have 2 participants or more .* got 1\."):
        assert math.isnan(fieller_interval(_share([0.6]), arms[1]).ci_low)
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        fieller_interval(*arms, level=95)


def test_baseline_without_a_right_answer_is_an_error(arms):
    with pytest.raises(BaselineError, match=r"mean accuracy of y must be above 0; got 0\.0\."):
        fieller_interval(arms[0], _share(np.zeros(3), "y"))
