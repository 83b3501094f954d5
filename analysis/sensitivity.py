"""What the headline figures would be if a rule of exclusion were left out.

Accuracy is here that of all scored answers of a participant, so that those who left half-way can
be counted too when the rule that excludes them is left out. Of those who finished it is the mean of
their sessions, as in the headline.
"""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analysis.accuracy import accuracy_by, accuracy_differences
from analysis.exclusions import Rule, decide_record, raw_record
from analysis.responses import Export
from analysis.scoring import scored_trials
from analysis.utility import utility_scores

NONE: Final = "none"
ALL: Final = "all"


def sensitivity(
    export: Export, rules: Sequence[Rule], *, baseline: str, level: float = 0.95
) -> pd.DataFrame:
    """Recompute accuracy, difference and Utility without each rule in turn, and without any.

    Parameters
    ----------
    export
        Of one population.
    rules
        In the order applied.
    baseline
        What is subtracted and divided by.
    level
        Coverage of all intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per set of rules and condition: ``left_out`` (``none``, the name of a rule, or
        ``all``), ``condition``, ``n_participants`` (with a valid answer), ``change`` (of them, to
        ``none``), ``accuracy``, ``difference``, ``difference_low``, ``difference_high``,
        ``utility``, ``utility_low``, ``utility_high``; the last six are missing for the baseline
        and where there is nobody to compare.

    Raises
    ------
    AnalysisError
        If `level` is not a share.

    Warns
    -----
    SmallArmWarning
        If an arm has one participant.
    ZeroVarianceWarning
        If all of an arm score the same.
    """
    sets = {NONE: list(rules)}
    sets |= {rule.name: [other for other in rules if other is not rule] for rule in rules}
    sets[ALL] = []
    record = raw_record(export)
    trials = scored_trials(export, record["participant"])
    seen: dict[frozenset[str], pd.DataFrame] = {}
    parts = []
    for left_out, kept in sets.items():
        decisions = decide_record(record, export.study, kept)
        names = decisions.loc[decisions["rule"].isna(), "participant"]
        key = frozenset(names)
        if key not in seen:
            chosen = trials[trials["participant"].isin(names)]
            seen[key] = _figures(chosen, baseline, level)
        parts.append(seen[key].assign(left_out=left_out))
    table = pd.concat(parts, ignore_index=True)
    reference = parts[0].set_index("condition")["n_participants"]
    before = table["condition"].map(reference).fillna(0).astype(int)
    table.insert(2, "change", table["n_participants"] - before)
    numbers = ["accuracy", "difference", "difference_low", "difference_high", "utility"]
    numbers += ["utility_low", "utility_high"]
    table[numbers] = table[numbers].astype(float)
    return table[["left_out", *[name for name in table if name != "left_out"]]]


def _figures(trials: pd.DataFrame, baseline: str, level: float) -> pd.DataFrame:
    """Return one row a condition."""
    keys = ["scenario", "participant", "condition"]
    known = trials[trials["condition"].notna()].astype({"correct": float})
    means = known.groupby(keys, sort=False)["correct"].agg(n_trials="size", accuracy="mean")
    accuracies = means.reset_index().assign(session=0)
    figures = accuracy_by(accuracies, ["condition"], level=level)
    figures = figures[["condition", "n_participants", "accuracy"]]
    has_pairs = baseline in set(figures["condition"]) and len(figures) > 1
    rows = accuracies if has_pairs else accuracies.iloc[:0]
    differences = accuracy_differences(rows, baseline, level=level)
    scores = utility_scores(rows, baseline, level=level)
    return figures.merge(
        differences.rename(columns={"ci_low": "difference_low", "ci_high": "difference_high"})[
            ["condition", "difference", "difference_low", "difference_high"]
        ],
        on="condition",
        how="left",
    ).merge(
        scores.rename(columns={"ci_low": "utility_low", "ci_high": "utility_high"})[
            ["condition", "utility", "utility_low", "utility_high"]
        ],
        on="condition",
        how="left",
    )
