"""The derivative of the factorisation against finite differences of it, and against Eq. 11."""

import pytest
import torch

from craft_core.errors import DerivativeError, ShapeError
from craft_core.implicit_nmf import (
    differentiable_nmf,
    factor_changes,
    nmf_block,
    null_directions,
    product_change,
    pull_back,
)
from craft_core.nmf import fit_nmf


def fitted(A, r, init="nndsvd"):
    generator = torch.Generator().manual_seed(0)
    return fit_nmf(A, r, generator=generator, init=init, tol=1e-15, max_rounds=50_000)


@pytest.fixture
def sparse(generator):
    """Activations whose factors have zeros enough to be locally unique."""
    W = torch.rand(3, 25, generator=generator, dtype=torch.float64)
    U = torch.rand(40, 3, generator=generator, dtype=torch.float64)
    W[W < 0.4], U[U < 0.4] = 0, 0
    A = U @ W + 0.1 * torch.rand(40, 25, generator=generator, dtype=torch.float64)
    return A, *fitted(A, 3)


@pytest.fixture
def dense(generator):
    """Activations whose factors are all positive: any two concepts can be mixed a little."""
    A = 1 + torch.rand(20, 12, generator=generator, dtype=torch.float64)
    U, W = fitted(A, 2)
    assert U.min() > 0 and W.min() > 0
    return A, U, W


@pytest.fixture
def direction(sparse, generator):
    return torch.randn(sparse[0].shape, generator=generator, dtype=torch.float64)


def difference(A, U, W, direction, step=1e-5):
    """Central difference of both factors, each refitted from where it was."""
    ahead = fitted(A + step * direction, len(W), init=(U, W))
    behind = fitted(A - step * direction, len(W), init=(U, W))
    return [(a - b) / (2 * step) for a, b in zip(ahead, behind, strict=True)], (ahead, behind)


def test_factors_move_as_finite_differences_say(sparse, direction):
    dU, dW = factor_changes(nmf_block(*sparse), direction)
    (expected_U, expected_W), _ = difference(*sparse, direction)
    torch.testing.assert_close(dU, expected_U, rtol=1e-6, atol=1e-7 * float(expected_U.max()))
    torch.testing.assert_close(dW, expected_W, rtol=1e-6, atol=1e-7 * float(expected_W.max()))


@pytest.mark.parametrize("which", ["sparse", "dense"])
def test_product_moves_as_finite_differences_say(which, request, generator):
    """Also where the factors themselves have no derivative."""
    A, U, W = request.getfixturevalue(which)
    direction = torch.randn(A.shape, generator=generator, dtype=torch.float64)
    _, (ahead, behind) = difference(A, U, W, direction)
    expected = (ahead[0] @ ahead[1] - behind[0] @ behind[1]) / 2e-5
    found = product_change(nmf_block(A, U, W), direction)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6 * float(expected.abs().max()))


def test_solves_the_papers_own_system(sparse, direction):
    """Eq. 12 with the Jacobian of Eq. 11 as printed, which is asymmetric and singular r-fold."""
    A, U, W = sparse
    rest = U @ W - A
    free_U, free_W = U > 0, W > 0
    duals = (rest @ W.T) * ~free_U, (U.T @ rest) * ~free_W

    def optimality(flat, activations):
        u, w, dual_u, dual_w = unpack(flat, U, W)
        left = u @ w - activations
        return torch.cat(
            [
                (left @ w.T - dual_u).flatten(),
                (u.T @ left - dual_w).flatten(),
                (dual_u * u).flatten(),
                (dual_w * w).flatten(),
            ]
        )

    at = torch.cat([tensor.flatten() for tensor in (U, W, *duals)])
    jacobian = torch.autograd.functional.jacobian(lambda x: optimality(x, A), at)
    assert (jacobian - jacobian.T).abs().max() > 1e-3
    sizes = torch.linalg.svdvals(jacobian)
    assert int((sizes < 1e-9 * sizes[0]).sum()) == 3  # one a concept: the scale

    dU, dW = factor_changes(nmf_block(*sparse), direction)
    moved = dU @ W + U @ dW - direction
    dual_moves = (moved @ W.T + rest @ dW.T) * ~free_U, (dU.T @ rest + U.T @ moved) * ~free_W
    change = torch.cat([tensor.flatten() for tensor in (dU, dW, *dual_moves)])
    by_activations = torch.autograd.functional.jvp(lambda a: optimality(at, a), A, direction)[1]
    torch.testing.assert_close(jacobian @ change, -by_activations, rtol=1e-6, atol=1e-6)


def unpack(flat, U, W):
    parts = flat.split([U.numel(), W.numel(), U.numel(), W.numel()])
    shapes = (U.shape, W.shape, U.shape, W.shape)
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def test_rows_of_the_bank_keep_their_length(sparse, direction):
    _, dW = factor_changes(nmf_block(*sparse), direction)
    assert (dW * sparse[2]).sum(dim=1).abs().max() < 1e-9


def test_zeros_stay(sparse, direction):
    A, U, W = sparse
    dU, dW = factor_changes(nmf_block(A, U, W), direction)
    assert (dU[U == 0] == 0).all() and (dW[W == 0] == 0).all()


def test_along_the_activations_themselves_only_the_coefficients_grow(sparse):
    """Euler: twice the activations have twice the coefficients, and the same bank."""
    A, U, W = sparse
    dU, dW = factor_changes(nmf_block(A, U, W), A)
    torch.testing.assert_close(dU, U, rtol=1e-6, atol=1e-7)
    assert dW.abs().max() < 1e-7


def test_pulling_back_is_the_transpose(sparse, direction, generator):
    block = nmf_block(*sparse)
    dU, dW = factor_changes(block, direction)
    grad_U = torch.randn(dU.shape, generator=generator, dtype=torch.float64)
    grad_W = torch.randn(dW.shape, generator=generator, dtype=torch.float64)
    forward = float((grad_U * dU).sum() + (grad_W * dW).sum())
    assert float((pull_back(block, grad_U, grad_W) * direction).sum()) == pytest.approx(forward)


def test_gradients_reach_the_activations(sparse, direction):
    A, U, W = sparse
    A.requires_grad_()
    tied_U, tied_W = differentiable_nmf(A, U, W)
    (tied_U[:, 0].sum() + tied_W[0].square().sum()).backward()
    dU, _ = factor_changes(nmf_block(A, U, W), direction)
    # the squares of a row of unit length do not change
    assert float((A.grad * direction).sum()) == pytest.approx(float(dU[:, 0].sum()), rel=1e-5)


def test_dimension_of_another_null_space_is_named(dense, generator):
    A, U, W = dense
    block = nmf_block(A, U, W)
    message = r"got a null space of 2 dimensions beyond the 2 of scale"
    with pytest.raises(DerivativeError, match=message):
        factor_changes(block, A)
    with pytest.raises(DerivativeError, match=message):
        pull_back(block, U, W)


def test_null_directions_have_no_curvature(dense):
    """Mixing: dU = U Q, dW = -Q W leaves the product as it is."""
    A, U, W = dense
    X, Z = null_directions(nmf_block(A, U, W))
    change = X @ W + U @ Z
    assert len(X) == 2 and change.abs().max() < 1e-6 * (U @ W).max()


def test_more_null_directions_than_probes_are_counted(generator):
    A = 1 + torch.rand(30, 20, generator=generator, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    U = 1 + torch.rand(30, 4, generator=generator, dtype=torch.float64)
    W = torch.nn.functional.normalize(1 + torch.rand(4, 20, generator=generator).double())
    with pytest.raises(DerivativeError, match="got a null space of 12 dimensions beyond the 4"):
        factor_changes(nmf_block(U @ W, U, W), A)  # an exact factorisation: 4 x 4 mixes, less 4


def test_factors_must_be_optimal(sparse, generator):
    A, U, W = sparse
    with pytest.raises(DerivativeError, match=r"U must be optimal to 1e-05 for a derivative; got"):
        nmf_block(A, U * 1.1, W)


def test_rows_must_be_of_unit_length(sparse):
    A, U, W = sparse
    with pytest.raises(DerivativeError, match=r"rows of W must have unit length; got 2 to 2"):
        nmf_block(A, U / 2, 2 * W)


def test_shapes_must_match(sparse):
    A, U, W = sparse
    with pytest.raises(ShapeError, match=r"W must have shape \(r=3, p=25\); got \(3, 24\)"):
        nmf_block(A, U, W[:, :-1])


def test_steps_that_do_not_suffice_are_an_error(sparse, direction):
    block = nmf_block(*sparse, max_steps=3)
    with pytest.raises(DerivativeError, match=r"must be solved to 1e-10; got .* after 3 steps"):
        product_change(block, direction)
