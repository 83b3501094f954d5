import pytest
import torch
from scipy.sparse.linalg import minres as scipy_minres

from craft_core.minres import begin, minres, run_steps


@pytest.fixture
def system(generator):
    """Symmetric, indefinite, with three null directions; right-hand sides in its range."""
    basis, _ = torch.linalg.qr(torch.randn(40, 40, generator=generator, dtype=torch.float64))
    values = torch.linspace(-1, 3, 40, dtype=torch.float64)
    values[:3] = 0
    H = basis * values @ basis.T
    return H, torch.randn(4, 40, generator=generator, dtype=torch.float64) @ H


@pytest.mark.parametrize("n_steps", [1, 2, 5, 20])
def test_every_step_is_scipys(system, n_steps):
    H, B = system
    X = run_steps(lambda v: v @ H, begin(B, tol=0), n_steps=n_steps).X
    for x, b in zip(X, B, strict=True):
        expected, _ = scipy_minres(H.numpy(), b.numpy(), rtol=1e-30, maxiter=n_steps)
        torch.testing.assert_close(x, torch.from_numpy(expected), rtol=1e-8, atol=1e-9)


def test_singular_system_has_the_solution_of_least_norm(system):
    H, B = system
    X, left = minres(lambda v: v @ H, B, tol=1e-12, max_steps=500)
    expected = B @ torch.linalg.pinv(H, hermitian=True)
    torch.testing.assert_close(X, expected, rtol=1e-8, atol=1e-9)
    assert left.max() < 1e-12


def test_zero_has_the_solution_zero(system):
    H, B = system
    X, left = minres(lambda v: v @ H, torch.cat([0 * B[:1], B[1:]]), tol=1e-10, max_steps=500)
    assert (X[0] == 0).all() and left[0] == 0
    torch.testing.assert_close(X[1:] @ H, B[1:])


def test_going_on_after_the_end_changes_nothing(system):
    H, B = system
    first = run_steps(lambda v: v @ H, begin(B, tol=0), n_steps=60).X
    later = run_steps(lambda v: v @ H, begin(B, tol=0), n_steps=300).X
    torch.testing.assert_close(later, first, rtol=1e-7, atol=1e-8)


def test_steps_that_do_not_suffice_leave_a_residual(system):
    H, B = system
    X, left = minres(lambda v: v @ H, B, tol=1e-12, max_steps=5)
    residual = (B - X @ H).norm(dim=1) / B.norm(dim=1)
    torch.testing.assert_close(left, residual, rtol=1e-6, atol=0)
    assert left.min() > 1e-6
