import pytest
import torch
from scipy.optimize import nnls as scipy_nnls

from craft_core.free_systems import gram, unit_concepts
from craft_core.pivoting import PATIENCE, PivotState, exchange, solve_by_pivoting


@pytest.fixture
def problem(generator):
    W = unit_concepts(torch.rand(8, 20, generator=generator, dtype=torch.float64))[0]
    A = torch.randn(60, 20, generator=generator, dtype=torch.float64) + 0.5
    return A, W, gram(W), A @ W.T


@pytest.mark.parametrize("guess", [True, False])
def test_agrees_with_scipy_from_any_guess(problem, guess):
    A, W, G, T = problem
    U, left = solve_by_pivoting(G, T, torch.full(T.shape, guess), tol=1e-12)
    expected = torch.stack([torch.from_numpy(scipy_nnls(W.T.numpy(), a.numpy())[0]) for a in A])
    torch.testing.assert_close(U, expected, rtol=1e-9, atol=1e-11)
    assert not len(left)


def test_rounds_are_few_whatever_the_number_of_rows(problem, generator, monkeypatch):
    """What is asked of the device grows with the rounds, so these must not grow with the rows."""
    _, W, G, _ = problem
    monkeypatch.setattr("craft_core.pivoting.MAX_ROUNDS", 8)
    T = torch.randn(20_000, 20, generator=generator, dtype=torch.float64) @ W.T
    _, left = solve_by_pivoting(G, T, torch.zeros(T.shape, dtype=torch.bool), tol=1e-12)
    assert not len(left)


def state_of(free, *, fewest, patience):
    n = len(free)
    return PivotState(
        free=free, fewest=torch.full((n,), fewest), patience=torch.full((n,), patience)
    )


def test_all_that_break_a_condition_are_exchanged():
    G = torch.eye(3, dtype=torch.float64)
    T = torch.tensor([[-1.0, 2.0, 3.0]], dtype=torch.float64)
    free = torch.tensor([[True, False, False]])
    x = torch.tensor([[-1.0, 0.0, 0.0]], dtype=torch.float64)
    after, is_solved = exchange(G, T, x, state_of(free, fewest=4, patience=PATIENCE), tol=1e-12)
    assert after.free.tolist() == [[False, True, True]]
    assert after.fewest.tolist() == [3] and not is_solved.any()


def test_without_progress_the_last_alone_is_exchanged():
    G = torch.eye(3, dtype=torch.float64)
    T = torch.tensor([[-1.0, 2.0, 3.0]], dtype=torch.float64)
    free = torch.tensor([[True, False, False]])
    x = torch.tensor([[-1.0, 0.0, 0.0]], dtype=torch.float64)
    after, _ = exchange(G, T, x, state_of(free, fewest=1, patience=0), tol=1e-12)
    assert after.free.tolist() == [[True, False, True]]


def test_what_is_not_finite_is_not_solved():
    G, T = torch.eye(2, dtype=torch.float64), -torch.ones(1, 2, dtype=torch.float64)
    x = torch.tensor([[float("nan"), 0.0]], dtype=torch.float64)
    free = torch.tensor([[True, False]])
    _, is_solved = exchange(G, T, x, state_of(free, fewest=3, patience=PATIENCE), tol=1e-12)
    assert not is_solved.any()
