import pytest
import torch
from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning

from craft_core.coordinate_descent import sweep


@pytest.fixture
def problem(generator):
    """A factor, its targets and its Gram matrix; and what they were made of."""
    W = torch.rand(5, 30, generator=generator, dtype=torch.float64)
    A = torch.rand(40, 30, generator=generator, dtype=torch.float64)
    U = torch.rand(40, 5, generator=generator, dtype=torch.float64)
    return U.T.contiguous(), W @ A.T, W @ W.T, (A, U, W)


def objective(F, T, G):
    return float((F * (G @ F)).sum() / 2 - (T * F).sum())


def test_one_sweep_is_scikit_learns(problem):
    F, T, G, (A, U, W) = problem
    with pytest.warns(ConvergenceWarning):
        expected, _, _ = non_negative_factorization(
            A.numpy(),
            U.numpy().copy(),
            W.numpy().copy(),
            n_components=5,
            init="custom",
            max_iter=1,
        )
    torch.testing.assert_close(sweep(F, T, G, n_sweeps=1), torch.from_numpy(expected.T.copy()))


def test_no_sweep_raises_the_objective(problem):
    F, T, G, _ = problem
    values = [objective(sweep(F, T, G, n_sweeps=n), T, G) for n in range(30)]
    assert all(later <= earlier + 1e-12 for earlier, later in zip(values, values[1:], strict=False))


def test_concept_that_is_zero_keeps_its_factor(problem):
    F, T, G, _ = problem
    T[2], G[2], G[:, 2] = 0, 0, 0
    torch.testing.assert_close(sweep(F, T, G, n_sweeps=3)[2], F[2])


def test_start_is_left_as_it_is(problem):
    F, T, G, _ = problem
    before = F.clone()
    sweep(F, T, G, n_sweeps=2)
    torch.testing.assert_close(F, before, rtol=0, atol=0)
