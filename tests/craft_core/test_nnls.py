import importlib
import warnings

import numpy as np
import pytest
import torch
from scipy.optimize import nnls as scipy_nnls

from craft_core.errors import ActivationError, ConvergenceWarning, ShapeError
from craft_core.nnls import nnls


def violation(A, W, U):
    """Largest |min(U diag(W W^T), gradient)| over the row's max |A W^T|."""
    A, W, U = A.double(), W.double(), U.double()
    gram, target = W @ W.T, A @ W.T
    off = torch.minimum(U * gram.diagonal(), U @ gram - target).abs().amax(dim=1)
    return float((off / target.abs().amax(dim=1).clamp_min(1e-300)).max())


def problem(n, p, r, *, generator, dtype=torch.float64):
    W = torch.rand(r, p, generator=generator, dtype=dtype) ** 3
    A = torch.rand(n, r, generator=generator, dtype=dtype) ** 4 @ W
    return A + 0.3 * torch.randn(n, p, generator=generator, dtype=dtype), W


def bank_of_condition(condition, r, p, *, generator):
    """A bank whose Gram matrix has the given condition number."""
    left, _ = torch.linalg.qr(torch.randn(r, r, generator=generator, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(p, r, generator=generator, dtype=torch.float64))
    scale = torch.linspace(0, -0.5, r, dtype=torch.float64)
    return (left * condition**scale) @ right.T


def test_agrees_with_scipy_row_by_row(generator):
    A, W = problem(40, 12, 5, generator=generator)
    expected = torch.stack([torch.from_numpy(scipy_nnls(W.T.numpy(), a.numpy())[0]) for a in A])
    torch.testing.assert_close(nnls(A, W), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("r", [1, 2, 25, 64])
@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_every_row_is_optimal(r, dtype, limit, generator, device):
    A, W = problem(200, 128, r, generator=generator, dtype=dtype)
    assert violation(A, W, nnls(A.to(device), W.to(device)).cpu()) < limit


@pytest.mark.parametrize("condition", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("r", [2, 25, 64])
def test_bad_conditioning_leaves_it_optimal(condition, r, generator):
    W = bank_of_condition(condition, r, 100, generator=generator)
    A = torch.randn(300, 100, generator=generator, dtype=torch.float64)
    assert violation(A, W, nnls(A, W)) < 1e-9
    if r > 2:  # two concepts can be nearly opposite: see the test after the next
        assert violation(A.float(), W.float(), nnls(A.float(), W.float())) < 1e-4


@pytest.mark.parametrize("r", [2, 25, 64])
def test_bad_conditioning_of_a_non_negative_bank_leaves_it_optimal(r, generator):
    W = 1 + 2e-3 * torch.rand(r, 100, generator=generator, dtype=torch.float64)
    unit = W / W.norm(dim=1, keepdim=True)
    assert torch.linalg.cond(unit @ unit.T) > 5e5
    A = torch.rand(300, 100, generator=generator, dtype=torch.float64)
    assert violation(A, W, nnls(A, W)) < 1e-9
    assert violation(A.float(), W.float(), nnls(A.float(), W.float())) < 1e-4


def test_rounding_to_float32_is_all_that_float32_loses(generator):
    """Two concepts nearly opposite: coefficients are 1e4 times what they explain."""
    W = torch.tensor([[1.0, 0.0], [-1.0, 2e-4]])
    A = torch.rand(50, 2, generator=generator)
    U, wide = nnls(A, W), nnls(A.double(), W.double())
    torch.testing.assert_close(U, wide.float(), rtol=0, atol=0)
    assert violation(A, W, wide) < 1e-9


@pytest.mark.parametrize("scale", [1e-200, 1e-6, 1e6, 1e100])
def test_answer_follows_the_scale_of_the_bank(scale, generator):
    A, W = problem(50, 12, 5, generator=generator)
    torch.testing.assert_close(scale * nnls(A, scale * W), nnls(A, W))


def test_answer_follows_the_scale_of_one_concept(generator):
    A, W = problem(50, 12, 5, generator=generator)
    scales = torch.tensor([1e-5, 1, 1e5, 1, 1], dtype=torch.float64)
    torch.testing.assert_close(nnls(A, W * scales[:, None]) * scales, nnls(A, W))


@pytest.mark.parametrize("condition", [None, 1e6])
def test_a_row_does_not_depend_on_the_others(condition, generator):
    A, W = problem(64, 128, 25, generator=generator)
    W = W if condition is None else bank_of_condition(condition, 25, 128, generator=generator)
    together = nnls(A, W)
    alone = torch.cat([nnls(row[None], W) for row in A])
    error = (alone - together).abs().amax(dim=1) / together.amax(dim=1)
    assert error.max() < 1e-8


def test_zero_concept_is_never_used(generator):
    A, W = problem(20, 12, 5, generator=generator)
    W[2] = 0
    U = nnls(A, W)
    assert (U[:, 2] == 0).all()
    assert violation(A, W, U) < 1e-9


@pytest.fixture
def deficient(generator):
    A, W = problem(60, 30, 8, generator=generator)
    W[3] = W[1]
    W[5] = W[0] + W[2]
    return A, W


@pytest.mark.parametrize(("dtype", "limit"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_rank_deficient_bank_is_solved(deficient, dtype, limit):
    A, W = (tensor.to(dtype) for tensor in deficient)
    assert violation(A, W, nnls(A, W)) < limit


@pytest.mark.parametrize("r", [9, 64])
def test_more_concepts_than_features_are_solved(r, generator):
    A, W = problem(60, 8, r, generator=generator)
    assert violation(A, W, nnls(A, W)) < 1e-9
    assert violation(A.float(), W.float(), nnls(A.float(), W.float())) < 1e-4


def test_of_several_answers_the_least_is_given(deficient):
    """A small ridge has a unique answer, which goes to the one of least norm (SciPy's NNLS)."""
    A, W = deficient
    ridge = 1e-4 * np.diag(W.norm(dim=1).numpy())
    stacked = np.vstack([W.T.numpy(), ridge])
    expected = [scipy_nnls(stacked, np.append(a.numpy(), np.zeros(8)))[0] for a in A]
    torch.testing.assert_close(nnls(A, W), torch.from_numpy(np.array(expected)), rtol=0, atol=1e-6)


def test_row_of_a_deficient_bank_does_not_depend_on_the_others(deficient):
    A, W = deficient
    U = nnls(A, W)
    alone = torch.cat([nnls(row[None], W) for row in A])
    torch.testing.assert_close(alone, U, rtol=1e-8, atol=1e-8 * float(U.max()))


def test_equal_concepts_share_alike(deficient):
    U = nnls(*deficient)
    torch.testing.assert_close(U[:, 1], U[:, 3])


def test_zero_activations_hold_no_concept(generator):
    _, W = problem(1, 12, 5, generator=generator)
    assert (nnls(torch.zeros(3, 12, dtype=torch.float64), W) == 0).all()


@pytest.mark.parametrize("r", [6, 64])
def test_mix_of_independent_concepts_is_found_again(r, generator):
    _, W = problem(1, 90, r, generator=generator)
    U = torch.rand(40, r, generator=generator, dtype=torch.float64)
    U[U < 0.4] = 0
    torch.testing.assert_close(nnls(U @ W, W), U, rtol=1e-8, atol=1e-9)


def test_empty_batch_has_an_empty_answer(generator):
    _, W = problem(1, 12, 5, generator=generator)
    assert nnls(torch.zeros(0, 12, dtype=torch.float64), W).shape == (0, 5)


def test_empty_bank_has_an_empty_answer():
    assert nnls(torch.ones(4, 3), torch.ones(0, 3)).shape == (4, 0)


def test_keeps_dtype_and_inputs(generator):
    A, W = problem(10, 12, 5, generator=generator, dtype=torch.float32)
    before = A.clone(), W.clone()
    assert nnls(A, W).dtype == torch.float32
    torch.testing.assert_close((A, W), before, rtol=0, atol=0)


def test_raises_no_warning_where_it_converges(generator):
    A, W = problem(500, 64, 25, generator=generator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nnls(A, W)


def test_feature_counts_must_agree(generator):
    A, W = problem(5, 12, 4, generator=generator)
    with pytest.raises(ShapeError, match=r"W must have shape \(r, p=12\); got \(4, 11\)"):
        nnls(A, W[:, :-1])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_activations_must_be_finite(value, generator):
    A, W = problem(5, 12, 4, generator=generator)
    A[1, 2] = value
    with pytest.raises(ActivationError, match=r"A must be finite; got 1 entries"):
        nnls(A, W)


def test_integers_are_refused():
    with pytest.raises(ActivationError, match=r"A must be of a floating type; got torch.int64"):
        nnls(torch.ones(2, 3, dtype=torch.int64), torch.ones(2, 3))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_activations_have_half_precision_answers(dtype, generator):
    A, W = problem(20, 12, 5, generator=generator)
    U = nnls(A.to(dtype), W.to(dtype))
    assert U.dtype == dtype
    expected = nnls(A.to(dtype).double(), W.to(dtype).double())
    assert (U.double() - expected).abs().max() < 0.05 * expected.max()


def test_rows_that_are_not_solved_are_counted(generator, monkeypatch):
    monkeypatch.setattr("craft_core.pivoting.MAX_ROUNDS", 0)
    module = importlib.import_module("craft_core.nnls")  # the package's nnls is the function
    monkeypatch.setattr(module, "ROUNDS_PER_CONCEPT", 0)
    A, W = problem(7, 12, 4, generator=generator)
    with pytest.warns(ConvergenceWarning, match=r"stopped with 7 of 7 rows above tol=1e-12"):
        assert (nnls(A, W) >= 0).all()
