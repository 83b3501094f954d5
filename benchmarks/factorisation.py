"""How fast and how exact are NNLS and NMF beside scikit-learn's, on the same matrix?"""

import time
import warnings

import numpy as np
import torch
from sklearn.decomposition import NMF, non_negative_factorization

from benchmarks.timing import seconds_in_turn
from craft_core.nmf import fit_nmf
from craft_core.nmf_starts import nndsvd_start
from craft_core.nnls import nnls

NNLS_SIZES = (
    (1_000, 512, 10),
    (1_000, 1_280, 25),
    (5_000, 1_280, 10),
    (5_000, 1_280, 25),
    (14_700, 512, 25),
    (14_700, 1_280, 10),
    (14_700, 1_280, 25),
    (5_000, 1_280, 64),
)
NMF_SIZES = ((600, 1_280, 10), (600, 1_280, 25), (3_000, 1_280, 10), (3_000, 1_280, 25))


def main() -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    print("\nNNLS, float32: seconds (median of 3), largest relative optimality violation")
    print("      n      p   r |  ours  sklearn  ratio |    ours  sklearn")
    for n, p, r in NNLS_SIZES:
        print(nnls_row(n, p, r))
    print(
        "\nNMF, float32, both from one NNDSVD start: seconds until scikit-learn stops (tol 1e-4),"
    )
    print("seconds until ours has reached its objective, objectives over the squared norm of A")
    print("      n      p   r |  ours  sklearn  ratio |    ours   sklearn")
    for n, p, r in NMF_SIZES:
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
    start = nndsvd_start(A, r, generator=torch.Generator().manual_seed(0))
    begin = time.perf_counter()
    U, W, _ = non_negative_factorization(
        A.numpy(),
        *(factor.numpy().copy() for factor in start),
        n_components=r,
        init="custom",
        tol=1e-4,
        max_iter=5_000,
    )
    theirs = time.perf_counter() - begin
    their_rest = rest(A, torch.from_numpy(U), torch.from_numpy(W))
    ours, our_rest = seconds_to(A, start, their_rest)
    return (
        f"{n:7d} {p:6d} {r:3d} | {ours:5.2f} {theirs:8.2f} {ours / theirs:6.2f} | "
        f"{our_rest:9.7f} {their_rest:9.7f}"
    )


def seconds_to(
    A: torch.Tensor, start: tuple[torch.Tensor, torch.Tensor], wanted: float
) -> tuple[float, float]:
    """Time whole fits of more and more rounds, each from the start, until one is as good."""
    for rounds in range(10, 2_000, 10):
        begin = time.perf_counter()
        U, W = fit_nmf(
            A,
            len(start[1]),
            generator=torch.Generator().manual_seed(0),
            init=start,
            tol=0,
            max_rounds=rounds,
        )
        taken = time.perf_counter() - begin
        found = rest(A, U, W)
        if found <= wanted:
            return taken, found
    return np.inf, found


def rest(A: torch.Tensor, U: torch.Tensor, W: torch.Tensor) -> float:
    """Share of the squared norm of A that the factors leave, in float64."""
    A = A.double()
    return float((A - U.double() @ W.double()).square().sum() / A.square().sum())


def violation(A: torch.Tensor, W: torch.Tensor, U: torch.Tensor) -> float:
    """Largest |min(U diag(W W^T), gradient)| over the row's max |A W^T|, in float64."""
    A, W, U = A.double(), W.double(), U.double()
    gram, target = W @ W.T, A @ W.T
    off = torch.minimum(U * gram.diagonal(), U @ gram - target).abs().amax(dim=1)
    return float((off / target.abs().amax(dim=1)).max())
