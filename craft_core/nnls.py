"""Non-negative least squares for many right-hand sides at once, and its derivative.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features
    W  (r, p)  concept bank, one concept per row (the paper's W, transposed)
    U  (n, r)  how much of each concept is in each crop, >= 0

Inside, concepts have unit length, so that their scale plays no part:

    G  (r, r)  Gram matrix of the unit concepts
    T  (n, r)  activations times unit concepts

A coefficient is free where it is above zero, and bound to zero elsewhere.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from craft_core.active_set import solve_by_active_set, solve_least_norm
from craft_core.checks import check_finite, check_floating, check_shapes
from craft_core.coordinate_descent import sweep
from craft_core.errors import ConvergenceWarning
from craft_core.free_systems import gram, rank_tolerance, unit_concepts
from craft_core.implicit import active_systems, nnls_derivative
from craft_core.pivoting import solve_by_pivoting

WARM_UP_SWEEPS = 20  # cheap beside a batched solve, and most supports are found by then
ROUNDS_PER_CONCEPT = 10  # of the active-set method
TOL = 1e-12
WIDENED_ON_CPU = 2**20  # of A: 8 MB, which stay in the cache
ENTRIES_AT_ONCE = 2**24  # of all rows' blocks


def nnls(A: Tensor, W: Tensor, *, tol: float = TOL) -> Tensor:
    """Express each activation as a non-negative mix of concepts.

    Solves ``min ||A - U W||_F  s.t.  U >= 0`` (Eq. 1, W held fixed), in float64 whatever the dtype
    of `A`. The rows of U are n independent problems: a few sweeps of coordinate descent guess which
    coefficients are above zero, then block principal pivoting (`craft_core.pivoting`) makes the
    answer exact, all unfinished rows together. Where concepts are linearly dependent, the answer is
    the one of minimum norm (`craft_core.active_set`). Differentiable with respect to `A` and `W`,
    any number of times, by implicit differentiation (`craft_core.implicit`).

    Parameters
    ----------
    A
        (n, p), finite. Activations.
    W
        (r, p), finite. Concept bank; an all-zero concept gets coefficient 0.
    tol
        Accepted violation of the optimality conditions, as a fraction of each row's
        ``max |A W^T|``, for concepts of unit length; at least ten times the rounding error of the
        bank's dtype.

    Returns
    -------
    Tensor
        U, (n, r), with the dtype and device of `A`.

    Raises
    ------
    ShapeError
        If `A` or `W` is not a matrix, or they differ in p.
    ActivationError
        If one has an entry that is not finite, or is not of a floating type.

    Warns
    -----
    ConvergenceWarning
        If a row does not reach `tol`; its last value is returned all the same.

    Examples
    --------
    >>> nnls(torch.tensor([[3.0, -1.0]]), torch.eye(2))
    tensor([[3., 0.]])
    """
    check_shapes(A=(A, "n p"), W=(W, "r p"))
    check_floating(A=A, W=W)
    answer: Tensor = _Nnls.apply(A, W, tol)
    return answer


def penalised_nnls(A: Tensor, W: Tensor, *, l1: float, l2: float) -> Tensor:
    """Express activations as a mix of concepts whose size is penalised.

    Solves ``min 1/2 ||A - U W||_F^2 + l1 sum(U) + l2/2 ||U||_F^2  s.t.  U >= 0``; not
    differentiable.

    Parameters
    ----------
    A
        (n, p), finite. Activations.
    W
        (r, p), finite. Concept bank, of any scale.
    l1
        >= 0.
    l2
        >= 0.

    Returns
    -------
    Tensor
        U, (n, r), with the dtype and device of `A`.
    """
    with torch.no_grad():
        wide = W.double()
        G = wide @ wide.T + l2 * torch.eye(len(W), dtype=wide.dtype, device=W.device)
        T = A.double() @ wide.T - l1
        curvature = G.diagonal().sqrt()
        safe = torch.where(curvature == 0, 1.0, curvature)
        unit = G / safe / safe[:, None] + torch.diag((curvature == 0).to(G))
        return (solve_gram(unit, T / safe, tol=TOL, rank_tol=rank_tolerance(W)) / safe).to(A.dtype)


class _Nnls(torch.autograd.Function):
    """The solver forward, the implicit function theorem backward."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, W: Tensor, tol: float) -> Tensor:  # noqa: ANN401
        U = _solve(A, W, tol).to(A.dtype)
        ctx.save_for_backward(A, W, U)
        ctx.systems = None
        return U

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # noqa: ANN401
        A, W, U = ctx.saved_tensors
        if ctx.systems is None:
            ctx.systems = active_systems(W, U)  # once for all concepts that are differentiated
        grad_A, grad_W = nnls_derivative(A, W, U, grad, systems=ctx.systems)
        return grad_A, grad_W, None


def _solve(A: Tensor, W: Tensor, tol: float) -> Tensor:
    """Bring the problem to concepts of unit length, solve it, and check what was given."""
    wide = W.double()
    unit, lengths = unit_concepts(wide)
    T = _targets(A, unit)
    if not (T.isfinite().all() and wide.isfinite().all()):
        check_finite(A=A, W=W)
    if not T.numel():
        return T
    tol = max(tol, 10 * torch.finfo(W.dtype).eps)  # no finer than the bank's own rounding
    return solve_gram(gram(unit), T, tol=tol, rank_tol=rank_tolerance(W)) / lengths


def _targets(A: Tensor, unit: Tensor) -> Tensor:
    """Multiply activations with unit concepts in float64, widened some at a time; (n, r)."""
    entries = WIDENED_ON_CPU if A.device.type == "cpu" else A.numel()
    parts = torch.split(A, max(1, entries // max(1, A.shape[1])))
    return torch.cat([part.double() @ unit.T for part in parts])


def solve_gram(G: Tensor, T: Tensor, *, tol: float, rank_tol: float) -> Tensor:
    """Solve ``min 1/2 u G u - t u, u >= 0`` for every row t of T, some rows at a time.

    Parameters
    ----------
    G
        (r, r), float64, positive semi-definite, with a unit diagonal.
    T
        (n, r), float64, in the range of G.
    tol
        As for `nnls`.
    rank_tol
        Of `craft_core.free_systems.rank_tolerance`.

    Returns
    -------
    Tensor
        U, (n, r); of several answers the one of minimum norm.

    Warns
    -----
    ConvergenceWarning
        If a row does not reach `tol`.
    """
    is_singular = bool(torch.linalg.eigvalsh(G)[0] <= rank_tol)
    parts = torch.split(T, max(1, ENTRIES_AT_ONCE // G.numel()))
    solved = [_solve_rows(G, part, tol=tol, rank_tol=rank_tol * is_singular) for part in parts]
    n_open = sum(len(left) for _, left in solved)
    if n_open:
        warnings.warn(
            f"nnls stopped with {n_open} of {len(T)} rows above tol={tol}; "
            "raise tol, or remove near-duplicate concepts.",
            ConvergenceWarning,
            stacklevel=5,
        )
    return torch.cat([U for U, _ in solved])


def _solve_rows(G: Tensor, T: Tensor, *, tol: float, rank_tol: float) -> tuple[Tensor, Tensor]:
    """Guess, pivot, and finish what pivoting leaves; only a singular bank has a rank tolerance."""
    guess = sweep(torch.zeros_like(T.T), T.T, G, n_sweeps=WARM_UP_SWEEPS).T > 0
    if rank_tol > 0:
        U, left = solve_least_norm(G, T, guess, tol=tol, rank_tol=rank_tol)
    else:
        U, left = solve_by_pivoting(G, T, guess, tol=tol)
    if not len(left):
        return U, left
    U[left], still = solve_by_active_set(
        G, T[left], U[left], tol=tol, rank_tol=rank_tol, max_rounds=ROUNDS_PER_CONCEPT * len(G)
    )
    return U, left[still]
