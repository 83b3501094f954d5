import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import NMF

from craft_core.errors import ActivationError, ConvergenceWarning, CraftError, ShapeError
from craft_core.nmf import Penalties, begin, fit_nmf, run_rounds
from craft_core.nmf_starts import nndsvd_start, random_start


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


@pytest.fixture
def noisy(planted, generator):
    return planted[0] + 0.1 * torch.rand(planted[0].shape, generator=generator, dtype=torch.float64)


def test_objective_is_as_low_as_scikit_learns_from_the_same_start(noisy, generator):
    U0, W0 = nndsvd_start(noisy, 6, generator=generator)
    ours = fit_nmf(noisy, 6, generator=generator, init=(U0, W0), tol=1e-6, max_rounds=5000)
    theirs = NMF(6, init="custom", tol=1e-6, max_iter=20_000)
    U = theirs.fit_transform(noisy.numpy(), W=U0.numpy(), H=W0.numpy())
    expected = objective(noisy, torch.from_numpy(U), torch.from_numpy(theirs.components_))
    assert objective(noisy, *ours) <= 1.001 * expected


def test_penalties_are_scikit_learns(noisy, generator):
    """From one start both reach one objective: `alpha_W` times `l1_ratio` is l1, the rest is l2."""
    U0, W0 = nndsvd_start(noisy, 4, generator=generator)
    other = NMF(4, init="custom", alpha_W=1e-3, l1_ratio=0.4, tol=1e-7, max_iter=20_000)
    other.fit_transform(noisy.numpy(), W=U0.numpy(), H=W0.numpy())
    penalties = {"l1": 4e-4, "l2": 6e-4}
    state = begin(noisy, U0.T.contiguous(), W0)
    state = run_rounds(noisy, state, Penalties(**penalties), n_rounds=2000)
    n, p = noisy.shape
    U, W = torch.from_numpy(other.transform(noisy.numpy())), torch.from_numpy(other.components_)
    size = p * (4e-4 * U.sum() + 3e-4 * U.square().sum())
    size = size + n * (4e-4 * W.sum() + 3e-4 * W.square().sum())
    expected = objective(noisy, U, W) + float(size)
    assert float(state.objective) == pytest.approx(expected, rel=1e-5)
    U, W = fit_nmf(
        noisy, 4, generator=generator, init=(U0, W0), **penalties, tol=1e-8, max_rounds=5000
    )
    torch.testing.assert_close(U @ W, state.U.T @ state.W, rtol=1e-3, atol=1e-3)


def test_l1_makes_factors_sparse(noisy, generator):
    plain, _ = fit_nmf(noisy, 6, generator=generator)
    sparse, _ = fit_nmf(noisy, 6, generator=generator, l1=3e-3)
    assert (sparse == 0).sum() > 1.5 * (plain == 0).sum()


@pytest.mark.parametrize("penalties", [Penalties(), Penalties(l1=1e-3, l2=1e-3)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_no_round_raises_the_objective(noisy, penalties, dtype, generator):
    A = noisy.to(dtype)
    U, W = random_start(A, 4, generator=generator)
    state = begin(A, U.T.contiguous(), W)
    values = []
    for _ in range(150):
        state = run_rounds(A, state, penalties, n_rounds=1)
        added = penalties.l1 * (A.shape[1] * state.U.sum() + A.shape[0] * state.W.sum())
        squares = A.shape[1] * state.U.square().sum() + A.shape[0] * state.W.square().sum()
        fit = objective(A.double(), state.U.T.double(), state.W.double())
        values.append(fit + float(added + penalties.l2 * squares / 2))
    rounding = 1e-12 if dtype == torch.float64 else 1e-6
    assert np.all(np.diff(values) <= rounding * values[0])
    assert float(state.objective) == pytest.approx(values[-1], rel=1e-4)


def test_stops_on_the_optimality_conditions(noisy, generator):
    U, W = fit_nmf(noisy, 4, generator=generator, tol=1e-7, max_rounds=5000)
    gradient_W = U.T @ (U @ W - noisy)
    scale = (U.T @ noisy).abs().max()
    assert (gradient_W[W > 1e-9].abs().max() / scale) < 1e-5
    assert (gradient_W.min() / scale) > -1e-5


def test_rounds_that_do_not_suffice_are_told(noisy, generator):
    with pytest.warns(ConvergenceWarning, match=r"max_rounds=5 above tol=1e-12"):
        fit_nmf(noisy, 4, generator=generator, tol=1e-12, max_rounds=5)


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


def test_start_must_fit(planted, generator):
    A, W = planted
    U = torch.ones(120, 4, dtype=torch.float64)
    with pytest.raises(ShapeError, match=r"W must have shape \(r=4, p=40\); got \(3, 40\)"):
        fit_nmf(A, 4, generator=generator, init=(U, W[:3]))
    with pytest.raises(ShapeError, match=r"init must have n_concepts=5 concepts; got 4"):
        fit_nmf(A, 5, generator=generator, init=(U, W))
    with pytest.raises(ActivationError, match=r"U must be >= 0; got a minimum of -1"):
        fit_nmf(A, 4, generator=generator, init=(-U, W))


def test_unknown_start_is_named(planted, generator):
    with pytest.raises(CraftError, match=r"init must be one of \['nndsvd', 'random'\]; got 'svd'"):
        fit_nmf(planted[0], 4, generator=generator, init="svd")


@pytest.mark.parametrize("value", [-0.5, float("nan")])
def test_penalties_must_not_be_negative(planted, value, generator):
    with pytest.raises(CraftError, match=rf"l2 must be >= 0; got {value}"):
        fit_nmf(planted[0], 4, generator=generator, l2=value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_activations_must_be_finite(value, generator):
    A = torch.ones(4, 3)
    A[0, 1] = value
    with pytest.raises(ActivationError, match=r"A must be finite; got 1 entries that are not"):
        fit_nmf(A, 2, generator=generator)


def test_integers_are_refused(generator):
    with pytest.raises(ActivationError, match=r"A must be of a floating type; got torch.int64"):
        fit_nmf(torch.ones(4, 3, dtype=torch.int64), 2, generator=generator)


def test_matrix_is_asked_for(generator):
    with pytest.raises(ShapeError, match=r"A must have shape \(n, p\); got \(4, 3, 2, 2\)"):
        fit_nmf(torch.ones(4, 3, 2, 2), 2, generator=generator)
