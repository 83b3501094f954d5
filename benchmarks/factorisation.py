"""How fast and how exact are NNLS and NMF beside scikit-learn's, on the same matrix?"""

import warnings

import numpy as np
import torch
from sklearn.decomposition import NMF

from benchmarks.timing import seconds_in_turn
from craft_core.nmf import fit_nmf
from craft_core.nnls import nnls

SIZES = ((1_000, 512, 10), (3_000, 1_280, 10), (14_700, 1_280, 25))


def main() -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    print("\nNNLS, float32: seconds (median of 3), largest relative optimality violation")
    print("      n      p   r |  ours  sklearn  ratio |    ours  sklearn")
    for n, p, r in SIZES:
        print(nnls_row(n, p, r))
    print("\nNMF, float32, from NNDSVD: seconds, objective over the squared norm of A")
    print("      n      p   r |  ours  sklearn  ratio |    ours  sklearn")
    for n, p, r in SIZES[:2]:
        print(nmf_row(n, p, r))


def planted(n: int, p: int, r: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Activations of sparse mixes of r concepts, with noise, and the concepts."""
    generator = torch.Generator().manual_seed(0)
    W = torch.rand(r, p, generator=generator) ** 4
    A = torch.rand(n, r, generator=generator) ** 4 @ W
    return A + 0.1 * torch.rand(n, p, generator=generator), W


def nnls_row(n: int, p: int, r: int) -> str:
    """Compare with `NMF.transform`, which solves the same problem by coordinate descent."""
    A, W = planted(n, p, r)
    other = NMF(r, init="random", max_iter=200)
    other.components_, other.n_components_, other._n_components = W.numpy(), r, r
    other.n_features_in_ = p
    ours, theirs = seconds_in_turn(lambda: nnls(A, W), lambda: other.transform(A.numpy()))
    found = [nnls(A, W), torch.from_numpy(other.transform(A.numpy()))]
    off = [violation(A, W, U) for U in found]
    return (
        f"{n:7d} {p:6d} {r:3d} | {ours:5.2f} {theirs:8.2f} {ours / theirs:6.2f} | "
        f"{off[0]:7.1e} {off[1]:8.1e}"
    )


def nmf_row(n: int, p: int, r: int) -> str:
    """Compare with scikit-learn's coordinate descent."""
    A, _ = planted(n, p, r)
    other = NMF(r, init="nndsvda", tol=1e-4, max_iter=500)

    def fit() -> tuple[torch.Tensor, torch.Tensor]:
        return fit_nmf(A, r, generator=torch.Generator().manual_seed(0))

    ours, theirs = seconds_in_turn(fit, lambda: other.fit_transform(A.numpy()))
    U, W = fit()
    expected = other.fit_transform(A.numpy()) @ other.components_
    total = float(A.square().sum())
    rest = [float((A - U @ W).square().sum()) / total]
    rest.append(float(np.square(A.numpy() - expected).sum()) / total)
    return (
        f"{n:7d} {p:6d} {r:3d} | {ours:5.2f} {theirs:8.2f} {ours / theirs:6.2f} | "
        f"{rest[0]:7.5f} {rest[1]:8.5f}"
    )


def violation(A: torch.Tensor, W: torch.Tensor, U: torch.Tensor) -> float:
    """Largest |min(U diag(W W^T), gradient)| over the row's max |A W^T|, in float64."""
    A, W, U = A.double(), W.double(), U.double()
    gram, target = W @ W.T, A @ W.T
    off = torch.minimum(U * gram.diagonal(), U @ gram - target).abs().amax(dim=1)
    return float((off / target.abs().amax(dim=1)).max())
