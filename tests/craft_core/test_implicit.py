import importlib

import pytest
import torch
from captum import attr

from craft_core.errors import DerivativeWarning
from craft_core.implicit import active_systems, nnls_jacobian
from craft_core.nnls import nnls


@pytest.fixture
def problem(generator):
    """Strictly complementary: no coefficient is zero with a zero gradient."""
    W = torch.rand(5, 12, generator=generator, dtype=torch.float64)
    A = torch.rand(8, 5, generator=generator, dtype=torch.float64) @ W
    return A + 0.5 * torch.randn(8, 12, generator=generator, dtype=torch.float64), W


def test_agrees_with_finite_differences_in_both_arguments(problem):
    A, W = (tensor.requires_grad_() for tensor in problem)
    assert torch.autograd.gradcheck(nnls, (A, W), eps=1e-7, atol=1e-6, rtol=1e-5)


def test_agrees_with_the_dense_formula(problem):
    A, W = problem
    row = A[0].requires_grad_()
    U = nnls(row[None], W)[0]
    free = (U > 0).nonzero().flatten()
    expected = torch.zeros(5, 12, dtype=torch.float64)
    expected[free] = torch.linalg.inv(W[free] @ W[free].T) @ W[free]
    found = torch.autograd.functional.jacobian(lambda a: nnls(a[None], W)[0], row)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


def test_jacobian_is_what_automatic_differentiation_gives(problem):
    A, W = problem
    U = nnls(A, W)
    found = nnls_jacobian(W, U, [3, 0], systems=active_systems(W, U))
    for place, concept in enumerate([3, 0]):
        (slope,) = torch.autograd.grad(nnls(A.requires_grad_(), W)[:, concept].sum(), A)
        torch.testing.assert_close(found[:, place], slope)


def test_euler_identity_holds(problem):
    A, W = problem
    A.requires_grad_()
    U = nnls(A, W)
    for concept in range(U.shape[1]):
        (slope,) = torch.autograd.grad(U[:, concept].sum(), A, retain_graph=True)
        torch.testing.assert_close((A * slope).sum(dim=1), U[:, concept])


def test_absent_concept_has_no_derivative(problem):
    A, W = problem
    A.requires_grad_()
    U = nnls(A, W)
    row, concept = (U == 0).nonzero()[0].tolist()
    (slope,) = torch.autograd.grad(U[row, concept], A)
    assert (slope == 0).all()


def test_concept_that_is_zero_changes_nothing(problem):
    A, W = problem
    W[1] = 0
    A.requires_grad_()
    U = nnls(A, W)
    (slope,) = torch.autograd.grad(U.sum(), A)
    others = torch.tensor([0, 2, 3, 4])
    (expected,) = torch.autograd.grad(nnls(A, W[others]).sum(), A)
    torch.testing.assert_close(slope, expected)


def test_dependent_concepts_warn_and_give_the_derivative_of_least_norm(problem):
    """Of two equal concepts that share a coefficient, each has half of its derivative."""
    A, W = problem
    A.requires_grad_()
    single = torch.autograd.functional.jacobian(lambda a: nnls(a, W)[0], A)  # (5, 8, 12)
    double = torch.cat([W, W[:1]])
    U = nnls(A, double)
    n_using = int((U[:, 0] > 0).sum())
    with pytest.warns(DerivativeWarning, match=f"got dependent ones in {n_using} of 8 rows"):
        shared = torch.autograd.functional.jacobian(lambda a: nnls(a, double)[0], A)
    torch.testing.assert_close(shared[0], single[0] / 2)
    torch.testing.assert_close(shared[5], single[0] / 2)
    torch.testing.assert_close(shared[1:5], single[1:])


def test_dependent_concepts_that_no_row_uses_do_not_warn(problem):
    A, W = problem
    (expected,) = torch.autograd.grad(nnls(A.requires_grad_(), W).sum(), A)
    A, W = (torch.nn.functional.pad(tensor.detach(), (0, 1)) for tensor in (A, W))
    unseen = torch.eye(13, dtype=torch.float64)[[12, 12]]  # along a feature that no row has
    (slope,) = torch.autograd.grad(nnls(A.requires_grad_(), torch.cat([W, unseen])).sum(), A)
    torch.testing.assert_close(slope[:, :12], expected)


def test_agrees_with_finite_differences_of_least_norm_answers(problem):
    A, W = problem
    W = torch.cat([W, W[:1], W[1:2] + W[2:3]])
    A.requires_grad_()
    with pytest.warns(DerivativeWarning, match="dependent ones in"):
        assert torch.autograd.gradcheck(lambda a: nnls(a, W), (A,), eps=1e-6, atol=1e-5)


def test_second_derivatives_agree_with_finite_differences(problem):
    A, W = (tensor.requires_grad_() for tensor in problem)
    assert torch.autograd.gradgradcheck(nnls, (A, W), eps=1e-6, atol=1e-5, rtol=1e-4)


def test_factors_are_shared_by_all_concepts(problem, monkeypatch):
    A, W = problem
    A.requires_grad_()
    U = nnls(A, W)
    made = []

    def counted(*arguments):
        made.append(arguments)
        return active_systems(*arguments)

    monkeypatch.setattr(importlib.import_module("craft_core.nnls"), "active_systems", counted)
    for concept in range(5):
        torch.autograd.grad(U[:, concept].sum(), A, retain_graph=True)
    assert len(made) == 1


def test_float32_derivative_is_the_float64_one(problem):
    A, W = problem
    slopes = []
    for dtype in (torch.float64, torch.float32):
        a = A.detach().to(dtype, copy=True).requires_grad_()
        nnls(a, W.to(dtype)).square().sum().backward()
        slopes.append(a.grad)
    assert slopes[1].dtype == torch.float32
    torch.testing.assert_close(slopes[1].double(), slopes[0], rtol=1e-4, atol=1e-5)


def test_empty_batch_has_an_empty_derivative(problem):
    A = torch.zeros(0, 12, dtype=torch.float64, requires_grad=True)
    W = problem[1].requires_grad_()
    nnls(A, W).sum().backward()
    assert A.grad.shape == (0, 12)
    assert (W.grad == 0).all()


@pytest.mark.parametrize("name", ["Saliency", "InputXGradient", "IntegratedGradients", "Occlusion"])
def test_works_under_captums_methods(problem, name):
    """Additive methods share the coefficient out between the features, as they promise."""
    A, W = problem
    method = getattr(attr, name)(lambda a: nnls(a, W))
    extra = {"sliding_window_shapes": (1,)} if name == "Occlusion" else {}
    shares = method.attribute(A.clone().requires_grad_(), target=0, **extra)
    assert shares.isfinite().all() and (shares != 0).any()
    if name in ("InputXGradient", "IntegratedGradients"):
        torch.testing.assert_close(
            shares.sum(dim=1), nnls(A, W)[:, 0], rtol=0.02, atol=0.02 * float(A.max())
        )
