import numpy as np
import pytest
from scipy import stats

from analysis.intervals import difference_limits, ratio_limits
from analysis.inversion import p_above, p_difference_above, p_ratio_above, two_sided
from analysis.shares import share_of, widened


@pytest.fixture
def arms():
    rng = np.random.default_rng(5)
    values = rng.binomial(21, 0.85, 14) / 21, rng.binomial(21, 0.62, 11) / 21
    return [share_of(v, name=n, n_answers=21 * len(v)) for v, n in zip(values, "xy", strict=True)]


def test_t_limits_give_the_t_test():
    values = np.random.default_rng(1).normal(0.3, 1, 12)

    def limits(tail):
        margin = stats.t.isf(tail, 11) * stats.sem(values)
        return values.mean() - margin, values.mean() + margin

    for null in (-0.5, 0.0, 0.9):
        expected = stats.ttest_1samp(values, null, alternative="greater").pvalue
        assert p_above(limits, values.mean(), null) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("null", [1.1, 1.37, 1.9])
def test_limit_at_the_p_value_is_the_null_ratio(arms, null):
    p = p_ratio_above(*arms, null)
    low, high = ratio_limits(*arms, tail=min(p, 1 - p))
    assert (low if p < 0.5 else high) == pytest.approx(null)


def test_interval_holds_the_null_where_p_is_large(arms):
    p = two_sided(p_difference_above(*arms, 0.1))
    low, _ = difference_limits(*arms, tail=p / 2 + 1e-6)
    _, high = difference_limits(*arms, tail=0.025)
    assert low > 0.1 and p < 0.05 < high


def test_estimate_itself_has_one_half(arms):
    x, y = arms
    assert p_difference_above(x, y, x.value - y.value) == 0.5


def test_exchanged_arms_have_the_other_tail(arms):
    x, y = arms
    assert p_difference_above(x, y) == pytest.approx(1 - p_difference_above(y, x))


def test_overwhelming_evidence_ends_at_the_least_tail():
    x = share_of(np.full(4000, 0.99), name="x", n_answers=10**6)
    y = share_of(np.full(4000, 0.01), name="y", n_answers=10**6)
    assert p_difference_above(x, y) == 1e-15
    assert p_difference_above(y, x) == 1 - 1e-15


def test_arms_of_two_have_a_p_that_grows_with_the_null():
    rng = np.random.default_rng(0)
    for _ in range(50):
        x, y = (
            widened(share_of(rng.choice(7, 2, replace=False) / 7 + 1 / 7, name=n, n_answers=14))
            for n in "xy"
        )
        p = [p_ratio_above(x, y, null) for null in (0.2, 0.8, 1.0, 1.25, 5.0)]
        assert np.all(np.diff(p) >= 0) and p[0] > 0 and p[-1] < 1
