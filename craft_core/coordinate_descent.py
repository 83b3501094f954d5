"""Coordinate descent on a non-negative least squares: the sweep of the NNLS and of the NMF.

Letters:

    F  (r, m)  one factor, a concept's entries side by side, >= 0
    T  (r, m)  what its products with the Gram matrix should be
    G  (r, r)  Gram matrix of the other factor
"""

import torch
from torch import Tensor


def sweep(F: Tensor, T: Tensor, G: Tensor, *, n_sweeps: int) -> Tensor:
    """Minimise ``1/2 <F, G F> - <T, F>`` over each row of F >= 0 in turn, several times.

    No step raises the objective. Nothing is asked of the device.

    Parameters
    ----------
    F
        (r, m), >= 0. Where to start; it is left as it is.
    T
        (r, m).
    G
        (r, r), positive semi-definite.
    n_sweeps
        Passes over the rows.

    Returns
    -------
    Tensor
        (r, m), >= 0. A row whose entry on the diagonal of G is zero goes down by T alone.
    """
    curvature = G.diagonal()
    safe = torch.where(curvature > 0, curvature, 1.0)[:, None]  # (r, 1)
    others = torch.eye(len(G), dtype=G.dtype, device=G.device) - G / safe
    targets = T / safe
    F = F.clone(memory_format=torch.contiguous_format)
    for _ in range(n_sweeps):
        for k in range(len(F)):
            torch.clamp_min(others[k] @ F + targets[k], 0, out=F[k])
    return F
