"""Say in plain words whether the explanation helped, and why."""

import math
from collections.abc import Hashable, Mapping
from typing import Literal

import pandas as pd

from analysis.labels import condition_label, interval, percent, points, ratio
from analysis.results import Results

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


def headlines(results: Results) -> list[str]:
    """Write one paragraph for each condition that is compared with the baseline.

    Parameters
    ----------
    results
        As from `results.analyse`.

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
    for row in tables["accuracy_differences"].to_dict("records"):
        name = str(row["condition"])
        score = scores[name]
        bounds = interval(ratio(score["ci_low"]), ratio(score["ci_high"]))
        paragraphs.append(
            f"With {condition_label(name)}, {who} predicted the model’s answer in "
            f"{percent(means[name])} of the test trials; with {condition_label(baseline)}, in "
            f"{percent(means[baseline])}. Utility {ratio(score['utility'])} {bounds}. "
            f"{_judgement(row)}"
        )
    return paragraphs


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


def _judgement(row: Mapping[Hashable, float]) -> str:
    """Put a row of `accuracy.accuracy_differences` into words."""
    low, high = row["ci_low"], row["ci_high"]
    if math.isnan(low):
        return "There are too few participants, or too little spread, for an interval."
    bounds = f"{points(row['difference'])} percentage points {interval(points(low), points(high))}"
    match verdict(low, high):
        case "helped":
            return f"The explanation helped: {bounds}."
        case "hurt":
            return f"The explanation did harm: {bounds}."
    return f"It is not shown that the explanation helped: {bounds}, and the interval holds 0."


def _rule_learned(broken: pd.Series) -> str:
    """Say what accuracy on images that break the tie tells of the rule in people's heads."""
    if broken["ci_low"] > 0.5:
        return "Answers followed the model’s real rule, also against the tie."
    if broken["ci_high"] < 0.5:
        return "Answers followed the tie and not the model’s real rule."
    return "That cannot be told from guessing: neither the tie nor the model’s rule prevailed."
