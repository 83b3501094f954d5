import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF

from craft_core.errors import ActivationError, ConvergenceWarning, CraftError, ShapeError
from craft_core.nmf import fit_nmf


@pytest.fixture
def planted(generator):
    """Separable: each concept has features and crops of its own, so it can be found again."""
    W = torch.zeros(4, 40, dtype=torch.float64)
    for concept in range(4):
        W[concept, 10 * concept : 10 * concept + 10] = torch.rand(10, generator=generator).double()
    U = torch.rand(120, 4, generator=generator, dtype=torch.float64)
    U[U < 0.6] = 0
    return U @ W, W / W.norm(dim=1, keepdim=True)


def objective(A, U, W):
    return float(0.5 * (A - U @ W).square().sum())


@pytest.mark.parametrize("init", ["nndsvd", "random"])
def test_finds_planted_concepts_again(planted, init, generator):
    A, expected = planted
    _, W = fit_nmf(A, 4, generator=generator, init=init, tol=1e-8, max_rounds=5000)
    cosines = (W @ expected.T).numpy()
    rows, columns = linear_sum_assignment(-cosines)
    assert cosines[rows, columns].min() > 0.999


def test_objective_is_as_low_as_scikit_learns_from_the_same_start(generator):
    A = torch.rand(150, 60, generator=generator, dtype=torch.float64)
    U, W = fit_nmf(A, 6, generator=generator, tol=1e-5, max_rounds=2000)
    other = NMF(6, init="nndsvda", tol=1e-5, max_iter=20_000)
    expected = objective(
        A, torch.from_numpy(other.fit_transform(A.numpy())), torch.from_numpy(other.components_)
    )
    assert objective(A, U, W) <= 1.001 * expected


def test_more_rounds_never_raise_the_objective(planted, generator):
    A = planted[0] + 0.1 * torch.rand(planted[0].shape, generator=generator)
    values = []
    for rounds in (1, 2, 5, 20, 80):
        with pytest.warns(ConvergenceWarning, match=f"max_rounds={rounds} above"):
            values.append(
                objective(A, *fit_nmf(A, 4, generator=generator, tol=0, max_rounds=rounds))
            )
    assert np.all(np.diff(values) <= 1e-9 * values[0])


def test_factors_are_non_negative_and_concepts_of_unit_length(planted, generator, device):
    U, W = fit_nmf(planted[0].to(device), 4, generator=generator)
    assert U.min() >= 0 and W.min() >= 0
    torch.testing.assert_close(W.norm(dim=1).cpu(), torch.ones(4, dtype=torch.float64))


def test_same_seed_same_factors(planted):
    runs = [
        fit_nmf(planted[0], 4, generator=torch.Generator().manual_seed(3), init="random")
        for _ in range(2)
    ]
    torch.testing.assert_close(*runs, rtol=0, atol=0)


def test_scale_of_the_activations_is_the_scale_of_the_coefficients(planted, generator):
    U, W = fit_nmf(planted[0], 4, generator=generator)
    scaled_U, scaled_W = fit_nmf(1000 * planted[0], 4, generator=generator)
    torch.testing.assert_close(scaled_W, W, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(scaled_U, 1000 * U, rtol=1e-5, atol=1e-5)


def test_keeps_float32_and_its_input(planted, generator):
    A = planted[0].float()
    before = A.clone()
    U, W = fit_nmf(A, 4, generator=generator)
    assert U.dtype == W.dtype == torch.float32
    torch.testing.assert_close(A, before, rtol=0, atol=0)


def test_more_concepts_than_features_are_allowed(generator):
    A = torch.rand(30, 3, generator=generator)
    U, W = fit_nmf(A, 5, generator=generator, tol=1e-2)
    assert U.shape == (30, 5) and W.shape == (5, 3)


def test_zero_activations_have_zero_coefficients(generator):
    U, _ = fit_nmf(torch.zeros(6, 5), 2, generator=generator)
    assert (U == 0).all()


def test_negative_activations_are_refused(generator):
    A = torch.ones(4, 3)
    A[1, 2] = -0.25
    with pytest.raises(ActivationError, match=r"A must be >= 0; got a minimum of -0.25"):
        fit_nmf(A, 2, generator=generator)


def test_rows_must_be_as_many_as_concepts(generator):
    with pytest.raises(ShapeError, match=r"at least n_concepts=5 rows; got 4"):
        fit_nmf(torch.ones(4, 3), 5, generator=generator)


def test_at_least_one_concept(generator):
    with pytest.raises(CraftError, match=r"n_concepts must be at least 1; got 0"):
        fit_nmf(torch.ones(4, 3), 0, generator=generator)
