import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from analysis.errors import AnalysisError
from analysis.pooled import pooled_share_tests, pooled_tests


def test_two_shares_agree_with_r():
    # x <- matrix(c(404, 379, 136, 161), 2)
    # summary(glm(x ~ c(1, 0), binomial))$coefficients[2, 4]; prop.test(x, correct = FALSE)$p.value
    # prop.test(x)$p.value; fisher.test(x)$p.value
    found = pooled_tests(379, 404, 540)
    assert found["logit"] == pytest.approx(0.0887269, abs=1e-6)
    assert found["z"] == pytest.approx(0.0884374, abs=1e-6)
    assert found["yates"] == pytest.approx(0.1019337, abs=1e-6)
    assert found["fisher"] == pytest.approx(0.1018446, abs=1e-6)
    assert found["logit_one_sided"] == found["logit"] / 2


def test_order_does_not_matter():
    assert pooled_tests(3, 9, 12) == pytest.approx(pooled_tests(9, 3, 12))


def test_all_right_in_both_tells_nothing():
    found = pooled_tests(12, 12, 12)
    assert found["z"] == found["yates"] == found["fisher"] == 1


def test_count_beyond_the_answers_is_an_error():
    with pytest.raises(AnalysisError, match=r"n_right_other must be in \[0, 5\]; got 6"):
        pooled_tests(3, 6, 5)


def test_one_share_agrees_with_scipy_and_statsmodels():
    found = pooled_share_tests(293, 540)
    rows = np.array([[200, 100], [93, 147]])  # 293 and 247, in two rows
    fit = sm.GLM(rows, np.ones((2, 1)), family=sm.families.Binomial()).fit()
    assert found["binomial"] == stats.binomtest(293, 540).pvalue
    assert found["logit"] == pytest.approx(fit.pvalues[0], abs=1e-9)
    ztest = sm.stats.proportions_ztest
    assert found["z_unpooled"] == pytest.approx(ztest(293, 540, 0.5)[1], abs=1e-12)
    assert found["z"] == pytest.approx(ztest(293, 540, 0.5, prop_var=0.5)[1], abs=1e-12)
    null = stats.binom.logpmf(293, 540, 0.5) - stats.binom.logpmf(293, 540, 293 / 540)
    assert found["likelihood_ratio"] == pytest.approx(stats.chi2.sf(-2 * null, 1), abs=1e-9)


def test_one_half_and_its_mirror():
    assert pooled_share_tests(6, 12)["z"] == pooled_share_tests(6, 12)["z_unpooled"] == 1
    assert pooled_share_tests(3, 12) == pytest.approx(pooled_share_tests(9, 12))


def test_all_right_has_no_error():
    assert pooled_share_tests(12, 12)["binomial"] == pytest.approx(2 / 2**12)


def test_share_beyond_the_answers_is_an_error():
    with pytest.raises(AnalysisError, match=r"n_right must be in \[0, 5\]; got 6"):
        pooled_share_tests(6, 5)
