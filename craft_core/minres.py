"""MINRES (Paige and Saunders 1975) for several right-hand sides at once, on any device.

Letters:

    H  symmetric operator, possibly indefinite or singular
    B  (b, N)  right-hand sides, one a row
    X  (b, N)  solutions

SciPy has the same method for one right-hand side on the CPU; the tests compare with it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

STEPS_BETWEEN_LOOKS = 25

Operator = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False, kw_only=True)
class Lanczos:
    """Where the recurrences stand; names as in the article.

    Attributes
    ----------
    X, W, W_before
        (b, N). Solutions, and the last two search directions.
    R, R_before
        (b, N). The last two Lanczos vectors, not normalised.
    beta, beta_before, delta_bar, epsilon, cosine, sine, phi_bar
        (b, 1). Entries of the tridiagonal matrix and of its rotations; the last is the norm of the
        residual.
    """

    X: Tensor
    W: Tensor
    W_before: Tensor
    R: Tensor
    R_before: Tensor
    beta: Tensor
    beta_before: Tensor
    delta_bar: Tensor
    epsilon: Tensor
    cosine: Tensor
    sine: Tensor
    phi_bar: Tensor
    limit: Tensor


def minres(H: Operator, B: Tensor, *, tol: float, max_steps: int) -> tuple[Tensor, Tensor]:
    """Solve ``H x = b``; of several solutions the one of minimum norm, where there is one.

    Parameters
    ----------
    H
        Maps (b, N) to (b, N), each row by the same symmetric matrix.
    B
        (b, N).
    tol
        Stop where every residual is at most this share of its right-hand side.
    max_steps
        Before giving up.

    Returns
    -------
    tuple[Tensor, Tensor]
        X, (b, N), and the norm of each residual as a share of its right-hand side, (b,).
    """
    state = begin(B, tol=tol)
    size = state.phi_bar.clamp_min(torch.finfo(B.dtype).tiny)
    done = 0
    while done < max_steps:
        n_steps = min(STEPS_BETWEEN_LOOKS, max_steps - done)
        state = run_steps(H, state, n_steps=n_steps)
        done += n_steps
        if (state.phi_bar <= state.limit).all():
            break
    return state.X, (state.phi_bar / size).squeeze(1)


def begin(B: Tensor, *, tol: float) -> Lanczos:
    """Start from zero.

    Parameters
    ----------
    B
        (b, N).
    tol
        As for `minres`; no less than the rounding error.

    Returns
    -------
    Lanczos
        Before the first step.
    """
    zeros = torch.zeros_like(B)
    norms = B.norm(dim=1, keepdim=True)
    nothing = torch.zeros_like(norms)
    return Lanczos(
        X=zeros,
        W=zeros,
        W_before=zeros,
        R=B,
        R_before=zeros,
        beta=norms,
        beta_before=torch.ones_like(norms),
        delta_bar=nothing,
        epsilon=nothing,
        cosine=-torch.ones_like(norms),
        sine=nothing,
        phi_bar=norms,
        limit=max(tol, torch.finfo(B.dtype).eps) * norms,
    )


def run_steps(H: Operator, state: Lanczos, *, n_steps: int) -> Lanczos:
    """Take several steps; nothing is asked of the device.

    Parameters
    ----------
    H
        As for `minres`.
    state
        Before.
    n_steps
        How many.

    Returns
    -------
    Lanczos
        After.
    """
    for _ in range(n_steps):
        state = _step(H, state)
    return state


def _step(H: Operator, s: Lanczos) -> Lanczos:
    """Extend the Krylov space by one vector and rotate it into the factorisation."""
    goes_on = (s.phi_bar > s.limit) & (s.beta > 0)
    beta = torch.where(goes_on, s.beta, 1.0)
    V = s.R / beta
    Y = H(V) - (beta / s.beta_before) * s.R_before
    alpha = (V * Y).sum(dim=1, keepdim=True)
    Y = Y - (alpha / beta) * s.R
    beta_next = Y.norm(dim=1, keepdim=True)

    delta = s.cosine * s.delta_bar + s.sine * alpha
    gamma_bar = s.sine * s.delta_bar - s.cosine * alpha
    gamma = torch.hypot(gamma_bar, beta_next).clamp_min(torch.finfo(beta.dtype).tiny)
    cosine, sine = gamma_bar / gamma, beta_next / gamma
    W = (V - s.epsilon * s.W_before - delta * s.W) / gamma
    after = replace(
        s,
        X=s.X + cosine * s.phi_bar * W,
        W=W,
        W_before=s.W,
        R=Y,
        R_before=s.R,
        beta=beta_next,
        beta_before=beta,
        delta_bar=-s.cosine * beta_next,
        epsilon=s.sine * beta_next,
        cosine=cosine,
        sine=sine,
        phi_bar=sine * s.phi_bar,
    )
    return Lanczos(**{n: torch.where(goes_on, getattr(after, n), getattr(s, n)) for n in vars(s)})
