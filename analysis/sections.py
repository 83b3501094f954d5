"""The report's sections: which figures and tables they show, and what the captions say."""

import dataclasses
from collections.abc import Sequence

from analysis.headline import TIE, headlines, summary_sentence, tie_sentences
from analysis.historical import with_daggers
from analysis.inference_sections import MANY_CONDITIONS, inference_sections, table_one_part
from analysis.labels import FIELLER_TYPE, TIES, condition_label, percent, points, ratio, seconds
from analysis.page import (
    ACCURACY_COLUMNS,
    Card,
    Part,
    Section,
    condition_name,
    percent_interval,
    points_interval,
    printed,
    ratio_interval,
    text,
)
from analysis.people_sections import replies_section, verdicts_part
from analysis.primary_test import primary_sentences
from analysis.recursivity_sections import all_findings, blocks_section, finding_sentences
from analysis.rehearsal_sections import as_rehearsal, items_section, kinds_section
from analysis.results import Results


def sections(results: Results) -> list[Section]:
    """Lay out the report.

    Parameters
    ----------
    results
        As from `results.analyse`.

    Returns
    -------
    list[Section]
        In order; one without data says so.
    """
    has_utility = results.export.study.has_utility
    tables = with_daggers(results.tables, results.plan.historical.arms)
    results = dataclasses.replace(results, tables=tables)
    parts = [
        _headline(results),
        _participants(results),
        *((_accuracy(results), _utility(results)) if has_utility else (blocks_section(results),)),
        *inference_sections(results),
    ]
    if len(results.tables["accuracy_by_tie"]):
        parts.append(_tie(results))
    if results.population == "simulated":
        parts += [kinds_section(results), items_section(results)]
    replies = replies_section(results)
    said = [] if replies is None else [replies]
    parts += [_screening(results), _behaviour(results), *said]
    return as_rehearsal(parts) if results.population == "simulated" else parts


def _headline(results: Results) -> Section:
    if not results.export.study.has_utility:
        return _headline_of_tests(results)
    is_long = len(results.tables["accuracy_differences"]) > MANY_CONDITIONS
    only = _primary_condition(results) if is_long else None
    said = headlines(results, only=only) or [
        "Nothing can be compared yet: there are not enough analysed participants."
    ]
    said += [summary_sentence(results)] if is_long else []
    cards = _cards(results, only)
    brackets = f"Brackets hold {percent(results.level, 0)} confidence intervals over participants."
    if results.plan.historical.arms:
        brackets += " † Not randomised together with the others."
    why = [] if is_long else tie_sentences(results)
    return Section(
        id="headline",
        title="In short",
        paragraphs=(*said, *([brackets] if cards else []), *([TIE] if why else [])),
        cards=tuple(cards),
        items=tuple(why),
    )


def _headline_of_tests(results: Results) -> Section:
    """Say what a recursivity study found: the primary test first, the others as a list."""
    found, findings = finding_sentences(results), all_findings(results.tables)
    paragraphs = ["Nothing can be tested yet: there are not enough analysed participants."]
    if len(findings):
        opening = "Tests of concepts and sub-concepts, each with its interval:"
        if findings["is_primary"].any():
            opening = "Secondary tests, each with its interval, not adjusted for their number:"
        paragraphs = [primary_sentences(findings, results.plan, level=results.level)]
        paragraphs += [opening] if found else []
    return Section(
        id="headline", title="In short", paragraphs=tuple(paragraphs), items=tuple(found)
    )


def _primary_condition(results: Results) -> str:
    """Return the condition of the primary test; the last one where none could be made."""
    table = results.tables.get("primary", results.tables["accuracy_differences"].iloc[-1:])
    return str(table["condition"].iloc[0])


def _cards(results: Results, only: str | None) -> list[Card]:
    """Show accuracies and Utility large; of many conditions, those of one and the baseline."""
    shown = None if only is None else {results.export.study.baseline, only}
    means = results.tables["accuracy_by_condition"].to_dict("records")
    cards = [
        Card(
            label=f"Accuracy, {condition_label(row['condition'])}",
            value=percent(row["accuracy"]),
            detail=f"{percent_interval(row)}, n = {row['n_participants']}",
        )
        for row in means
        if shown is None or row["condition"] in shown
    ]
    cards += [
        Card(
            label=f"Utility, {condition_label(row['condition'])}",
            value=ratio(row["utility"]),
            detail=ratio_interval(row),
        )
        for row in results.tables["utility"].to_dict("records")
        if shown is None or row["condition"] in shown
    ]
    return cards


def _participants(results: Results) -> Section:
    flow, exclusions = results.tables["flow"], results.tables["exclusions"]
    counts = flow[flow["condition"] == ""].set_index("stage")["participants"]
    who = _who(results)
    reasons = [rule.reason for rule in results.rules if (exclusions["rule"] == rule.name).any()]
    why = f" {len(exclusions)} were excluded: they {_listed(reasons)}." if reasons else ""
    n_gone = flow.loc[flow["stage"] == "withdrawn", "participants"].sum()
    gone = f" {n_gone} withdrew, and nothing but their arm is left of them." if n_gone else ""
    said = (
        f"{counts['started']} {who} began and {counts['analysed']} are analysed.{why}{gone} "
        "The rules were applied in this order, to the raw answers, and the counts add up."
    )
    reasons_by_name = {rule.name: rule.reason for rule in results.rules}
    excluded = printed(
        exclusions,
        caption="Every participant left out, with the first rule that was broken.",
        columns={
            "Participant": text("participant"),
            **({"Kind": text("simulated_kind")} if results.population == "simulated" else {}),
            "Condition": condition_name,
            "Reason": lambda row: reasons_by_name[row["rule"]],
            "What happened": text("detail"),
        },
        n_text=5,
        summary=f"Who was excluded, one by one ({len(exclusions)})",
    )
    verdicts = verdicts_part(results.tables["verdicts"])
    return Section(
        id="participants", title="Who took part", paragraphs=(said,), figures=("flow",),
        tables=(excluded, verdicts) if len(exclusions) else (verdicts,),
    )  # fmt: skip


def _accuracy(results: Results) -> Section:
    level = percent(results.level, 0)
    by_session = printed(
        results.tables["accuracy_by_session"],
        caption="Mean accuracy over participants by condition and session; "
        f"{level} interval, Wilson’s.",
        columns={"Condition": condition_name, "Session": text("session"), **ACCURACY_COLUMNS},
        summary=_folded(results, "Accuracy in each session"),
    )
    overall = printed(
        results.tables["accuracy_by_condition"],
        caption=f"Mean accuracy over participants, all sessions; {level} interval, Wilson’s.",
        columns={
            "Condition": condition_name,
            **ACCURACY_COLUMNS,
            "SD": lambda row: percent(row["sd"]),
        },
    )
    differences = printed(
        results.tables["accuracy_differences"],
        caption="Difference from the baseline in percentage points, of participants’ mean "
        f"accuracies; {level} interval, Newcombe’s hybrid of two of Wilson’s, not adjusted for "
        "several comparisons.",
        columns={
            "Condition": condition_name,
            "n": lambda row: f"{row['n_participants']} / {row['n_baseline']}",
            "Difference": lambda row: points(row["difference"]),
            "Interval": points_interval,
        },
    )
    said = (
        f"Accuracy is the share of the {results.export.study.n_test} scored test trials of a "
        "session in which a participant predicted the model’s answer. Catch trials are never "
        "scored; one half is guessing."
    )
    return Section(
        id="accuracy", title="Accuracy by session and condition", paragraphs=(said,),
        figures=("raincloud", "accuracy"), tables=(by_session, overall, differences),
    )  # fmt: skip


def _utility(results: Results) -> Section:
    scores = printed(
        results.tables["utility"],
        caption=f"Utility with its {percent(results.level, 0)} {FIELLER_TYPE}, which counts the "
        "uncertainty of both arms; not adjusted for several comparisons.",
        columns={
            "Condition": condition_name,
            "Utility": lambda row: ratio(row["utility"]),
            "Interval": ratio_interval,
        },
    )
    baseline = condition_label(results.export.study.baseline)
    said = (
        f"Utility is the mean accuracy of a condition over its sessions, divided by that of "
        f"{baseline}. Above 1, the explanation helps people predict the model."
    )
    layout = results.tables.get("table_1")
    first = [] if layout is None else [table_one_part(layout, level=results.level)]
    return Section(
        id="utility", title="Utility", paragraphs=(said,), figures=("utility",),
        tables=(*(first or [scores]), *_utility_otherwise(results)),
    )  # fmt: skip


def _utility_otherwise(results: Results) -> list[Part]:
    """Print Utility by session, and with the interval of the bootstrap."""
    level = percent(results.level, 0)
    columns = {
        "Condition": condition_name,
        "Utility": lambda row: ratio(row["utility"]),
        "Interval": ratio_interval,
    }
    by_session = {"Condition": condition_name, "Session": text("session"), **columns}
    asked = {
        "utility_by_session": (
            f"Utility in each session (Colin et al. 2022), with {level} Fieller-type intervals.",
            by_session,
            "Session by session",
        ),
        "utility_bootstrap": (
            f"Utility with the {level} interval of 10,000 bootstrap draws (BCa) of the "
            "participants of both arms; too narrow in arms of less than about 40.",
            columns,
            "With a bootstrap interval",
        ),
    }
    return [
        printed(results.tables[name], caption=caption, columns=cells, summary=summary)
        for name, (caption, cells, summary) in asked.items()
        if name in results.tables
    ]


def _tie(results: Results) -> Section:
    table = printed(
        results.tables["accuracy_by_tie"],
        caption="Mean accuracy over participants where the image keeps or breaks the tie; "
        f"{percent(results.level, 0)} interval.",
        columns={
            "Condition": condition_name,
            "Tie": lambda row: TIES[row["tie"]],
            **ACCURACY_COLUMNS,
        },
        n_text=2,
    )
    said = (
        "Where the tie is broken, only those who found the model’s real rule predict its answer, "
        "and those who go by the tie are wrong."
    )
    is_long = len(results.tables["accuracy_differences"]) > MANY_CONDITIONS
    items = tie_sentences(results) if is_long else []
    return Section(
        id="tie", title="Which rule was learned", paragraphs=(TIE, said), items=tuple(items),
        figures=("tie",), tables=(table,),
    )  # fmt: skip


def _screening(results: Results) -> Section:
    names = {"practice": "Practice, round", "quiz": "Quiz, attempt", "catch": "Catch, session"}
    rules = results.export.study.rules
    figures = printed(
        results.tables["screening"],
        caption="Who took and who passed each round of the practice and the quiz, and who was "
        "right in the catch trial of each session; all who began.",
        columns={
            "Screening": lambda row: f"{names[row['screening']]} {row['round']}",
            "Took it": text("participants"),
            "Passed": text("passed"),
            "Share": lambda row: percent(row["share"]),
        },
    )
    n_catch, n_quiz = rules["catch_min_correct"], rules.get("quiz_min_correct")
    quiz = "all right" if n_quiz is None else f"{n_quiz:g} right answers"
    catch = f", and the catch trials, one a session, for {n_catch} right in all" if n_catch else ""
    said = (
        f"The practice asks for {rules['practice_min_correct']} right answers within "
        f"{rules['practice_max_attempts']} rounds, the quiz for {quiz} within "
        f"{rules['quiz_max_attempts']} attempts{catch}."
    )
    return Section(id="screening", title="Screening", paragraphs=(said,), tables=(figures,))


def _behaviour(results: Results) -> Section:
    times = printed(
        results.tables["reaction_times"],
        caption="Time from the painted image to the answer, by the browser’s clock: median over "
        "participants of each one’s median, with quartiles.",
        columns={
            "Condition": condition_name,
            "Session": text("session"),
            "n": text("n_participants"),
            "Median": lambda row: seconds(row["median_ms"]),
            "Quartiles": lambda row: f"{seconds(row['q25_ms'])} – {seconds(row['q75_ms'])}",
        },
        summary=_folded(results, "Reaction times"),
    )
    openings = printed(
        results.tables["reservoir"],
        caption="Use of the reservoir, the training examples seen so far, during tests: "
        "participants who opened it, openings per participant, median look.",
        columns={
            "Condition": condition_name,
            "Session": text("session"),
            "n": text("n_participants"),
            "Opened": lambda row: percent(row["share_opened"]),
            "Openings": lambda row: f"{row['mean_openings']:.2f}",
            "Look": lambda row: seconds(row["median_look_ms"]),
        },
        summary=_folded(results, "Use of the reservoir"),
    )
    if not results.export.study.n_training:
        return Section(id="behaviour", title="Reaction times", tables=(times,))
    return Section(id="behaviour", title="Reaction times and reservoir", tables=(times, openings))


def _folded(results: Results, summary: str) -> str:
    """Fold a table of conditions and sessions where it would be long."""
    return summary if len(results.export.study.conditions) > MANY_CONDITIONS else ""


def _who(results: Results) -> str:
    return "simulated participants" if results.population == "simulated" else "participants"


def _listed(reasons: Sequence[str]) -> str:
    return reasons[0] if len(reasons) == 1 else f"{', '.join(reasons[:-1])} or {reasons[-1]}"
