import pytest
import torch
from scipy.optimize import nnls as scipy_nnls

from craft_core.active_set import solve_by_active_set, solve_least_norm
from craft_core.free_systems import gram, unit_concepts

RANK_TOL = 1e-13


@pytest.fixture
def problem(generator):
    W = unit_concepts(torch.rand(8, 20, generator=generator, dtype=torch.float64))[0]
    A = torch.randn(60, 20, generator=generator, dtype=torch.float64) + 0.5
    return A, W, gram(W), A @ W.T


def solve(G, T, U, max_rounds=200):
    return solve_by_active_set(G, T, U, tol=1e-12, rank_tol=RANK_TOL, max_rounds=max_rounds)


def test_agrees_with_scipy(problem):
    A, W, G, T = problem
    U, left = solve(G, T, torch.zeros_like(T))
    expected = torch.stack([torch.from_numpy(scipy_nnls(W.T.numpy(), a.numpy())[0]) for a in A])
    torch.testing.assert_close(U, expected, rtol=1e-9, atol=1e-11)
    assert not len(left)


def test_guess_does_not_change_the_answer(problem, generator):
    _, _, G, T = problem
    guess = torch.rand(T.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(solve(G, T, guess)[0], solve(G, T, torch.zeros_like(T))[0])


def test_rows_that_need_more_rounds_are_named(problem):
    _, _, G, T = problem
    _, left = solve(G, T, torch.zeros_like(T), max_rounds=1)
    never_positive = (T <= 0).all(dim=1)
    assert left.tolist() == (~never_positive).nonzero().flatten().tolist()


def test_least_norm_uses_all_concepts_where_one_would_fit():
    """(1, 1) from unit concepts along (1, 1), (1, 0) and (0, 1): sqrt(1/2), 1/2, 1/2 by hand."""
    W = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    unit, _ = unit_concepts(W)
    T = torch.ones(1, 2, dtype=torch.float64) @ unit.T
    guess = torch.tensor([[True, False, False]])
    U, left = solve_least_norm(gram(unit), T, guess, tol=1e-12, rank_tol=RANK_TOL)
    torch.testing.assert_close(U, torch.tensor([[0.5**0.5, 0.5, 0.5]], dtype=torch.float64))
    assert not len(left)
