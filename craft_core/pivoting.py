"""Block principal pivoting: which coefficients of a non-negative least squares are free.

Letters as in `craft_core.nnls`; besides them

    Y  (n, r)  gradient of each row's problem, zero where a coefficient is free

At a solution the free coefficients are >= 0 and the gradient of the others is >= 0. Each round
solves for the free coefficients and exchanges all that break one of the two, as long as their
number falls; then the last alone, which can't run in circles (Kim and Park 2011, algorithm 2).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from craft_core.free_systems import solve_once

PATIENCE = 3  # rounds of full exchange without progress
MAX_ROUNDS = 40  # what is left goes to the active-set method


@dataclass(frozen=True, eq=False, kw_only=True)
class PivotState:
    """Where each row stands.

    Attributes
    ----------
    free
        (n, r), boolean.
    fewest
        (n,), integer: the fewest coefficients that broke a condition so far.
    patience
        (n,), integer: rounds left before single exchanges.
    """

    free: Tensor
    fewest: Tensor
    patience: Tensor

    def at(self, rows: Tensor) -> "PivotState":
        """Take some rows.

        Parameters
        ----------
        rows
            (m,), boolean or integer.

        Returns
        -------
        PivotState
            Of these rows.
        """
        return PivotState(
            free=self.free[rows], fewest=self.fewest[rows], patience=self.patience[rows]
        )


def solve_by_pivoting(G: Tensor, T: Tensor, free: Tensor, *, tol: float) -> tuple[Tensor, Tensor]:
    """Solve ``min 1/2 u G u - t u, u >= 0`` for every row t of T.

    Parameters
    ----------
    G
        (r, r), float64, positive definite, with a unit diagonal.
    T
        (n, r), float64.
    free
        (n, r), boolean. A guess; the closer, the fewer rounds.
    tol
        Accepted negative gradient, as a fraction of each row's ``max |T|``.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r); and the rows that were not solved, (m,), integer, whose U is the last one made
        non-negative.
    """
    n, r = T.shape
    U = torch.zeros_like(T)
    left = torch.arange(n, device=T.device)
    state = PivotState(
        free=free, fewest=torch.full_like(left, r + 1), patience=torch.full_like(left, PATIENCE)
    )
    for _ in range(MAX_ROUNDS):
        x = solve_once(G, T[left], state.free)
        U[left] = x
        state, is_solved = exchange(G, T[left], x, state, tol=tol)
        is_open = ~is_solved
        left, state = left[is_open], state.at(is_open)
        if not len(left):
            break
    return U.nan_to_num_(0.0).clamp_min_(0), left


def exchange(
    G: Tensor, T: Tensor, x: Tensor, state: PivotState, *, tol: float
) -> tuple[PivotState, Tensor]:
    """Exchange free coefficients below zero with others whose gradient is below zero.

    Parameters
    ----------
    G
        As for `solve_by_pivoting`.
    T
        As for `solve_by_pivoting`.
    x
        (n, r). Solved for the free coefficients.
    state
        Before.
    tol
        As for `solve_by_pivoting`.

    Returns
    -------
    tuple[PivotState, Tensor]
        After; and the rows where nothing was to exchange, (n,), boolean.
    """
    Y = x @ G - T
    breaks = torch.where(state.free, x < 0, -gradient_limit(T, x, tol=tol) > Y)  # (n, r)
    n_breaks = breaks.sum(dim=1)
    improves = n_breaks < state.fewest
    patience = torch.where(improves, PATIENCE, state.patience - 1)
    order = torch.arange(1, T.shape[1] + 1, device=T.device)
    is_last = breaks & (order == (breaks * order).amax(dim=1, keepdim=True))
    moved = torch.where((patience < 0)[:, None], is_last, breaks)
    after = PivotState(
        free=state.free ^ moved,
        fewest=torch.where(improves, n_breaks, state.fewest),
        patience=patience,
    )
    return after, (n_breaks == 0) & x.isfinite().all(dim=1)


def gradient_limit(T: Tensor, x: Tensor, *, tol: float) -> Tensor:
    """Say down to which gradient a bound coefficient may stay bound.

    Parameters
    ----------
    T
        (n, r).
    x
        (n, r). The row's coefficients, whose size sets the rounding error of the gradient.
    tol
        Fraction of each row's ``max |T|``.

    Returns
    -------
    Tensor
        (n, 1), >= 0.
    """
    rounding = 4 * torch.finfo(T.dtype).eps * x.abs().sum(dim=1, keepdim=True)
    return torch.maximum(tol * T.abs().amax(dim=1, keepdim=True), rounding)
