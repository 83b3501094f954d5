"""The report's sections on a rehearsal: kinds of simulated participants, and trials one by one."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from analysis.headline import kind_sentences
from analysis.labels import TIES, percent, points, ratio
from analysis.page import (
    ACCURACY_COLUMNS,
    Part,
    Section,
    bounds,
    condition_name,
    percent_interval,
    points_interval,
    printed,
    text,
)
from analysis.results import Results
from analysis.simulated import LEAST_ANSWERS

KINDS: Final = "By kind of simulated participant"
MARK: Final = "Rehearsal"


def as_rehearsal(sections: Sequence[Section]) -> list[Section]:
    """Say in every heading, card and caption that it is of a rehearsal.

    Parameters
    ----------
    sections
        Of simulated participants.

    Returns
    -------
    list[Section]
        The same, marked: a table or a number that is copied out of the page stays marked.
    """
    return [
        dataclasses.replace(
            section,
            title=f"{section.title} ({MARK.lower()})",
            cards=tuple(
                dataclasses.replace(card, label=f"{MARK}: {card.label}") for card in section.cards
            ),
            tables=tuple(
                dataclasses.replace(part, caption=f"{MARK}. {part.caption}")
                for part in section.tables
            ),
        )
        for section in sections
    ]


def items_section(results: Results) -> Section:
    """Lay out how often each trial was answered right, before people are paid for it.

    Parameters
    ----------
    results
        Of simulated participants.

    Returns
    -------
    Section
        Trials that everybody or nobody answers right in some condition, and all of them folded.
    """
    table = results.tables["rehearsal_items"]
    odd = table[table["is_ceiling"] | table["is_floor"]]
    said = (
        "Trials that all, or none, of the analysed programs answer right tell conditions apart "
        f"least: {len(odd)} of {len(table)} pairs of a trial and a condition, where at least "
        f"{LEAST_ANSWERS} answered."
    )
    part = printed(
        table,
        caption="How often each test trial was answered right, by condition.",
        columns={
            "Trial": text("trial"),
            "Condition": condition_name,
            "Tie": lambda row: TIES.get(str(row["tie"]), "–"),
            "n": text("n_participants"),
            "Right": lambda row: percent(row["accuracy"], 0),
        },
        n_text=3,
        summary=f"Each trial ({len(table)})",
    )
    return Section(id="items", title="Trial by trial", paragraphs=(said,), tables=(part,))


def kinds_section(results: Results) -> Section:
    """Lay out what became of each kind of simulated participant.

    Parameters
    ----------
    results
        Of simulated participants.

    Returns
    -------
    Section
        Counts; and in a study of Utility accuracies with and without the explanation.
    """
    if not results.export.study.has_utility:
        counts = "A kind says how a program behaves, which people never tell."
        return Section(
            id="simulated", title=KINDS, paragraphs=(counts,), tables=(_kind_counts(results),)
        )
    said = (
        "A kind says how a program behaves, which people never tell. Those that guess should lie "
        "near one half, and the catch trials should exclude those that pay no attention. Accuracy "
        "is here of all who answered every test trial, before the catch trials exclude anybody."
    )
    level = percent(results.level, 0)
    ties = printed(
        results.tables["simulated_ties"],
        caption="Mean accuracy by kind where the image keeps or breaks the tie, of all who "
        f"answered every test trial; {level} interval.",
        columns={
            "Kind": text("simulated_kind"),
            "Condition": condition_name,
            "Tie": lambda row: TIES[row["tie"]],
            **ACCURACY_COLUMNS,
        },
        n_text=3,
        summary="Each kind with the tie kept and broken",
    )
    return Section(
        id="simulated",
        title=KINDS,
        paragraphs=(said,),
        items=tuple(kind_sentences(results)),
        figures=("simulated_kinds",),
        tables=(
            _kind_counts(results),
            _kind_accuracies(results, level),
            _effects(results, level),
            ties,
        ),
    )


def _kind_counts(results: Results) -> Part:
    return printed(
        results.tables["simulated_kinds"],
        caption="Simulated participants by kind and condition: how many began, how many left by "
        "each rule, how many are analysed.",
        columns={
            "Kind": text("simulated_kind"),
            "Condition": condition_name,
            "Began": text("participants"),
            **{rule.name.capitalize(): text(rule.name) for rule in results.rules},
            "Analysed": text("analysed"),
        },
        n_text=2,
    )


def _kind_accuracies(results: Results, level: str) -> Part:
    kinds = results.tables["simulated_kinds"]
    return printed(
        kinds[kinds["finished"] > 0],
        caption="Mean accuracy by kind and condition of all who answered every test trial; "
        f"{level} interval.",
        columns={
            "Kind": text("simulated_kind"),
            "Condition": condition_name,
            "n": text("finished"),
            "Accuracy": lambda row: percent(row["accuracy"]),
            "Interval": percent_interval,
        },
        n_text=2,
    )


def _effects(results: Results, level: str) -> Part:
    return printed(
        results.tables["simulated_effects"],
        caption="Each kind with the explanation and without it: difference in percentage points "
        f"with its {level} interval, Utility with its Fieller-type one.",
        columns={
            "Kind": text("simulated_kind"),
            "Condition": condition_name,
            "n": lambda row: f"{row['n_participants']} / {row['n_baseline']}",
            "Difference": lambda row: points(row["difference"]),
            "Interval": points_interval,
            "Utility": lambda row: ratio(row["utility"]),
            "Its interval": bounds("utility_ci_low", "utility_ci_high", ratio),
        },
        n_text=2,
    )
