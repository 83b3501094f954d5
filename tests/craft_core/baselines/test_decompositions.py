import pytest
import torch
from sklearn.decomposition import PCA

from craft_core.baselines.decompositions import ica_coder, kmeans_coder, pca_coder, random_coder


@pytest.fixture
def sources(generator):
    """Four independent sources that are far from normal, mixed into twelve features."""
    drawn = torch.rand(400, 4, generator=generator, dtype=torch.float64) ** 4
    mixing = torch.randn(4, 12, generator=generator, dtype=torch.float64)
    return drawn @ mixing, drawn


def test_pca_is_scikit_learns(sources):
    A, _ = sources
    coder = pca_coder(A, 3, 0)
    expected = PCA(3, random_state=0).fit(A.numpy())
    torch.testing.assert_close(coder.W, torch.from_numpy(expected.components_))
    torch.testing.assert_close(
        coder.coefficients(A), torch.from_numpy(expected.transform(A.numpy()))
    )


def test_ica_finds_the_sources_again(sources):
    A, drawn = sources
    U = ica_coder(A, 4, 0).coefficients(A)
    both = torch.corrcoef(torch.cat([U, drawn], dim=1).T)[:4, 4:].abs()
    assert both.amax(dim=0).min() > 0.9
    torch.testing.assert_close(ica_coder(A, 4, 0).rebuild(U), A, rtol=1e-6, atol=1e-6)


def test_random_components_are_orthonormal_and_their_own(sources):
    A, _ = sources
    coder = random_coder(A, 3, 0)
    torch.testing.assert_close(coder.W @ coder.W.T, torch.eye(3, dtype=torch.float64))
    assert not torch.allclose(random_coder(A, 3, 1).W, coder.W)


def test_clusters_are_found(generator):
    centres = 10 * torch.eye(4, 12)
    A = centres.repeat(25, 1) + 0.1 * torch.randn(100, 12, generator=generator)
    coder = kmeans_coder(A, 4, 0)
    nearest = torch.cdist(coder.W, centres).amin(dim=1)
    assert nearest.max() < 0.2
    assert (coder.coefficients(A) > 0).sum(dim=1).eq(1).all()
