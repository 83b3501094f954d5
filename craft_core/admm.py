"""The paper's own solver of the NMF: alternating direction method of multipliers (appendix C.1).

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features, >= 0
    U  (n, r)  how much of each concept is in each crop, >= 0
    W  (r, p)  concept bank, one concept per row (the paper's W, transposed), >= 0

`craft_core.nmf.fit_nmf` finds lower objectives in less time. What this solver has beside the
factors are the dual variables, which appendix C.2 differentiates.

Three conventions for a dual variable meet in the appendix, and this module returns that of Eq. 11:

- Eq. 11 has ``dual_U = (U W - A) W^T >= 0``, the gradient;
- the augmented Lagrangian (Eq. 7) adds ``+ dual (U~ - U)``, which makes it minus the gradient;
- step (iii), ``dual + (U~ - U)``, has no factor rho, as the scaled form has it (Boyd et al. 2011,
  section 3.1.1), whose dual is the one of Eq. 7 divided by rho.
"""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor

from craft_core.checks import check_finite, check_non_negative, check_shapes
from craft_core.errors import ConvergenceWarning

INNER_STEPS = 5  # of one factor before the other: Huang et al. 2016 take about as many
ROUNDS_BETWEEN_LOOKS = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class AdmmFactors:
    """Factors with their dual variables.

    Attributes
    ----------
    U, W
        (n, r) and (r, p), >= 0.
    dual_U, dual_W
        (n, r) and (r, p), >= 0, as in Eq. 11: zero where the factor is not, and the gradient of the
        objective at convergence.
    """

    U: Tensor
    W: Tensor
    dual_U: Tensor
    dual_W: Tensor


def fit_nmf_admm(
    A: Tensor, U: Tensor, W: Tensor, *, tol: float = 1e-5, max_rounds: int = 2000
) -> AdmmFactors:
    """Find the dual variables of a factorisation, and refine it.

    Solves ``min 1/2 ||A - U W||_F^2  s.t.  U >= 0, W >= 0`` (Eq. 5) from a warm start, as the paper
    does, by algorithms 1 and 3 of Huang et al. (2016): the penalty rho is the mean curvature, and
    the dual variables are kept from round to round. The systems of step (i) are r by r, so that
    they are factorised, where the paper runs conjugate gradients.

    Parameters
    ----------
    A
        (n, p), >= 0, finite. Activations.
    U
        (n, r), >= 0. Warm start, of `craft_core.nmf.fit_nmf`.
    W
        (r, p), >= 0.
    tol
        Stop where ``||gradient - dual||`` has fallen to this share of ``||A W^T||`` for U, and of
        ``||U^T A||`` for W.
    max_rounds
        Updates of both factors before giving up.

    Returns
    -------
    AdmmFactors
        With the dtype and device of `A`. The scale between the factors is that of the warm start,
        roughly: nothing fixes it.

    Raises
    ------
    ShapeError
        If the shapes do not match.
    ActivationError
        If an entry is negative or not finite.

    Warns
    -----
    ConvergenceWarning
        If `tol` is not reached; the last factors are returned all the same.
    """
    check_shapes(A=(A, "n p"), U=(U, "n r"), W=(W, "r p"))
    check_finite(A=A, U=U, W=W)
    check_non_negative(A=A, U=U, W=W)
    A, U, W = A.detach(), U.detach(), W.detach()
    state = AdmmFactors(U=U, W=W, dual_U=torch.zeros_like(U), dual_W=torch.zeros_like(W))
    done = 0
    while done < max_rounds:
        n_rounds = min(ROUNDS_BETWEEN_LOOKS, max_rounds - done)
        state = run_rounds(A, state, n_rounds=n_rounds)
        done += n_rounds
        if stationarity(A, state) <= tol:
            return state
    warnings.warn(
        f"fit_nmf_admm stopped after max_rounds={max_rounds} above tol={tol}; raise one of them.",
        ConvergenceWarning,
        stacklevel=2,
    )
    return state


def run_rounds(A: Tensor, state: AdmmFactors, *, n_rounds: int) -> AdmmFactors:
    """Update both factors and their duals several times; nothing is asked of the device.

    Parameters
    ----------
    A
        (n, p).
    state
        Before.
    n_rounds
        How often.

    Returns
    -------
    AdmmFactors
        After.
    """
    U, W, dual_U, dual_W = state.U, state.W, state.dual_U, state.dual_W
    for _ in range(n_rounds):
        U, dual_U = _update(U, dual_U, A @ W.T, W @ W.T)
        transposed, dual = _update(W.T, dual_W.T, A.T @ U, U.T @ U)
        W, dual_W = transposed.T, dual.T
    return AdmmFactors(U=U, W=W, dual_U=dual_U, dual_W=dual_W)


def stationarity(A: Tensor, state: AdmmFactors) -> Tensor:
    """Measure how far the duals are from the gradients (the first two rows of Eq. 11).

    Parameters
    ----------
    A
        (n, p).
    state
        Factors and duals.

    Returns
    -------
    Tensor
        (), >= 0: the larger of both, each relative to its linear term.
    """
    in_U, in_W = A @ state.W.T, state.U.T @ A
    rest_U = state.U @ (state.W @ state.W.T) - in_U - state.dual_U
    rest_W = (state.U.T @ state.U) @ state.W - in_W - state.dual_W
    tiny = torch.finfo(A.dtype).tiny
    return torch.maximum(
        rest_U.norm() / in_U.norm().clamp_min(tiny), rest_W.norm() / in_W.norm().clamp_min(tiny)
    )


def _update(F: Tensor, dual: Tensor, T: Tensor, G: Tensor) -> tuple[Tensor, Tensor]:
    """Alternate the paper's steps (i), (ii) and (iii) for one factor, (m, r), several times."""
    rho = G.diagonal().mean()
    rho = torch.where(rho > 0, rho, 1.0)
    ridge = rho * torch.eye(len(G), dtype=G.dtype, device=G.device)
    factor = torch.linalg.cholesky_ex(G + ridge)[0]
    scaled = dual / rho
    for _ in range(INNER_STEPS):
        free = torch.cholesky_solve((T + rho * (F + scaled)).T, factor).T  # (i)
        F = (free - scaled).clamp_min(0)  # (ii)
        scaled = scaled + F - free  # (iii), with the sign of Eq. 11
    return F, rho * scaled
