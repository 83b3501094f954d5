"""Plain logistic regression, which takes all answers as independent; and Firth's estimate.

y (n,)     right answers in each row, out of m (n,)
X (n, k)   what the log odds depend on, b (k,) the coefficients
w (n,)     m p (1 - p)
h (n,)     leverage of a row, the diagonal of sqrt(w) X (X' w X)^-1 X' sqrt(w)
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from analysis.regression.problem import Values

MAX_STEPS: Final = 100
LARGEST_STEP: Final = 4.0  # of any row's log odds
SETTLED: Final = 1e-10


@dataclass(frozen=True, kw_only=True)
class Binomial:
    """A fitted model.

    Attributes
    ----------
    coefficients
        (k,). Log odds.
    covariance
        (k, k). Inverse of the information.
    is_settled
        Whether the iteration came to an end; it does not where the estimate is infinite.
    """

    coefficients: Values
    covariance: Values
    is_settled: bool


def fit_binomial(
    y: Values, X: Values, *, n_answers: Values | None = None, is_firth: bool = False
) -> Binomial:
    """Fit log odds as if answers were independent.

    With `is_firth`, the score gets the term ``h (1/2 - p)`` (Firth 1993; Heinze & Schemper 2002),
    which keeps the estimate finite where an arm has every answer right.

    Parameters
    ----------
    y
        (n,). Right answers in each row: 0 or 1, or up to `n_answers`.
    X
        (n, k), of full rank.
    n_answers
        (n,), at least 1. Answers in each row; one unless given.
    is_firth
        Whether to penalise by Jeffreys' prior.

    Returns
    -------
    Binomial
        The fit; where the estimate is infinite, that of the last step.
    """
    m = np.ones(len(y)) if n_answers is None else n_answers
    b = np.zeros(X.shape[1])
    is_settled = False
    for _ in range(MAX_STEPS):
        p = special.expit(X @ b)
        w = np.maximum(m * p * (1 - p), 1e-12)
        inverse = np.linalg.inv((X.T * w) @ X)
        residual = y - m * p
        if is_firth:
            residual = residual + w * ((X @ inverse) * X).sum(axis=1) * (0.5 - p)
        step = shortened(inverse @ (X.T @ residual), X)
        b = b + step
        if np.abs(step).max() < SETTLED:
            is_settled = True
            break
    return Binomial(coefficients=b, covariance=inverse, is_settled=is_settled)


def shortened(step: Values, X: Values) -> Values:
    """Scale Newton's step so that no row's log odds change by more than `LARGEST_STEP`.

    Parameters
    ----------
    step
        (k,). Change of the coefficients.
    X
        (n, k).

    Returns
    -------
    Values
        (k,), in the same direction.
    """
    largest = float(np.abs(X @ step).max())
    return step if largest <= LARGEST_STEP else step * (LARGEST_STEP / largest)
