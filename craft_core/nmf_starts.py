"""Where a non-negative matrix factorisation starts.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features, >= 0
    U  (n, r)  how much of each concept is in each crop, >= 0
    W  (r, p)  concept bank, one concept per row (the paper's W, transposed), >= 0
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

FILL = 0.1  # of an even factorisation's entries, where a singular vector is zero
OVERSAMPLING = 10  # singular vectors beyond those wanted, and
POWER_ITERATIONS = 4  # products with A: scikit-learn's figures for a few components


def random_start(A: Tensor, r: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw both factors uniformly, scaled so that their product has the mean of A.

    Parameters
    ----------
    A
        (n, p), >= 0.
    r
        Number of concepts.
    generator
        Draws the factors.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r), and W, (r, p).
    """
    n, p = A.shape
    scale = (A.mean() / r).sqrt() * 2
    drawn = torch.rand(n * r + r * p, generator=generator, device=generator.device).to(A)
    return drawn[: n * r].reshape(n, r) * scale, drawn[n * r :].reshape(r, p) * scale


def nndsvd_start(A: Tensor, r: int, *, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Start from the positive parts of the leading singular vectors.

    NNDSVD (Boutsidis and Gallopoulos 2008), its zeros filled with a small constant, so that
    coordinate descent can leave them. Their variant a fills with the mean of A, which depends on
    the units of A; here it is a share of an even factorisation's entries.

    Parameters
    ----------
    A
        (n, p), >= 0.
    r
        Number of concepts.
    generator
        Draws where the search for singular vectors starts, which changes them by rounding errors
        where they are well apart.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r), and W, (r, p).
    """
    left, values, right = leading_singular_vectors(A, r, generator=generator)
    pairs = [(side.clamp_min(0), (-side).clamp_min(0)) for side in (left, right)]
    (left_up, left_down), (right_up, right_down) = pairs
    weight_up = left_up.norm(dim=0) * right_up.norm(dim=0)  # (r,)
    weight_down = left_down.norm(dim=0) * right_down.norm(dim=0)
    is_up = weight_up >= weight_down
    length = (values * torch.maximum(weight_up, weight_down)).sqrt()
    U = _with_lengths(torch.where(is_up, left_up, left_down), length)
    W = _with_lengths(torch.where(is_up, right_up, right_down), length)
    fill = FILL * (A.mean() / r).sqrt()
    return torch.where(U > 0, U, fill), torch.where(W > 0, W, fill).T.contiguous()


def leading_singular_vectors(
    A: Tensor, r: int, *, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Find the leading singular vectors by randomised subspace iteration (Halko et al. 2011).

    Parameters
    ----------
    A
        (n, p).
    r
        How many; those beyond the rank of A are zero.
    generator
        Draws the start.

    Returns
    -------
    tuple[Tensor, Tensor, Tensor]
        Left vectors, (n, r), values, (r,), and right vectors, (p, r).
    """
    rank = min(A.shape)
    if 2 * (r + OVERSAMPLING) < rank:
        shape = (A.shape[1], r + OVERSAMPLING)
        basis = torch.randn(shape, generator=generator, device=generator.device).to(A)
        for _ in range(POWER_ITERATIONS):
            basis = torch.linalg.qr(A.T @ torch.linalg.qr(A @ basis)[0])[0]
        left, values, small = torch.linalg.svd(A @ basis, full_matrices=False)
        right = small @ basis.T
    else:
        left, values, right = torch.linalg.svd(A, full_matrices=False)
    missing = max(0, r - len(values))
    return (
        pad(left[:, :r], (0, missing)),
        pad(values[:r], (0, missing)),
        pad(right[:r].T, (0, missing)),
    )


def _with_lengths(part: Tensor, lengths: Tensor) -> Tensor:
    norms = part.norm(dim=0)
    return part * (lengths / torch.where(norms > 0, norms, 1.0))
