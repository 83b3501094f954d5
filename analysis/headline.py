"""Say in plain words whether the explanation helped, and why."""

import math
from collections.abc import Hashable, Mapping
from typing import Any, Final, Literal

import pandas as pd

from analysis.labels import DAGGER, STAGES, condition_label, interval, percent, points, ratio
from analysis.responses import Population
from analysis.results import Results

TIE: Final = (
    "In training, what a person would go by is tied to what the model goes by, so either explains "
    "the model’s answers. Some test images break this tie."
)

Verdict = Literal["helped", "hurt", "open"]


def verdict(ci_low: float, ci_high: float) -> Verdict:
    """Judge an interval of a difference.

    Parameters
    ----------
    ci_low
        Lower bound, or NaN.
    ci_high
        Upper bound, or NaN.

    Returns
    -------
    Verdict
        ``open`` where the interval holds 0 or is missing.

    Examples
    --------
    >>> verdict(0.02, 0.1), verdict(-0.02, 0.1)
    ('helped', 'open')
    """
    if ci_low > 0:
        return "helped"
    return "hurt" if ci_high < 0 else "open"


def headlines(results: Results, *, only: str | None = None) -> list[str]:
    """Write one paragraph for each randomised condition that is compared with the baseline.

    Parameters
    ----------
    results
        As from `results.analyse`.
    only
        The one condition that is written of; None for all.

    Returns
    -------
    list[str]
        Plain text; empty if nothing can be compared.
    """
    tables = results.tables
    means = tables["accuracy_by_condition"].set_index("condition")["accuracy"]
    scores = {str(row["condition"]): row for row in tables["utility"].to_dict("records")}
    who = "simulated participants" if results.population == "simulated" else "participants"
    baseline = results.export.study.baseline
    paragraphs = []
    rows = _randomised(results)
    for row in rows if only is None else [row for row in rows if row["condition"] == only]:
        name = str(row["condition"])
        said = _utility(scores[name]) if name in scores else "There is no Utility."
        paragraphs.append(
            f"With {condition_label(name)}, {who} predicted the model’s answer in "
            f"{percent(means[name])} of the test trials; {_without(baseline)}, in "
            f"{percent(means[baseline])}. {said} "
            f"{_judgement(row, results.population)}"
        )
    return paragraphs


def _randomised(results: Results) -> list[dict[Hashable, Any]]:
    """Return the differences of arms that were randomised together with the baseline."""
    arms = {name + mark for name in results.plan.historical.arms for mark in ("", DAGGER)}
    table = results.tables["accuracy_differences"]
    return table[~table["condition"].isin(arms)].to_dict("records")


def _utility(score: Mapping[Hashable, float]) -> str:
    bounds = interval(ratio(score["ci_low"]), ratio(score["ci_high"]))
    return f"Utility {ratio(score['utility'])} {bounds}."


def summary_sentence(results: Results) -> str:
    """Say in one sentence which randomised conditions helped, where they are many.

    Parameters
    ----------
    results
        As from `results.analyse`.

    Returns
    -------
    str
        By the intervals of the differences from the baseline, which are not adjusted for several
        comparisons.
    """
    names: dict[Verdict, list[str]] = {"helped": [], "hurt": [], "open": []}
    for row in _randomised(results):
        judged = verdict(row["ci_low"], row["ci_high"])
        names[judged].append(condition_label(str(row["condition"])))
    said = {
        "helped": "above the baseline",
        "hurt": "below it",
        "open": "not told from it",
    }
    parts = [f"{said[name]}: {', '.join(those)}" for name, those in names.items() if those]
    where = "In this rehearsal" if results.population == "simulated" else "In this study"
    return (
        f"{where}, by intervals that are not adjusted for several comparisons, accuracy was "
        f"{'; '.join(parts)}."
    )


def tie_sentences(results: Results) -> list[str]:
    """Say for each condition whether answers followed the model's real rule or the tie.

    Parameters
    ----------
    results
        As from `results.analyse`.

    Returns
    -------
    list[str]
        One sentence a condition; empty where it is unknown which images keep the tie.
    """
    table = results.tables["accuracy_by_tie"]
    sentences = []
    for condition in dict.fromkeys(table["condition"]):
        rows = table[table["condition"] == condition].set_index("tie")
        if {"kept", "broken"} <= set(rows.index):
            sentences.append(
                f"{condition_label(str(condition))}: {percent(rows.loc['kept', 'accuracy'])} where "
                f"the tie is kept, {percent(rows.loc['broken', 'accuracy'])} "
                f"where it is broken. {_rule_learned(rows.loc['broken'])}"
            )
    return sentences


def kind_sentences(results: Results) -> list[str]:
    """Say for each kind of simulated participant what became of it.

    Parameters
    ----------
    results
        As from `results.analyse`, of simulated participants.

    Returns
    -------
    list[str]
        One sentence a kind; the numbers are those of the table ``simulated_kinds``.
    """
    kinds = results.tables["simulated_kinds"]
    sentences = []
    for kind, rows in kinds.groupby("simulated_kind", sort=False):
        n_began, n_analysed = rows["participants"].sum(), rows["analysed"].sum()
        losses = [(name, rows[name].sum()) for name in STAGES if name in rows.columns]
        lost = [f"{n} {STAGES[name]}" for name, n in losses if n and name != "analysed"]
        scores = [
            f"{percent(row['accuracy'])} with {condition_label(row['condition'])}"
            for row in rows[rows["finished"] > 0].to_dict("records")
        ]
        sentences.append(
            f"{kind}: {', '.join([f'{n_began} began', *lost, f'{n_analysed} analysed'])}"
            + (f"; accuracy {', '.join(scores)}." if scores else ".")
        )
    return sentences


def _without(baseline: str) -> str:
    label = condition_label(baseline)
    return f"without an explanation ({label})" if baseline == "baseline" else f"with {label}"


def _judgement(row: Mapping[Hashable, float], population: Population) -> str:
    """Put a row of `accuracy.accuracy_differences` into words."""
    low, high = row["ci_low"], row["ci_high"]
    if math.isnan(low):
        return "There are too few participants, or too little spread, for an interval."
    size = f"{points(row['difference'])} percentage points {interval(points(low), points(high))}"
    where = "In this rehearsal" if population == "simulated" else "In this study"
    match verdict(low, high):
        case "helped":
            return f"{where}, the explanation helped: {size}."
        case "hurt":
            return f"{where}, the explanation did harm: {size}."
    return f"{where}, it is not shown that the explanation helped: {size}; the interval holds 0."


def _rule_learned(broken: pd.Series) -> str:
    """Say what accuracy on images that break the tie tells of the rule in people's heads."""
    if broken["ci_low"] > 0.5:
        return "Answers followed the model’s real rule, also against the tie."
    if broken["ci_high"] < 0.5:
        return "Answers followed the tie and not the model’s real rule."
    return "That cannot be told from guessing: neither the tie nor the model’s rule prevailed."
