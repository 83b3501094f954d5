import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from craft_core.coders import Coder
from craft_core.errors import ActivationError, CraftError, ShapeError
from craft_core.nnls import nnls


@pytest.fixture
def A(generator):  # noqa: N802
    return torch.rand(40, 8, generator=generator, dtype=torch.float64)


def coder_of(kind, A, generator):
    W = torch.rand(3, 8, generator=generator, dtype=torch.float64)
    if kind in ("projection", "rectified"):
        W = torch.linalg.qr(W.T)[0].T.contiguous()
        return Coder(W=W, kind=kind, mean=A.mean(dim=0), encoder=W.T.contiguous())
    return Coder(W=W, kind=kind)


KINDS = ["nnls", "projection", "rectified", "nearest"]


def test_projection_is_scikit_learns_pca(A):
    pca = PCA(3).fit(A.numpy())
    W = torch.from_numpy(pca.components_)
    coder = Coder(
        W=W, kind="projection", mean=torch.from_numpy(pca.mean_), encoder=W.T.contiguous()
    )
    expected = torch.from_numpy(pca.transform(A.numpy()))
    torch.testing.assert_close(coder.coefficients(A), expected)
    torch.testing.assert_close(
        coder.rebuild(expected), torch.from_numpy(pca.inverse_transform(expected.numpy()))
    )


def test_nearest_concept_is_scikit_learns_cluster(A):
    kmeans = KMeans(4, n_init=1, random_state=0).fit(A.numpy())
    coder = Coder(W=torch.from_numpy(kmeans.cluster_centers_), kind="nearest")
    U = coder.coefficients(A)
    assert (U > 0).sum(dim=1).eq(1).all()
    assert U.argmax(dim=1).tolist() == kmeans.labels_.tolist()
    # the coefficient is the one that fits best along the centre
    rest = A - coder.rebuild(U)
    along = (rest * coder.W[U.argmax(dim=1)]).sum(dim=1)
    torch.testing.assert_close(along, torch.zeros_like(along), rtol=0, atol=1e-12)


def test_nnls_is_nnls(A, generator):
    coder = coder_of("nnls", A, generator)
    torch.testing.assert_close(coder.coefficients(A), nnls(A, coder.W))


def test_rectified_projection_is_not_negative(A, generator):
    coder = coder_of("rectified", A, generator)
    shifted = Coder(
        W=coder.W,
        kind="rectified",
        mean=coder.mean,
        encoder=coder.encoder,
        bias=torch.full((3,), 0.2, dtype=torch.float64),
    )
    plain = (A - coder.mean) @ coder.encoder
    torch.testing.assert_close(coder.coefficients(A), plain.clamp_min(0))
    torch.testing.assert_close(shifted.coefficients(A), (plain + 0.2).clamp_min(0))


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian_is_automatic_differentiations(A, kind, generator):
    coder = coder_of(kind, A, generator)
    A = A.requires_grad_()
    U = coder.coefficients(A)
    found = coder.jacobian(A.detach(), U.detach(), [2, 0])
    for place, concept in enumerate([2, 0]):
        (slope,) = torch.autograd.grad(U[:, concept].sum(), A, retain_graph=True)
        torch.testing.assert_close(found[:, place], slope)


@pytest.mark.parametrize("kind", KINDS)
def test_no_activations_have_no_coefficients(A, kind, generator):
    assert coder_of(kind, A, generator).coefficients(A[:0]).shape == (0, 3)


def test_parts_must_fit(A):
    W = torch.ones(3, 8)
    with pytest.raises(ShapeError, match=r"mean must have shape \(p=8\); got \(7,\)"):
        Coder(W=W, mean=torch.ones(7))
    with pytest.raises(ShapeError, match=r"encoder must have shape \(p=8, r=3\); got \(3, 8\)"):
        Coder(W=W, kind="projection", encoder=W)
    with pytest.raises(ShapeError, match=r"encoder must be given for the kind 'rectified'"):
        Coder(W=W, kind="rectified")
    with pytest.raises(CraftError, match=r"kind must be one of .*; got 'magic'"):
        Coder(W=W, kind="magic")
    with pytest.raises(ActivationError, match=r"W must be finite; got 24 entries"):
        Coder(W=W * float("nan"))
