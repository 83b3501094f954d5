import pytest
import torch

from craft_core.admm import AdmmFactors, fit_nmf_admm, run_rounds, stationarity
from craft_core.errors import ActivationError, ConvergenceWarning, ShapeError
from craft_core.nmf import fit_nmf


@pytest.fixture
def problem(generator):
    """Activations with noise, and their factors by coordinate descent."""
    W = torch.rand(4, 30, generator=generator, dtype=torch.float64) ** 3
    A = torch.rand(80, 4, generator=generator, dtype=torch.float64) ** 3 @ W
    A = A + 0.1 * torch.rand(A.shape, generator=generator, dtype=torch.float64)
    return A, *fit_nmf(A, 4, generator=generator, tol=1e-6, max_rounds=5000)


def objective(A, U, W):
    return float((A - U @ W).square().sum() / 2)


def test_from_a_good_start_the_objective_stays(problem):
    A, U, W = problem
    found = fit_nmf_admm(A, U, W)
    assert objective(A, found.U, found.W) == pytest.approx(objective(A, U, W), rel=1e-5)


def test_from_a_random_start_the_objective_is_that_of_coordinate_descent(problem, generator):
    A, U, W = problem
    start = torch.rand(80, 4, generator=generator), torch.rand(4, 30, generator=generator)
    found = fit_nmf_admm(A, *(factor.double() for factor in start), tol=1e-6, max_rounds=5000)
    assert objective(A, found.U, found.W) == pytest.approx(objective(A, U, W), rel=0.02)


def test_duals_are_the_gradients(problem):
    """The first two rows of Eq. 11."""
    A, U, W = problem
    found = fit_nmf_admm(A, U, W, tol=1e-9, max_rounds=20_000)
    rest = found.U @ found.W - A
    scale = float((A @ found.W.T).abs().max())
    torch.testing.assert_close(found.dual_U, rest @ found.W.T, rtol=0, atol=1e-7 * scale)
    scale = float((found.U.T @ A).abs().max())
    torch.testing.assert_close(found.dual_W, found.U.T @ rest, rtol=0, atol=1e-7 * scale)


def test_signs_and_complementarity_hold_after_any_number_of_rounds(problem):
    """The last two rows of Eq. 11, and feasibility, hold exactly and not in the limit alone."""
    A, U, W = problem
    start = AdmmFactors(U=U, W=W, dual_U=torch.zeros_like(U), dual_W=torch.zeros_like(W))
    found = run_rounds(A, start, n_rounds=1)
    for factor, dual in ((found.U, found.dual_U), (found.W, found.dual_W)):
        assert factor.min() >= 0 and dual.min() >= 0
        assert (factor * dual == 0).all()


def test_warm_start_saves_rounds(problem, generator):
    A, U, W = problem
    cold = torch.rand(80, 4, generator=generator), torch.rand(4, 30, generator=generator)

    def rounds(U, W):
        state = AdmmFactors(U=U, W=W, dual_U=torch.zeros_like(U), dual_W=torch.zeros_like(W))
        for done in range(1, 2000):
            state = run_rounds(A, state, n_rounds=1)
            if stationarity(A, state) < 1e-4:
                return done
        return 2000

    assert rounds(U, W) < rounds(*(factor.double() for factor in cold)) / 4


def test_scale_of_the_activations_is_the_scale_of_the_product(problem):
    A, U, W = problem
    plain, scaled = fit_nmf_admm(A, U, W), fit_nmf_admm(1000 * A, 1000 * U, W)
    torch.testing.assert_close(scaled.U @ scaled.W, 1000 * (plain.U @ plain.W), rtol=1e-3, atol=1)


def test_keeps_float32_and_its_input(problem):
    A, U, W = (tensor.float() for tensor in problem)
    before = A.clone(), U.clone(), W.clone()
    found = fit_nmf_admm(A, U, W, tol=1e-4)
    assert found.dual_W.dtype == torch.float32
    torch.testing.assert_close((A, U, W), before, rtol=0, atol=0)


def test_rounds_that_do_not_suffice_are_told(problem):
    with pytest.warns(ConvergenceWarning, match=r"max_rounds=3 above tol=1e-15"):
        fit_nmf_admm(*problem, tol=1e-15, max_rounds=3)


def test_start_must_fit(problem):
    A, U, W = problem
    with pytest.raises(ShapeError, match=r"W must have shape \(r=4, p=30\); got \(3, 30\)"):
        fit_nmf_admm(A, U, W[:3])
    with pytest.raises(ActivationError, match=r"U must be >= 0; got a minimum of -1"):
        fit_nmf_admm(A, U - 1, W)
