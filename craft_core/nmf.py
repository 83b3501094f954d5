"""Non-negative matrix factorisation of activations.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features, >= 0
    U  (n, r)  how much of each concept is in each crop, >= 0
    W  (r, p)  concept bank, one concept per row (the paper's W, transposed), >= 0
"""

import warnings
from typing import Literal

import torch
from torch import Tensor

from craft_core.checks import check_at_least, check_finite, check_shapes
from craft_core.errors import ActivationError, ConvergenceWarning, ShapeError
from craft_core.nnls import nnls

INNER_SWEEPS = 4
FILL = 0.1  # of an even factorisation's entries, where a singular vector is zero
CHECK_EVERY = 5  # rounds between two looks at the optimality conditions


def fit_nmf(
    A: Tensor,
    n_concepts: int,
    *,
    generator: torch.Generator,
    init: Literal["nndsvd", "random"] = "nndsvd",
    tol: float = 1e-4,
    max_rounds: int = 500,
) -> tuple[Tensor, Tensor]:
    """Factorise activations into coefficients and a concept bank.

    Solves ``min 1/2 ||A - U W||_F^2  s.t.  U >= 0, W >= 0`` (Eq. 1) by hierarchical alternating
    least squares, several sweeps over one factor before the other (Gillis and Glineur 2012). The
    objective never rises. The rows of W have unit length, which fixes the scale that the product
    leaves open; U is then the exact answer of `craft_core.nnls.nnls` for that bank, so that the
    crops' own coefficients and those of new images are defined alike.

    Parameters
    ----------
    A
        (n, p), >= 0, finite. Activations.
    n_concepts
        r, at least 1 and at most n.
    generator
        Draws the random start, and nothing else.
    init
        ``nndsvd``: from the singular vectors, zeros filled with a small constant (Boutsidis and
        Gallopoulos 2008; their variant a fills with the mean of A, which depends on its units), the
        same at every call. ``random``: uniform.
    tol
        Stop where the violation of the optimality conditions has fallen to this share of the first.
    max_rounds
        Updates of both factors before giving up.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r), and W, (r, p), with the dtype and device of `A`.

    Raises
    ------
    ShapeError
        If `A` is not a matrix, or has fewer rows than concepts are asked for.
    ActivationError
        If an entry is negative or not finite.

    Warns
    -----
    ConvergenceWarning
        If `tol` is not reached; the last factors are returned all the same.
    """
    n = check_shapes(A=(A, "n p"))["n"]
    check_finite(A=A)
    check_at_least("n_concepts", n_concepts, 1)
    if n < n_concepts:
        raise ShapeError(f"A must have at least n_concepts={n_concepts} rows; got {n}.")
    if n and A.min() < 0:
        raise ActivationError(f"A must be >= 0; got a minimum of {A.min():.3g}.")

    U, W = _nndsvd(A, n_concepts) if init == "nndsvd" else _random(A, n_concepts, generator)
    W = _alternate(A, U, W, tol=tol, max_rounds=max_rounds)
    lengths = W.norm(dim=1, keepdim=True)
    W = W / torch.where(lengths == 0, 1.0, lengths)
    return nnls(A, W), W


def _alternate(A: Tensor, U: Tensor, W: Tensor, *, tol: float, max_rounds: int) -> Tensor:
    """Update both factors in place until the optimality conditions hold; return W."""
    limit = torch.zeros((), dtype=A.dtype, device=A.device)
    for round_number in range(max_rounds):
        target, gram = A @ W.T, W @ W.T  # (n, r), (r, r)
        if round_number % CHECK_EVERY == 0:
            violation = _violation(A, U, W, target=target, gram=gram)
            limit = tol * violation if round_number == 0 else limit
            if violation <= limit:
                return W
        _sweep(U, target, gram)
        _sweep(W.T, A.T @ U, U.T @ U)
    warnings.warn(
        f"fit_nmf stopped after max_rounds={max_rounds} above tol={tol}; raise one of them.",
        ConvergenceWarning,
        stacklevel=3,
    )
    return W


def _sweep(factor: Tensor, target: Tensor, gram: Tensor) -> None:
    """Minimise over each column of a factor in turn, in place, several times."""
    curvature = gram.diagonal()
    safe = torch.where(curvature > 0, curvature, 1.0)
    for _ in range(INNER_SWEEPS):
        for k in range(factor.shape[1]):
            descent = (target[:, k] - factor @ gram[:, k]) / safe[k]  # (n,)
            factor[:, k] = (factor[:, k] + descent).clamp_min_(0)


def _violation(A: Tensor, U: Tensor, W: Tensor, *, target: Tensor, gram: Tensor) -> Tensor:
    """Return the norm of the projected gradient over both factors."""
    in_U = U @ gram - target
    in_W = (U.T @ U) @ W - U.T @ A
    return torch.hypot(_projected(in_U, U).norm(), _projected(in_W, W).norm())


def _projected(gradient: Tensor, factor: Tensor) -> Tensor:
    return torch.where(factor > 0, gradient, gradient.clamp_max(0))


def _random(A: Tensor, r: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw both factors uniformly, scaled so that their product has the mean of A."""
    n, p = A.shape
    scale = (A.mean() / r).sqrt() * 2
    drawn = torch.rand(n * r + r * p, generator=generator, device=generator.device).to(A)
    return drawn[: n * r].reshape(n, r) * scale, drawn[n * r :].reshape(r, p) * scale


def _nndsvd(A: Tensor, r: int) -> tuple[Tensor, Tensor]:
    """Start from the positive parts of the leading singular vectors."""
    left, values, right = _leading_singular_vectors(A, r)  # (n, r), (r,), (p, r)
    pairs = [(side.clamp_min(0), (-side).clamp_min(0)) for side in (left, right)]
    (left_up, left_down), (right_up, right_down) = pairs
    weight_up = left_up.norm(dim=0) * right_up.norm(dim=0)  # (r,)
    weight_down = left_down.norm(dim=0) * right_down.norm(dim=0)
    is_up = weight_up >= weight_down
    U = _scaled(torch.where(is_up, left_up, left_down), weight_up, weight_down, values)
    W = _scaled(torch.where(is_up, right_up, right_down), weight_up, weight_down, values)
    fill = (
        FILL * (A.mean() / r).sqrt()
    )  # of the factors' scale, so that the units of A play no part
    return torch.where(U > 0, U, fill), torch.where(W > 0, W, fill).T.contiguous()


def _scaled(part: Tensor, weight_up: Tensor, weight_down: Tensor, values: Tensor) -> Tensor:
    """Give the columns of a part the length that the singular value asks for."""
    length = (values * torch.maximum(weight_up, weight_down)).sqrt()
    norms = part.norm(dim=0)
    return part * (length / torch.where(norms > 0, norms, 1.0))


def _leading_singular_vectors(A: Tensor, r: int) -> tuple[Tensor, Tensor, Tensor]:
    """Decompose the smaller Gram matrix exactly; columns beyond the rank are zero."""
    n, p = A.shape
    wide = A.double()
    gram = wide @ wide.T if n < p else wide.T @ wide
    eigenvalues, vectors = torch.linalg.eigh(gram)
    values = eigenvalues.flip(0)[:r].clamp_min(0).sqrt()
    near = vectors.flip(1)[:, :r]
    safe = torch.where(values > 0, values, torch.inf)
    far = (wide.T @ near if n < p else wide @ near) / safe
    left, right = (near, far) if n < p else (far, near)
    missing = r - values.numel()
    if missing > 0:
        left, right = (torch.nn.functional.pad(side, (0, missing)) for side in (left, right))
        values = torch.nn.functional.pad(values, (0, missing))
    return left.to(A), values.to(A), right.to(A)
