"""Every test between conditions, with one of them named beforehand as the primary one.

The default is the marginal odds ratio (`odds.marginal_odds_ratios`); the others are there for
readers who ask for them. Nothing here looks at the data to choose a test.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from analysis.attainable import attainable_gains
from analysis.comparisons import against_baseline, all_pairs, one_way
from analysis.contrasts import Contrast, planned_contrasts
from analysis.effect_sizes import contrast_sizes
from analysis.equivalence import utility_equivalence
from analysis.errors import AnalysisError, NoComparisonWarning, PlanError
from analysis.odds import conditional_odds_ratios, marginal_odds_ratios
from analysis.plan import Plan
from analysis.utility import utility_by_session, utility_scores

MOST_ARMS: Final = 30  # beyond it, all pairs are left out

Tables = dict[str, pd.DataFrame]


def primary_contrast(plan: Plan, conditions: Sequence[str], baseline: str) -> Contrast | None:
    """Return the one comparison that a study stands on.

    Parameters
    ----------
    plan
        What was decided beforehand.
    conditions
        Of the study, in order.
    baseline
        One of them.

    Returns
    -------
    Contrast | None
        The plan's; without one, ``craft``, or else the last condition, against the baseline; None
        where there is nothing to compare.

    Raises
    ------
    PlanError
        If the plan names a condition that the study does not have, or one that is historical.
    """
    if plan.primary is None or plan.primary.condition is None:
        others = [name for name in conditions if name != baseline]
        others = [name for name in others if name not in plan.historical.arms]
        if not others:
            return None
        chosen = "craft" if "craft" in others else others[-1]
        return Contrast(condition=chosen, reference=baseline, family="planned")
    names = [plan.primary.condition, plan.primary.reference]
    unknown = [name for name in names if name not in conditions]
    if unknown or names[0] == names[1]:
        raise PlanError(f"primary must compare two of {list(conditions)}; got {names}.")
    historical = [name for name in names if name in plan.historical.arms]
    if historical:
        raise PlanError(f"primary must compare randomised arms; got {historical}, historical.")
    return Contrast(condition=names[0], reference=names[1], family="planned")


def between_conditions(
    trials: pd.DataFrame, accuracies: pd.DataFrame, *, contrasts: Sequence[Contrast],
    baseline: str, level: float, rng: np.random.Generator,
) -> Tables:  # fmt: skip
    """Compute every test between the randomised conditions of a study.

    Parameters
    ----------
    trials
        As from `scoring.scored_trials`, of randomised arms.
    accuracies
        As from `scoring.session_accuracies`, of the same.
    contrasts
        The primary one first.
    baseline
        What the others are compared with.
    level
        Coverage of all intervals, in (0, 1).
    rng
        For Dunnett's integral.

    Returns
    -------
    Tables
        ``primary``, ``odds_ratios``, ``conditional_odds_ratios``, ``one_way``, ``all_pairs``,
        ``against_baseline``, ``effect_sizes``; one that cannot be computed is left out.

    Warns
    -----
    NoComparisonWarning
        For each that cannot be computed, with the reason.
    AnalysisWarning
        As the functions that make the tables do.
    """
    primary, planned = list(contrasts[:1]), list(contrasts[1:])
    items = trials.rename(columns={"trial": "item"}).drop(columns=["item"] * ("item" in trials))
    means = accuracies[["participant", "condition", "accuracy"]]
    few = accuracies["condition"].nunique() <= MOST_ARMS
    tests: dict[str, Callable[[], pd.DataFrame]] = {
        "primary": lambda: marginal_odds_ratios(trials, primary, level=level),
        "odds_ratios": lambda: marginal_odds_ratios(trials, planned, level=level),
        "conditional_odds_ratios": lambda: conditional_odds_ratios(items, planned, level=level),
        "one_way": lambda: one_way(means),
        "all_pairs": lambda: _stacked(
            all_pairs(means, "games_howell", level=level),
            all_pairs(means, "tukey_kramer", level=level),
        ),
        "against_baseline": lambda: _stacked(
            against_baseline(means, baseline, "welch_holm", level=level, rng=rng),
            against_baseline(means, baseline, "dunnett", level=level, rng=rng),
        ),
        "effect_sizes": lambda: contrast_sizes(accuracies, contrasts, level=level),
    }
    if not few:
        del tests["all_pairs"]
    if not contrasts:
        return {}
    return _computed(tests)


def relative_to_baseline(
    accuracies: pd.DataFrame, *, baseline: str, margin: float, level: float,
    rng: np.random.Generator,
) -> Tables:  # fmt: skip
    """Compute what stands beside the Utility score.

    Parameters
    ----------
    accuracies
        As from `scoring.session_accuracies`.
    baseline
        What the others are divided by.
    margin
        Of equivalence, in (0, 1).
    level
        Coverage of all intervals, in (0, 1).
    rng
        For the bootstrap.

    Returns
    -------
    Tables
        ``utility_by_session``, ``utility_bootstrap``, ``attainable_gains``, ``equivalence``; one
        that cannot be computed is left out.

    Warns
    -----
    NoComparisonWarning
        For each that cannot be computed, with the reason.
    AnalysisWarning
        As the functions that make the tables do.
    """
    return _computed(
        {
            "utility_by_session": lambda: utility_by_session(accuracies, baseline, level=level),
            "utility_bootstrap": lambda: utility_scores(
                accuracies, baseline, level=level, interval="bca", rng=rng
            ),
            "attainable_gains": lambda: attainable_gains(accuracies, baseline, level=level),
            "equivalence": lambda: utility_equivalence(accuracies, baseline, margin=margin),
        }
    )


def contrasts_of(plan: Plan, conditions: Sequence[str], baseline: str) -> list[Contrast]:
    """List the primary contrast and then the planned ones, of randomised arms only.

    Parameters
    ----------
    plan
        What was decided beforehand.
    conditions
        Of the study, in order.
    baseline
        One of them.

    Returns
    -------
    list[Contrast]
        Empty where there is nothing to compare.

    Raises
    ------
    PlanError
        As `primary_contrast` does.
    """
    primary = primary_contrast(plan, conditions, baseline)
    if primary is None:
        return []
    unknown = [name for name in plan.historical.arms if name not in conditions]
    if unknown:
        raise PlanError(f"historical arms must be of {list(conditions)}; got {unknown}.")
    randomised = [name for name in conditions if name not in plan.historical.arms]
    return [primary, *planned_contrasts(randomised, baseline)]


def _stacked(*tables: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True)


def _computed(tests: dict[str, Callable[[], pd.DataFrame]]) -> Tables:
    tables: Tables = {}
    for name, test in tests.items():
        try:
            table = test()
        except AnalysisError as error:
            message = f"{name.replace('_', ' ')} cannot be computed: {error}"
            warnings.warn(message, NoComparisonWarning, stacklevel=3)
        else:
            if len(table):
                tables[name] = table
    return tables
