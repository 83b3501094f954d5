import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special, stats

from analysis.errors import ConvergenceError
from analysis.regression.gee import contrast_test, fit_gee


@pytest.fixture
def ohio_design(ohio):
    y, age, smokes, child = ohio
    return y, np.column_stack([np.ones(len(y)), age, smokes, age * smokes]), child


@pytest.fixture
def unequal():
    """Answers of 24 participants in three arms, who gave 5 to 21 each, and a covariate."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 22, 24)
    g = np.repeat(np.arange(24), sizes)
    arms = np.arange(24) % 3
    X = np.column_stack([*(arms[g] == k for k in range(3)), rng.random(len(g))]).astype(float)
    p = special.expit(0.3 + 0.5 * X[:, 1] + rng.standard_normal(24)[g])
    return (rng.random(len(g)) < p).astype(float), X, g, arms


def _errors(covariance):
    return np.sqrt(np.diag(covariance))


def test_exchangeable_fit_agrees_with_geepack(ohio_design):
    # R 4.2.2, geepack 1.3.9: geeglm(resp ~ age * smoke, id = id, family = binomial, data = ohio,
    #   corstr = "exchangeable", scale.fix = TRUE, control = geese.control(epsilon = 1e-12))
    fit = fit_gee(*ohio_design)
    expected = [-1.90049529107, -0.14123591523, 0.31382582964, 0.07083184263]
    assert fit.coefficients == pytest.approx(expected, abs=1e-5)  # geepack fixes the scale at one
    expected = [0.11908697815, 0.05820088951, 0.18784181389, 0.08827885750]
    assert _errors(fit.robust) == pytest.approx(expected, abs=1e-5)
    assert fit.correlation == pytest.approx(0.3545310113, abs=1e-3)


def test_independent_fit_agrees_with_r(ohio_design):
    # ... corstr = "independence"; and clubSandwich 0.5.8, vcovCR(glm(resp ~ age * smoke, binomial,
    #   ohio), cluster = ohio$id, type = "CR3"), which is the covariance of Mancl & DeRouen
    fit = fit_gee(*ohio_design, is_exchangeable=False)
    expected = [-1.90084256849, -0.14125312951, 0.31395399172, 0.07084410384]
    assert fit.coefficients == pytest.approx(expected, abs=1e-9)
    expected = [0.11907678849, 0.05821417988, 0.18783852646, 0.08829468560]
    assert _errors(fit.robust) == pytest.approx(expected, abs=1e-8)
    expected = [0.11941798272, 0.05838098268, 0.18865900491, 0.08867307957]
    assert _errors(fit.covariance) == pytest.approx(expected, abs=1e-8)


def test_bias_reduced_errors_agree_with_the_formula_in_r(ohio_design):
    # the exchangeable fit above, with each child's residual multiplied by
    #   solve(diag(4) - D %*% B %*% t(D) %*% solve(V))
    expected = [0.11942820159, 0.05836765424, 0.18866228091, 0.08865719310]
    assert _errors(fit_gee(*ohio_design).covariance) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("is_exchangeable", [True, False])
def test_fit_agrees_with_statsmodels_for_unequal_numbers_of_answers(unequal, is_exchangeable):
    y, X, g, _ = unequal
    kinds = sm.cov_struct.Independence, sm.cov_struct.Exchangeable
    model = sm.GEE(
        y, X, groups=g, family=sm.families.Binomial(), cov_struct=kinds[is_exchangeable]()
    ).fit(cov_type="bias_reduced", ctol=1e-12)
    fit = fit_gee(y, X, g, is_exchangeable=is_exchangeable)
    assert fit.coefficients == pytest.approx(model.params, abs=1e-9)
    np.testing.assert_allclose(fit.covariance, model.cov_params(), atol=1e-9)
    np.testing.assert_allclose(fit.robust, model.cov_robust, atol=1e-9)
    if is_exchangeable:
        assert fit.correlation == pytest.approx(model.cov_struct.dep_params, abs=1e-9)


def test_contrast_of_two_arms_of_equal_answers_is_a_test_of_log_odds():
    rng = np.random.default_rng(2)
    k, arms = rng.binomial(21, np.repeat([0.6, 0.8], [9, 13])), np.repeat([0, 1], [9, 13])
    y = np.concatenate([np.repeat([1.0, 0.0], [right, 21 - right]) for right in k])
    g = np.repeat(np.arange(22), 21)
    X = np.column_stack([arms[g] == 0, arms[g] == 1]).astype(float)
    found = contrast_test(fit_gee(y, X, g), np.array([-1.0, 1.0]), arms, level=0.95)
    shares = [k[arms == arm] / 21 for arm in (0, 1)]
    parts = [
        np.sum((s - s.mean()) ** 2) / (len(s) - 1) ** 2 / (s.mean() * (1 - s.mean())) ** 2
        for s in shares
    ]
    log_odds = special.logit(shares[1].mean()) - special.logit(shares[0].mean())
    df = sum(parts) ** 2 / (parts[0] ** 2 / 8 + parts[1] ** 2 / 12)
    assert found["log_odds"] == pytest.approx(log_odds)
    assert found["error"] == pytest.approx(np.sqrt(sum(parts)))
    assert found["df"] == pytest.approx(df)
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(log_odds) / found["error"], df))
    margin = stats.t.ppf(0.975, df) * found["error"]
    assert found["ci_low"] == pytest.approx(log_odds - margin)


def test_influences_square_to_the_covariance(unequal):
    y, X, g, _ = unequal
    fit = fit_gee(y, X, g)
    np.testing.assert_allclose(fit.influences.T @ fit.influences, fit.covariance)
    assert fit.influences.shape == (24, 4)


def test_order_of_rows_does_not_matter(unequal):
    y, X, g, _ = unequal
    order = np.random.default_rng(3).permutation(len(y))
    one, other = fit_gee(y, X, g), fit_gee(y[order], X[order], g[order])
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-8)


def test_one_answer_each_has_no_correlation():
    rng = np.random.default_rng(4)
    y = (rng.random(60) < 0.6).astype(float)
    fit = fit_gee(y, np.ones((60, 1)), np.arange(60))
    assert fit.correlation == 0
    assert fit.coefficients[0] == pytest.approx(special.logit(y.mean()))


def test_arm_with_every_answer_right_does_not_settle(unequal):
    _, X, g, _ = unequal
    y = np.where(X[:, 1] == 1, 1.0, np.arange(len(g)) % 2)
    with pytest.raises(ConvergenceError, match=r"coefficients must settle in 60 steps; got a last"):
        fit_gee(y, X[:, :3], g)
