"""The derivative of the NNLS by the implicit function theorem (section 3.4, appendix C.2).

Letters as in `craft_core.nnls`; besides them

    V  (n, r)  solution of the adjoint system, zero where U is zero

At the solution, the coefficients above zero solve ``(U W - A) W^T = 0`` and the others stay zero
(Eq. 10), so that a row's derivative needs its own free block of the Gram matrix alone. At a point
where a coefficient is zero and its gradient is zero too, the one-sided derivative that keeps it at
zero is given.
"""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from craft_core.errors import DerivativeWarning
from craft_core.free_systems import (
    FreeSystems,
    factorise,
    gram,
    rank_tolerance,
    solve_free,
    unit_concepts,
)


def active_systems(W: Tensor, U: Tensor) -> FreeSystems:
    """Factorise the Gram matrix of the concepts that each row uses.

    Parameters
    ----------
    W
        (r, p). Concept bank.
    U
        (n, r). The answer of `craft_core.nnls.nnls`.

    Returns
    -------
    FreeSystems
        For any number of calls of `nnls_derivative`.

    Warns
    -----
    DerivativeWarning
        If the concepts that a row uses are linearly dependent, so that its coefficients are not
        unique; pseudo-inverses are made then, which give the derivative of minimum norm.
    """
    with torch.no_grad():
        G = gram(unit_concepts(W.double())[0])
        free = U > 0
        rank_tol = rank_tolerance(W)
        if not G.numel() or torch.linalg.eigvalsh(G)[0] > rank_tol:
            return factorise(G, free)  # no block of it is singular then
        systems = factorise(G, free, rank_tol=rank_tol)
        lowest = [torch.linalg.eigvalsh(part.systems)[:, 0] for part in systems.parts]
        n_singular = int((torch.cat(lowest) <= rank_tol).sum()) if lowest else 0
    if n_singular:
        warnings.warn(
            f"concepts that a row uses must be linearly independent for a unique derivative; got "
            f"dependent ones in {n_singular} of {len(U)} rows. The derivative of minimum norm is "
            "given.",
            DerivativeWarning,
            stacklevel=3,
        )
    return systems


def nnls_derivative(
    A: Tensor, W: Tensor, U: Tensor, grad: Tensor, *, systems: FreeSystems
) -> tuple[Tensor, Tensor]:
    """Pull a gradient with respect to U back to A and W.

    With V the solution of ``W W^T V = grad`` over each row's free coefficients,
    ``dA = V W`` and ``dW = V^T (A - U W) - U^T (V W)``. Each step is differentiable itself.

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
    systems
        Of `active_systems`.

    Returns
    -------
    tuple[Tensor, Tensor]
        Gradients with respect to A, (n, p), and W, (r, p).
    """
    wide_W, wide_U = W.double(), U.double()
    unit, lengths = unit_concepts(wide_W)
    V = solve_free(gram(unit), grad.double() / lengths, systems) / lengths  # (n, r)
    grad_A = V @ wide_W  # (n, p)
    grad_W = V.T @ (A.double() - wide_U @ wide_W) - wide_U.T @ grad_A
    return grad_A.to(A.dtype), grad_W.to(W.dtype)


def nnls_jacobian(W: Tensor, U: Tensor, concepts: Sequence[int], *, systems: FreeSystems) -> Tensor:
    """Differentiate some coefficients of every row with respect to its activations.

    Parameters
    ----------
    W
        (r, p). Concept bank.
    U
        (n, r). The answer of `craft_core.nnls.nnls`.
    concepts
        k of them.
    systems
        Of `active_systems`, which all concepts share.

    Returns
    -------
    Tensor
        (n, k, p), zero where a coefficient is zero; dtype of `W`.
    """
    with torch.no_grad():
        wide = W.double()
        _, lengths = unit_concepts(wide)
        each = torch.eye(len(W), dtype=wide.dtype, device=W.device)[list(concepts)] / lengths
        solved = [systems.solve(row.expand(len(U), -1)) / lengths for row in each]
        V = torch.stack(solved, dim=1) if solved else wide.new_zeros(len(U), 0, len(W))
        return (V @ wide).to(W.dtype)
