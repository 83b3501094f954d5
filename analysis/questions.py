"""What the questions of a study ask for: a choice, a number, or words of one's own.

The study's configuration says it, which study.json holds under ``bundle.provenance.config``. Of a
bundle without one, it is told by the replies: numbers are integers throughout; choices are a few
short names without spaces, as the bundle's format demands of a choice's value; the rest is text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pandas as pd

from analysis.responses import Export

Kind = Literal["choice", "integer", "text"]

MOST_CHOICES: Final = 12


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    Attributes
    ----------
    questionnaire, question
        Its names.
    kind
        What it asks for.
    text
        As participants saw it; its name where that is not known.
    labels
        Value -> label of each choice, in order; empty where these are not known.
    """

    questionnaire: str
    question: str
    kind: Kind
    text: str
    labels: dict[str, str] = field(default_factory=dict)


def questions_of(export: Export) -> list[Question]:
    """List the questions of a study.

    Parameters
    ----------
    export
        As read.

    Returns
    -------
    list[Question]
        Those of the configuration in its order, and then others that have replies.
    """
    known = list(_configured(export.study.bundle))
    names = {(each.questionnaire, each.question) for each in known}
    keys = ["questionnaire", "question"]
    for (questionnaire, question), rows in export.replies.groupby(keys, sort=False):
        if (questionnaire, question) not in names:
            name = str(question)
            kind = _kind_of(rows["value"])
            known.append(
                Question(questionnaire=str(questionnaire), question=name, kind=kind, text=name)
            )
    return known


def _configured(bundle: dict[str, Any]) -> Iterator[Question]:
    provenance = bundle.get("provenance") or {}
    config = provenance.get("config") or {}
    for questionnaire in config.get("questionnaires") or ():
        for asked in questionnaire["questions"]:
            yield Question(
                questionnaire=questionnaire["name"],
                question=asked["question"],
                kind=asked["kind"],
                text=asked["text"],
                labels={choice["value"]: choice["label"] for choice in asked["choices"]},
            )


def _kind_of(values: pd.Series) -> Kind:
    """Tell by the replies what was asked for."""
    if values.str.fullmatch(r"-?[0-9]{1,9}").all():
        return "integer"
    is_short = values.str.fullmatch(r"[a-z0-9_-]+").all()
    return "choice" if is_short and values.nunique() <= MOST_CHOICES else "text"
