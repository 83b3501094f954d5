"""PCA, ICA, random components and KMeans of crops' activations.

Letters are those of `craft_core.bank`.
"""

from collections.abc import Callable

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, FastICA
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.checks import check_choice
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops

ICA_STEPS, ICA_TOLERANCE = 2000, 1e-3


def decompose(found: ClassCrops, method: str, n_concepts: int, seed: int) -> ConceptBank:
    """Decompose a class's crops.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`.
    method
        One of `DECOMPOSITIONS`.
    n_concepts
        r.
    seed
        Of what draws.

    Returns
    -------
    ConceptBank
        Of that method. PCA, ICA and random components are centred, so that their mixes are added to
        the mean activation, and their coefficients have both signs.

    Raises
    ------
    CraftError
        If the method is unknown.
    """
    check_choice("method", method, list(DECOMPOSITIONS))
    coder = DECOMPOSITIONS[method](found.A, n_concepts, seed)
    return found.bank(coder, coder.coefficients(found.A), method=method)


def pca_coder(A: Tensor, n_concepts: int, seed: int) -> Coder:
    """Take the leading principal components (scikit-learn's).

    Parameters
    ----------
    A
        (n, p).
    n_concepts
        r, at most n and p.
    seed
        Of scikit-learn's solver.

    Returns
    -------
    Coder
        Orthonormal concepts.
    """
    fitted = PCA(n_concepts, random_state=seed).fit(_array(A))
    return _projection(A, fitted.components_, fitted.components_.T, fitted.mean_)


def ica_coder(A: Tensor, n_concepts: int, seed: int) -> Coder:
    """Take independent components (scikit-learn's FastICA).

    Parameters
    ----------
    A
        (n, p).
    n_concepts
        r, at most n and p.
    seed
        Of the start.

    Returns
    -------
    Coder
        Concepts in the order in which FastICA finds them.
    """
    fitted = FastICA(
        n_concepts,
        random_state=seed,
        whiten="unit-variance",
        max_iter=ICA_STEPS,
        tol=ICA_TOLERANCE,
    ).fit(_array(A))
    return _projection(A, fitted.mixing_.T, fitted.components_.T, fitted.mean_)


def random_coder(A: Tensor, n_concepts: int, seed: int) -> Coder:
    """Draw orthonormal directions at random.

    The paper names RCA beside PCA and ICA and does not define it; this is a reading.

    Parameters
    ----------
    A
        (n, p).
    n_concepts
        r, at most p.
    seed
        Of the directions.

    Returns
    -------
    Coder
        Orthonormal concepts, centred as PCA's are.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(A.shape[1], n_concepts, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(drawn)[0]  # (p, r)
    return _projection(A, basis.T.numpy(), basis.numpy(), A.double().mean(dim=0).cpu().numpy())


def kmeans_coder(A: Tensor, n_concepts: int, seed: int) -> Coder:
    """Take the centres of clusters (scikit-learn's KMeans).

    Parameters
    ----------
    A
        (n, p).
    n_concepts
        r, at most n.
    seed
        Of the start.

    Returns
    -------
    Coder
        An activation is expressed in the nearest centre alone.
    """
    fitted = KMeans(n_concepts, n_init=4, random_state=seed).fit(_array(A))
    return Coder(W=torch.from_numpy(fitted.cluster_centers_).to(A), kind="nearest")


DECOMPOSITIONS: dict[str, Callable[[Tensor, int, int], Coder]] = {
    "pca": pca_coder,
    "ica": ica_coder,
    "rca": random_coder,
    "kmeans": kmeans_coder,
}


def _array(A: Tensor) -> np.ndarray:
    array: np.ndarray = A.detach().double().cpu().numpy()
    return array


def _projection(A: Tensor, W: np.ndarray, encoder: np.ndarray, mean: np.ndarray) -> Coder:
    parts = [torch.from_numpy(np.ascontiguousarray(part)).to(A) for part in (W, encoder, mean)]
    return Coder(W=parts[0], kind="projection", encoder=parts[1], mean=parts[2])
