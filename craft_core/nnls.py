"""Non-negative least squares for many right-hand sides at once, and its derivative.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features
    W  (r, p)  concept bank, one concept per row (the paper's W, transposed)
    U  (n, r)  how much of each concept is in each crop, >= 0

Inside, concepts have unit length, so that their scale plays no part:

    G  (r, r)  Gram matrix of the unit concepts
    T  (n, r)  activations times unit concepts
    F  (n, r)  which coefficients are free, that is, above zero
"""

import warnings

import torch
from torch import Tensor

from craft_core.active_set import solve_free
from craft_core.checks import check_finite, check_shapes
from craft_core.errors import ConvergenceWarning
from craft_core.implicit import nnls_derivative

WARM_UP_SWEEPS = 20  # cheap beside a batched solve, and most supports are found by then
ENTRIES_PER_CHUNK = 2**24  # of the (n, r, r) systems: 128 MB in float64


def nnls(A: Tensor, W: Tensor, *, tol: float = 1e-10) -> Tensor:
    """Express each activation as a non-negative mix of concepts.

    Solves ``min ||A - U W||_F  s.t.  U >= 0`` (Eq. 1, W held fixed). The rows of U are n
    independent problems: a few sweeps of coordinate descent guess which coefficients are above
    zero, then the active-set method of Lawson and Hanson (1974, ch. 23) makes the answer exact,
    all unfinished rows together, in float64 whatever the dtype of `A`. Differentiable with respect
    to `A` and `W` by implicit differentiation (`craft_core.implicit`).

    Parameters
    ----------
    A
        (n, p), finite. Activations.
    W
        (r, p), finite. Concept bank; an all-zero concept gets coefficient 0.
    tol
        Accepted violation of the optimality conditions, as a fraction of each row's
        ``max |A W^T|``, for concepts of unit length.

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
    check_finite(A=A, W=W)
    answer: Tensor = _Nnls.apply(A, W, tol)
    return answer


class _Nnls(torch.autograd.Function):
    """The solver forward, the implicit function theorem backward."""

    @staticmethod
    def forward(ctx, A: Tensor, W: Tensor, tol: float) -> Tensor:  # type: ignore[no-untyped-def]  # noqa: ANN001
        U = _solve(A.double(), W.double(), tol).to(A.dtype)
        ctx.save_for_backward(A, W, U)
        return U

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # type: ignore[no-untyped-def]  # noqa: ANN001
        A, W, U = ctx.saved_tensors
        grad_A, grad_W = nnls_derivative(A, W, U, grad)
        return grad_A, grad_W, None


def _solve(A: Tensor, W: Tensor, tol: float) -> Tensor:
    """Solve in float64, some rows at a time."""
    lengths = W.norm(dim=1)  # (r,)
    is_zero = lengths == 0
    unit = W / torch.where(is_zero, 1.0, lengths)[:, None]  # (r, p)
    G = unit @ unit.T + torch.diag(is_zero.to(W.dtype))
    T = A @ unit.T
    rows = max(1, ENTRIES_PER_CHUNK // max(1, G.numel()))
    U = torch.cat([_solve_rows(G, part, tol) for part in torch.split(T, rows)])
    return U / torch.where(is_zero, 1.0, lengths)


def _solve_rows(G: Tensor, T: Tensor, tol: float) -> Tensor:
    """Guess the free coefficients, then solve until every row is optimal."""
    n, r = T.shape
    if r == 0:
        return T
    limit = tol * T.abs().amax(dim=1, keepdim=True)  # (n, 1)
    U = _warm_up(G, T)
    free = U > 0
    left = torch.arange(n, device=T.device)  # rows that are not optimal yet
    for _ in range(10 * (r + 1)):
        U[left], free[left], done = _active_set_step(G, T[left], U[left], free[left], limit[left])
        left = left[~done]
        if not len(left):
            return U
    warnings.warn(
        f"nnls stopped with {len(left)} of {n} rows above tol={tol}; "
        "raise tol, or remove near-duplicate concepts.",
        ConvergenceWarning,
        stacklevel=6,
    )
    return U


def _warm_up(G: Tensor, T: Tensor) -> Tensor:
    """Run sweeps of coordinate descent from zero."""
    U = torch.zeros_like(T.T)  # (r, n), so that a concept's coefficients lie side by side
    targets = T.T.contiguous()
    for _ in range(WARM_UP_SWEEPS):
        for k in range(len(U)):
            U[k] = (U[k] + targets[k] - G[k] @ U).clamp_min_(0)
    return U.T.contiguous()


def _active_set_step(
    G: Tensor, T: Tensor, U: Tensor, free: Tensor, limit: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Solve for the free coefficients, then bind one that blocks or free one that would gain."""
    aim = solve_free(G, T, free)  # (n, r)
    blocks = free & (aim <= 0)
    is_feasible = ~blocks.any(dim=1, keepdim=True)  # (n, 1)
    share = torch.where(blocks, U / (U - aim).clamp_min(torch.finfo(U.dtype).tiny), 1.0)
    step = share.amin(dim=1, keepdim=True)
    U = torch.where(is_feasible, aim, (U + step * (aim - U)).clamp_min(0))
    bound = blocks & (share <= step)

    gain = torch.where(free, 0, T - U @ G)
    largest = gain.amax(dim=1, keepdim=True)
    may_free = is_feasible & (largest > limit)
    freed = may_free & (gain == largest)
    done = (is_feasible & ~may_free).squeeze(1)
    return torch.where(bound, 0, U), (free & ~bound) | freed, done
