import math

import numpy as np
import pytest

from analysis.bootstrap import bca_ratio_interval
from analysis.errors import (
    AnalysisError,
    BaselineError,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)

X = np.array([17, 18, 19, 19, 20, 20, 20, 20, 21, 21, 21, 21, 15, 19, 20, 21]) / 21
Y = np.array([9, 12, 13, 14, 11, 10, 15, 16, 12, 13, 14, 8]) / 21


def test_interval_agrees_with_r():
    # R 4.2.2, boot 1.3-28.1: d <- data.frame(v = c(x, y), g = rep(1:2, c(16, 12))); set.seed(1)
    # b <- boot(d, function(d, i) {z <- d[i, ]; mean(z$v[z$g == 1]) / mean(z$v[z$g == 2])},
    #           R = 1e5, strata = d$g); boot.ci(b, type = "bca")  # 1.4301 to 1.8011
    estimate = bca_ratio_interval(X, Y, rng=np.random.default_rng(0), n_draws=100_000)
    assert estimate.value == pytest.approx(X.mean() / Y.mean())
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((1.4301, 1.8011), abs=3e-3)


def test_same_seed_gives_the_same_interval():
    one, other = (bca_ratio_interval(X, Y, rng=np.random.default_rng(4)) for _ in range(2))
    assert one == other


def test_scale_changes_nothing():
    one, other = (
        bca_ratio_interval(X * scale, Y * scale, rng=np.random.default_rng(4))
        for scale in (1, 0.125)
    )
    assert (one.ci_low, one.ci_high) == pytest.approx((other.ci_low, other.ci_high))


def test_arm_with_every_answer_right_has_the_uncertainty_of_the_other():
    with pytest.warns(ZeroVarianceWarning, match=r"craft must vary .* got 1\.000 from all 9\."):
        estimate = bca_ratio_interval(
            np.ones(9), Y, rng=np.random.default_rng(0), names=("craft", "baseline")
        )
    assert 1 < estimate.ci_low < estimate.value < estimate.ci_high


@pytest.mark.filterwarnings("ignore::analysis.errors.ZeroVarianceWarning")
def test_arms_without_spread_have_no_interval():
    estimate = bca_ratio_interval(np.ones(5), np.full(5, 0.5), rng=np.random.default_rng(0))
    assert estimate.value == 2 and math.isnan(estimate.ci_low)


def test_baseline_with_right_answers_from_one_has_no_bounds():
    y = np.array([0.0, 0.0, 0.0, 0.2])
    message = r"y must have right answers from 2 participants or more .* got 1\."
    with pytest.warns(UnboundedIntervalWarning, match=message):
        estimate = bca_ratio_interval(X, y, rng=np.random.default_rng(0))
    assert (estimate.ci_low, estimate.ci_high) == (-math.inf, math.inf)


def test_baseline_that_is_drawn_as_zero_at_times_has_an_interval():
    y = np.array([0.0, 0.0, 0.1, 0.2])
    with pytest.warns(UnboundedIntervalWarning, match="y must seldom be drawn without a right"):
        estimate = bca_ratio_interval(X, y, rng=np.random.default_rng(0))
    assert estimate.ci_low > 0 and estimate.ci_high == math.inf


def test_wrong_arguments_are_named():
    rng = np.random.default_rng(0)
    with pytest.warns(SmallArmWarning, match=r"x must have 2 participants or more .* got 1\."):
        assert math.isnan(bca_ratio_interval(X[:1], Y, rng=rng).ci_low)
    with pytest.raises(BaselineError, match=r"mean accuracy of y must be above 0; got 0\.0\."):
        bca_ratio_interval(X, 0 * Y, rng=rng)
    with pytest.raises(AnalysisError, match=r"n_draws must be at least 1000; got 99\."):
        bca_ratio_interval(X, Y, rng=rng, n_draws=99)
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        bca_ratio_interval(X, Y, rng=rng, level=95)
