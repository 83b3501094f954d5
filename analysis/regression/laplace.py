"""The Laplace approximation of a mixed logit's likelihood, with its gradient.

    y (n,)     right answers in each row, out of m (n,)
    X (n, k)   fixed effects, b (k,) their coefficients
    g, h (n,)  participant (G of them) and item (J of them) of each row
    Z, Y       (n, q), (n, s)  what a participant's and an item's effects multiply
    T, S       (q, q), (s, s)  lower triangular: these effects are T u_g and S v_h
    u, v       (G, q), (J, s)  independent and standard normal
    A, B       (n, q), (n, s)  Z T and Y S, so that eta = X b + A u_g + B v_h is the log odds
    H          curvature at the mode in (u, v): blocks D (G, q, q) of participants, C (G q, J s)
               between them and items, and E (J s, J s) of items

Participants' blocks are eliminated first, which leaves a dense system over the items alone (the
Schur complement of D), so that 10,000 participants cost no more than a sum over them.
"""

import numpy as np
from scipy import linalg, special

from analysis.regression.mode import Mode, find_mode
from analysis.regression.problem import Problem, Values


def log_likelihood(
    problem: Problem, parameters: Values, start: tuple[Values, Values] | None = None
) -> tuple[float, Values, Mode]:
    """Approximate the log-likelihood as lme4's ``glmer`` does with ``nAGQ = 1``.

    ``log p(y, u, v) - log det(H) / 2`` at the mode in (u, v). The gradient follows the mode as it
    moves with the parameters.

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
    tuple[float, Values, Mode]
        The value, its gradient and the mode.

    Raises
    ------
    ConvergenceError
        If Newton's method does not reach the mode.
    """
    mode = find_mode(problem, parameters, start)
    value = problem.constant + mode.joint - mode.curvature.logdet / 2
    return value, _gradient(problem, mode), mode


def _gradient(problem: Problem, mode: Mode) -> Values:
    """Differentiate the value with respect to b, T and S."""
    # With r = y - m p, w = m p (1 - p) and its derivative w', let F and K be H^-1 times each row's
    # (A, B), split into participant and item, c = F A + K B a row's leverage, and t the solution
    # of H t = sum of c w' (A, B). Then an entry of T that lets u_l act on Z_k changes the value by
    # the sum over rows of (r - c w'/2 + w (A, B) t / 2) Z_k u_l - (w F_l + r t_l / 2) Z_k.
    p = special.expit(mode.eta)
    w = problem.m * p * (1 - p)
    r = problem.y - problem.m * p
    F, K = _solved_rows(problem, mode)
    bent = w * (1 - 2 * p) * ((F * mode.A).sum(axis=1) + (K * mode.B).sum(axis=1))
    t_u, t_v = mode.curvature.solve(
        problem.sum_by_participant(bent, mode.A), problem.sum_by_item(bent, mode.B)
    )
    t_u, t_v = t_u[problem.g], t_v[problem.h] if t_v.size else K  # (n, q), (n, s)
    along = (mode.A * t_u).sum(axis=1) + (mode.B * t_v).sum(axis=1)
    rho = r + (w * along - bent) / 2
    of_t = rho[:, None] * mode.u[problem.g] - w[:, None] * F - r[:, None] * t_u / 2
    parts = [problem.X.T @ rho, _columns(problem.Z.T @ of_t)]
    if mode.v.size:
        of_s = rho[:, None] * mode.v[problem.h] - w[:, None] * K - r[:, None] * t_v / 2
        parts.append(_columns(problem.Y.T @ of_s))
    return np.concatenate(parts)


def _solved_rows(problem: Problem, mode: Mode) -> tuple[Values, Values]:
    """Return the own participant's and item's part of ``H^-1`` times each row's (A, B)."""
    q, s = mode.A.shape[1], mode.B.shape[1]
    of_participants = mode.curvature.inverse  # (G, q, q)
    if not s:
        F = np.einsum("nkl,nl->nk", of_participants[problem.g], mode.A)
        return F, np.zeros_like(mode.B)
    n_g, n_h = problem.n_participants, problem.n_items
    P, L = mode.curvature.P, mode.curvature.L
    half = linalg.solve_triangular(L, P.T, lower=True, check_finite=False).T  # (G q, J s)
    by_participant = half.reshape(n_g, q, -1)
    of_participants = of_participants + by_participant @ by_participant.transpose(0, 2, 1)
    across = linalg.solve_triangular(L, half.T, lower=True, trans=1, check_finite=False).T
    between = -across.reshape(n_g, q, n_h, s)[problem.g, :, problem.h]  # (n, q, s)
    of_items = linalg.cho_solve((L, True), np.eye(len(L)), check_finite=False)
    own = of_items.reshape(n_h, s, n_h, s)[np.arange(n_h), :, np.arange(n_h)]  # (J, s, s)
    F = np.einsum("nkl,nl->nk", of_participants[problem.g], mode.A)
    F += np.einsum("nks,ns->nk", between, mode.B)
    K = np.einsum("nks,nk->ns", between, mode.A)
    K += np.einsum("nst,nt->ns", own[problem.h], mode.B)
    return F, K


def _columns(matrix: Values) -> Values:
    """Return a lower triangle's columns, each from the diagonal down."""
    columns, rows = np.triu_indices(len(matrix))
    return matrix[rows, columns]
