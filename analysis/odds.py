"""Odds ratios between conditions: population-averaged, and given a participant and an item.

Two different questions. The *marginal* odds ratio compares the odds of a right answer among all
who saw one condition with those among all who saw the other. The *conditional* one says how the
odds of one and the same person for one and the same image would change; it is further from 1, the
more people and images differ. Each table says in its column ``kind`` which it holds.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.checks import (
    check_columns,
    check_given,
    check_once,
    check_outcome,
    check_share,
    check_single,
)
from analysis.contrasts import Contrast
from analysis.equivalence import holm
from analysis.errors import ConditionsError, EmptyConditionWarning
from analysis.log_odds import odds_ratio, odds_ratio_interval
from analysis.regression.averaging import averaged_share
from analysis.regression.gee import contrast_test, fit_gee, variances_if_alike
from analysis.regression.mixed_logit import Grouping, fit_mixed_logit
from analysis.regression.problem import Values
from analysis.regression.separation import separated_cells
from analysis.separated import is_separated, separated_odds_ratio
from analysis.shares import Share, are_estimable, share_of

Tested = dict[str, float]
Test = Callable[[str, str], Tested]

PARTS: Final = ("contrast", "family", "condition", "reference", "n_condition", "n_reference")
TESTED: Final = ("odds_ratio", "ci_low", "ci_high", "t", "df", "p")
SPREAD: Final = ("participant_sd", "item_sd", "implied_marginal")
VALUES: Final = (*TESTED, *SPREAD, "firth")


def marginal_odds_ratios(
    trials: pd.DataFrame, contrasts: Sequence[Contrast], *, level: float = 0.95
) -> pd.DataFrame:
    """Compare conditions by a population-averaged logistic regression.

    Generalised estimating equations with participants as exchangeable clusters, the bias-reduced
    covariance of Mancl & DeRouen (2001), and Student's t with Satterthwaite's degrees of freedom
    (see `regression.gee.contrast_test`). Where all participants of an arm have the same accuracy,
    their answers count as independent. This is the default test of a difference.

    Parameters
    ----------
    trials
        One row per scored answer: ``participant``, ``condition``, ``correct`` (bool). Every
        participant is in one condition.
    contrasts
        What is compared; see `contrasts.planned_contrasts`.
    level
        Coverage of each interval, in (0, 1); intervals are not adjusted.

    Returns
    -------
    pd.DataFrame
        One row per contrast: ``contrast``, ``family``, ``condition``, ``reference``,
        ``n_condition``, ``n_reference`` (participants), ``kind`` (``marginal``), ``odds_ratio``,
        ``ci_low``, ``ci_high``, ``t``, ``df``, ``p`` (two-sided), ``p_holm`` (over its family),
        ``is_separated`` and ``firth``. Where an arm has every answer right, or wrong, the ratio is
        infinite or zero, its bound is one-sided, p is that of the difference in accuracy, and
        ``firth`` is Firth's finite estimate, which takes answers as independent.

    Raises
    ------
    MissingColumnError
        If a column is absent.
    ConditionsError
        If a participant is in several conditions.
    DesignError
        If a value is missing, or one of ``correct`` is not one of two.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    EmptyConditionWarning
        If a condition has nobody left; its rows are missing.
    SmallArmWarning
        If a condition has one participant; its rows are missing.
    ZeroVarianceWarning
        If all participants of a condition have the same accuracy.
    SeparationWarning
        If all answers of a condition are right, or all wrong.
    UnboundedIntervalWarning
        If a bound is beyond the numbers of the computer; it is zero or infinite.
    """
    check_share("level", level)
    trials = _checked(trials, ["participant", "condition"])
    arms = _arms(trials, contrasts)
    table = _table(arms, contrasts, _marginal_test(trials, arms, level), level)
    table.insert(len(PARTS), "kind", "marginal")
    return table.drop(columns=list(SPREAD))


def conditional_odds_ratios(
    trials: pd.DataFrame, contrasts: Sequence[Contrast], *, level: float = 0.95
) -> pd.DataFrame:
    """Compare conditions by a mixed logistic regression with participants and crossed items.

    Both have random intercepts; t has as many degrees of freedom as there are participants, less
    the conditions (see `regression.mixed_logit`).

    Parameters
    ----------
    trials
        As for `marginal_odds_ratios`, with ``item``: what was asked, the same for all conditions.
    contrasts
        What is compared.
    level
        Coverage of each interval, in (0, 1); intervals are not adjusted.

    Returns
    -------
    pd.DataFrame
        As from `marginal_odds_ratios` with kind ``conditional``, and ``participant_sd``,
        ``item_sd`` (log odds) and ``implied_marginal`` (the marginal odds ratio that follows,
        averaged over participants and items).

    Raises
    ------
    MissingColumnError
        If a column is absent.
    ConditionsError
        If a participant is in several conditions.
    DesignError
        If a value is missing, one of ``correct`` is not one of two, or a participant answered an
        item twice.
    ConvergenceError
        If the fit does not come to an end.
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    EmptyConditionWarning
        If a condition has nobody left; its rows are missing.
    SmallArmWarning
        If a condition has one participant; its rows are missing.
    SeparationWarning
        If all answers of a condition are right, or all wrong.
    UnboundedIntervalWarning
        If a bound is beyond the numbers of the computer; it is zero or infinite.
    """
    check_share("level", level)
    trials = _checked(trials, ["participant", "condition", "item"])
    check_once(trials, ["participant", "item"])
    arms = _arms(trials, contrasts)
    table = _table(arms, contrasts, _conditional_test(trials, arms, level), level)
    table.insert(len(PARTS), "kind", "conditional")
    return table


def _checked(trials: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the answers as numbers."""
    check_columns(trials, [*keys, "correct"])
    check_given(trials, keys)
    check_single(trials, "participant", "condition", error=ConditionsError)
    return trials.assign(correct=check_outcome(trials, "correct"))


def _arms(trials: pd.DataFrame, contrasts: Sequence[Contrast]) -> dict[str, Share]:
    """Return the arms that contrasts name; warn of those that are empty, small or separated."""
    names = dict.fromkeys(name for c in contrasts for name in (c.condition, c.reference))
    named = trials[trials["condition"].isin(names)]
    arms = {}
    for name in names:
        answers = named[named["condition"] == name]
        if answers.empty:
            warn_empty(name)
            continue
        means = answers.groupby("participant")["correct"].mean().to_numpy(float)
        arms[name] = share_of(means, name=name, n_answers=len(answers))
        are_estimable(arms[name])
    separated_cells(named, ["condition"], right="correct")
    return arms


def warn_empty(name: str) -> None:
    """Warn of a condition that nobody is in.

    Parameters
    ----------
    name
        Of the condition.

    Warns
    -----
    EmptyConditionWarning
        Always.
    """
    warnings.warn(
        f"condition {name} must have participants to be compared; got nobody.",
        EmptyConditionWarning,
        stacklevel=4,
    )


def _fitted(trials: pd.DataFrame, arms: Mapping[str, Share]) -> tuple[pd.DataFrame, list[str]]:
    """Return the answers that a regression can hold, as codes, and the names of their arms."""
    names = [name for name, arm in arms.items() if arm.n_participants > 1 and 0 < arm.value < 1]
    rows = trials[trials["condition"].isin(names)]
    codes = {
        "arm": pd.Index(names).get_indexer(pd.Index(rows["condition"])),
        "participant": pd.factorize(rows["participant"])[0],
        "item": pd.factorize(rows["item"])[0] if "item" in rows else 0,
        "correct": rows["correct"].to_numpy(float),
    }
    return pd.DataFrame(codes), names


def _marginal_test(trials: pd.DataFrame, arms: Mapping[str, Share], level: float) -> Test:
    rows, names = _fitted(trials, arms)
    if not names:
        return _no_test
    X = np.eye(len(names))[rows["arm"]]
    fit = fit_gee(rows["correct"].to_numpy(), X, rows["participant"].to_numpy())
    arm_of = rows.groupby("participant")["arm"].first().to_numpy()
    alike = variances_if_alike([arms[name] for name in names])

    def test(condition: str, reference: str) -> Tested:
        weights = _weights(names, condition, reference)
        found = contrast_test(fit, weights, arm_of, level=level, alike=alike)
        bounds = _ratio(found["log_odds"], found["ci_low"], found["ci_high"], condition, reference)
        return bounds | {name: found[name] for name in ("t", "df", "p")}

    return test


def _conditional_test(trials: pd.DataFrame, arms: Mapping[str, Share], level: float) -> Test:
    rows, names = _fitted(trials, arms)
    if not names:
        return _no_test
    ones = np.ones((len(rows), 1))
    fit = fit_mixed_logit(
        rows["correct"].to_numpy(),
        np.eye(len(names))[rows["arm"]],
        Grouping(codes=rows["participant"].to_numpy(), design=ones),
        Grouping(codes=rows["item"].to_numpy(), design=ones),
    )
    df = rows["participant"].nunique() - len(names)
    of_participants, of_items = float(fit.participants[0, 0]), float(fit.items[0, 0])
    averaged = special.logit(averaged_share(fit.coefficients, of_participants + of_items))

    def test(condition: str, reference: str) -> Tested:
        weights = _weights(names, condition, reference)
        log_odds = float(fit.coefficients @ weights)
        error = float(weights @ fit.covariance @ weights) ** 0.5
        margin = float(stats.t.ppf((1 + level) / 2, df)) * error
        return {
            **_ratio(log_odds, log_odds - margin, log_odds + margin, condition, reference),
            "t": log_odds / error,
            "df": df,
            "p": 2 * float(stats.t.sf(abs(log_odds) / error, df)),
            "participant_sd": of_participants**0.5,
            "item_sd": of_items**0.5,
            "implied_marginal": odds_ratio(float(averaged @ weights)),
        }

    return test


def _ratio(log_odds: float, low: float, high: float, condition: str, reference: str) -> Tested:
    found = odds_ratio_interval(log_odds, low, high, name=f"{condition} - {reference}")
    return {"odds_ratio": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high}


def _no_test(condition: str, reference: str) -> Tested:
    """Stand for the test of a study in which no arm can be fitted: nothing calls it."""
    return dict.fromkeys((condition, reference), math.nan)


def _weights(names: list[str], condition: str, reference: str) -> Values:
    weights = np.zeros(len(names))
    weights[names.index(condition)] = 1
    weights[names.index(reference)] = -1
    return weights


def _table(
    arms: Mapping[str, Share], contrasts: Sequence[Contrast], test: Test, level: float
) -> pd.DataFrame:
    rows = []
    for contrast in contrasts:
        names = [contrast.name, contrast.family, contrast.condition, contrast.reference]
        pair = [arms.get(name) for name in names[2:]]
        counts = [0 if arm is None else arm.n_participants for arm in pair]
        usable = [arm for arm in pair if arm is not None and arm.n_participants > 1]
        found: Tested = {}
        if len(usable) == 2:
            found = (
                separated_odds_ratio(*usable, level=level)
                if is_separated(*usable)
                else test(names[2], names[3])
            )
        rows.append([*names, *counts, *(found.get(name, math.nan) for name in VALUES)])
    table = pd.DataFrame(rows, columns=[*PARTS, *VALUES])
    adjusted = table.groupby("family", sort=False)["p"].transform(holm)
    table.insert(len(PARTS) + len(TESTED), "p_holm", adjusted)
    return table.assign(is_separated=table["firth"].notna())
