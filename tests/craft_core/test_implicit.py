import pytest
import torch

from craft_core.implicit import nnls_derivative
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


def test_zero_and_double_concepts_give_finite_derivatives(problem):
    A, W = problem
    W[1], W[3] = 0, W[2]
    U = nnls(A, W)
    grads = nnls_derivative(A, W, U, torch.ones_like(U))
    assert all(grad.isfinite().all() for grad in grads)


def test_second_derivative_is_refused(problem):
    A, W = problem
    A.requires_grad_()
    (slope,) = torch.autograd.grad(nnls(A, W).sum(), A, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch.autograd.grad(slope.sum(), A)
