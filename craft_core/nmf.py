"""Non-negative matrix factorisation of activations.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  activations of n crops over p features, >= 0
    U  (n, r)  how much of each concept is in each crop, >= 0
    W  (r, p)  concept bank, one concept per row (the paper's W, transposed), >= 0

Inside, U is kept transposed, (r, n), so that a concept's entries lie side by side.
"""

import warnings
from dataclasses import dataclass, fields, replace
from typing import Literal

import torch
from torch import Tensor

from craft_core.checks import (
    check_at_least,
    check_choice,
    check_finite,
    check_non_negative,
    check_shapes,
)
from craft_core.coordinate_descent import sweep
from craft_core.errors import ConvergenceWarning, CraftError, ShapeError
from craft_core.nmf_starts import nndsvd_start, random_start
from craft_core.nnls import nnls, penalised_nnls

Start = Literal["nndsvd", "random"] | tuple[Tensor, Tensor]

SWEEPS = 3  # over one factor before the other
ROUNDS_BETWEEN_LOOKS = 10  # at the optimality conditions
MOMENTUM_DELAY, MOST_MOMENTUM = 3.0, 0.8


@dataclass(frozen=True, kw_only=True)
class Penalties:
    """What is added to the objective, in the units of scikit-learn's NMF.

    Attributes
    ----------
    l1, l2
        >= 0. Weights of ``p |U| + n |W|`` and of ``(p ||U||^2 + n ||W||^2) / 2``, entry by entry.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __bool__(self) -> bool:
        """Say whether anything is added."""
        return self.l1 > 0 or self.l2 > 0


@dataclass(frozen=True, eq=False, kw_only=True)
class Factors:
    """A pair of factors and the way it is going.

    Attributes
    ----------
    U, W
        (r, n) and (r, p), >= 0. The pair of lowest objective so far.
    plain_U, plain_W
        Where the last sweeps arrived, before momentum was added.
    ahead_W
        W with momentum, where the next sweeps start.
    objective
        (). Of U and W.
    age
        (). Rounds since the momentum was last given up.
    squares
        (). Squared norm of A.
    """

    U: Tensor
    W: Tensor
    plain_U: Tensor
    plain_W: Tensor
    ahead_W: Tensor
    objective: Tensor
    age: Tensor
    squares: Tensor


def fit_nmf(  # noqa: PLR0913 - each is a choice of the method
    A: Tensor,
    n_concepts: int,
    *,
    generator: torch.Generator,
    init: Start = "nndsvd",
    l1: float = 0.0,
    l2: float = 0.0,
    tol: float = 3e-5,
    max_rounds: int = 2000,
) -> tuple[Tensor, Tensor]:
    """Factorise activations into coefficients and a concept bank.

    Solves ``min 1/2 ||A - U W||_F^2  s.t.  U >= 0, W >= 0`` (Eq. 1) by hierarchical alternating
    least squares, several sweeps over one factor before the other (Gillis and Glineur 2012), with
    momentum that is given up where it would raise the objective (Ang and Gillis 2019), so that the
    objective never rises. The rows of W have unit length, which fixes the scale that the product
    leaves open; U is then the exact answer of `craft_core.nnls.nnls` for that bank, so that the
    crops' own coefficients and those of new images are defined alike. No gradient flows; see
    `craft_core.implicit_nmf.differentiable_nmf`.

    Parameters
    ----------
    A
        (n, p), >= 0, finite. Activations.
    n_concepts
        r, at least 1 and at most n.
    generator
        Draws the random start, or where the search for singular vectors starts.
    init
        ``nndsvd`` or ``random`` (see `craft_core.nmf_starts`), or U, (n, r), and W, (r, p), >= 0.
    l1
        >= 0. Weight of ``p |U| + n |W|``, which makes factors sparse, as scikit-learn's ``alpha_W``
        times ``l1_ratio``. The scale is fixed afterwards, and U is exact for the penalised problem.
    l2
        >= 0. Weight of ``(p ||U||^2 + n ||W||^2) / 2``.
    tol
        Stop where the projected gradient has at most this share of the norm of ``A W^T`` and
        ``U^T A`` together.
    max_rounds
        Updates of both factors before giving up.

    Returns
    -------
    tuple[Tensor, Tensor]
        U, (n, r), and W, (r, p), with the dtype and device of `A`.

    Raises
    ------
    ShapeError
        If `A` is not a matrix, has fewer rows than concepts are asked for, or a start does not fit.
    ActivationError
        If an entry is negative or not finite, or is no floating-point number.
    CraftError
        If another argument is out of range.

    Warns
    -----
    ConvergenceWarning
        If `tol` is not reached; the last factors are returned all the same.
    """
    _check(A, n_concepts, penalties={"l1": l1, "l2": l2})
    A = A.detach()
    penalties = Penalties(l1=l1, l2=l2)
    start_U, start_W = _start(A, n_concepts, init, generator)
    state = begin(A, start_U.T.contiguous(), start_W)
    state, is_reached = _descend(A, state, penalties, tol=tol, max_rounds=max_rounds)
    if not is_reached:
        warnings.warn(
            f"fit_nmf stopped after max_rounds={max_rounds} above tol={tol}; raise one of them.",
            ConvergenceWarning,
            stacklevel=2,
        )
    lengths = state.W.norm(dim=1)
    lengths = torch.where(lengths == 0, 1.0, lengths)
    W = state.W / lengths[:, None]
    if not penalties:
        return nnls(A, W), W
    n, p = A.shape
    return penalised_nnls(A, state.W, l1=l1 * p, l2=l2 * p) * lengths, W


def begin(A: Tensor, U: Tensor, W: Tensor) -> Factors:
    """Put a pair of factors at its start.

    Parameters
    ----------
    A
        (n, p).
    U
        (r, n), >= 0.
    W
        (r, p), >= 0.

    Returns
    -------
    Factors
        Without momentum, and with an infinite objective, which the first round lowers.
    """
    return Factors(
        U=U,
        W=W,
        plain_U=U,
        plain_W=W,
        ahead_W=W,
        objective=torch.full((), torch.inf, dtype=torch.float64, device=A.device),
        age=torch.zeros((), dtype=A.dtype, device=A.device),
        squares=torch.linalg.vector_norm(A, dtype=torch.float64).square(),
    )


def run_rounds(A: Tensor, state: Factors, penalties: Penalties, *, n_rounds: int) -> Factors:
    """Update both factors several times; nothing is asked of the device.

    Parameters
    ----------
    A
        (n, p).
    state
        Before.
    penalties
        Added to the objective.
    n_rounds
        How often.

    Returns
    -------
    Factors
        After, with an objective at most as large.
    """
    for _ in range(n_rounds):
        state = _round(A, state, penalties)
    return state


def violation(A: Tensor, state: Factors, penalties: Penalties) -> Tensor:
    """Measure how far the optimality conditions are broken.

    Parameters
    ----------
    A
        (n, p).
    state
        The factors.
    penalties
        Added to the objective.

    Returns
    -------
    Tensor
        (), in [0, 1] or so: the norm of the projected gradient over both factors, as a share of
        that of ``A W^T`` and ``U^T A``.
    """
    n, p = A.shape
    U, W = state.U, state.W
    to_U, to_W = W @ A.T, U @ A
    in_U = _projected(_gradient(U, to_U, W @ W.T, penalties, weight=p), U)
    in_W = _projected(_gradient(W, to_W, U @ U.T, penalties, weight=n), W)
    scale = torch.hypot(to_U.norm(), to_W.norm())
    return torch.hypot(in_U.norm(), in_W.norm()) / torch.where(scale > 0, scale, 1.0)


def _descend(
    A: Tensor, state: Factors, penalties: Penalties, *, tol: float, max_rounds: int
) -> tuple[Factors, bool]:
    """Run rounds until the optimality conditions hold; one question to the device every ten."""
    for done in range(0, max_rounds, ROUNDS_BETWEEN_LOOKS):
        if violation(A, state, penalties) <= tol:
            return state, True
        n_rounds = min(ROUNDS_BETWEEN_LOOKS, max_rounds - done)
        state = run_rounds(A, state, penalties, n_rounds=n_rounds)
    return state, bool(violation(A, state, penalties) <= tol)


def _round(A: Tensor, state: Factors, penalties: Penalties) -> Factors:
    """Sweep over both factors, go on a little in the same direction, and keep what is lower."""
    n, p = A.shape
    momentum = (state.age / (state.age + MOMENTUM_DELAY)).clamp_max(MOST_MOMENTUM)
    ahead_W = state.ahead_W
    plain_U = _swept(state.U, ahead_W @ A.T, ahead_W @ ahead_W.T, penalties, weight=p)
    U = (plain_U + momentum * (plain_U - state.plain_U)).clamp_min(0)
    products, gram = U @ A, U @ U.T  # (r, p), (r, r)
    W = _swept(ahead_W, products, gram, penalties, weight=n)
    fit = state.squares / 2 - _inner(products, W) + _inner(gram, W @ W.T) / 2
    objective = fit + _added(U, penalties, weight=p) + _added(W, penalties, weight=n)
    # without momentum no step can raise it: what seems so is a rounding error
    is_lower = (objective <= state.objective) | (state.age == 0)
    moved = replace(
        state,
        U=U,
        W=W,
        plain_U=plain_U,
        plain_W=W,
        ahead_W=(W + momentum * (W - state.plain_W)).clamp_min(0),
        objective=objective,
        age=state.age + 1,
    )
    restarted = replace(
        state, plain_U=state.U, plain_W=state.W, ahead_W=state.W, age=torch.zeros_like(state.age)
    )
    return _choose(is_lower, moved, restarted)


def _choose(which: Tensor, moved: Factors, restarted: Factors) -> Factors:
    """Take one of two states without asking which."""
    names = [field.name for field in fields(Factors)]
    return Factors(
        **{
            name: torch.where(which, getattr(moved, name), getattr(restarted, name))
            for name in names
        }
    )


def _swept(F: Tensor, T: Tensor, G: Tensor, penalties: Penalties, *, weight: int) -> Tensor:
    """Sweep over one factor, whose penalties weigh as much as the other factor is long."""
    if penalties:
        ridge = weight * penalties.l2 * torch.eye(len(G), dtype=G.dtype, device=G.device)
        T, G = T - weight * penalties.l1, G + ridge
    return sweep(F, T, G, n_sweeps=SWEEPS)


def _gradient(F: Tensor, T: Tensor, G: Tensor, penalties: Penalties, *, weight: int) -> Tensor:
    return G @ F - T + weight * (penalties.l1 + penalties.l2 * F)


def _projected(gradient: Tensor, factor: Tensor) -> Tensor:
    return torch.where(factor > 0, gradient, gradient.clamp_max(0))


def _added(F: Tensor, penalties: Penalties, *, weight: int) -> Tensor | float:
    if not penalties:
        return 0.0
    squares = F.square().sum(dtype=torch.float64)
    return weight * (penalties.l1 * F.sum(dtype=torch.float64) + penalties.l2 * squares / 2)


def _inner(left: Tensor, right: Tensor) -> Tensor:
    return (left * right).sum(dtype=torch.float64)


def _start(A: Tensor, r: int, init: Start, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Make the start that is asked for, or check the one that is given."""
    if isinstance(init, tuple):
        U, W = init
        sizes = check_shapes(A=(A, "n p"), U=(U, "n r"), W=(W, "r p"))
        if sizes["r"] != r:
            raise ShapeError(f"init must have n_concepts={r} concepts; got {sizes['r']}.")
        check_finite(U=U, W=W)
        check_non_negative(U=U, W=W)
        return U.detach().to(A), W.detach().to(A)
    check_choice("init", init, ["nndsvd", "random"])
    make = nndsvd_start if init == "nndsvd" else random_start
    return make(A, r, generator=generator)


def _check(A: Tensor, n_concepts: int, *, penalties: dict[str, float]) -> None:
    """Refuse what can't be factorised."""
    n = check_shapes(A=(A, "n p"))["n"]
    check_finite(A=A)
    check_at_least("n_concepts", n_concepts, 1)
    if n < n_concepts:
        raise ShapeError(f"A must have at least n_concepts={n_concepts} rows; got {n}.")
    check_non_negative(A=A)
    for name, value in penalties.items():
        if not value >= 0:
            raise CraftError(f"{name} must be >= 0; got {value}.")
