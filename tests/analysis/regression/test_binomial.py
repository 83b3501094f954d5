import numpy as np
import pytest
import statsmodels.api as sm

from analysis.regression.binomial import fit_binomial

SEPARATED = np.array([1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 0], float)
OTHER = np.array([0.2, 0.5, 0.1, 0.9, 0.4, 0.7, 0.3, 0.8, 0.6, 0.1, 0.5, 0.9])


def test_coefficients_agree_with_statsmodels():
    data = sm.datasets.spector.load_pandas()  # Spector & Mazzeo (1980)
    X = sm.add_constant(data.exog).to_numpy(float)
    expected = sm.Logit(data.endog, X).fit(disp=False)
    fit = fit_binomial(data.endog.to_numpy(float), X)
    assert fit.is_settled
    assert fit.coefficients == pytest.approx(expected.params.to_numpy(), abs=1e-6)
    np.testing.assert_allclose(fit.covariance, expected.cov_params(), rtol=1e-5)


def test_several_answers_a_row_are_the_same_as_one_a_row():
    X = np.column_stack([np.ones(3), [0.0, 1.0, 2.0]])
    y, m = np.array([3.0, 5.0, 8.0]), np.array([9.0, 10.0, 11.0])
    rows = np.repeat(np.arange(3), m.astype(int))
    single = np.concatenate([np.arange(k) < r for k, r in zip(m, y, strict=True)]).astype(float)
    one, other = fit_binomial(y, X, n_answers=m), fit_binomial(single, X[rows])
    assert one.coefficients == pytest.approx(other.coefficients)


def test_firth_agrees_with_r_where_an_arm_has_every_answer_right():
    # R 4.2.2, brglm2 0.8.2: d <- data.frame(y = c(1,1,1,1,1,1,0,1,0,0,1,0), x = rep(1:0, each = 6),
    #   z = c(.2,.5,.1,.9,.4,.7,.3,.8,.6,.1,.5,.9)); glm(y ~ x + z, binomial, d,
    #   method = "brglmFit", type = "AS_mean", epsilon = 1e-12)
    X = np.column_stack([np.ones(12), np.repeat([1.0, 0.0], 6), OTHER])
    fit = fit_binomial(SEPARATED, X, is_firth=True)
    expected = [-1.304035300, 3.085854786, 1.421943073]
    assert fit.coefficients == pytest.approx(expected, abs=1e-7)
    errors = np.sqrt(np.diag(fit.covariance))
    assert errors == pytest.approx([1.796140420, 1.781594725, 2.805798549], abs=1e-6)


def test_firth_of_two_arms_adds_half_an_answer_to_each_cell():
    X = np.column_stack([np.ones(2), [0.0, 1.0]])
    fit = fit_binomial(np.array([13.0, 21.0]), X, n_answers=np.array([21.0, 21.0]), is_firth=True)
    expected = np.log(21.5 / 0.5) - np.log(13.5 / 8.5)
    assert fit.coefficients[1] == pytest.approx(expected)


def test_infinite_estimate_does_not_settle():
    X = np.column_stack([np.ones(12), np.repeat([1.0, 0.0], 6)])
    fit = fit_binomial(SEPARATED, X)
    assert not fit.is_settled and fit.coefficients[1] > 15
