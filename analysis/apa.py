"""Tests in sentences, with statistics as the American Psychological Association prints them."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

from analysis.labels import condition_label, interval, percent, ratio

Row = Mapping[Hashable, Any]


def p_text(p: float) -> str:
    """Write a p-value.

    Parameters
    ----------
    p
        In [0, 1], or NaN.

    Returns
    -------
    str
        With three decimals and no zero before the point; never ``.000``.

    Examples
    --------
    >>> p_text(0.0314), p_text(2e-9), p_text(0.9997)
    ('p = .031', 'p < .001', 'p > .999')
    """
    if math.isnan(p):
        return "p unknown"
    if p < 0.001:
        return "p < .001"
    return "p > .999" if p > 0.9994 else f"p = {p:.3f}".replace("0.", ".")


def bare_p(p: float) -> str:
    """Write a p-value for a cell of a table.

    Parameters
    ----------
    p
        In [0, 1], or NaN.

    Returns
    -------
    str
        A dash for NaN.

    Examples
    --------
    >>> bare_p(0.0314), bare_p(2e-9)
    ('.031', '< .001')
    """
    return "–" if math.isnan(p) else p_text(p).removeprefix("p ").removeprefix("= ")


def degrees_text(df: float) -> str:
    """Write degrees of freedom, whole ones without decimals.

    Parameters
    ----------
    df
        Above 0.

    Returns
    -------
    str
        At one decimal unless whole.

    Examples
    --------
    >>> degrees_text(34.0), degrees_text(31.27)
    ('34', '31.3')
    """
    return f"{df:.0f}" if float(df).is_integer() else f"{df:.1f}"


def odds_sentence(row: Row, *, level: float) -> str:
    """Say what an odds ratio between two conditions is.

    Parameters
    ----------
    row
        Of `odds.marginal_odds_ratios`.
    level
        Coverage of its interval.

    Returns
    -------
    str
        One sentence; with one-sided bounds where an arm has every answer right, or wrong.
    """
    names = condition_label(row["condition"]), condition_label(row["reference"])
    if math.isnan(row["p"]):
        return f"{names[0]} cannot be compared with {names[1]}: an arm has too few participants."
    bounds = interval(ratio(row["ci_low"]), ratio(row["ci_high"]))
    size = f"OR = {ratio(row['odds_ratio'])}, {percent(level, 0)} CI {bounds}"
    if row["is_separated"]:
        return (
            f"The odds of a right answer with {names[0]} cannot be set against those with "
            f"{names[1]} by a finite ratio, an arm having all answers right or all wrong: {size}, "
            f"{p_text(row['p'])} for the difference in accuracy; Firth’s estimate "
            f"{ratio(row['firth'])}."
        )
    test = f"t({degrees_text(row['df'])}) = {ratio(row['t'])}, {p_text(row['p'])}"
    return (
        f"The odds of a right answer with {names[0]} were {ratio(row['odds_ratio'])} times those "
        f"with {names[1]}: {size}, {test}."
    )


def equivalence_sentence(row: Row, *, alpha: float = 0.05) -> str:
    """Say whether a condition makes no difference, or does harm.

    Parameters
    ----------
    row
        Of `equivalence.utility_equivalence`.
    alpha
        Level of the tests.

    Returns
    -------
    str
        One sentence.
    """
    name = condition_label(row["condition"])
    if math.isnan(row["p_equivalence"]):
        return f"{name}: too few participants to tell."
    margins = interval(ratio(row["margin_low"]), ratio(row["margin_high"]))
    tost = f"TOST within {margins}: {p_text(row['p_equivalence'])}"
    harm = f"harm: {p_text(row['p_harm_holm'])}"
    if row["is_harmful"] and row["is_equivalent"]:
        verdict = "does harm, but less than the margin"
    elif row["is_harmful"]:
        verdict = "does harm"
    elif row["is_equivalent"]:
        verdict = "makes no difference that matters"
    else:
        verdict = "is neither shown to be equivalent nor to do harm"
        if row["ci_low"] > 1:
            verdict = "is not shown to be equivalent, all of its interval lying above 1"
    return f"{name} {verdict} (Utility {ratio(row['utility'])}; {tost}; {harm}; level {alpha:g})."


def finding_sentence(row: Row, *, level: float) -> str:
    """Say what a test of a recursivity study found.

    Parameters
    ----------
    row
        Of `recursivity.intruder` or `recursivity.binary_choice`.
    level
        Coverage of its interval.

    Returns
    -------
    str
        One sentence, with the adjusted p beside p where the test is one of several pairs of groups.
    """
    form = percent if row["quantity"] == "share" else ratio
    who = f" ({row['group']})" if row["group"] else ""
    name = f"{row['test'][:1].upper()}{row['test'][1:]}{who}"
    if math.isnan(row["estimate"]):
        return f"{name}: no finite estimate."
    bounds = interval(form(row["ci_low"]), form(row["ci_high"]))
    p_holm = row.get("p_holm", math.nan)
    adjusted = "" if math.isnan(p_holm) else f", adjusted by Holm over pairs {p_text(p_holm)}"
    return (
        f"{name}: {row['quantity']} {form(row['estimate'])}, {percent(level, 0)} CI {bounds}, "
        f"against {form(row['null'])}: {p_text(row['p'])}{adjusted}."
    )
