"""Answers of lme4 1.1-31 in R 4.2.2, found with

    library(lme4); control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13,
                                           optCtrl = list(rhoend = 1e-10, maxfun = 1e5))

Standard errors for VerbAgg are from the curvature of lme4's own deviance function by numDeriv,
    d <- update(fit, devFunOnly = TRUE); sqrt(diag(2 * solve(numDeriv::hessian(d, c(theta, beta)))))
since those of vcov(fit) there change in the fourth digit with the tolerance (0.22482 or 0.22481,
against 0.22502 by numDeriv and 0.22502 by glmmTMB). For cbpp the two agree, and vcov is quoted.
"""

import numpy as np
import pytest
from scipy import special

from analysis.errors import ConvergenceError
from analysis.regression.binomial import fit_binomial
from analysis.regression.mixed_logit import Grouping, fit_mixed_logit

TO = 1e-4  # what is asked of agreement with lme4


def _errors(fit):
    return np.sqrt(np.diag(fit.covariance))


def _ones(n):
    return np.ones((n, 1))


def _intercepts(codes):
    return Grouping(codes=codes.astype(int), design=_ones(len(codes)))


@pytest.fixture
def answers(verbagg):
    """y, whether the answer is on doing, scolding, shouting, by oneself; person and item."""
    table, names = verbagg
    n_persons, n_items = table.shape
    words = np.array([[part in name for part in ("Do", "Scold", "Shout")] for name in names])
    by_self = np.array([name[1] in "34" for name in names])
    item = np.tile(np.arange(n_items), n_persons)
    columns = np.column_stack([words, by_self])[item].astype(float)
    return table.ravel(), columns, np.repeat(np.arange(n_persons), n_items), item


def test_cbpp_agrees_with_lme4(cbpp):
    # glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), cbpp, binomial, control)
    herd, cases, size, period = cbpp.T
    X = np.column_stack([np.ones(56), *(period == k for k in (1, 2, 3))]).astype(float)
    fit = fit_mixed_logit(cases, X, _intercepts(herd), n_answers=size)
    assert fit.log_likelihood == pytest.approx(-92.0262818715, abs=1e-6)
    expected = [-1.3985321098, -0.9923327972, -1.1286721333, -1.5803139510]
    assert fit.coefficients == pytest.approx(expected, abs=1e-5)
    expected = [0.2324718388, 0.3066422104, 0.3266375751, 0.4274362049]
    assert _errors(fit) == pytest.approx(expected, abs=1e-5)
    assert fit.participants[0, 0] ** 0.5 == pytest.approx(0.6422614261, abs=1e-5)
    assert fit.items.size == 0 and not fit.is_singular


def test_crossed_cbpp_agrees_with_lme4(cbpp):
    # glmer(cbind(incidence, size - incidence) ~ 1 + (1 | herd) + (1 | period), cbpp, ...)
    herd, cases, size, period = cbpp.T
    fit = fit_mixed_logit(cases, _ones(56), _intercepts(herd), _intercepts(period), n_answers=size)
    assert fit.log_likelihood == pytest.approx(-96.9389691342, abs=1e-6)
    assert fit.coefficients == pytest.approx([-2.284428199], abs=1e-5)
    assert _errors(fit) == pytest.approx([0.3611856988], abs=1e-5)
    assert fit.participants[0, 0] ** 0.5 == pytest.approx(0.6850138, abs=1e-5)
    assert fit.items[0, 0] ** 0.5 == pytest.approx(0.5567824, abs=1e-5)


def test_cbpp_with_slopes_agrees_with_lme4(cbpp):
    # early <- period %in% 1:2; glmer(... ~ early + (1 + early | herd) + (1 | period), cbpp, ...)
    herd, cases, size, period = cbpp.T
    X = np.column_stack([np.ones(56), period < 2]).astype(float)
    herds = Grouping(codes=herd.astype(int), design=X)
    fit = fit_mixed_logit(cases, X, herds, _intercepts(period), n_answers=size)
    assert fit.log_likelihood == pytest.approx(-95.5170380296, abs=1e-6)
    assert fit.coefficients == pytest.approx([-2.7652177001, 0.9109028184], abs=1e-5)
    assert _errors(fit) == pytest.approx([0.4127394914, 0.4784899764], abs=1e-5)
    triangle = np.linalg.cholesky(fit.participants)
    assert triangle[:, 0] == pytest.approx([0.68863682740, -0.07568580998], abs=1e-5)
    assert triangle[1, 1] == pytest.approx(0.32036724226, abs=1e-5)


def test_verbagg_agrees_with_lme4(answers):
    # glmer(r2 ~ btype + situ + (1 | id) + (1 | item), VerbAgg, binomial, control)
    y, columns, person, item = answers
    X = np.column_stack([np.ones(len(y)), columns[:, 1:]])
    fit = fit_mixed_logit(y, X, _intercepts(person), _intercepts(item))
    assert fit.log_likelihood == pytest.approx(-4082.69197123, abs=TO)
    expected = [1.4221989864, -1.0587331211, -2.1054687702, -1.0554936723]
    assert fit.coefficients == pytest.approx(expected, abs=TO)
    expected = [0.22502221894, 0.25733390449, 0.25951863368, 0.21082403376]
    assert _errors(fit) == pytest.approx(expected, abs=TO)
    assert fit.participants[0, 0] ** 0.5 == pytest.approx(1.3722828933, abs=TO)
    assert fit.items[0, 0] ** 0.5 == pytest.approx(0.4954111964, abs=TO)


def test_verbagg_with_slopes_agrees_with_lme4_and_glmmtmb(answers):
    # glmer(r2 ~ do + situ + (1 + do | id) + (1 | item), VerbAgg, ...); standard errors and the
    # log-likelihood's last digits are glmmTMB's (1.1.5), same formula: -4054.922230401
    y, columns, person, item = answers
    X = np.column_stack([np.ones(len(y)), columns[:, [0, 3]]])
    fit = fit_mixed_logit(y, X, Grouping(codes=person, design=X[:, :2]), _intercepts(item))
    assert fit.log_likelihood == pytest.approx(-4054.92226214, abs=TO)
    assert fit.log_likelihood == pytest.approx(-4054.922230401, abs=1e-8)
    expected = [0.7546599357, -0.7754114274, -1.1094363419]
    assert fit.coefficients == pytest.approx(expected, abs=TO)
    expected = [0.3615250891, 0.4113602741, 0.4071534993]
    assert _errors(fit) == pytest.approx(expected, abs=TO)


def _balanced(rng, *, n=12, n_items=10, sd=(0.6, 0.4, 0.5)):
    """Answers of n participants to items of two levels, and their design."""
    g, h = np.repeat(np.arange(n), n_items), np.tile(np.arange(n_items), n)
    X = np.column_stack([np.ones(len(g)), (h >= n_items // 2) - 0.5])
    eta = 0.8 + (sd[0] * rng.standard_normal(n))[g] + (sd[2] * rng.standard_normal(n_items))[h]
    eta += (sd[1] * rng.standard_normal(n))[g] * X[:, 1]
    y = (rng.random(len(g)) < special.expit(eta)).astype(float)
    return y, X, Grouping(codes=g, design=X), Grouping(codes=h, design=X[:, :1])


def test_order_of_rows_and_names_do_not_matter():
    y, X, participants, items = _balanced(np.random.default_rng(1))
    one = fit_mixed_logit(y, X, participants, items)
    order = np.random.default_rng(2).permutation(len(y))
    other = fit_mixed_logit(
        y[order],
        X[order],
        Grouping(codes=11 - participants.codes[order], design=X[order]),
        Grouping(codes=9 - items.codes[order], design=X[order, :1]),
    )
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-7)
    assert one.coefficients == pytest.approx(other.coefficients, abs=1e-5)


def test_wrong_answers_mirror_right_ones():
    y, X, participants, items = _balanced(np.random.default_rng(1))
    one = fit_mixed_logit(y, X, participants, items)
    other = fit_mixed_logit(1 - y, X, participants, items)
    assert one.coefficients == pytest.approx(-other.coefficients, abs=1e-5)
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-5)


def test_answers_without_dependence_give_the_plain_fit():
    g, h = np.repeat(np.arange(6), 20), np.tile(np.arange(20), 6)
    y = ((3 * g + 7 * h) % 10 < 6).astype(float)  # as balanced as can be over both
    fit = fit_mixed_logit(y, _ones(120), _intercepts(g), _intercepts(h))
    assert fit.is_singular
    plain = fit_binomial(y, _ones(120))
    assert fit.coefficients == pytest.approx(plain.coefficients, abs=1e-4)
    assert _errors(fit) == pytest.approx(np.sqrt(np.diag(plain.covariance)), abs=1e-3)


def test_flat_direction_of_the_variances_is_left_alone():
    # participants differ in neither effect: several triangles are the same model
    rng = np.random.default_rng(5)
    y, X, participants, items = _balanced(rng, n=20, n_items=14, sd=(0.0, 0.0, 1.0))
    fit = fit_mixed_logit(y, X, participants, items)
    assert fit.is_singular and np.isfinite(fit.covariance).all()
    alone = fit_mixed_logit(y, X, _intercepts(participants.codes), items)
    assert fit.log_likelihood >= alone.log_likelihood - 1e-8
    assert _errors(fit)[1] >= _errors(alone)[1] - 1e-8


def test_slope_that_stays_is_an_error(monkeypatch):
    y, X, participants, items = _balanced(np.random.default_rng(1))
    monkeypatch.setattr("analysis.regression.mixed_logit.SLOPE", 1e-20)
    with pytest.raises(ConvergenceError, match=r"likelihood must end below 1e-20; got \d"):
        fit_mixed_logit(y, X, participants, items)


def test_inputs_are_left_unchanged():
    y, X, participants, items = _balanced(np.random.default_rng(1))
    before = [y.copy(), X.copy(), participants.codes.copy()]
    fit_mixed_logit(y, X, participants, items)
    assert all(
        (now == then).all() for now, then in zip([y, X, participants.codes], before, strict=True)
    )
