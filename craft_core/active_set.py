"""The linear systems over each row's free coefficients, which the NNLS and its derivative solve.

Letters:

    G  (r, r)  Gram matrix of concepts of unit length
    T  (n, r)  right-hand sides, one row each
"""

import torch
from torch import Tensor

RIDGE = 1e-12  # lets a singular block be factorised; refinement takes its effect away
REFINEMENTS = 2


def solve_free(G: Tensor, T: Tensor, free: Tensor) -> Tensor:
    """Solve ``G x = T`` over each row's free coefficients, the others being zero.

    Parameters
    ----------
    G
        (r, r), symmetric, positive semi-definite, with a unit diagonal.
    T
        (n, r). Right-hand sides.
    free
        (n, r), boolean.

    Returns
    -------
    Tensor
        (n, r); where a free block is singular, close to the solution of minimum norm.
    """
    both = free[:, :, None] & free[:, None, :]  # (n, r, r)
    systems = torch.where(both, G, 0.0)
    systems.diagonal(dim1=1, dim2=2).add_(torch.where(free, RIDGE, 1.0))
    factors = torch.linalg.cholesky_ex(systems)[0]
    masked = torch.where(free, T, 0.0)[:, :, None]  # (n, r, 1)
    x = torch.cholesky_solve(masked, factors)
    for _ in range(REFINEMENTS):
        rest = torch.where(free[:, :, None], masked - G @ x, 0.0)
        x = x + torch.cholesky_solve(rest, factors)
    return torch.where(free, x.squeeze(2), 0.0)
