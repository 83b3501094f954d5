"""The report's sections of a recursivity study: right answers by block, and the tests of them."""

from typing import Final

import pandas as pd

from analysis.apa import bare_p, finding_sentence
from analysis.inference import Tables
from analysis.labels import bare_percent, percent, ratio
from analysis.page import (
    ACCURACY_COLUMNS,
    Cell,
    Section,
    bounds,
    condition_name,
    printed,
    text,
)
from analysis.results import Results

METHODS: Final = {
    "two_way": "two-way clusters",
    "two_way_bound": "two-way clusters, bound",
    "mixed_logit": "mixed logit",
    "cluster_robust": "GEE, participants as clusters",
    "paired_t": "paired t",
    "wilcoxon": "Wilcoxon",
    "naive_binomial": "naive binomial",
}


def all_findings(tables: Tables) -> pd.DataFrame:
    """Put the tests of intruders and of binary choices together.

    Parameters
    ----------
    tables
        As in `results.Results`.

    Returns
    -------
    pd.DataFrame
        As `findings.as_table`; empty where there are none.
    """
    parts = [tables[name] for name in ("intruder", "binary_choice") if name in tables]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def finding_sentences(results: Results) -> list[str]:
    """Say what the tests to quote found, but for the primary one.

    Parameters
    ----------
    results
        As from `results.analyse`.

    Returns
    -------
    list[str]
        One sentence a test; empty where there are none.
    """
    findings = all_findings(results.tables)
    if findings.empty:
        return []
    quoted = findings[findings["is_default"] & ~findings["is_primary"]].to_dict("records")
    return [finding_sentence(row, level=results.level) for row in quoted]


def p_of_pairs(findings: pd.DataFrame) -> dict[str, Cell]:
    """Return the column of p adjusted over pairs of groups, where there are three groups or more.

    Parameters
    ----------
    findings
        With ``p_holm``.

    Returns
    -------
    dict[str, Cell]
        Empty where no p is adjusted.
    """
    is_adjusted = findings["p_holm"].notna().any()
    return {"p, Holm": lambda row: bare_p(row["p_holm"])} if is_adjusted else {}


def blocks_section(results: Results) -> Section:
    """Lay out the share of right answers by block, a session of one task.

    Parameters
    ----------
    results
        Of a recursivity study.

    Returns
    -------
    Section
        In the place of the accuracy of a study of Utility.
    """
    by_block = printed(
        results.tables["accuracy_by_session"],
        caption="Mean share of right answers over participants by block; "
        f"{percent(results.level, 0)} interval over participants, who are one of two samples here.",
        columns={"Condition": condition_name, "Block": text("session"), **ACCURACY_COLUMNS},
    )
    said = (
        "A block holds trials of one task; lists differ in the order of blocks. Right is the "
        "intruder, or the group of the sub-concept. Guessing finds an intruder as often as one in "
        "the number of pictures, and a group in one half."
    )
    return Section(
        id="accuracy", title="Right answers by block", paragraphs=(said,), tables=(by_block,)
    )


def recursivity_section(results: Results) -> Section:
    """Lay out the tests of intruders and binary choices.

    Parameters
    ----------
    results
        With ``intruder`` or ``binary_choice``.

    Returns
    -------
    Section
        The tests to quote as sentences and as a figure, and all tests as a folded table.
    """
    findings = all_findings(results.tables)
    columns: dict[str, Cell] = {
        "Test": lambda row: f"{row['test']}{' (primary)' if row['is_primary'] else ''}",
        "Group": lambda row: row["group"] or "all",
        "Method": lambda row: METHODS[row["method"]],
        "What": lambda row: row["quantity"],
        "Estimate": lambda row: (percent if row["quantity"] == "share" else ratio)(row["estimate"]),
        "Interval": lambda row: bounds(
            "ci_low", "ci_high", bare_percent if row["quantity"] == "share" else ratio
        )(row),
        "p": lambda row: bare_p(row["p"]),
        **p_of_pairs(findings),
        "It assumes that": lambda row: row["assumes"],
    }
    part = printed(
        findings,
        caption=f"Every test with its {percent(results.level, 0)} interval, the one to quote "
        "first, and what each takes for granted.",
        columns=columns,
        n_text=4,
        summary="All tests, with labelled alternatives",
    )
    said = (
        "Participants and pictures are both samples: other people and other pictures should give "
        "the same answer. The tests quoted here count both; alternatives that do not are folded "
        "below, with what they assume."
    )
    has_headline = not results.export.study.has_utility
    items = () if has_headline else tuple(finding_sentences(results))
    return Section(
        id="recursivity", title="Concepts and sub-concepts", paragraphs=(said,), items=items,
        figures=("recursivity",), tables=(part,),
    )  # fmt: skip
