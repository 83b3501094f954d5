"""The derivative of the NNLS by the implicit function theorem (section 3.4, appendix C.2).

Letters as in `craft_core.nnls`; besides them

    V  (n, r)  solution of the adjoint system, zero where U is zero

At the solution, the coefficients above zero solve ``(U W - A) W^T = 0`` and the others stay zero
(Eq. 10), so that a row's derivative needs its own free block of the Gram matrix alone. At a point
where a coefficient is zero and its gradient is zero too, the one-sided derivative that keeps it at
zero is given.
"""

import torch
from torch import Tensor

from craft_core.active_set import solve_free


def nnls_derivative(A: Tensor, W: Tensor, U: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """Pull a gradient with respect to U back to A and W.

    With V the solution of ``G V = grad`` over each row's free coefficients,
    ``dA = V W`` and ``dW = V^T (A - U W) - U^T (V W)``.

    Parameters
    ----------
    A
        (n, p). Activations.
    W
        (r, p). Concept bank.
    U
        (n, r). The answer of `craft_core.nnls.nnls`.
    grad
        (n, r). Gradient of a scalar with respect to U.

    Returns
    -------
    tuple[Tensor, Tensor]
        Gradients with respect to A, (n, p), and W, (r, p).
    """
    wide_W, wide_U = W.double(), U.double()
    lengths = wide_W.norm(dim=1)
    lengths = torch.where(lengths == 0, 1.0, lengths)
    unit = wide_W / lengths[:, None]
    V = solve_free(unit @ unit.T, grad.double() / lengths, U > 0) / lengths  # (n, r)
    grad_A = V @ wide_W  # (n, p)
    grad_W = V.T @ (A.double() - wide_U @ wide_W) - wide_U.T @ grad_A
    return grad_A.to(A.dtype), grad_W.to(W.dtype)
