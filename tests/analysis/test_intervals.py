import math
import warnings

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.errors import (
    AnalysisError,
    BaselineError,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)
from analysis.intervals import difference_interval, mean_interval, ratio_interval


@pytest.fixture
def arms():
    rng = np.random.default_rng(3)
    return rng.uniform(0.5, 1.0, 14), rng.uniform(0.3, 0.8, 11)


def test_mean_agrees_with_scipy(arms):
    x, _ = arms
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    estimate = mean_interval(x, level=0.9)
    assert estimate.value == pytest.approx(x.mean())
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((expected.low, expected.high))


def test_difference_agrees_with_scipys_welch_interval(arms):
    x, y = arms
    expected = stats.ttest_ind(x, y, equal_var=False).confidence_interval(0.95)
    estimate = difference_interval(x, y)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((expected.low, expected.high))


def _rejection(r, x, y, degrees):
    """Squared statistic of mean(x) = r mean(y), less its critical value."""
    error = x.var(ddof=1) / len(x) + r**2 * y.var(ddof=1) / len(y)
    return (x.mean() - r * y.mean()) ** 2 / error - stats.t.ppf(0.975, degrees) ** 2


def test_ratio_agrees_with_numerical_inversion_of_the_test(arms):
    x, y = arms
    centre = x.mean() / y.mean()
    # the Welch-Satterthwaite degrees of freedom of x - centre * y, by scipy
    degrees = stats.ttest_ind(x, centre * y, equal_var=False).df
    low = optimize.brentq(_rejection, 0.1, centre, args=(x, y, degrees), xtol=1e-13)
    high = optimize.brentq(_rejection, centre, 10, args=(x, y, degrees), xtol=1e-13)
    estimate = ratio_interval(x, y)
    assert estimate.value == pytest.approx(centre)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((low, high), rel=1e-9)


def test_ratio_agrees_with_fiellers_closed_form(arms):
    x, y = arms
    a, b = x.mean(), y.mean()
    u, v = stats.sem(x) ** 2, stats.sem(y) ** 2
    q = stats.t.ppf(0.975, stats.ttest_ind(x, a / b * y, equal_var=False).df)
    g = q**2 * v / b**2  # as in Finney (1978), section 4.12, without covariance
    half = q / b * math.sqrt(u * (1 - g) + (a / b) ** 2 * v)
    expected = ((a / b - half) / (1 - g), (a / b + half) / (1 - g))
    estimate = ratio_interval(x, y)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx(expected)


def test_known_baseline_gives_the_interval_of_the_mean_divided(arms):
    x, _ = arms
    with pytest.warns(ZeroVarianceWarning, match=r"y must vary .* got 0\.500 from all 9\."):
        estimate = ratio_interval(x, np.full(9, 0.5))
    mean = mean_interval(x)
    assert estimate.ci_low == pytest.approx(mean.ci_low / 0.5)
    assert estimate.ci_high == pytest.approx(mean.ci_high / 0.5)


def test_ratio_does_not_depend_on_the_scale(arms):
    x, y = arms
    one, hundred = ratio_interval(x, y), ratio_interval(100 * x, 100 * y)
    assert (one.ci_low, one.ci_high) == pytest.approx((hundred.ci_low, hundred.ci_high))


def test_difference_turns_its_sign_with_the_arms(arms):
    x, y = arms
    one, other = difference_interval(x, y), difference_interval(y, x)
    assert one.ci_low == pytest.approx(-other.ci_high)


def test_arm_without_a_right_answer_has_ratio_zero():
    with pytest.warns(ZeroVarianceWarning, match=r"x must vary"):
        estimate = ratio_interval(np.zeros(4), np.array([0.4, 0.5, 0.6]))
    assert estimate.value == 0 and estimate.ci_low == pytest.approx(0)


def test_baseline_near_zero_leaves_the_ratio_unbounded():
    with pytest.warns(UnboundedIntervalWarning, match=r"g of craft over baseline must be below 1"):
        estimate = ratio_interval(
            np.array([0.5, 0.6, 0.7]), np.array([0.0, 0.1, 0.3]), names=("craft", "baseline")
        )
    assert (estimate.ci_low, estimate.ci_high) == (-math.inf, math.inf)


@pytest.mark.parametrize("interval", [ratio_interval, difference_interval])
def test_arm_of_one_has_no_interval(interval):
    with pytest.warns(SmallArmWarning, match=r"x must have 2 participants or more .* got 1\."):
        estimate = interval(np.array([0.6]), np.array([0.5, 0.7]))
    assert not math.isnan(estimate.value)
    assert math.isnan(estimate.ci_low) and math.isnan(estimate.ci_high)


@pytest.mark.filterwarnings("ignore::analysis.errors.ZeroVarianceWarning")
@pytest.mark.parametrize("interval", [ratio_interval, difference_interval])
def test_arms_without_spread_have_no_interval(interval):
    assert math.isnan(interval(np.ones(5), np.full(5, 0.5)).ci_low)


def test_mean_without_spread_or_of_one_has_no_interval():
    with pytest.warns(ZeroVarianceWarning, match=r"values must vary .* got 1\.000 from all 5"):
        assert math.isnan(mean_interval(np.ones(5)).ci_low)
    with pytest.warns(SmallArmWarning, match=r"got 1\."):
        assert mean_interval(np.array([0.6])).value == 0.6
    with pytest.warns(SmallArmWarning, match=r"got 0\."):
        assert math.isnan(mean_interval(np.array([])).value)


def test_zero_or_missing_divisor_is_an_error():
    with pytest.raises(BaselineError, match=r"mean accuracy of y must be above 0; got 0\.0\."):
        ratio_interval(np.array([0.5, 0.6]), np.zeros(3))
    with pytest.raises(BaselineError, match=r"must be above 0; got nobody\."):
        ratio_interval(np.array([0.5, 0.6]), np.array([]))


@pytest.mark.parametrize("interval", [ratio_interval, difference_interval])
def test_level_must_be_a_share(interval, arms):
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        interval(*arms, level=95)
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 1"):
        mean_interval(arms[0], level=1)


def test_inputs_are_left_unchanged(arms):
    before = [arm.copy() for arm in arms]
    ratio_interval(*arms)
    assert all((arm == copy).all() for arm, copy in zip(arms, before, strict=True))


def _simulated_accuracies(rng, n, mean, sd_logits):
    """Accuracies over 21 trials of participants who differ; and their true mean."""
    logits = np.log(mean / (1 - mean)) + sd_logits * rng.standard_normal(n)
    return rng.binomial(21, 1 / (1 + np.exp(-logits))) / 21


def _true_mean(mean, sd_logits):
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    logits = np.log(mean / (1 - mean)) + sd_logits * nodes
    return float((weights / (1 + np.exp(-logits))).sum() / weights.sum())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::analysis.errors.AnalysisWarning")
@pytest.mark.parametrize("sd_logits", [0.0, 0.45, 1.0])
@pytest.mark.parametrize(("n", "m"), [(8, 8), (16, 12), (32, 22), (40, 40)])
@pytest.mark.parametrize(("mean", "reference"), [(0.6, 0.6), (0.9, 0.62), (0.5, 0.76)])
def test_ratio_covers_at_its_level(sd_logits, n, m, mean, reference):
    rng = np.random.default_rng(20)
    truth = _true_mean(mean, sd_logits) / _true_mean(reference, sd_logits)
    hits = []
    for _ in range(1500):
        x = _simulated_accuracies(rng, n, mean, sd_logits)
        y = _simulated_accuracies(rng, m, reference, sd_logits)
        estimate = ratio_interval(x, y)
        hits.append(estimate.ci_low <= truth <= estimate.ci_high)
    assert np.mean(hits) >= 0.93  # three standard errors of 1,500 draws are .017


@pytest.mark.slow
def test_taking_the_baseline_as_known_would_not_cover():
    rng = np.random.default_rng(21)
    hits = {"fieller": [], "fixed": []}
    for _ in range(1500):
        x, y = (_simulated_accuracies(rng, n, 0.6, 0.45) for n in (60, 12))
        estimate = ratio_interval(x, y)
        hits["fieller"].append(estimate.ci_low <= 1 <= estimate.ci_high)
        mean = mean_interval(x)
        hits["fixed"].append(mean.ci_low / y.mean() <= 1 <= mean.ci_high / y.mean())
    assert np.mean(hits["fieller"]) >= 0.93
    assert np.mean(hits["fixed"]) < 0.75


def test_sound_arms_warn_of_nothing(arms):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ratio_interval(*arms)
        difference_interval(*arms)
        mean_interval(arms[0])
