"""The report's sections on who took part and what they said."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from analysis.labels import percent
from analysis.page import Cell, Part, Row, Section, condition_name, printed, text
from analysis.questions import Question, questions_of
from analysis.results import Results

MOST_TEXTS: Final = 1000  # printed; the CSV has all


def replies_section(results: Results) -> Section | None:
    """Lay out demographics and free text.

    Parameters
    ----------
    results
        As from `results.analyse`.

    Returns
    -------
    Section | None
        None where the study asked nothing, or nobody replied.
    """
    names = ("reply_shares", "reply_numbers", "reply_texts")
    tables = {name: results.tables[name] for name in names if name in results.tables}
    if not any(len(table) for table in tables.values()):
        return None
    questions = questions_of(results.export)
    makers = {"reply_shares": _shares, "reply_numbers": _numbers, "reply_texts": _texts}
    parts = [makers[name](table, questions) for name, table in tables.items() if len(table)]
    said = (
        "Answers to the questionnaires, of those who are analysed. Questions could be left out; "
        "shares are of those who replied."
    )
    return Section(
        id="replies", title="Who they are, and what they said", paragraphs=(said,),
        tables=tuple(parts),
    )  # fmt: skip


def verdicts_part(table: pd.DataFrame) -> Part:
    """Print what was decided on the participations.

    Parameters
    ----------
    table
        As from `verdicts.verdict_table`.

    Returns
    -------
    Part
        One row a verdict and reason; folded.
    """
    deciders = {"rules": "the server’s rules", "researcher": "a researcher", "": "–"}
    return printed(
        table,
        caption="The last verdict on each participation, as the server stored it, and how many of "
        "them are analysed. The analysis applies its rules anew, to the raw answers.",
        columns={
            "Verdict": lambda row: str(row["verdict"]).replace("_", " "),
            "Decided by": lambda row: deciders[row["decided_by"]],
            "Reasons": lambda row: str(row["reasons"]).replace(" ", ", ").replace("_", " ") or "–",
            "Participants": text("participants"),
            "Analysed": text("analysed"),
        },
        n_text=3,
        summary="Verdicts of the server and of researchers",
    )


def _places(questions: Sequence[Question]) -> dict[str, Cell]:
    """Print what was asked, after which session, and of whom."""
    texts = {(each.questionnaire, each.question): each.text for each in questions}

    def asked(row: Row) -> str:
        session = f" (session {row['session']})" if row["session"] else ""
        return f"{texts[row['questionnaire'], row['question']]}{session}"

    return {"Question": asked, "Condition": condition_name}


def _shares(table: pd.DataFrame, questions: Sequence[Question]) -> Part:
    labels = {(each.questionnaire, each.question): each.labels for each in questions}
    return printed(
        table,
        caption="Choices by condition.",
        columns={
            **_places(questions),
            "Answer": lambda row: str(
                labels[row["questionnaire"], row["question"]].get(row["value"], row["value"])
            ),
            "n": lambda row: f"{row['n']} / {row['n_replies']}",
            "Share": lambda row: percent(row["share"]),
        },
        n_text=3,
        summary="Choices" if len(table) > 16 else "",
    )


def _numbers(table: pd.DataFrame, questions: Sequence[Question]) -> Part:
    return printed(
        table,
        caption="Numbers by condition: mean with standard deviation, median, and range.",
        columns={
            **_places(questions),
            "n": text("n_replies"),
            "Mean (SD)": lambda row: (
                f"{row['mean']:.1f}" + ("" if pd.isna(row["sd"]) else f" ({row['sd']:.1f})")
            ),
            "Median": lambda row: f"{row['median']:g}",
            "Range": lambda row: f"{row['low']:g} – {row['high']:g}",
        },
        n_text=2,
    )


def _texts(table: pd.DataFrame, questions: Sequence[Question]) -> Part:
    n_more = len(table) - MOST_TEXTS
    rest = f" The first {MOST_TEXTS}; all are in reply_texts.csv." if n_more > 0 else ""
    return printed(
        table.head(MOST_TEXTS),
        caption="What participants wrote, addresses and long numbers taken out. Names cannot be "
        f"told from other words: read the texts before they are published.{rest}",
        columns={
            **_places(questions),
            "Participant": text("participant"),
            "Text": text("text"),
        },
        n_text=4,
        summary=f"Free text, one by one ({len(table)})",
    )
