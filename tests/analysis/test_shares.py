import dataclasses

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.errors import SmallArmWarning, ZeroVarianceWarning
from analysis.shares import are_estimable, share_of, t_quantile, wilson_limits


@pytest.fixture
def share():
    values = np.array([14, 17, 18, 19, 20, 20, 21, 16]) / 21
    return share_of(values, name="craft", n_answers=168)


def _independent(n_right, n):
    """A share of n independent answers, with as many degrees of freedom as one likes."""
    a = n_right / n
    values = np.repeat([1.0, 0.0], [n_right, n - n_right])
    share = share_of(values, name="craft", n_answers=n)
    return dataclasses.replace(share, squared_error=a * (1 - a) / n, degrees=np.inf)


@pytest.mark.parametrize(("n_right", "n"), [(7, 20), (163, 168), (1, 9)])
def test_independent_answers_have_wilsons_limits(n_right, n):
    expected = proportion_confint(n_right, n, alpha=0.05, method="wilson")
    assert wilson_limits(_independent(n_right, n), tail=0.025) == pytest.approx(expected)


def test_mean_and_error_agree_with_scipy(share):
    values = np.array([14, 17, 18, 19, 20, 20, 21, 16]) / 21
    assert share.value == pytest.approx(values.mean())
    assert share.squared_error == pytest.approx(stats.sem(values) ** 2)
    assert share.degrees == 7


def test_limits_close_on_students_t_where_the_error_is_small(share):
    sure = dataclasses.replace(share, squared_error=1e-8)
    margin = t_quantile(sure, tail=0.025) * 1e-4
    low, high = wilson_limits(sure, tail=0.025)
    assert (low, high) == pytest.approx((sure.value - margin, sure.value + margin), abs=1e-6)


def test_limits_mirror_where_right_and_wrong_are_exchanged(share):
    wrong = dataclasses.replace(share, value=1 - share.value)
    low, high = wilson_limits(share, tail=0.05)
    assert wilson_limits(wrong, tail=0.05) == pytest.approx((1 - high, 1 - low))


def test_floor_widens_only_where_answers_seem_to_tell_more_than_independent_ones(share):
    alike = dataclasses.replace(share, squared_error=1e-6)
    low, high = wilson_limits(alike, tail=0.025)
    wide_low, wide_high = wilson_limits(alike, tail=0.025, has_floor=True)
    assert wide_low < low < high < wide_high
    differ = dataclasses.replace(share, squared_error=0.01)
    assert wilson_limits(differ, tail=0.025) == wilson_limits(differ, tail=0.025, has_floor=True)
    unknown = dataclasses.replace(alike, is_counted=False)
    assert wilson_limits(unknown, tail=0.025, has_floor=True) == (low, high)


@pytest.mark.parametrize(("right", "limit"), [(1.0, 1), (0.0, 0)])
def test_arm_of_all_right_or_all_wrong_has_one_limit(right, limit):
    share = share_of(np.full(8, right), name="craft", n_answers=168)
    limits = wilson_limits(share, tail=0.025)
    assert limits[limit == 1] == limit
    t = stats.t.isf(0.025, 7)
    bound = t**2 / (168 + t**2)  # Wilson's with 168 answers, none of them of the other kind
    assert limits[limit == 0] == pytest.approx(abs(right - bound))


def test_nobody_and_one_are_not_estimable():
    with pytest.warns(SmallArmWarning, match=r"craft must have 2 participants or more .* got 1\."):
        assert not are_estimable(share_of(np.array([0.6]), name="craft", n_answers=21))
    nobody = share_of(np.array([]), name="ace", n_answers=0)
    with pytest.warns(SmallArmWarning, match=r"ace must have 2 participants or more .* got 0\."):
        assert not are_estimable(nobody)
    assert np.isnan(nobody.value)


def test_participants_who_are_all_alike_are_named(share):
    alike = share_of(np.full(9, 0.5), name="baseline", n_answers=18)
    with pytest.warns(ZeroVarianceWarning, match=r"baseline must vary .* got 0\.500 from all 9\."):
        assert are_estimable(share, alike)


def test_values_are_left_unchanged():
    values = np.array([0.5, 0.7])
    share_of(values, name="craft", n_answers=4)
    assert values.tolist() == [0.5, 0.7]
