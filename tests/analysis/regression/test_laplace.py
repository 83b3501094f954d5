import numpy as np
import pytest
from scipy import integrate, special, stats

from analysis.errors import ConvergenceError
from analysis.regression import mode
from analysis.regression.laplace import log_likelihood
from analysis.regression.mode import find_mode
from analysis.regression.problem import Problem, triangle

PARAMETERS = np.array([0.4, -0.3, 0.7, 0.2, 0.5, 0.6, -0.1, 0.3])


@pytest.fixture
def problem():
    """Nine participants and six items with two effects each, crossed; some answers missing."""
    rng = np.random.default_rng(6)
    g, h = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
    kept = rng.random(54) < 0.9
    g, h = g[kept], h[kept]
    X = np.column_stack([np.ones(len(g)), rng.standard_normal(len(g))])
    m = rng.integers(1, 4, len(g)).astype(float)
    y = rng.binomial(m.astype(int), 0.6).astype(float)
    return Problem(y=y, m=m, X=X, g=g, h=h, Z=X, Y=X[:, ::-1])


def test_gradient_agrees_with_central_differences(problem):
    _, gradient, _ = log_likelihood(problem, PARAMETERS)
    step = 1e-5
    expected = [
        (log_likelihood(problem, PARAMETERS + step * e)[0]
         - log_likelihood(problem, PARAMETERS - step * e)[0]) / (2 * step)
        for e in np.eye(len(PARAMETERS))
    ]  # fmt: skip
    assert gradient == pytest.approx(expected, abs=1e-7)


def test_gradient_without_items_agrees_with_central_differences(problem):
    alone = Problem(**{**_fields(problem), "Y": np.empty((len(problem.y), 0))})
    parameters, step = PARAMETERS[:5], 1e-5
    _, gradient, _ = log_likelihood(alone, parameters)
    expected = [
        (log_likelihood(alone, parameters + step * e)[0]
         - log_likelihood(alone, parameters - step * e)[0]) / (2 * step)
        for e in np.eye(5)
    ]  # fmt: skip
    assert gradient == pytest.approx(expected, abs=1e-7)


def _fields(problem):
    return {name: getattr(problem, name) for name in ("y", "m", "X", "g", "h", "Z", "Y")}


def test_value_agrees_with_dense_linear_algebra(problem):
    value, _, found = log_likelihood(problem, PARAMETERS)
    n_u, n_v = found.u.size, found.v.size
    rows = np.zeros((len(problem.y), n_u + n_v))
    for n, (g, h) in enumerate(zip(problem.g, problem.h, strict=True)):
        rows[n, 2 * g : 2 * g + 2] = found.A[n]
        rows[n, n_u + 2 * h : n_u + 2 * h + 2] = found.B[n]
    effects = np.concatenate([found.u.ravel(), found.v.ravel()])
    eta = problem.X @ PARAMETERS[:2] + rows @ effects
    p = special.expit(eta)
    H = (rows.T * (problem.m * p * (1 - p))) @ rows + np.eye(n_u + n_v)
    density = stats.binom.logpmf(problem.y, problem.m, p).sum() - effects @ effects / 2
    assert value == pytest.approx(density - np.linalg.slogdet(H)[1] / 2)
    assert rows.T @ (problem.y - problem.m * p) == pytest.approx(effects, abs=1e-8)  # a mode


def test_one_effect_and_many_answers_come_close_to_the_integral():
    y, m = np.array([61.0]), np.array([90.0])
    one = np.ones((1, 1))
    problem = Problem(y=y, m=m, X=one, g=np.array([0]), h=np.array([0]), Z=one, Y=np.empty((1, 0)))
    value, _, _ = log_likelihood(problem, np.array([0.3, 0.8]))

    def density(u):
        return stats.binom.pmf(61, 90, special.expit(0.3 + 0.8 * u)) * stats.norm.pdf(u)

    expected = np.log(integrate.quad(density, -8, 8)[0])
    assert value == pytest.approx(expected, abs=4e-3)


def test_zero_variances_give_the_plain_likelihood(problem):
    parameters = np.concatenate([PARAMETERS[:2], np.zeros(6)])
    value, _, found = log_likelihood(problem, parameters)
    p = special.expit(problem.X @ PARAMETERS[:2])
    assert value == pytest.approx(stats.binom.logpmf(problem.y, problem.m, p).sum())
    assert not found.u.any() and not found.v.any()


def test_search_may_begin_anywhere(problem):
    far = 5 * np.ones((9, 2)), -5 * np.ones((6, 2))
    one, other = find_mode(problem, PARAMETERS), find_mode(problem, PARAMETERS, far)
    np.testing.assert_allclose(one.u, other.u, atol=1e-8)
    assert one.joint == pytest.approx(other.joint)


def test_search_that_does_not_end_is_an_error(problem, monkeypatch):
    monkeypatch.setattr(mode, "MAX_STEPS", 1)
    with pytest.raises(
        ConvergenceError, match=r"must reach their mode in 1 steps; got a last rise"
    ):
        find_mode(problem, PARAMETERS)


def test_triangle_is_filled_by_columns():
    matrix = triangle(np.arange(1.0, 7), 3)
    assert matrix.tolist() == [[1, 0, 0], [2, 4, 0], [3, 5, 6]]
