"""Say in plain words whether the explanation helped, and why.

Each condition is judged by one test against the baseline: that of the primary test by it, the
others by their odds ratios with p adjusted by Holm. The words say which.
"""

import math
from collections.abc import Hashable, Mapping
from typing import Any, Final, Literal

import pandas as pd

from analysis.apa import p_text
from analysis.labels import DAGGER, STAGES, condition_label, interval, percent, points, ratio
from analysis.results import Results

TIE: Final = (
    "In training, what a person would go by is tied to what the model goes by, so either explains "
    "the model’s answers. Some test images break this tie."
)

Verdict = Literal["helped", "hurt", "open"]

NO_TEST: Final = {"odds_ratio": math.nan, "p": math.nan}


def verdict(odds_ratio: float, p: float, *, alpha: float) -> Verdict:
    """Judge a test of an odds ratio.

    Parameters
    ----------
    odds_ratio
        Of a right answer, or NaN.
    p
        Two-sided, in [0, 1], or NaN.
    alpha
        Level of the test.

    Returns
    -------
    Verdict
        ``open`` where p is not below `alpha`, or missing.

    Examples
    --------
    >>> verdict(1.8, 0.02, alpha=0.05), verdict(1.8, 0.2, alpha=0.05)
    ('helped', 'open')
    """
    if not p < alpha:
        return "open"
    return "helped" if odds_ratio > 1 else "hurt"


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
    rows, tests = _randomised(results), _tests(results)
    for row in rows if only is None else [row for row in rows if row["condition"] == only]:
        name = str(row["condition"])
        said = _utility(scores[name]) if name in scores else "There is no Utility."
        paragraphs.append(
            f"With {condition_label(name)}, {who} predicted the model’s answer in "
            f"{percent(means[name])} of the test trials; {_without(baseline)}, in "
            f"{percent(means[baseline])}. {said} "
            f"{_judgement(row, tests.get(name), results)}{_other_primary(name, results)}"
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
        By tests against the baseline with p adjusted by Holm, and of the primary condition by the
        primary test.
    """
    names: dict[Verdict, list[str]] = {"helped": [], "hurt": [], "open": []}
    tests = _tests(results)
    for row in _randomised(results):
        test = tests.get(str(row["condition"]), NO_TEST)
        judged = verdict(test["odds_ratio"], test["p"], alpha=1 - results.level)
        names[judged].append(condition_label(str(row["condition"])))
    said = {
        "helped": "above the baseline",
        "hurt": "below it",
        "open": "not told from it",
    }
    parts = [f"{said[name]}: {', '.join(those)}" for name, those in names.items() if those]
    primary = [condition_label(name) for name, test in tests.items() if test["is_primary"]]
    but = f" ({primary[0]}: by {_primary_name(results)})" if primary else ""
    return (
        f"{_where(results)}, by tests against the baseline with p adjusted by Holm{but}, accuracy "
        f"was {'; '.join(parts)}."
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


def _tests(results: Results) -> dict[str, dict[Hashable, Any]]:
    """Return the test that judges each condition, with how it is called in ``by``."""
    tables, baseline = results.tables, results.export.study.baseline
    tests: dict[str, dict[Hashable, Any]] = {}
    if "odds_ratios" in tables:
        table = tables["odds_ratios"]
        rows = table[table["family"] == "against_baseline"].to_dict("records")
        n_tests = sum(not math.isnan(row["p"]) for row in rows)
        for row in rows:
            size = f"OR = {ratio(row['odds_ratio'])}, {p_text(row['p_holm'])}"
            by = f"the test against the baseline ({size} adjusted by Holm over {n_tests} tests)"
            own = {"p": row["p_holm"], "by": by, "is_primary": False}
            tests[str(row["condition"])] = row | own
    for row in _primary(results):
        if row["reference"] == baseline:
            by = f"{_primary_name(results)} ({_size(row, results)})"
            tests[str(row["condition"])] = row | {"by": by, "is_primary": True}
    return tests


def _primary(results: Results) -> list[dict[Hashable, Any]]:
    return results.tables.get("primary", pd.DataFrame()).to_dict("records")


def _primary_name(results: Results) -> str:
    return "the primary test" + (", which no plan names" if results.plan.primary is None else "")


def _size(test: Mapping[Hashable, Any], results: Results) -> str:
    bounds = interval(ratio(test["ci_low"]), ratio(test["ci_high"]))
    return (
        f"OR = {ratio(test['odds_ratio'])}, {percent(results.level, 0)} CI {bounds}, "
        f"{p_text(test['p'])}"
    )


def _other_primary(condition: str, results: Results) -> str:
    """Say what the primary test found where it is not against the baseline."""
    baseline = results.export.study.baseline
    return "".join(
        f" The primary test, against {condition_label(str(row['reference']))}: "
        f"{_size(row, results)}."
        for row in _primary(results)
        if row["condition"] == condition and row["reference"] != baseline
    )


def _where(results: Results) -> str:
    return "In this rehearsal" if results.population == "simulated" else "In this study"


def _judgement(
    row: Mapping[Hashable, float], test: Mapping[Hashable, Any] | None, results: Results
) -> str:
    """Put a row of `accuracy.accuracy_differences` and its test into words."""
    if test is None or math.isnan(test["p"]):
        return "There are too few participants, or too little spread, for a test."
    low, high = row["ci_low"], row["ci_high"]
    size = f"{points(row['difference'])} percentage points {interval(points(low), points(high))}"
    judged = verdict(test["odds_ratio"], test["p"], alpha=1 - results.level)
    if (low > 0 or high < 0) != (judged != "open"):
        size += "; the test decides, not this interval, which is made otherwise"
    elif not test["is_primary"]:
        size += ", an interval that is not adjusted"
    found = {
        "helped": "the explanation helped",
        "hurt": "the explanation did harm",
        "open": "it is not shown that the explanation helped",
    }[judged]
    return f"{_where(results)}, {found}, by {test['by']}: {size}."


def _rule_learned(broken: pd.Series) -> str:
    """Say what accuracy on images that break the tie tells of the rule in people's heads."""
    if broken["ci_low"] > 0.5:
        return "Answers followed the model’s real rule, also against the tie."
    if broken["ci_high"] < 0.5:
        return "Answers followed the tie and not the model’s real rule."
    return "That cannot be told from guessing: neither the tie nor the model’s rule prevailed."
