"""Where the density of a mixed logit's answers and effects is highest, and how it curves there.

Letters as in `analysis.regression.laplace`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import linalg, special

from analysis.errors import ConvergenceError
from analysis.regression.problem import Problem, Values

MAX_STEPS: Final = 60
MAX_HALVINGS: Final = 30
DECREMENT: Final = 1e-22  # of Newton's step to the mode, in units of the log-likelihood
REACHED: Final = 1e-12  # the same, where rounding lets no step come closer, of the log density


@dataclass(frozen=True, kw_only=True)
class Curvature:
    """H in blocks, factorised.

    Attributes
    ----------
    inverse
        (G, q, q). Inverse of each participant's block, ``D^-1``.
    logdet
        Log determinant of all of H.
    P
        (G q, J s). ``D^-1 C``.
    L
        (J s, J s). Lower Cholesky factor of the Schur complement ``E - C' P``.
    """

    inverse: Values
    logdet: float
    P: Values
    L: Values

    def solve(self, of_u: Values, of_v: Values) -> tuple[Values, Values]:
        """Return ``H^-1`` times a vector given as (G, q) and (J, s)."""
        u = np.einsum("gkl,gl->gk", self.inverse, of_u)
        if not of_v.size:
            return u, of_v
        left = of_v.ravel() - self.P.T @ of_u.ravel()
        v = linalg.cho_solve((self.L, True), left, check_finite=False)
        return u - (self.P @ v).reshape(u.shape), v.reshape(of_v.shape)


@dataclass(frozen=True, kw_only=True)
class Mode:
    """The effects of highest density, given the parameters.

    Attributes
    ----------
    u, v
        (G, q), (J, s). The effects.
    eta
        (n,). Log odds there.
    A, B
        (n, q), (n, s). What u and v multiply.
    curvature
        H there.
    joint
        Log density there, without constants.
    """

    u: Values
    v: Values
    eta: Values
    A: Values
    B: Values
    curvature: Curvature
    joint: float


def find_mode(
    problem: Problem, parameters: Values, start: tuple[Values, Values] | None = None
) -> Mode:
    """Find the effects of highest density by Newton's method with halved steps.

    Parameters
    ----------
    problem
        The data.
    parameters
        b, then the columns of T and of S from their diagonal down.
    start
        u and v to begin at; zero unless given.

    Returns
    -------
    Mode
        The effects, and the curvature there.

    Raises
    ------
    ConvergenceError
        If the density still rises by more than rounding after `MAX_STEPS` steps.
    """
    b, T, S = problem.split(parameters)
    A, B, fixed = problem.Z @ T, problem.Y @ S, problem.X @ b
    u, v = start or (np.zeros((problem.n_participants, A.shape[1])),
                     np.zeros((problem.n_items, B.shape[1])))  # fmt: skip
    eta, joint = _density(problem, fixed, A, B, u, v)
    rise = np.inf
    for step_number in range(MAX_STEPS):
        p = special.expit(eta)
        curvature = _curvature(problem, problem.m * p * (1 - p), A, B)
        residual = problem.y - problem.m * p
        of_u = problem.sum_by_participant(residual, A) - u
        of_v = problem.sum_by_item(residual, B) - v
        step = curvature.solve(of_u, of_v)
        rise = float(np.vdot(of_u, step[0]) + np.vdot(of_v, step[1]))
        least = DECREMENT if step_number < MAX_STEPS - 1 else REACHED * max(1.0, abs(joint))
        if rise <= least:
            return Mode(u=u, v=v, eta=eta, A=A, B=B, curvature=curvature, joint=joint)
        for halving in range(MAX_HALVINGS):
            share = 0.5**halving
            next_u, next_v = u + share * step[0], v + share * step[1]
            eta, reached = _density(problem, fixed, A, B, next_u, next_v)
            if reached >= joint - 1e-12 * abs(joint):
                break
        u, v, joint = next_u, next_v, reached
    raise ConvergenceError(
        f"random effects must reach their mode in {MAX_STEPS} steps; got a last rise of {rise:.3g}."
    )


def _density(
    problem: Problem, fixed: Values, A: Values, B: Values, u: Values, v: Values
) -> tuple[Values, float]:
    """Return the log odds, and the log density without constants."""
    eta = fixed + (A * u[problem.g]).sum(axis=1)
    if v.size:
        eta += (B * v[problem.h]).sum(axis=1)
    likelihood = problem.y @ eta - problem.m @ np.logaddexp(0.0, eta)
    return eta, float(likelihood - (np.vdot(u, u) + np.vdot(v, v)) / 2)


def _curvature(problem: Problem, w: Values, A: Values, B: Values) -> Curvature:
    q, s = A.shape[1], B.shape[1]
    D = problem.products_by_participant(w, A) + np.eye(q)  # (G, q, q)
    inverse = np.asarray(np.linalg.inv(D), dtype=np.float64)
    logdet = float(np.linalg.slogdet(D)[1].sum())
    if not s:
        return Curvature(inverse=inverse, logdet=logdet, P=np.empty((0, 0)), L=np.empty((0, 0)))
    C = problem.products_by_pair(w, A, B)  # (G, q, J s)
    P = (inverse @ C).reshape(-1, problem.n_items * s)
    schur = -C.reshape(P.shape).T @ P
    items = np.arange(problem.n_items)
    blocks = schur.reshape(len(items), s, len(items), s)
    blocks[items, :, items] += problem.products_by_item(w, B) + np.eye(s)  # E, by item
    L = linalg.cholesky(schur, lower=True, check_finite=False)
    return Curvature(inverse=inverse, logdet=logdet + 2 * float(np.log(np.diag(L)).sum()), P=P, L=L)
