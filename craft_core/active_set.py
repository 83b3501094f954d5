"""Non-negative least squares where pivoting does not end, or concepts depend on each other.

Letters as in `craft_core.nnls`.

The active-set method of Lawson and Hanson (1974, ch. 23) binds and frees one coefficient a round,
which is slow and always ends. Where concepts are linearly dependent, several U fit alike, and of
them the one of minimum norm is unique: the limit of ridge regression as the ridge vanishes. A small
ridge tells which coefficients it uses; solving for these without the ridge gives it exactly.
"""

import torch
from torch import Tensor

from craft_core.free_systems import factorise, solve_free
from craft_core.pivoting import gradient_limit, solve_by_pivoting

RIDGE = 1e-8  # small beside the coefficients, large beside the rounding errors that it divides
NEGLIGIBLE = 1e-9  # of a row's largest coefficient: what the ridge alone makes positive


def solve_least_norm(
    G: Tensor, T: Tensor, free: Tensor, *, tol: float, rank_tol: float
) -> tuple[Tensor, Tensor]:
    """Solve ``min 1/2 u G u - t u, u >= 0`` for every row t of T; of several answers the least.

    Parameters
    ----------
    G
        (r, r), float64, positive semi-definite, with a unit diagonal.
    T
        (n, r), float64, in the range of G.
    free
        (n, r), boolean. A guess.
    tol
        Accepted negative gradient, as a fraction of each row's ``max |T|``.
    rank_tol
        Eigenvalues of a block up to it are taken as zero.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r), and the rows where the ridge used other coefficients than its limit, (m,),
        integer.
    """
    ridge = RIDGE * torch.eye(len(G), dtype=G.dtype, device=G.device)
    guess, _ = solve_by_pivoting(G + ridge, T, free, tol=tol)
    U = solve_free(G, T, factorise(G, guess > 0, rank_tol=rank_tol))
    least, largest = U.amin(dim=1), U.amax(dim=1)
    U = torch.where(NEGLIGIBLE * largest[:, None] < U, U, 0.0)
    lowest = (U @ G - T).amin(dim=1)
    fits = lowest >= -gradient_limit(T, U, tol=tol).squeeze(1)
    is_found = (least >= -NEGLIGIBLE * largest) & fits
    return U, (~is_found).nonzero().squeeze(1)


def solve_by_active_set(
    G: Tensor, T: Tensor, U: Tensor, *, tol: float, rank_tol: float, max_rounds: int
) -> tuple[Tensor, Tensor]:
    """Solve ``min 1/2 u G u - t u, u >= 0`` for every row t of T.

    Parameters
    ----------
    G
        As for `solve_least_norm`.
    T
        As for `solve_least_norm`.
    U
        (n, r), >= 0. A guess; the closer, the fewer rounds.
    tol
        As for `solve_least_norm`.
    rank_tol
        As for `solve_least_norm`.
    max_rounds
        Before giving up.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r), and the rows that break a condition still, (m,), integer.
    """
    U = U.clone()
    free = U > 0
    left = torch.arange(len(T), device=T.device)
    for _ in range(max_rounds):
        aim = solve_free(G, T[left], factorise(G, free[left], rank_tol=rank_tol))
        U[left], free[left], is_done = active_set_step(
            G, T[left], U[left], free[left], aim=aim, tol=tol
        )
        left = left[~is_done]
        if not len(left):
            break
    return U, left


def active_set_step(
    G: Tensor, T: Tensor, U: Tensor, free: Tensor, *, aim: Tensor, tol: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Go towards the solution for the free coefficients; bind what blocks, or free what gains most.

    Parameters
    ----------
    G
        As for `solve_least_norm`.
    T
        As for `solve_least_norm`.
    U
        (n, r), >= 0, zero where a coefficient is bound.
    free
        (n, r), boolean.
    aim
        (n, r). Solved for the free coefficients.
    tol
        As for `solve_least_norm`.

    Returns
    -------
    tuple[Tensor, Tensor, Tensor]
        U and the free coefficients after the step; and the rows that are solved, (n,), boolean.
    """
    blocks = free & (aim <= 0)
    is_feasible = ~blocks.any(dim=1, keepdim=True)  # (n, 1)
    share = torch.where(blocks, U / (U - aim).clamp_min(torch.finfo(U.dtype).tiny), 1.0)
    step = share.amin(dim=1, keepdim=True)
    moved = torch.where(is_feasible, aim, (U + step * (aim - U)).clamp_min(0))
    bound = blocks & (share <= step)

    gain = torch.where(free, 0.0, T - aim @ G)
    largest = gain.amax(dim=1, keepdim=True)
    gains = is_feasible & (largest > gradient_limit(T, aim, tol=tol))
    freed = gains & (gain == largest)
    is_done = is_feasible & ~gains
    return torch.where(bound, 0.0, moved), (free & ~bound) | freed, is_done.squeeze(1)
