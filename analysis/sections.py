"""The report's sections: which figures and tables they show, and what the captions say."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from analysis.exclusions import RULES
from analysis.headline import headlines, tie_sentences
from analysis.labels import (
    STAGES,
    TIES,
    condition_label,
    interval,
    percent,
    points,
    ratio,
    seconds,
)
from analysis.results import Results

Row = Mapping[Any, Any]
Cell = Callable[[Row], str]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A number shown large.

    Attributes
    ----------
    label
        What it is.
    value
        The number as text.
    detail
        Interval or sample.
    """

    label: str
    value: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table as printed.

    Attributes
    ----------
    caption
        What is shown, of whom, with which interval.
    header
        One name a column.
    rows
        One text a cell.
    text_columns
        Columns set flush left.
    summary
        The line to unfold it by; empty where it is not folded.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: tuple[int, ...] = ()
    summary: str = ""

    @property
    def is_folded(self) -> bool:
        """Whether it is hidden until asked for."""
        return bool(self.summary)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One heading of the report.

    Attributes
    ----------
    id
        Of the heading, for links.
    title
        The heading.
    paragraphs
        Plain text.
    cards
        Numbers shown large.
    items
        A list, after the paragraphs.
    figures
        Names of figures, where these were drawn.
    tables
        In order.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    cards: tuple[Card, ...] = ()
    items: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[Part, ...] = ()


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
    parts = [
        _headline(results),
        _participants(results),
        _accuracy(results),
        _utility(results),
    ]
    if len(results.tables["accuracy_by_tie"]):
        parts.append(_tie(results))
    if results.population == "simulated":
        parts.append(_simulated(results))
    return [*parts, _screening(results), _behaviour(results)]


def _headline(results: Results) -> Section:
    means = results.tables["accuracy_by_condition"].to_dict("records")
    cards = [
        Card(
            label=f"Accuracy, {condition_label(row['condition'])}",
            value=percent(row["accuracy"]),
            detail=f"{_percent_interval(row)}, n = {row['n_participants']}",
        )
        for row in means
    ]
    cards += [
        Card(
            label=f"Utility, {condition_label(row['condition'])}",
            value=ratio(row["utility"]),
            detail=_ratio_interval(row),
        )
        for row in results.tables["utility"].to_dict("records")
    ]
    said = headlines(results) or [
        "Nothing can be compared yet: there are not enough analysed participants."
    ]
    return Section(
        id="headline", title="In short", paragraphs=tuple(said), cards=tuple(cards),
        items=tuple(tie_sentences(results)),
    )  # fmt: skip


def _participants(results: Results) -> Section:
    flow, exclusions = results.tables["flow"], results.tables["exclusions"]
    counts = flow[flow["condition"] == ""].set_index("stage")["participants"]
    who = _who(results)
    reasons = [rule.reason for rule in RULES if (exclusions["rule"] == rule.name).any()]
    why = f" {len(exclusions)} were excluded: they {_listed(reasons)}." if reasons else ""
    said = (
        f"{counts['started']} {who} began and {counts['analysed']} are analysed.{why} "
        "The rules were applied in this order, to the raw answers, and the counts add up."
    )
    excluded = _part(
        exclusions,
        caption="Every participant left out, with the first rule that was broken.",
        columns={
            "Participant": _text("participant"),
            **({"Kind": _text("simulated_kind")} if results.population == "simulated" else {}),
            "Condition": _condition,
            "Reason": lambda row: STAGES[row["rule"]],
            "What happened": _text("detail"),
        },
        n_text=5,
        summary=f"Who was excluded, one by one ({len(exclusions)})",
    )
    return Section(
        id="participants", title="Who took part", paragraphs=(said,), figures=("flow",),
        tables=(excluded,) if len(exclusions) else (),
    )  # fmt: skip


def _accuracy(results: Results) -> Section:
    level = percent(results.level, 0)
    by_session = _part(
        results.tables["accuracy_by_session"],
        caption=f"Mean accuracy over participants by condition and session; {level} t interval.",
        columns={"Condition": _condition, "Session": _text("session"), **ACCURACY_COLUMNS},
    )
    overall = _part(
        results.tables["accuracy_by_condition"],
        caption=f"Mean accuracy over participants, all sessions; {level} t interval.",
        columns={"Condition": _condition, **ACCURACY_COLUMNS},
    )
    differences = _part(
        results.tables["accuracy_differences"],
        caption="Difference from the baseline in percentage points, of participants’ mean "
        f"accuracies; {level} Welch interval, not adjusted for several comparisons.",
        columns={
            "Condition": _condition,
            "n": lambda row: f"{row['n_participants']} / {row['n_baseline']}",
            "Difference": lambda row: points(row["difference"]),
            "Interval": _points_interval,
        },
    )
    said = (
        f"Accuracy is the share of the {results.export.study.n_test} scored test trials of a "
        "session in which a participant predicted the model’s answer. Catch trials are never "
        "scored; one half is guessing."
    )
    return Section(
        id="accuracy", title="Accuracy by session and condition", paragraphs=(said,),
        figures=("accuracy",), tables=(by_session, overall, differences),
    )  # fmt: skip


def _utility(results: Results) -> Section:
    scores = _part(
        results.tables["utility"],
        caption=f"Utility with its {percent(results.level, 0)} Fieller interval, which counts the "
        "uncertainty of both arms; not adjusted for several comparisons.",
        columns={
            "Condition": _condition,
            "Utility": lambda row: ratio(row["utility"]),
            "Interval": _ratio_interval,
        },
    )
    baseline = condition_label(results.export.study.baseline)
    said = (
        f"Utility is the mean accuracy of a condition over its sessions, divided by that of "
        f"{baseline}. Above 1, the explanation helps people predict the model."
    )
    return Section(
        id="utility", title="Utility", paragraphs=(said,), figures=("utility",), tables=(scores,)
    )


def _tie(results: Results) -> Section:
    table = _part(
        results.tables["accuracy_by_tie"],
        caption="Mean accuracy over participants where the image keeps or breaks the tie; "
        f"{percent(results.level, 0)} t interval.",
        columns={
            "Condition": _condition,
            "Tie": lambda row: TIES[row["tie"]],
            **ACCURACY_COLUMNS,
        },
    )
    said = (
        "In training, what a person would go by is tied to what the model goes by, so either "
        "explains the model’s answers. Some test images break this tie: there, only those who "
        "found the model’s real rule predict its answer, and those who go by the tie are wrong."
    )
    return Section(
        id="tie", title="Which rule was learned", paragraphs=(said,), figures=("tie",),
        tables=(table,),
    )  # fmt: skip


def _simulated(results: Results) -> Section:
    level = percent(results.level, 0)
    kinds = _part(
        results.tables["simulated_kinds"],
        caption="Simulated participants by kind and condition: how many began, left by each rule "
        "and are analysed; mean accuracy of all who answered every test trial, before the catch "
        f"trials exclude anybody; {level} t interval.",
        columns={
            "Kind": _text("simulated_kind"),
            "Condition": _condition,
            "Began": _text("participants"),
            **{rule.name.capitalize(): _text(rule.name) for rule in RULES},
            "Analysed": _text("analysed"),
            "Accuracy": lambda row: percent(row["accuracy"]),
            "Interval": _percent_interval,
        },
        n_text=2,
    )
    effects = _part(
        results.tables["simulated_effects"],
        caption="Each kind with the explanation and without it, of all who answered every test "
        f"trial: difference in percentage points with Welch’s {level} interval, Utility with "
        "Fieller’s.",
        columns={
            "Kind": _text("simulated_kind"),
            "Condition": _condition,
            "n": lambda row: f"{row['n_participants']} / {row['n_baseline']}",
            "Difference": lambda row: points(row["difference"]),
            "Interval": _points_interval,
            "Utility": lambda row: ratio(row["utility"]),
            "Interval of Utility": lambda row: interval(
                ratio(row["utility_ci_low"]), ratio(row["utility_ci_high"])
            ),
        },
        n_text=2,
    )
    said = (
        "A kind says how a program behaves, which people never tell. Those that guess should lie "
        "near one half, and the catch trials should exclude those that pay no attention."
    )
    return Section(
        id="simulated", title="The rehearsal, by kind of simulated participant",
        paragraphs=(said,), figures=("simulated_kinds",), tables=(kinds, effects),
    )  # fmt: skip


def _screening(results: Results) -> Section:
    names = {"practice": "Practice, round", "quiz": "Quiz, attempt", "catch": "Catch, session"}
    rules = results.export.study.rules
    figures = _part(
        results.tables["screening"],
        caption="Who took and who passed each round of the practice and the quiz, and who was "
        "right in the catch trial of each session; all who began.",
        columns={
            "Screening": lambda row: f"{names[row['screening']]} {row['round']}",
            "Took it": _text("participants"),
            "Passed": _text("passed"),
            "Share": lambda row: percent(row["share"]),
        },
    )
    said = (
        f"The practice asks for {rules['practice_min_correct']} right answers within "
        f"{rules['practice_max_attempts']} rounds, the quiz for all right within "
        f"{rules['quiz_max_attempts']} attempts, and the catch trials, one a session, for "
        f"{rules['catch_min_correct']} right in all."
    )
    return Section(id="screening", title="Screening", paragraphs=(said,), tables=(figures,))


def _behaviour(results: Results) -> Section:
    times = _part(
        results.tables["reaction_times"],
        caption="Time from the painted image to the answer, by the browser’s clock: median over "
        "participants of each one’s median, with quartiles.",
        columns={
            "Condition": _condition,
            "Session": _text("session"),
            "n": _text("n_participants"),
            "Median": lambda row: seconds(row["median_ms"]),
            "Quartiles": lambda row: f"{seconds(row['q25_ms'])} – {seconds(row['q75_ms'])}",
        },
    )
    openings = _part(
        results.tables["reservoir"],
        caption="Use of the reservoir, the training examples seen so far, during tests: "
        "participants who opened it, openings per participant, median look.",
        columns={
            "Condition": _condition,
            "Session": _text("session"),
            "n": _text("n_participants"),
            "Opened": lambda row: percent(row["share_opened"]),
            "Openings": lambda row: f"{row['mean_openings']:.2f}",
            "Look": lambda row: seconds(row["median_look_ms"]),
        },
    )
    return Section(id="behaviour", title="Reaction times and reservoir", tables=(times, openings))


def _part(
    table: pd.DataFrame,
    *,
    caption: str,
    columns: Mapping[str, Cell],
    n_text: int = 1,
    summary: str = "",
) -> Part:
    """Print a table; the first `n_text` columns are set flush left."""
    rows = table.to_dict("records")
    return Part(
        caption=caption,
        header=tuple(columns),
        rows=tuple(tuple(cell(row) for cell in columns.values()) for row in rows),
        text_columns=tuple(range(n_text)),
        summary=summary,
    )


def _text(column: str) -> Cell:
    return lambda row: "–" if pd.isna(row[column]) else str(row[column])


def _condition(row: Row) -> str:
    name = row["condition"]
    return "not assigned" if pd.isna(name) or name == "" else condition_label(str(name))


def _percent_interval(row: Row) -> str:
    return interval(percent(row["ci_low"]), percent(row["ci_high"]))


def _points_interval(row: Row) -> str:
    return interval(points(row["ci_low"]), points(row["ci_high"]))


def _ratio_interval(row: Row) -> str:
    return interval(ratio(row["ci_low"]), ratio(row["ci_high"]))


def _who(results: Results) -> str:
    return "simulated participants" if results.population == "simulated" else "participants"


def _listed(reasons: Sequence[str]) -> str:
    return reasons[0] if len(reasons) == 1 else f"{', '.join(reasons[:-1])} or {reasons[-1]}"


def _spread(row: Row) -> str:
    return "–" if math.isnan(row["sd"]) else percent(row["sd"])


ACCURACY_COLUMNS: Final[dict[str, Cell]] = {
    "n": _text("n_participants"),
    "Accuracy": lambda row: percent(row["accuracy"]),
    "Interval": _percent_interval,
    "SD": _spread,
}
