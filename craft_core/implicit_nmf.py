"""The derivative of a whole factorisation with respect to the activations (appendix C.2).

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features
    U  (n, r)  how much of each concept is in each crop, >= 0
    W  (r, p)  concept bank, one concept of unit length per row (the paper's W, transposed), >= 0
    R  (n, p)  what the factors leave, U W - A
    X, Z       changes of U and W, (b, n, r) and (b, r, p), for b directions at once

Equation 11 stacks the optimality conditions of both factors and their duals; equation 12 inverts
its Jacobian. This module departs from it in three ways, none of which changes the answer:

- The duals are eliminated. At a strictly complementary point a factor's entry is either free, with
  dual zero, or zero, with a dual that moves alone. What is left is the Hessian of the objective
  over the free entries, which is symmetric, where the printed matrix is not.
- The printed matrix has no inverse: scaling a column of U up and its row of W down changes nothing
  (U to U D, W to D^-1 W), which gives r null directions at least. The rows of W keep unit length
  here, as `craft_core.nmf.fit_nmf` returns them.
- The system is solved by MINRES, which needs symmetry alone and bears null directions, where the
  paper runs conjugate gradients, which need a positive definite matrix.

Where the factorisation is not locally unique in another way, its derivative does not exist, and an
error says in how many dimensions. The product U W may have one all the same: `product_change`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from craft_core.checks import check_finite, check_shapes
from craft_core.errors import DerivativeError
from craft_core.minres import minres

OPTIMALITY = 1e-5  # accepted violation of the optimality conditions, of their linear terms
PROBES = 4  # null directions that are looked for at first
NULL_SHARE = 1e-3  # of a random direction: what is left of one that is not null is far smaller


@dataclass(frozen=True, eq=False, kw_only=True)
class NmfBlock:
    """A factorisation at its optimum, ready to be differentiated.

    Attributes
    ----------
    U, W, R
        (n, r), (r, p), (n, p); float64.
    scale
        (r, 1). Norms of the columns of U, which bring both factors to one scale.
    tol
        Of the linear systems.
    max_steps
        Of MINRES.
    """

    U: Tensor
    W: Tensor
    R: Tensor
    scale: Tensor
    tol: float
    max_steps: int


def nmf_block(
    A: Tensor, U: Tensor, W: Tensor, *, tol: float = 1e-10, max_steps: int = 20_000
) -> NmfBlock:
    """Prepare the derivative of ``U, W = argmin 1/2 ||A - U W||_F^2, U >= 0, W >= 0``.

    Parameters
    ----------
    A
        (n, p). Activations.
    U
        (n, r). Of `craft_core.nmf.fit_nmf`, converged (``tol=1e-8`` or finer).
    W
        (r, p), rows of unit length.
    tol
        Relative residual of the linear systems.
    max_steps
        Of MINRES, for each.

    Returns
    -------
    NmfBlock
        For the functions of this module.

    Raises
    ------
    ShapeError
        If the shapes do not match.
    DerivativeError
        If the factors are not optimal, or a row of W is not of unit length.
    """
    check_shapes(A=(A, "n p"), U=(U, "n r"), W=(W, "r p"))
    check_finite(A=A, U=U, W=W)
    U, W = U.detach().double(), W.detach().double()
    lengths = W.norm(dim=1)
    if not torch.allclose(lengths, torch.ones_like(lengths), rtol=0, atol=1e-5):
        raise DerivativeError(
            f"rows of W must have unit length; got {lengths.min():.3g} to {lengths.max():.3g}."
        )
    R = U @ W - A.detach().double()
    _check_optimal(A.detach().double(), U, W, R)
    scale = U.norm(dim=0)[:, None].clamp_min(torch.finfo(U.dtype).tiny)
    return NmfBlock(U=U, W=W, R=R, scale=scale, tol=tol, max_steps=max_steps)


def factor_changes(block: NmfBlock, dA: Tensor) -> tuple[Tensor, Tensor]:
    """Say how both factors move with the activations (a product with the Jacobian of Eq. 12).

    Parameters
    ----------
    block
        Of `nmf_block`.
    dA
        (n, p). A direction.

    Returns
    -------
    tuple[Tensor, Tensor]
        dU, (n, r), and dW, (r, p), which leaves the rows of W at unit length; float64.

    Raises
    ------
    DerivativeError
        If the factors are not locally unique, or a system can't be solved.
    """
    check_unique(block)
    X, Z = _with_unit_rows(block, *_changes(block, dA))
    return X[0], Z[0]


def product_change(block: NmfBlock, dA: Tensor) -> Tensor:
    """Say how the product of the factors moves with the activations.

    Parameters
    ----------
    block
        Of `nmf_block`.
    dA
        (n, p). A direction.

    Returns
    -------
    Tensor
        d(U W), (n, p), float64; the same however the factors are scaled or mixed.

    Raises
    ------
    DerivativeError
        If the product is not locally unique, or a system can't be solved.
    """
    X, Z = null_directions(block)
    moved = (X @ block.W + block.U @ Z).flatten(1)  # (k, n p)
    size = (block.U @ block.W).norm()
    n_moving = int((torch.linalg.svdvals(moved) > NULL_SHARE * size).sum()) if len(X) else 0
    if n_moving:
        raise DerivativeError(
            f"the product must be locally unique for a derivative; got {n_moving} directions in "
            "which it moves at no cost."
        )
    X, Z = _changes(block, dA)
    return (X @ block.W + block.U @ Z)[0]


def pull_back(block: NmfBlock, grad_U: Tensor, grad_W: Tensor) -> Tensor:
    """Pull a gradient with respect to both factors back to the activations.

    Parameters
    ----------
    block
        Of `nmf_block`.
    grad_U
        (n, r).
    grad_W
        (r, p).

    Returns
    -------
    Tensor
        (n, p), float64.

    Raises
    ------
    DerivativeError
        If the factors are not locally unique, or a system can't be solved.
    """
    check_unique(block)
    grad_U, grad_W = grad_U.double(), grad_W.double()
    along = (block.U * grad_U).sum(dim=0) - (block.W * grad_W).sum(dim=1)  # (r,)
    lengths = block.W.square().sum(dim=1)
    fixed = grad_W + (along / lengths)[:, None] * block.W
    X, Z = _directions(block, _solve(block, _flat(block, grad_U[None], fixed[None])))
    return (X @ block.W + block.U @ Z)[0]


def differentiable_nmf(A: Tensor, U: Tensor, W: Tensor) -> tuple[Tensor, Tensor]:
    """Tie factors that were found without gradients to the activations they were found for.

    Parameters
    ----------
    A
        (n, p). Activations, through which gradients are to flow.
    U
        (n, r). Of `craft_core.nmf.fit_nmf`, converged.
    W
        (r, p), rows of unit length.

    Returns
    -------
    tuple[Tensor, Tensor]
        The same U and W, whose gradients reach A by `pull_back`, once.
    """
    tied: tuple[Tensor, Tensor] = _Tied.apply(A, U, W)
    return tied


def check_unique(block: NmfBlock) -> None:
    """Refuse factors that can move at no cost while the rows of W keep their length.

    Parameters
    ----------
    block
        Of `nmf_block`.

    Raises
    ------
    DerivativeError
        If there is such a direction; the message says how many dimensions there are.
    """
    n_null = len(null_directions(block)[0])
    if n_null:
        raise DerivativeError(
            f"factors must be locally unique for a derivative; got a null space of {n_null} "
            f"dimensions beyond the {len(block.W)} of scale. Take fewer concepts, or "
            "product_change, which does not depend on it."
        )


def null_directions(block: NmfBlock) -> tuple[Tensor, Tensor]:
    """Find directions besides scale in which the objective has no curvature.

    A random direction d is split by solving ``H x = H d``: x lacks what the Hessian H does not see.
    What is missing, less what is scale, is null.

    Parameters
    ----------
    block
        Of `nmf_block`.

    Returns
    -------
    tuple[Tensor, Tensor]
        A basis, (k, n, r) and (k, r, p), orthonormal when the rows of Z are divided by
        `NmfBlock.scale`; k is 0 where the factors are locally unique.

    Raises
    ------
    DerivativeError
        If a system can't be solved.
    """
    n_free = int((block.U > 0).sum() + (block.W > 0).sum())
    generator = torch.Generator().manual_seed(0)  # any probes do: the answer is a null space
    n_probes = min(PROBES, n_free)
    while True:
        missing = _missing(block, n_probes, generator)  # (b, N)
        _, sizes, basis = torch.linalg.svd(missing, full_matrices=False)
        n_null = int((sizes > NULL_SHARE * n_probes**0.5).sum())
        if n_null < n_probes or n_probes == n_free:
            return _directions(block, basis[:n_null])
        n_probes = min(4 * n_probes, n_free)


class _Tied(torch.autograd.Function):
    """Identity on the factors forward, the implicit function theorem backward."""

    @staticmethod
    def forward(ctx: Any, A: Tensor, U: Tensor, W: Tensor) -> tuple[Tensor, Tensor]:  # noqa: ANN401
        ctx.save_for_backward(A, U, W)
        return U.clone(), W.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_U: Tensor, grad_W: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        A, U, W = ctx.saved_tensors
        return pull_back(nmf_block(A, U, W), grad_U, grad_W).to(A.dtype), None, None


def hessian(block: NmfBlock) -> Callable[[Tensor], Tensor]:
    """Return products with the objective's Hessian over free entries.

    Parameters
    ----------
    block
        Of `nmf_block`.

    Returns
    -------
    Callable[[Tensor], Tensor]
        From (b, n r + r p) to the same: changes of U, then those of W times `NmfBlock.scale`.
    """

    def times(flat: Tensor) -> Tensor:
        X, Z = _directions(block, flat)
        moved = X @ block.W + block.U @ Z  # (b, n, p)
        return _flat(block, moved @ block.W.T + block.R @ Z.mT, X.mT @ block.R + block.U.T @ moved)

    return times


def _solve(block: NmfBlock, flat: Tensor) -> Tensor:
    """Solve with the Hessian; any part along null directions is left open."""
    solved, left = minres(hessian(block), flat, tol=block.tol, max_steps=block.max_steps)
    worst = float(left.max())
    if worst > 100 * block.tol:
        raise DerivativeError(
            f"linear system of the derivative must be solved to {block.tol:.1g}; got {worst:.1g} "
            f"after {block.max_steps} steps. Converge the factors further, or raise max_steps."
        )
    return solved


def _changes(block: NmfBlock, dA: Tensor) -> tuple[Tensor, Tensor]:
    """Solve for how the factors move; what changes scale alone is left open."""
    moved = dA.double()[None]  # (1, n, p)
    return _directions(block, _solve(block, _flat(block, moved @ block.W.T, block.U.T @ moved)))


def _flat(block: NmfBlock, in_U: Tensor, in_W: Tensor) -> Tensor:
    """Bring gradients of both factors to one scale and into one row, free entries alone."""
    in_U, in_W = in_U * (block.U > 0), in_W * (block.W > 0) / block.scale
    return torch.cat([in_U.flatten(1), in_W.flatten(1)], dim=1)  # (b, n r + r p)


def _directions(block: NmfBlock, flat: Tensor) -> tuple[Tensor, Tensor]:
    """Read changes of both factors from flat coordinates."""
    in_U, in_W = torch.split(flat, [block.U.numel(), block.W.numel()], dim=1)
    return in_U.reshape(-1, *block.U.shape), in_W.reshape(-1, *block.W.shape) / block.scale


def _scale_directions(block: NmfBlock) -> Tensor:
    """Return what changes scale alone, in flat coordinates; orthonormal, (r, n r + r p)."""
    r = len(block.W)
    each = torch.eye(r, dtype=block.U.dtype, device=block.U.device)
    in_U = each[:, None, :] * block.U  # (r, n, r)
    in_W = -each[:, :, None] * block.W * block.scale  # (r, r, p)
    rows = torch.cat([in_U.flatten(1), in_W.flatten(1)], dim=1)
    return torch.nn.functional.normalize(rows)


def _with_unit_rows(block: NmfBlock, X: Tensor, Z: Tensor) -> tuple[Tensor, Tensor]:
    """Add what changes scale alone so that the rows of W keep their length."""
    along = (Z * block.W).sum(dim=2, keepdim=True) / block.W.square().sum(dim=1, keepdim=True)
    return X + block.U * along.mT, Z - along * block.W


def _missing(block: NmfBlock, n_probes: int, generator: torch.Generator) -> Tensor:
    """Take from random directions what the Hessian sees and what is scale."""
    free = torch.cat([(block.U > 0).flatten(), (block.W > 0).flatten()])
    drawn = torch.randn(n_probes, len(free), generator=generator, dtype=torch.float64)
    drawn = drawn.to(block.U) * free
    rest = drawn - _solve(block, hessian(block)(drawn))
    scales = _scale_directions(block)
    return rest - (rest @ scales.T) @ scales


def _check_optimal(A: Tensor, U: Tensor, W: Tensor, R: Tensor) -> None:
    """Refuse factors at which the gradient of a free entry is not zero, or of a bound one below."""
    for name, factor, gradient, linear in (
        ("U", U, R @ W.T, A @ W.T),
        ("W", W, U.T @ R, U.T @ A),
    ):
        off = torch.where(factor > 0, gradient.abs(), (-gradient).clamp_min(0)).max()
        share = float(off / linear.abs().max().clamp_min(torch.finfo(A.dtype).tiny))
        if share > OPTIMALITY:
            raise DerivativeError(
                f"{name} must be optimal to {OPTIMALITY:.0e} for a derivative; got {share:.1e}. "
                "Fit the factors with a smaller tol."
            )
