"""The linear systems over each row's free coefficients, which the NNLS and its derivative solve.

Letters as in `craft_core.nnls`; besides them

    k          most free coefficients of a row in a part of the rows
    S  (m, k, k)  the blocks of G over the free coefficients of m rows
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

ENTRIES_ON_CPU = 2**18  # of the blocks of one part: 2 MB, so that they stay in the cache
ENTRIES_ON_GPU = 2**25  # 256 MB
RANK_TOLERANCE = 4.0  # times r and the rounding error: eigenvalues below it are zero


@dataclass(frozen=True, eq=False, kw_only=True)
class Blocks:
    """Factorised blocks of some rows.

    Attributes
    ----------
    rows
        (m,), integer. Which rows.
    index
        (m, k), integer. The free coefficients of each row, then any others.
    is_free
        (m, k), boolean. Which of `index` are free.
    systems
        S, with a unit diagonal where a coefficient is not free.
    factors
        (m, k, k). Cholesky factors, or pseudo-inverses.
    is_inverse
        Which of the two.
    """

    rows: Tensor
    index: Tensor
    is_free: Tensor
    systems: Tensor
    factors: Tensor
    is_inverse: bool

    def solve(self, T: Tensor) -> Tensor:
        """Solve for right-hand sides, with one step of iterative refinement.

        Parameters
        ----------
        T
            (m, r).

        Returns
        -------
        Tensor
            (m, r), zero where a coefficient is not free.
        """
        target = torch.where(self.is_free, T.gather(1, self.index), 0.0)[:, :, None]  # (m, k, 1)
        x = self._apply(target)
        x = x + self._apply(target - self.systems @ x)
        x = torch.where(self.is_free, x.squeeze(2), 0.0)
        return torch.zeros_like(T).scatter_(1, self.index, x)

    def _apply(self, target: Tensor) -> Tensor:
        if self.is_inverse:
            return self.factors @ target
        return torch.cholesky_solve(target, self.factors)


@dataclass(frozen=True, eq=False, kw_only=True)
class FreeSystems:
    """Every row's block, factorised once for any number of right-hand sides.

    Attributes
    ----------
    parts
        Each row is in one.
    """

    parts: tuple[Blocks, ...]

    def solve(self, T: Tensor) -> Tensor:
        """Solve ``G x = T`` over each row's free coefficients, the others being zero.

        Parameters
        ----------
        T
            (n, r). Right-hand sides.

        Returns
        -------
        Tensor
            (n, r); where a block is singular and pseudo-inverses were made, of minimum norm.
        """
        x = torch.zeros_like(T)
        for part in self.parts:
            x[part.rows] = part.solve(T[part.rows])
        return x


def factorise(G: Tensor, free: Tensor, *, rank_tol: float | None = None) -> FreeSystems:
    """Factorise every row's free block of the Gram matrix, for several right-hand sides.

    Parameters
    ----------
    G
        (r, r), float64. Gram matrix of concepts of unit length.
    free
        (n, r), boolean.
    rank_tol
        Where given, blocks are inverted with eigenvalues up to it taken as zero; None takes
        Cholesky factors, which blocks of full rank have.

    Returns
    -------
    FreeSystems
        Factors of all rows.
    """
    return FreeSystems(
        parts=tuple(
            factorise_part(G, free, rows, width=width, rank_tol=rank_tol)
            for rows, width in parts_of_rows(G, free)
        )
    )


def solve_once(G: Tensor, T: Tensor, free: Tensor) -> Tensor:
    """Solve ``G x = T`` over each row's free coefficients, keeping no factors.

    Parameters
    ----------
    G
        (r, r), float64, positive definite.
    T
        (n, r). Right-hand sides.
    free
        (n, r), boolean.

    Returns
    -------
    Tensor
        (n, r), zero where a coefficient is not free.
    """
    x = torch.zeros_like(T)
    for rows, width in parts_of_rows(G, free):
        x[rows] = factorise_part(G, free, rows, width=width).solve(T[rows])
    return x


def parts_of_rows(G: Tensor, free: Tensor) -> list[tuple[Tensor, int]]:
    """Sort rows by their number of free coefficients, so that blocks are as small as can be.

    Parameters
    ----------
    G
        (r, r).
    free
        (n, r), boolean.

    Returns
    -------
    list[tuple[Tensor, int]]
        Rows of a part, whose blocks fit the device's fast memory, and its k.
    """
    counts = free.sum(dim=1)  # (n,)
    order = counts.argsort(stable=True)
    entries = ENTRIES_ON_CPU if G.device.type == "cpu" else ENTRIES_ON_GPU
    parts = torch.split(order, max(1, entries // max(1, G.numel())))
    last = [part[-1:] for part in parts]
    widths = counts[torch.cat(last)].tolist()  # the one question to the device
    return [(rows, max(1, width)) for rows, width in zip(parts, widths, strict=False)]


def factorise_part(
    G: Tensor, free: Tensor, rows: Tensor, *, width: int, rank_tol: float | None = None
) -> Blocks:
    """Factorise the blocks of some rows.

    Parameters
    ----------
    G
        As for `factorise`.
    free
        As for `factorise`.
    rows
        (m,), integer.
    width
        k, at least the number of free coefficients of each of these rows.
    rank_tol
        As for `factorise`.

    Returns
    -------
    Blocks
        Factors of these rows.
    """
    chosen = free[rows]  # (m, r)
    index = (~chosen).to(torch.uint8).argsort(dim=1, stable=True)[:, :width]  # (m, k)
    is_free = chosen.gather(1, index)
    both = is_free[:, :, None] & is_free[:, None, :]
    systems = torch.where(both, G[index[:, :, None], index[:, None, :]], 0.0)  # (m, k, k)
    systems.diagonal(dim1=1, dim2=2).add_((~is_free).to(G.dtype))
    if rank_tol is None:
        factors = torch.linalg.cholesky_ex(systems)[0]
    else:
        factors = pseudo_inverse(systems, rank_tol=rank_tol)
    return Blocks(
        rows=rows,
        index=index,
        is_free=is_free,
        systems=systems,
        factors=factors,
        is_inverse=rank_tol is not None,
    )


def pseudo_inverse(systems: Tensor, *, rank_tol: float) -> Tensor:
    """Invert symmetric matrices on their range.

    Parameters
    ----------
    systems
        (m, k, k), positive semi-definite.
    rank_tol
        Eigenvalues up to it are taken as zero.

    Returns
    -------
    Tensor
        (m, k, k).
    """
    values, vectors = torch.linalg.eigh(systems)
    kept = values > rank_tol
    inverse = torch.where(kept, 1 / torch.where(kept, values, 1.0), 0.0)
    inverted: Tensor = (vectors * inverse[:, None, :]) @ vectors.mT
    return inverted


def rank_tolerance(W: Tensor) -> float:
    """Say below which eigenvalue the Gram matrix of a bank's unit concepts is singular.

    Parameters
    ----------
    W
        (r, p), of the dtype that was given: rounding it moves eigenvalues by the square of its
        precision.

    Returns
    -------
    float
        A multiple of the rounding errors of the bank and of its Gram matrix in float64.
    """
    rounding = max(torch.finfo(torch.float64).eps, torch.finfo(W.dtype).eps ** 2)
    return RANK_TOLERANCE * len(W) * rounding


def unit_concepts(W: Tensor) -> tuple[Tensor, Tensor]:
    """Give concepts unit length.

    Parameters
    ----------
    W
        (r, p), float64.

    Returns
    -------
    tuple[Tensor, Tensor]
        Unit concepts, (r, p), zero where a concept is; and what they were divided by, (r,).
    """
    largest = W.detach().abs().amax(dim=1)  # so that no square is too large or too small
    largest = torch.where(largest == 0, 1.0, largest)
    scaled = W / largest[:, None]
    lengths = scaled.norm(dim=1)
    lengths = torch.where(lengths == 0, 1.0, lengths)
    return scaled / lengths[:, None], lengths * largest


def gram(unit: Tensor) -> Tensor:
    """Multiply unit concepts with each other.

    Parameters
    ----------
    unit
        (r, p); zero where a concept is.

    Returns
    -------
    Tensor
        G, (r, r), with a unit diagonal, also where a concept is zero.
    """
    is_zero = (unit == 0).all(dim=1)
    return unit @ unit.T + torch.diag(is_zero.to(unit))


class _FreeSolve(torch.autograd.Function):
    """Solve with given factors; its derivative solves with the same factors."""

    @staticmethod
    def forward(ctx: Any, G: Tensor, T: Tensor, systems: FreeSystems) -> Tensor:  # noqa: ANN401
        x = systems.solve(T)
        ctx.systems = systems
        ctx.save_for_backward(G, x)
        return x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # noqa: ANN401
        G, x = ctx.saved_tensors
        adjoint = solve_free(G, grad, ctx.systems)
        return -adjoint.mT @ x, adjoint, None


def solve_free(G: Tensor, T: Tensor, systems: FreeSystems) -> Tensor:
    """Solve ``G x = T`` over each row's free coefficients, any number of times differentiable.

    Parameters
    ----------
    G
        (r, r). The matrix that was factorised; it is here for its derivative.
    T
        (n, r). Right-hand sides.
    systems
        Of `factorise`.

    Returns
    -------
    Tensor
        (n, r), zero where a coefficient is not free. Which coefficients are free is taken as
        fixed.
    """
    x: Tensor = _FreeSolve.apply(G, T, systems)
    return x
