"""The report's sections on tests: Table 1, primary and other tests, equivalence, recursivity."""

from typing import Final

import pandas as pd

from analysis.apa import bare_p, degrees_text, equivalence_sentence, odds_sentence
from analysis.labels import (
    FIELLER_TYPE,
    bare_percent,
    condition_label,
    percent,
    points,
    ratio,
    scenario_label,
)
from analysis.page import Cell, Part, Row, Section, bounds, condition_name, printed, text
from analysis.recursivity_sections import p_of_pairs, recursivity_section
from analysis.results import Results

MANY_CONDITIONS: Final = 3  # beyond it, a table stands in the place of sentences
METHODS: Final = {
    "anova": "ANOVA",
    "welch": "Welch",
    "tukey_kramer": "Tukey–Kramer",
    "games_howell": "Games–Howell",
    "dunnett": "Dunnett",
    "welch_holm": "Welch, Holm",
}
FAMILIES: Final = {
    "planned": "planned",
    "against_baseline": "each – baseline",
    "against_control": "each – control",
}
COMPARISON: Final[dict[str, Cell]] = {
    "Comparison": lambda row: (
        f"{condition_label(row['condition'])} – {condition_label(row['reference'])}"
    ),
    "Family": lambda row: FAMILIES[row["family"]],
}


def inference_sections(results: Results) -> list[Section]:
    """Lay out the sections on tests.

    Parameters
    ----------
    results
        As from `results.analyse`.

    Returns
    -------
    list[Section]
        Those whose tables could be computed.
    """
    makers = {
        "primary": _tests,
        "equivalence": _equivalence,
        "sensitivity": _sensitivity,
        "sensitivity_of_findings": _sensitivity_of_findings,
    }
    known = {name for name, table in results.tables.items() if len(table)}
    found = [make(results) for name, make in makers.items() if name in known]
    if {"intruder", "binary_choice"} & known:
        found.insert(0, recursivity_section(results))
    return found


def table_one_part(table: pd.DataFrame, *, level: float, has_scenarios: bool = False) -> Part:
    """Print Table 1, the best and the second best Utility marked where above the baseline.

    Parameters
    ----------
    table
        As from `table_one.table_one`, of one scenario.
    level
        Coverage of Utility's interval.
    has_scenarios
        Whether the caption names the scenario.

    Returns
    -------
    Part
        One row a condition.
    """
    sessions = [str(name) for name in table if str(name).startswith("session_")]
    columns: dict[str, Cell] = {"Condition": _arm}
    columns |= {f"Session {i}": _percent_of(name) for i, name in enumerate(sessions, start=1)}
    columns |= {"Utility": lambda row: ratio(row["utility"]), "Interval": _of_ratio}
    old = historical_note(table)
    scenario = f"{scenario_label(str(table['scenario'].iloc[0]))}: a" if has_scenarios else "A"
    part = printed(
        table,
        caption=f"{scenario}ccuracy by session in per cent, and Utility with its "
        f"{percent(level, 0)} {FIELLER_TYPE}, which counts the uncertainty of both arms; not "
        "adjusted for several comparisons. Bold: the best, underlined: the second best, where "
        f"above the baseline as printed.{old}",
        columns=columns,
    )
    place = len(sessions) + 1
    marks = {(i, place): mark for i, mark in enumerate(table["mark"]) if mark}
    return Part(
        caption=part.caption, header=part.header, rows=part.rows,
        text_columns=part.text_columns, marks=marks,
    )  # fmt: skip


def historical_note(table: pd.DataFrame) -> str:
    """Say what the dagger means.

    Parameters
    ----------
    table
        As from `table_one.table_one`.

    Returns
    -------
    str
        A sentence after a space; empty where no arm is historical.
    """
    if not table["is_historical"].any():
        return ""
    names = sorted(set(table.loc[table["is_historical"], "source"]) - {""})
    source = f" ({', '.join(names)})" if names else ""
    own = "; their Utility is over that study’s own baseline" if names else ""
    return (
        f" † Historical: from an earlier study{source}, not randomised together with the others, "
        f"and without p-values{own}."
    )


def _arm(row: Row) -> str:
    return f"{condition_name(row)}{' †' if row['is_historical'] else ''}"


def _percent_of(column: str) -> Cell:
    return lambda row: bare_percent(row[column])


def _of_ratio(row: Row) -> str:
    return "–" if pd.isna(row["utility"]) else bounds("ci_low", "ci_high", ratio)(row)


def _of_points(row: Row) -> str:
    return bounds("ci_low", "ci_high", points)(row)


def _tests(results: Results) -> Section:
    primary = results.tables["primary"].iloc[0].to_dict()
    named = results.plan.primary is not None
    origin = (
        "It was named beforehand, in the plan."
        if named
        else "No plan names it: it is what is tested by default, CRAFT, or else the last "
        "condition, against the baseline."
    )
    how = (
        "Odds ratios are marginal: of all who saw one condition against all who saw the other, by "
        "generalised estimating equations with participants as clusters, a bias-reduced covariance "
        "and Student’s t. They do not hang on a pretest."
    )
    tables = [_odds(results, "odds_ratios", summary="")] if "odds_ratios" in results.tables else []
    if "conditional_odds_ratios" in results.tables:
        summary = "Conditional odds ratios, of one and the same participant and image"
        tables.append(_odds(results, "conditional_odds_ratios", summary=summary))
    makers = {"effect_sizes": _effect_sizes, "one_way": _one_way}
    tables += [make(results) for name, make in makers.items() if name in results.tables]
    pairs = {
        "against_baseline": "Each condition against the baseline, by Welch and Holm and by Dunnett",
        "all_pairs": "All pairs of conditions, by Games–Howell and Tukey–Kramer",
    }
    tables += [
        _pairs(results, name, said) for name, said in pairs.items() if name in results.tables
    ]
    sentence = odds_sentence(primary, level=results.level)
    return Section(
        id="tests",
        title="Tests between conditions",
        paragraphs=(f"Primary test. {sentence} {origin}", how),
        figures=("odds_ratios",),
        tables=tuple(tables),
    )


def _odds(results: Results, name: str, *, summary: str) -> Part:
    table = results.tables[name]
    is_marginal = name == "odds_ratios"
    kind = "Marginal" if is_marginal else "Conditional"
    spread = ""
    if not is_marginal and table["participant_sd"].notna().any():
        row = table[table["participant_sd"].notna()].iloc[0]
        spread = (
            f" Standard deviation of participants {ratio(row['participant_sd'])}, of images "
            f"{ratio(row['item_sd'])} log odds, by a mixed logit with both crossed."
        )
    columns: dict[str, Cell] = {
        **COMPARISON,
        "n": lambda row: f"{row['n_condition']} / {row['n_reference']}",
        "Odds ratio": lambda row: ratio(row["odds_ratio"]),
        "Interval": bounds("ci_low", "ci_high", ratio),
        "t (df)": _t,
        "p": lambda row: bare_p(row["p"]),
        "p, Holm": lambda row: bare_p(row["p_holm"]),
    }
    return printed(
        table,
        caption=f"{kind} odds ratios of a right answer with {percent(results.level, 0)} intervals, "
        f"not adjusted; p as it is and adjusted by Holm within its family.{spread}",
        columns=columns,
        n_text=2,
        summary=summary,
    )


def _t(row: Row) -> str:
    return "–" if pd.isna(row["t"]) else f"{ratio(row['t'])} ({degrees_text(row['df'])})"


def _effect_sizes(results: Results) -> Part:
    level = percent(results.level, 0)
    return printed(
        results.tables["effect_sizes"],
        caption="Differences of participants’ mean accuracies in percentage points, and Hedges’ g, "
        f"the same in pooled standard deviations, of every contrast; {level} intervals, not "
        "adjusted.",
        columns={
            **COMPARISON,
            "Difference": lambda row: points(row["difference"]),
            "Interval": bounds("difference_low", "difference_high", points),
            "Hedges’ g": lambda row: ratio(row["hedges_g"]),
            "Interval of g": bounds("ci_low", "ci_high", ratio),
        },
        n_text=2,
    )


def _one_way(results: Results) -> Part:
    return printed(
        results.tables["one_way"],
        caption="Whether all conditions have the same mean accuracy, over participants.",
        columns={
            "Test": lambda row: METHODS[row["method"]],
            "F (df)": lambda row: (
                "–"
                if pd.isna(row["f"])
                else f"{ratio(row['f'])} ({degrees_text(row['df1'])}, {degrees_text(row['df2'])})"
            ),
            "p": lambda row: bare_p(row["p"]),
            "η²": lambda row: ratio(row["eta_squared"]),
            "ω²": lambda row: ratio(row["omega_squared"]),
        },
        summary="One-way analysis of variance",
    )


def _pairs(results: Results, name: str, summary: str) -> Part:
    return printed(
        results.tables[name],
        caption="Differences of participants’ mean accuracies in percentage points; p adjusted. "
        "Intervals are adjusted, too, but for those by Welch and Holm.",
        columns={
            "Comparison": lambda row: (
                f"{condition_label(row['condition'])} – {condition_label(row['reference'])}"
            ),
            "Method": lambda row: METHODS[row["method"]],
            "Difference": lambda row: points(row["difference"]),
            "Interval": _of_points,
            "p": lambda row: bare_p(row["p"]),
        },
        n_text=2,
        summary=summary,
    )


def _equivalence(results: Results) -> Section:
    table = results.tables["equivalence"]
    alpha = 0.05
    parts = [
        printed(
            table,
            caption=f"Utility against its margins, with {percent(1 - 2 * alpha, 0)} intervals: two "
            "one-sided tests of equivalence (TOST), and the test of harm, adjusted by Holm.",
            columns={
                "Condition": condition_name,
                "Utility": lambda row: ratio(row["utility"]),
                "Interval": bounds("ci_low", "ci_high", ratio),
                "Margins": bounds("margin_low", "margin_high", ratio),
                "p, equivalence": lambda row: bare_p(row["p_equivalence"]),
                "p, harm": lambda row: bare_p(row["p_harm_holm"]),
            },
        )
    ]
    if "attainable_gains" in results.tables:
        parts.append(
            printed(
                results.tables["attainable_gains"],
                caption="The largest Utility there can be, one over the baseline’s accuracy, and "
                "how much of the gain up to it was reached, with "
                f"{percent(results.level, 0)} intervals.",
                columns={
                    "Condition": condition_name,
                    "Largest Utility": lambda row: ratio(row["ceiling"]),
                    "Share reached": lambda row: percent(row["gain_share"]),
                    "Interval": bounds("ci_low", "ci_high", bare_percent),
                },
            )
        )
    margin = results.plan.equivalence.margin
    margins = (
        f"margins stated beforehand, in the plan (a margin of {margin:g})"
        if results.plan.has_margin
        else f"a default margin of {margin:g}, not stated beforehand"
    )
    said = (
        "That a difference is not significant does not show that there is none. These tests ask "
        f"whether Utility is within {margins}, and whether it is below 1."
    )
    rows = table.to_dict("records")
    sentences = tuple(map(equivalence_sentence, rows)) if len(rows) <= MANY_CONDITIONS else ()
    return Section(
        id="equivalence", title="No difference, harm, and what can be reached",
        paragraphs=(said,), items=sentences, tables=tuple(parts),
    )  # fmt: skip


def _rules_applied(results: Results) -> Cell:
    reasons = {rule.name: f"not: {rule.reason}" for rule in results.rules}
    names = {"none": "all rules", "all": "no rule at all"} | reasons
    return lambda row: names[row["left_out"]]


def _sensitivity_of_findings(results: Results) -> Section:
    table = results.tables["sensitivity_of_findings"]
    part = printed(
        table,
        caption="The tests to quote with every rule of exclusion, without each in turn, and "
        f"without any; {percent(results.level, 0)} intervals.",
        columns={
            "Rules applied": _rules_applied(results),
            "Test": text("test"),
            "Task": lambda row: row["task"].replace("_", " "),
            "Group": lambda row: row["group"] or "all",
            "What": text("quantity"),
            "n": text("n_participants"),
            "Estimate": lambda row: ratio(row["estimate"]),
            "Interval": bounds("ci_low", "ci_high", ratio),
            "p": lambda row: bare_p(row["p"]),
            **p_of_pairs(table),
        },
        n_text=5,
        summary="Each rule left out in turn",
    )
    parts = []
    for _, rows in table.groupby(["task", "test", "group", "quantity"], sort=False):
        own = rows[rows["left_out"] == "none"].to_dict("records")
        if own:
            who = f" ({own[0]['group']})" if own[0]["group"] else ""
            parts.append(
                f"{own[0]['test'][:1].upper()}{own[0]['test'][1:]}{who}: {own[0]['quantity']} "
                f"{ratio(own[0]['estimate'])} as reported, between "
                f"{ratio(rows['estimate'].min())} and {ratio(rows['estimate'].max())} over all "
                "sets of rules."
            )
    return Section(
        id="sensitivity", title="Do the exclusions matter?", paragraphs=(" ".join(parts),),
        tables=(part,),
    )  # fmt: skip


def _sensitivity(results: Results) -> Section:
    part = printed(
        results.tables["sensitivity"],
        caption="Headline figures with every rule of exclusion, without each in turn, and without "
        f"any; {percent(results.level, 0)} intervals. Accuracy is of all scored answers of a "
        "participant.",
        columns={
            "Rules applied": _rules_applied(results),
            "Condition": condition_name,
            "n": text("n_participants"),
            "Change": lambda row: f"{row['change']:+d}" if row["change"] else "0",
            "Accuracy": lambda row: percent(row["accuracy"]),
            "Difference": lambda row: points(row["difference"]),
            "Utility": lambda row: ratio(row["utility"]),
            "Interval": lambda row: (
                "–"
                if pd.isna(row["utility"])
                else bounds("utility_low", "utility_high", ratio)(row)
            ),
            "Primary odds ratio": lambda row: (
                "–"
                if pd.isna(row["odds_ratio"])
                else f"{ratio(row['odds_ratio'])} {bounds('odds_low', 'odds_high', ratio)(row)}"
            ),
            "p": lambda row: "–" if pd.isna(row["odds_p"]) else bare_p(row["odds_p"]),
        },
        n_text=2,
        summary="Each rule left out in turn",
    )
    return Section(
        id="sensitivity",
        title="Do the exclusions matter?",
        paragraphs=(_swing(results),),
        tables=(part,),
    )


def _swing(results: Results) -> str:
    table = results.tables["sensitivity"].dropna(subset=["utility"])
    parts = []
    for condition, rows in table.groupby("condition", sort=False):
        low, high = rows["utility"].min(), rows["utility"].max()
        headline = rows.loc[rows["left_out"] == "none", "utility"]
        if headline.empty:
            continue
        parts.append(
            f"{condition_label(str(condition))}: Utility {ratio(headline.iloc[0])} as reported, "
            f"between {ratio(low)} and {ratio(high)} over all sets of rules."
        )
    return " ".join(parts)
