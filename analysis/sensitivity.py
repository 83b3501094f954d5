"""What the headline figures would be if a rule of exclusion were left out.

Accuracy is here that of all scored answers of a participant, so that those who left half-way can
be counted too when the rule that excludes them is left out. Of those who finished it is the mean of
their sessions, as in the headline.
"""

from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from analysis.accuracy import accuracy_by, accuracy_differences
from analysis.contrasts import Contrast
from analysis.exclusions import Rule, decide_record, raw_record
from analysis.odds import marginal_odds_ratios
from analysis.responses import Export
from analysis.scoring import scored_trials
from analysis.utility import utility_scores

NONE: Final = "none"
ALL: Final = "all"
ODDS: Final = {
    "odds_ratio": "odds_ratio", "ci_low": "odds_low", "ci_high": "odds_high", "p": "odds_p",
}  # fmt: skip


def rule_sets(rules: Sequence[Rule]) -> dict[str, list[Rule]]:
    """List the sets of rules that are applied in turn.

    Parameters
    ----------
    rules
        In the order applied.

    Returns
    -------
    dict[str, list[Rule]]
        What is left out (``none``, the name of a rule, or ``all``) -> the rules that are kept.
    """
    sets = {NONE: list(rules)}
    sets |= {rule.name: [other for other in rules if other is not rule] for rule in rules}
    return sets | {ALL: []}


def without_each_rule(
    export: Export, rules: Sequence[Rule], measure: Callable[[pd.Series], pd.DataFrame]
) -> pd.DataFrame:
    """Measure who is analysed with all rules, without each in turn, and without any.

    Parameters
    ----------
    export
        Of one population.
    rules
        In the order applied.
    measure
        From the names of those analysed to a table; asked once for the same people.

    Returns
    -------
    pd.DataFrame
        The tables one after another, with ``left_out`` of `rule_sets`.
    """
    record = raw_record(export)
    seen: dict[frozenset[str], pd.DataFrame] = {}
    parts = []
    for left_out, kept in rule_sets(rules).items():
        decisions = decide_record(record, export.study, kept)
        names = decisions.loc[decisions["rule"].isna(), "participant"]
        key = frozenset(names)
        if key not in seen:
            seen[key] = measure(names)
        parts.append(seen[key].assign(left_out=left_out))
    return pd.concat(parts, ignore_index=True)


def sensitivity(
    export: Export, rules: Sequence[Rule], *, baseline: str, primary: Contrast | None = None,
    level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Recompute the headline figures without each rule in turn, and without any.

    These are accuracy, difference, Utility, and the marginal odds ratio of the primary contrast.

    Parameters
    ----------
    export
        Of one population.
    rules
        In the order applied.
    baseline
        What is subtracted and divided by.
    primary
        The contrast whose odds ratio stands in its condition's row; none unless given.
    level
        Coverage of all intervals, in (0, 1).

    Returns
    -------
    pd.DataFrame
        One row per set of rules and condition: ``left_out`` (``none``, the name of a rule, or
        ``all``), ``condition``, ``n_participants`` (with a valid answer), ``change`` (of them, to
        ``none``), ``accuracy``, ``difference``, ``difference_low``, ``difference_high``,
        ``utility``, ``utility_low``, ``utility_high``, ``odds_ratio``, ``odds_low``, ``odds_high``
        and ``odds_p``; what is compared is missing for the baseline, and where there is nobody to
        compare with or, of Utility, nobody in the baseline is ever right.

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
    trials = scored_trials(export, export.participants["participant"])

    def measure(names: pd.Series) -> pd.DataFrame:
        chosen = trials[trials["participant"].isin(names)]
        odds = _odds(chosen, primary, level)
        return _figures(chosen, baseline, level).merge(odds, on="condition", how="left")

    table = without_each_rule(export, rules, measure)
    reference = table[table["left_out"] == NONE].set_index("condition")["n_participants"]
    before = table["condition"].map(reference).fillna(0).astype(int)
    table.insert(2, "change", table["n_participants"] - before)
    numbers = ["accuracy", "difference", "difference_low", "difference_high", "utility"]
    numbers += ["utility_low", "utility_high", *ODDS.values()]
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
    is_right = accuracies.loc[accuracies["condition"] == baseline, "accuracy"].gt(0).any()
    scores = utility_scores(rows if is_right else rows.iloc[:0], baseline, level=level)
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


def _odds(trials: pd.DataFrame, primary: Contrast | None, level: float) -> pd.DataFrame:
    """Return the primary odds ratio in its condition's row; no row where an arm is empty."""
    arms = set() if primary is None else {primary.condition, primary.reference}
    if primary is None or not arms <= set(trials["condition"].dropna()):
        return pd.DataFrame(columns=["condition", *ODDS.values()])
    known = trials[trials["condition"].notna()]
    found = marginal_odds_ratios(known, [primary], level=level)
    return found[["condition", *ODDS]].rename(columns=ODDS)
