"""Mixed logistic regression with random participants and crossed random items.

Fitted by maximising the Laplace approximation of the likelihood over coefficients and variances
together, with its gradient in closed form, as lme4's ``glmer`` defines it (``nAGQ = 1``). Standard
errors come from the curvature in all parameters, so that they count what is not known of the
variances. Letters as in `analysis.regression.laplace`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import linalg, optimize

from analysis.errors import ConvergenceError
from analysis.regression.binomial import fit_binomial
from analysis.regression.laplace import log_likelihood
from analysis.regression.problem import Codes, Problem, Values

START_SD: Final = 0.5  # of random effects, in log odds
STEP: Final = 1e-3  # of the differences that give the curvature, in standard errors
SLOPE: Final = 3e-5  # largest slope at the end, in standard errors
FLAT: Final = 2e-3  # share of the largest curvature below which a direction counts as flat
SINGULAR_SD: Final = 1e-3  # a standard deviation below it counts as zero


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """Random effects of participants or of items.

    Attributes
    ----------
    codes
        (n,), in [0, G). Whose answer, or to what, each row is; every number occurs.
    design
        (n, q). What the effects multiply: ones for an intercept, other columns for slopes. Effects
        of one participant or item may be correlated.
    """

    codes: Codes
    design: Values


@dataclass(frozen=True, kw_only=True)
class MixedLogit:
    """A fitted model.

    Attributes
    ----------
    coefficients
        (k,). Log odds, given the participant and the item.
    covariance
        (k, k). Of the coefficients.
    participants
        (q, q). Covariance of participants' effects.
    items
        (s, s). Covariance of items' effects; empty without random items.
    log_likelihood
        Its Laplace approximation at the maximum.
    is_singular
        Whether a variance is zero at the maximum.
    n_evaluations
        How often the likelihood was computed.
    """

    coefficients: Values
    covariance: Values
    participants: Values
    items: Values
    log_likelihood: float
    is_singular: bool
    n_evaluations: int


def fit_mixed_logit(
    y: Values,
    X: Values,
    participants: Grouping,
    items: Grouping | None = None,
    *,
    n_answers: Values | None = None,
) -> MixedLogit:
    """Fit log odds with effects of participants and of crossed items.

    Parameters
    ----------
    y
        (n,). Right answers in each row: 0 or 1, or up to `n_answers`.
    X
        (n, k), of full rank. Fixed effects, an intercept among them.
    participants
        Random effects of participants.
    items
        Random effects of items; none unless given.
    n_answers
        (n,), at least 1. Answers in each row; one unless given.

    Returns
    -------
    MixedLogit
        The fit.

    Raises
    ------
    ConvergenceError
        If the maximum is not reached. Where answers are all right in some cell of X there is none,
        and what is returned is of no use; see `analysis.regression.separation`.
    """
    problem = Problem(
        y=y,
        m=np.ones(len(y)) if n_answers is None else n_answers,
        X=X,
        g=participants.codes,
        Z=participants.design,
        h=participants.codes if items is None else items.codes,
        Y=np.empty((len(y), 0)) if items is None else items.design,
    )
    climb = _Climb(problem)
    try:
        place = climb.maximise()
        place, curvature = climb.polish(place, climb.curvature(place))
    except np.linalg.LinAlgError as error:
        raise ConvergenceError(f"curvature must be finite and full; got {error}.") from error
    parameters = climb.parameters(place)
    b, T, S = problem.split(parameters)
    deviations = np.concatenate([np.diag(T @ T.T), np.diag(S @ S.T)]) ** 0.5
    smallest = min(np.linalg.svd(root, compute_uv=False).min() for root in (T, S) if root.size)
    return MixedLogit(
        coefficients=b,
        covariance=climb.covariance(curvature),
        participants=T @ T.T,
        items=S @ S.T,
        log_likelihood=climb.value(place),
        is_singular=bool(min(smallest, deviations.min()) < SINGULAR_SD),
        n_evaluations=climb.n_evaluations,
    )


class _Climb:
    """The likelihood in units of rough standard errors, which keeps every direction alike steep.

    It holds the last mode, where the next search begins.
    """

    def __init__(self, problem: Problem) -> None:
        start = fit_binomial(problem.y, problem.X, n_answers=problem.m)
        q, s, k = problem.Z.shape[1], problem.Y.shape[1], problem.X.shape[1]
        scales = [_scales(q, problem.n_participants), _scales(s, problem.n_items)]
        of_b = np.linalg.cholesky(start.covariance + 1e-12 * np.eye(k))
        self.problem = problem
        self.n_fixed = k
        self.unit = 1.5 * linalg.block_diag(of_b, np.diag(np.concatenate(scales)))
        self.origin = np.concatenate([start.coefficients, _start(q), _start(s)])
        self.effects: tuple[Values, Values] | None = None
        self.n_evaluations = 0

    def parameters(self, place: Values) -> Values:
        """Return b and the triangles at a place."""
        parameters: Values = self.origin + self.unit @ place
        return parameters

    def fall(self, place: Values) -> tuple[float, Values]:
        """Return minus the log-likelihood and its slope."""
        value, gradient, mode = log_likelihood(self.problem, self.parameters(place), self.effects)
        self.effects = mode.u, mode.v
        self.n_evaluations += 1
        return -value, -(self.unit.T @ gradient)

    def value(self, place: Values) -> float:
        """Return the log-likelihood."""
        return -self.fall(place)[0]

    def maximise(self) -> Values:
        """Return the place of the maximum, nearly."""
        found = optimize.minimize(
            self.fall, np.zeros(len(self.origin)), jac=True, method="BFGS", options={"gtol": SLOPE}
        )
        return np.asarray(found.x, dtype=np.float64)

    def curvature(self, place: Values) -> Values:
        """Return minus the second derivative, by central differences of the slope."""
        rows = [
            (self.fall(place + step)[1] - self.fall(place - step)[1]) / (2 * STEP)
            for step in STEP * np.eye(len(place))
        ]
        matrix = np.array(rows)
        return (matrix + matrix.T) / 2

    def polish(self, place: Values, curvature: Values) -> tuple[Values, Values]:
        """Take Newton's steps from close by; flat directions of the variances are left alone."""
        for _ in range(8):
            slope = self.fall(place)[1]
            if np.abs(slope).max() < SLOPE / 30:
                return place, curvature
            place = place - _inverse_where_steep(curvature) @ slope
        slope = self.fall(place)[1]
        if np.abs(slope).max() > SLOPE:
            raise ConvergenceError(
                f"slope of the likelihood must end below {SLOPE}; got {np.abs(slope).max():.3g}."
            )
        return place, curvature

    def covariance(self, curvature: Values) -> Values:
        """Return the coefficients' covariance, having counted the variances' uncertainty."""
        k = self.n_fixed
        across = curvature[:k, k:]
        of_variances = _inverse_where_steep(curvature[k:, k:])
        inverse = np.linalg.inv(curvature[:k, :k] - across @ of_variances @ across.T)
        unit = self.unit[:k, :k]
        covariance: Values = unit @ inverse @ unit.T
        return covariance


def _inverse_where_steep(curvature: Values) -> Values:
    """Invert along the directions in which the likelihood falls off."""
    # Where a variance is zero, several triangles are the same model: nothing falls between them.
    steepness, directions = np.linalg.eigh(curvature)
    is_steep = steepness > FLAT * steepness[-1]
    kept = directions[:, is_steep]
    inverse: Values = (kept / steepness[is_steep]) @ kept.T
    return inverse


def _start(size: int) -> Values:
    """Return a triangle with the same standard deviation for every effect, by columns."""
    return START_SD * np.concatenate([np.eye(1, size - j)[0] for j in range(size)] or [np.empty(0)])


def _scales(size: int, n_groups: int) -> Values:
    return np.full(size * (size + 1) // 2, (2 * max(n_groups, 1)) ** -0.5)
