import pytest
import torch

from craft_core.nmf_starts import leading_singular_vectors, nndsvd_start, random_start


@pytest.fixture
def matrix(generator):
    return torch.rand(120, 4, generator=generator) @ torch.rand(4, 90, generator=generator)


def test_singular_vectors_are_torchs(matrix, generator):
    A = (matrix + 0.1 * torch.rand(matrix.shape, generator=generator)).double()
    left, values, right = leading_singular_vectors(A, 4, generator=generator)
    expected = torch.linalg.svdvals(A)[:4]
    torch.testing.assert_close(values, expected, rtol=1e-8, atol=0)
    torch.testing.assert_close((left * values).T @ left, torch.diag(expected), rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(A @ right, left * values, rtol=1e-3, atol=1e-3)


def test_start_of_a_matrix_of_rank_one_is_its_factors(generator):
    u, w = torch.rand(30, 1, generator=generator), torch.rand(1, 20, generator=generator)
    U, W = nndsvd_start(u @ w, 1, generator=generator)
    torch.testing.assert_close(U @ W, u @ w)


def test_start_follows_the_scale(matrix, generator):
    U, W = nndsvd_start(matrix, 3, generator=torch.Generator().manual_seed(0))
    scaled = nndsvd_start(100 * matrix, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(scaled[0], 10 * U, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(scaled[1], 10 * W, rtol=1e-4, atol=1e-4)


def test_every_entry_can_be_left(matrix, generator):
    for start in (nndsvd_start, random_start):
        U, W = start(matrix, 5, generator=generator)
        assert U.min() > 0 and W.min() > 0
        assert U.shape == (120, 5) and W.shape == (5, 90)


def test_concepts_beyond_the_rank_are_filled(generator):
    U, W = nndsvd_start(torch.rand(6, 2, generator=generator), 4, generator=generator)
    assert U.isfinite().all() and W.isfinite().all()
    assert U.shape == (6, 4)


def test_random_start_has_the_mean_of_the_activations(matrix, generator):
    U, W = random_start(matrix, 8, generator=generator)
    assert float((U @ W).mean()) == pytest.approx(float(matrix.mean()), rel=0.1)
