"""What became of each kind of simulated participant: a rehearsal of the study, not a result.

Accuracies here are of all who answered every test trial, those who failed the catch trials
included, so that the kinds can be told by what they did and not by what was kept of them.
"""

import warnings
from collections.abc import Sequence

import pandas as pd

from analysis.accuracy import accuracy_by, accuracy_differences
from analysis.errors import (
    BaselineError,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)
from analysis.exclusions import RULES, Rule
from analysis.utility import utility_scores

GROUP = ["simulated_kind", "condition"]
LEAST_ANSWERS = 5  # of a trial in a condition, before all right or all wrong says something


def kind_table(
    decisions: pd.DataFrame,
    accuracies: pd.DataFrame,
    *,
    rules: Sequence[Rule] = RULES,
    level: float = 0.95,
) -> pd.DataFrame:
    """Count each kind's exclusions and average its accuracy, by condition.

    Parameters
    ----------
    decisions
        As from `exclusions.decide`.
    accuracies
        As from `scoring.session_accuracies`, of all who finished.
    rules
        In the order applied.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        ``simulated_kind``, ``condition`` (empty for those never assigned), ``participants``, one
        column per rule with those who left by it, ``analysed``, ``finished``, ``accuracy``,
        ``ci_low``, ``ci_high``; in order of name. A missing interval means fewer than two
        participants, or all with the same accuracy.
    """
    labelled = decisions.assign(
        condition=decisions["condition"].fillna(""), rule=decisions["rule"].fillna("analysed")
    )
    keys = [labelled[name] for name in GROUP]
    counts = pd.crosstab(keys, labelled["rule"])
    outcomes = [*(rule.name for rule in rules), "analysed"]
    counts = counts.reindex(columns=outcomes, fill_value=0)
    counts.insert(0, "participants", counts.sum(axis=1))
    scores = kind_means(accuracies, GROUP, level=level)
    scores = scores.rename(columns={"n_participants": "finished"}).drop(columns="sd")
    table = counts.reset_index().merge(scores, on=GROUP, how="left")
    table["finished"] = table["finished"].fillna(0).astype(int)
    return table


def kind_means(accuracies: pd.DataFrame, by: Sequence[str], *, level: float = 0.95) -> pd.DataFrame:
    """Average accuracies as `accuracy.accuracy_by` does, without its warnings.

    A kind is often small or all alike, as it was made to be.

    Parameters
    ----------
    accuracies
        ``participant``, ``accuracy`` in [0, 1] and the columns of `by`.
    by
        Columns that make a group, ``simulated_kind`` among them.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        As `accuracy.accuracy_by` returns, sorted by kind.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallArmWarning)
        warnings.simplefilter("ignore", ZeroVarianceWarning)
        means = accuracy_by(accuracies, by, level=level)
    return means.sort_values("simulated_kind", kind="stable", ignore_index=True)


def kind_effects(
    accuracies: pd.DataFrame, baseline: str = "baseline", *, level: float = 0.95
) -> pd.DataFrame:
    """Compare each kind's accuracy with the explanation and without it.

    Parameters
    ----------
    accuracies
        As from `scoring.session_accuracies`, of all who finished.
    baseline
        The condition without an explanation.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per kind and other condition, where both arms have somebody:
        ``simulated_kind``, ``condition``, ``n_participants``, ``n_baseline``, ``difference``,
        ``ci_low``, ``ci_high`` (Newcombe), ``utility``, ``utility_ci_low``, ``utility_ci_high``
        (Fieller-type). A missing interval means fewer than two participants in an arm, or no
        spread; an infinite one that the kind's baseline cannot be told from zero.
    """
    tables = []
    for kind, rows in accuracies.groupby("simulated_kind"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SmallArmWarning)
            warnings.simplefilter("ignore", ZeroVarianceWarning)
            warnings.simplefilter("ignore", UnboundedIntervalWarning)
            try:
                differences = accuracy_differences(rows, baseline, level=level)
                scores = utility_scores(rows, baseline, level=level)
            except BaselineError:  # nobody of this kind in the baseline, or never right
                continue
        bounds = {"ci_low": "utility_ci_low", "ci_high": "utility_ci_high"}
        scores = scores.rename(columns=bounds).drop(columns="scenario")
        table = differences.merge(scores, on="condition")
        table.insert(0, "simulated_kind", kind)
        tables.append(table)
    columns = [*GROUP, "n_participants", "n_baseline", "difference", "ci_low", "ci_high"]
    columns += ["utility", "utility_ci_low", "utility_ci_high"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def item_table(trials: pd.DataFrame) -> pd.DataFrame:
    """Count how often each trial was answered right, by condition.

    Parameters
    ----------
    trials
        As from `scoring.scored_trials`.

    Returns
    -------
    pd.DataFrame
        ``trial``, ``condition``, ``tie``, ``n_participants``, ``accuracy`` in [0, 1],
        ``is_ceiling`` and ``is_floor`` (all or none right, of `LEAST_ANSWERS` or more).
    """
    groups = trials.astype({"correct": float}).groupby(["trial", "condition"], sort=True)
    table = groups.agg(
        tie=("tie", "first"),
        n_participants=("participant", "nunique"),
        accuracy=("correct", "mean"),
    ).reset_index()
    is_known = table["n_participants"] >= LEAST_ANSWERS
    return table.assign(
        is_ceiling=is_known & (table["accuracy"] == 1), is_floor=is_known & (table["accuracy"] == 0)
    )
