"""Population-averaged logistic regression by generalised estimating equations (Liang & Zeger 1986).

y (n,)        whether each answer is right
X (n, k)      what the log odds of a right answer depend on, b (k,) the coefficients
g (n,)        participant of each row, G of them; sizes (G,) their numbers of rows
w (n,)        p (1 - p), the variance of an answer
d, e          sqrt(w) X and (y - p) / sqrt(w): rows in units of their own spread
M (G, k, k)   each participant's share in the information, s (G, k) in the score
B (k, k)      inverse of the information
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from analysis.errors import ConvergenceError
from analysis.regression.binomial import shortened
from analysis.regression.problem import Codes, Values
from analysis.shares import Share

MAX_STEPS: Final = 60
SCORE: Final = 1e-10  # largest step that ends the iteration, in log odds


@dataclass(frozen=True, kw_only=True)
class Gee:
    """A fitted model.

    Attributes
    ----------
    coefficients
        (k,). Log odds.
    correlation
        Of two answers of one participant.
    influences
        (G, k). Bias-reduced change of the coefficients by each participant; their squares sum to
        the covariance.
    covariance
        (k, k). Bias-reduced.
    robust
        (k, k). The sandwich of Liang & Zeger, without bias reduction.
    """

    coefficients: Values
    correlation: float
    influences: Values
    covariance: Values
    robust: Values


def fit_gee(y: Values, X: Values, g: Codes, *, is_exchangeable: bool = True) -> Gee:
    """Fit log odds that answers of one participant share a correlation about.

    The covariance is that of Mancl & DeRouen (2001): residuals are divided by one minus their
    leverage, since a fitted model lies too close to few participants.

    Parameters
    ----------
    y
        (n,), 0 or 1.
    X
        (n, k), of full rank.
    g
        (n,), in [0, G); every number occurs.
    is_exchangeable
        Whether the correlation is estimated (by moments, as statsmodels does); zero otherwise.

    Returns
    -------
    Gee
        The fit.

    Raises
    ------
    ConvergenceError
        If it does not come to an end, as where answers are all right for some values of X; see
        `analysis.regression.separation`.
    """
    b = np.zeros(X.shape[1])
    sizes = np.bincount(g).astype(float)
    correlation = 0.0
    step = np.array([np.inf])
    for _ in range(MAX_STEPS):
        d, e = _standardised(y, X, b)
        if not np.isfinite(e).all():
            break
        M, s = _shares(d, e, g, sizes, correlation)
        B = np.linalg.inv(M.sum(axis=0))
        step = B @ s.sum(axis=0)
        b = b + shortened(step, X)
        before = correlation
        if is_exchangeable:
            correlation = _correlation(_standardised(y, X, b)[1], g, sizes, n_fitted=X.shape[1])
        if np.abs(step).max() < SCORE and abs(correlation - before) < SCORE:
            return _finish(y, X, g, sizes, b=b, correlation=correlation)
    raise ConvergenceError(
        f"coefficients must settle in {MAX_STEPS} steps; got a last step of "
        f"{np.abs(step).max():.3g} log odds. Answers may be all right, or all wrong, in an arm."
    )


def contrast_test(
    fit: Gee,
    weights: Values,
    arms: NDArray[np.int64],
    *,
    level: float,
    alike: Values | None = None,
) -> dict[str, float]:
    """Test one combination of coefficients with a t quantile.

    Degrees of freedom are Satterthwaite's, as in Welch's test: each arm's participants make up a
    part v of the variance, and df = (sum v)^2 / sum(v^2 / (n - 1)). An arm whose participants are
    all alike shows no spread: its part is that of as many independent answers.

    Parameters
    ----------
    fit
        As from `fit_gee`.
    weights
        (k,). What the coefficients are multiplied by.
    arms
        (G,). Arm of each participant.
    level
        Coverage of the interval, in (0, 1).
    alike
        (k,), of a model with one coefficient an arm: the variance of an arm's log odds if its
        answers are independent, where its participants are all alike, and 0 elsewhere; see
        `variances_if_alike`. All 0 unless given.

    Returns
    -------
    dict[str, float]
        ``log_odds``, ``error``, ``t``, ``df``, ``p`` (two-sided), ``ci_low``, ``ci_high``.
    """
    squares = (fit.influences @ weights) ** 2  # (G,)
    parts, sizes = np.bincount(arms, squares), np.bincount(arms)
    if alike is not None:
        parts = np.where(alike > 0, alike * weights**2, parts)
    used = (parts > 0) & (sizes > 1)
    variance = float(parts.sum())
    df = variance**2 / float((parts[used] ** 2 / (sizes[used] - 1)).sum())
    log_odds, error = float(fit.coefficients @ weights), float(np.sqrt(variance))
    margin = float(stats.t.ppf((1 + level) / 2, df)) * error
    return {
        "log_odds": log_odds,
        "error": error,
        "t": log_odds / error,
        "df": df,
        "p": float(2 * stats.t.sf(abs(log_odds / error), df)),
        "ci_low": log_odds - margin,
        "ci_high": log_odds + margin,
    }


def variances_if_alike(shares: Sequence[Share]) -> Values:
    """Give arms without a measured spread the variance of independent answers.

    Parameters
    ----------
    shares
        One an arm, in (0, 1), with its exact number of answers.

    Returns
    -------
    Values
        (arms,). Variance of the log odds, 1 / (n a (1 - a)), where all participants of an arm have
        the same accuracy; 0 elsewhere.
    """
    return np.array([
        0.0 if share.squared_error else 1 / (share.n_answers * share.value * (1 - share.value))
        for share in shares
    ])  # fmt: skip


def _standardised(y: Values, X: Values, b: Values) -> tuple[Values, Values]:
    p = special.expit(X @ b)
    spread = np.sqrt(p * (1 - p))
    with np.errstate(divide="ignore", invalid="ignore"):  # the caller looks for it
        return spread[:, None] * X, (y - p) / spread


def _shares(
    d: Values, e: Values, g: Codes, sizes: Values, correlation: float
) -> tuple[Values, Values]:
    """Return M and s, with the inverse of an exchangeable correlation in closed form."""
    n_g, k = len(sizes), d.shape[1]
    sums = np.stack([np.bincount(g, column, n_g) for column in d.T], axis=1)  # (G, k)
    M = np.empty((n_g, k, k))
    s = np.empty((n_g, k))
    for i in range(k):
        s[:, i] = np.bincount(g, d[:, i] * e, n_g)
        for j in range(i + 1):
            M[:, i, j] = M[:, j, i] = np.bincount(g, d[:, i] * d[:, j], n_g)
    shared = correlation / (1 + (sizes - 1) * correlation)  # (G,)
    M -= shared[:, None, None] * sums[:, :, None] * sums[:, None, :]
    s -= (shared * np.bincount(g, e, n_g))[:, None] * sums
    return M / (1 - correlation), s / (1 - correlation)


def _correlation(e: Values, g: Codes, sizes: Values, *, n_fitted: int) -> float:
    """Estimate by moments, kept where the correlation matrix is positive definite."""
    squares, sums = np.bincount(g, e * e), np.bincount(g, e)
    n_pairs = float((sizes * (sizes - 1)).sum()) / 2
    if n_pairs <= n_fitted:
        return 0.0
    scale = float(squares.sum()) / (len(e) - n_fitted)
    products = float((sums * sums - squares).sum()) / 2
    least = -1 / (float(sizes.max()) - 1 + 1e-9)
    return float(np.clip(products / scale / (n_pairs - n_fitted), 0.95 * least, 0.95))


def _finish(y: Values, X: Values, g: Codes, sizes: Values, *, b: Values, correlation: float) -> Gee:
    M, s = _shares(*_standardised(y, X, b), g, sizes, correlation)
    B = np.linalg.inv(M.sum(axis=0))
    corrected = np.linalg.solve(np.eye(len(b)) - M @ B, s[:, :, None])[:, :, 0]  # (G, k)
    influences = np.asarray(corrected @ B, dtype=np.float64)
    plain = s @ B
    return Gee(
        coefficients=b,
        correlation=correlation,
        influences=influences,
        covariance=influences.T @ influences,
        robust=plain.T @ plain,
    )
