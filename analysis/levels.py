"""Two kinds of items answered by the same participants: sub-concepts and concepts, true and sham.

The two kinds hold different items, so that items are a sample of each. Columns of the answers:
``participant``, ``item``, ``right`` (0 or 1) and ``treated`` (bool: the kind that is asked about).
"""

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from analysis.checks import check_answers, check_outcome
from analysis.errors import ConvergenceError, DesignError, NoComparisonWarning
from analysis.findings import Fields, Finding, counts
from analysis.log_odds import odds_ratio_interval
from analysis.paired import paired_shares, paired_t, wilcoxon
from analysis.regression.binomial import fit_binomial
from analysis.regression.gee import contrast_test, fit_gee
from analysis.regression.mixed_logit import Grouping, fit_mixed_logit
from analysis.regression.separation import separated_cells
from analysis.separated import is_separated, separated_odds_ratio
from analysis.two_way import two_way_difference, two_way_share

MIXED: Final = "participants with slopes and crossed items are normal in log odds"
CLUSTERED: Final = "items are all there are; participants are clusters"
SAMPLES: Final = "participants and items are samples; a difference is nearly normal"
NAIVE: Final = "all answers are independent, which they are not"
CROSSED: Final = "participants and items are two crossed samples"
ALIKE: Final = "answers to a kind that are all right, or all wrong, are independent"

Kinds = tuple[str, str]
KINDS: Final[Kinds] = ("treated", "reference")


def between_levels(
    answers: pd.DataFrame,
    *,
    test: str,
    group: str = "",
    level: float = 0.95,
    has_alternatives: bool = True,
    kinds: Kinds = KINDS,
) -> list[Finding]:
    """Compare the odds of a right answer between the two kinds of items.

    The default is a mixed logit with participants' intercepts and slopes, correlated, and random
    items, and Student's t with the fewer degrees of freedom of participants less one and of items
    less two.

    Parameters
    ----------
    answers
        See the module.
    test
        What is asked, in words.
    group
        Whose answers these are.
    level
        Coverage of the intervals, in (0, 1).
    has_alternatives
        Whether the other methods are computed too.
    kinds
        What items are called that are treated, and that are not.

    Returns
    -------
    list[Finding]
        The default first. Where all answers of a kind are right, or wrong, the odds ratio has a
        one-sided bound from two-way clusters, and so says its method. Where the mixed model does
        not come to an end, its estimate, bounds and p are missing.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    DesignError
        If a kind is absent, there are not two participants and two items of each, a participant
        answered an item twice, or a value is missing or not one of two.

    Warns
    -----
    NoComparisonWarning
        If a method cannot be computed, with the reason; the others stand.
    SeparationWarning
        If all answers of a kind are right, or all wrong.
    UnpairedRowsWarning
        If paired tests leave participants out.
    UnboundedIntervalWarning
        If a bound is beyond the numbers of the computer; it is zero or infinite.
    """
    check_answers(answers, ["right", "treated"])
    answers = answers.assign(right=check_outcome(answers, "right"))
    if answers["treated"].nunique() < 2:
        raise DesignError(
            f"answers must be to both kinds for {test}; got {len(answers)} answers to one."
        )
    name = f"{test} ({group})" if group else test
    labels = [f"{kind} ({group})" if group else kind for kind in kinds]
    named = answers.assign(kind=np.where(answers["treated"], *labels))
    found = [_default(named, labels, level, name=name)]
    if has_alternatives:
        found += _alternatives(named, level, name=name)
    shared: Fields = {"test": test, "group": group, **counts(answers)}
    return [
        Finding(**shared | {"is_default": i == 0, "null": _null(fields)} | fields)
        for i, fields in enumerate(found)
    ]


def _alternatives(answers: pd.DataFrame, level: float, *, name: str) -> list[Fields]:
    """Compute the other methods, and warn of those that cannot be."""
    methods: dict[str, Callable[[], list[Fields]]] = {
        "two-way clusters": lambda: [_two_way(answers, level)],
        "clusters of participants": lambda: [_cluster_robust(answers, level, name=name)],
        "paired tests": lambda: _paired(answers, level),
        "independent answers": lambda: [_naive(answers, level, name=name)],
    }
    found: list[Fields] = []
    for method, compute in methods.items():
        try:
            found += compute()
        except (DesignError, ConvergenceError) as error:
            _warn(f"{name} by {method} cannot be computed: {error}")
    return found


def _paired(answers: pd.DataFrame, level: float) -> list[Fields]:
    pairs = paired_shares(answers)
    return [paired_t(pairs, level=level), wilcoxon(pairs)]


def _warn(message: str) -> None:
    warnings.warn(message, NoComparisonWarning, stacklevel=4)


def _null(fields: Fields) -> float:
    return 1.0 if "odds ratio" in fields["quantity"] else 0.0


def _default(answers: pd.DataFrame, labels: Sequence[str], level: float, *, name: str) -> Fields:
    kinds = [answers[answers["kind"] == label] for label in labels]
    shares = [two_way_share(k, "right", name=n) for k, n in zip(kinds, labels, strict=True)]
    if is_separated(*shares):
        separated_cells(answers, ["kind"], right="right")
        bound = separated_odds_ratio(*shares, level=level)
        return {
            "method": "two_way_bound",
            "quantity": "marginal odds ratio",
            "estimate": bound["odds_ratio"],
            **{name: bound[name] for name in ("ci_low", "ci_high", "p")},
            "assumes": f"{CROSSED}; {ALIKE}",
        }
    mixed = {
        "method": "mixed_logit",
        "quantity": "conditional odds ratio",
        "assumes": MIXED,
    }
    try:
        return mixed | _mixed(answers, level, name=name)
    except ConvergenceError as error:
        _warn(f"{name} by a mixed logit cannot be computed: {error}")
        return mixed | dict.fromkeys(("estimate", "ci_low", "ci_high", "p"), math.nan)


def _mixed(answers: pd.DataFrame, level: float, *, name: str) -> Fields:
    """Fit participants' intercepts and slopes and random items."""
    X = np.column_stack([np.ones(len(answers)), answers["treated"].to_numpy(float) - 0.5])
    fit = fit_mixed_logit(
        answers["right"].to_numpy(float),
        X,
        Grouping(codes=pd.factorize(answers["participant"])[0], design=X),
        Grouping(codes=pd.factorize(answers["item"])[0], design=X[:, :1]),
    )
    df = min(answers["participant"].nunique() - 1, answers["item"].nunique() - 2)
    return odds_ratio_fields(fit.coefficients[1], fit.covariance[1, 1], df, level, name=name)


def odds_ratio_fields(
    log_odds: float, variance: float, df: float, level: float, *, name: str
) -> Fields:
    """Turn an estimate of log odds into fields of a finding.

    Parameters
    ----------
    log_odds
        The estimate.
    variance
        Its squared standard error.
    df
        Degrees of freedom; infinite for a normal quantile.
    level
        Coverage of the interval, in (0, 1).
    name
        What is compared, for the warning.

    Returns
    -------
    Fields
        ``estimate``, ``ci_low``, ``ci_high``, ``statistic``, ``df``, ``p``.

    Warns
    -----
    UnboundedIntervalWarning
        If a bound is beyond the numbers of the computer; it is zero or infinite.
    """
    error = math.sqrt(variance)
    margin = float(stats.t.ppf((1 + level) / 2, df)) * error
    found = odds_ratio_interval(log_odds, log_odds - margin, log_odds + margin, name=name)
    return {
        "estimate": found.value,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "statistic": log_odds / error,
        "df": float(df),
        "p": 2 * float(stats.t.sf(abs(log_odds) / error, df)),
    }


def _two_way(answers: pd.DataFrame, level: float) -> Fields:
    difference, squared_error, df = two_way_difference(answers, "right", kind="treated")
    error = math.sqrt(squared_error)
    t = difference / error if error else math.nan
    margin = float(stats.t.ppf((1 + level) / 2, df)) * error
    return {
        "method": "two_way",
        "quantity": "difference",
        "estimate": difference,
        "ci_low": difference - margin if error else math.nan,
        "ci_high": difference + margin if error else math.nan,
        "statistic": t,
        "df": df,
        "p": 2 * float(stats.t.sf(abs(t), df)),
        "assumes": SAMPLES,
    }


def _cluster_robust(answers: pd.DataFrame, level: float, *, name: str) -> Fields:
    names = {"method": "cluster_robust", "quantity": "marginal odds ratio", "assumes": CLUSTERED}
    y, X = _design(answers)
    if _is_separated(answers):
        return names | dict.fromkeys(("estimate", "ci_low", "ci_high", "p"), math.nan)
    codes = pd.factorize(answers["participant"])[0]
    fit = fit_gee(y, X, codes)
    one_arm = np.zeros(answers["participant"].nunique(), dtype=np.int64)
    found = contrast_test(fit, np.array([0.0, 1.0]), one_arm, level=level)
    ratio = odds_ratio_fields(found["log_odds"], found["error"] ** 2, found["df"], level, name=name)
    return names | ratio


def _naive(answers: pd.DataFrame, level: float, *, name: str) -> Fields:
    names = {"method": "naive_binomial", "quantity": "odds ratio", "assumes": NAIVE}
    if _is_separated(answers):
        return names | dict.fromkeys(("estimate", "ci_low", "ci_high", "p"), math.nan)
    fit = fit_binomial(*_design(answers))
    found = odds_ratio_fields(fit.coefficients[1], fit.covariance[1, 1], math.inf, level, name=name)
    return names | found | {"df": math.nan}


def _design(answers: pd.DataFrame) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    treated = answers["treated"].to_numpy(float)
    return answers["right"].to_numpy(float), np.column_stack([np.ones(len(treated)), treated])


def _is_separated(answers: pd.DataFrame) -> bool:
    return bool(answers.groupby("treated")["right"].mean().isin([0.0, 1.0]).any())
