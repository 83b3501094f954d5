"""What each figure shows, in words: its alternative text and its caption."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from analysis.findings import quoted_shares
from analysis.historical import with_daggers
from analysis.labels import (
    FIELLER_TYPE,
    STAGES,
    TIES,
    bare_percent,
    condition_label,
    interval,
    percent,
    ratio,
)
from analysis.results import Results


def picture_text(results: Results, name: str) -> tuple[str, str]:
    """Describe a figure.

    Parameters
    ----------
    results
        As from `results.analyse`.
    name
        As in `figures.draw_all`.

    Returns
    -------
    tuple[str, str]
        The alternative text, with the numbers that the figure shows, and the caption.
    """
    describe, caption = TEXTS[name]
    who = "simulated participant" if results.population == "simulated" else "participant"
    alt = describe(with_daggers(results.tables, results.plan.historical.arms))
    mark = "Rehearsal. " if results.population == "simulated" else ""
    return f"{mark}{alt}", mark + caption.format(level=percent(results.level, 0), who=who)


def _flow(tables: dict[str, pd.DataFrame]) -> str:
    counts = [
        f"{row['participants']} {STAGES.get(row['stage'], row['stage'])}"
        + (f" ({condition_label(row['condition'])})" if row["condition"] else "")
        for row in tables["flow"].to_dict("records")
    ]
    return f"Flow of participants: {'; '.join(counts)}."


def _accuracy(tables: dict[str, pd.DataFrame]) -> str:
    return f"Mean accuracy by session. {_by_condition(tables['accuracy_by_session'], 'session')}"


def _tie(tables: dict[str, pd.DataFrame]) -> str:
    return f"Mean accuracy by tie. {_by_condition(tables['accuracy_by_tie'], 'tie')}"


def _by_condition(means: pd.DataFrame, by: str) -> str:
    parts = []
    for condition, rows in means.groupby("condition", sort=False):
        values = [
            f"{TIES.get(str(row[by]), f'{by} {row[by]}')} {percent(row['accuracy'])}"
            for row in rows.to_dict("records")
        ]
        parts.append(f"{condition_label(str(condition))}: {', '.join(values)}.")
    return " ".join(parts)


def _raincloud(tables: dict[str, pd.DataFrame]) -> str:
    values = [
        f"{condition_label(row['condition'])} {percent(row['accuracy'])} "
        f"{interval(bare_percent(row['ci_low']), bare_percent(row['ci_high']))}, "
        f"n = {row['n_participants']}"
        for row in tables["accuracy_by_condition"].to_dict("records")
    ]
    return f"Accuracy of each participant by condition; means: {'; '.join(values)}."


def _odds(tables: dict[str, pd.DataFrame]) -> str:
    values = [
        f"{condition_label(row['condition'])} against {condition_label(row['reference'])} "
        f"{ratio(row['odds_ratio'])} {interval(ratio(row['ci_low']), ratio(row['ci_high']))}"
        for row in tables["odds_ratios"].dropna(subset=["p"]).to_dict("records")
    ]
    return f"Odds ratios of a right answer, against 1: {'; '.join(values)}."


def _utility(tables: dict[str, pd.DataFrame]) -> str:
    values = [
        f"{condition_label(row['condition'])} {ratio(row['utility'])} "
        f"{interval(ratio(row['ci_low']), ratio(row['ci_high']))}"
        for row in tables["utility"].to_dict("records")
    ]
    return f"Utility with its interval, against 1: {'; '.join(values)}."


def _kinds(tables: dict[str, pd.DataFrame]) -> str:
    kinds = tables["simulated_kinds"]
    values = [
        f"{row['simulated_kind']}, {condition_label(row['condition'])} {percent(row['accuracy'])}"
        for row in kinds[kinds["finished"] > 0].to_dict("records")
    ]
    return f"Mean accuracy by kind of simulated participant: {'; '.join(values)}."


def _recursivity(tables: dict[str, pd.DataFrame]) -> str:
    values = [
        f"{row['test']}{' (' + row['group'] + ')' if row['group'] else ''} "
        f"{percent(row['estimate'])} "
        f"{interval(bare_percent(row['ci_low']), bare_percent(row['ci_high']))}"
        for row in quoted_shares(tables).to_dict("records")
    ]
    return f"Shares of right answers, and the shares by guessing: {'; '.join(values)}."


TEXTS: Final[dict[str, tuple[Callable[[dict[str, pd.DataFrame]], str], str]]] = {
    "flow": (_flow, "How many {who}s came how far, and why the others left."),
    "accuracy": (
        _accuracy,
        "Accuracy by session. Each dot is a {who}; large marks are means (printed on top) with "
        "{level} intervals over {who}s. The dashed line repeats the means of the first panel; "
        "the grey line is guessing.",
    ),
    "raincloud": (
        _raincloud,
        "Accuracy of each {who} over all sessions: how dense they lie (grey), each one (a dot), "
        "and the mean with its {level} interval (diamond and bar). Dashed: guessing.",
    ),
    "odds_ratios": (
        _odds,
        "Marginal odds ratios with {level} intervals, not adjusted for several comparisons, on a "
        "logarithmic axis. An arrow means that there is no bound on that side.",
    ),
    "utility": (
        _utility,
        f"Utility with its {{level}} {FIELLER_TYPE}. At the dashed line, 1, the explanation does "
        "not change how well the model is predicted.",
    ),
    "tie": (
        _tie,
        "Accuracy where the image keeps or breaks the tie. Each dot is a {who}; large marks are "
        "means (printed on top) with {level} intervals over {who}s. The dashed line repeats the "
        "means of the first panel; the grey line is guessing.",
    ),
    "recursivity": (
        _recursivity,
        "Shares of right answers with {level} intervals over {who}s and pictures; a cross marks "
        "the share by guessing.",
    ),
    "simulated_kinds": (
        _kinds,
        "Mean accuracy by kind of simulated participant and condition, with {level} intervals, "
        "of all who answered every test trial. The dashed line is guessing.",
    ),
}
