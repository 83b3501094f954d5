"""What participants said in the questionnaires: choices and numbers by condition, and free text."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from analysis.questions import Question
from analysis.responses import Export

KEYS: Final = ["questionnaire", "question", "session", "condition"]


def reply_shares(
    export: Export, participants: pd.Series, questions: Sequence[Question]
) -> pd.DataFrame:
    """Count the choices of some participants by condition.

    Parameters
    ----------
    export
        Of one population.
    participants
        Who is counted, such as those who are analysed.
    questions
        As from `questions.questions_of`.

    Returns
    -------
    pd.DataFrame
        One row per question, session it follows, condition and choice, also one that nobody made
        where the study's choices are known: ``questionnaire``, ``question``, ``session``,
        ``condition``, ``value``, ``n_replies`` (to the question in the condition), ``n``,
        ``share`` (of the replies, in [0, 1]).
    """
    columns = [*KEYS, "value", "n_replies", "n", "share"]
    rows = []
    for question, key, replies in _by_condition(export, participants, questions, "choice"):
        counts = replies.value_counts()
        others = sorted(set(counts.index) - set(question.labels))
        for value in [*question.labels, *others]:
            n = int(counts.get(value, 0))
            rows.append([*key, value, len(replies), n, n / len(replies)])
    return pd.DataFrame(rows, columns=columns)


def reply_numbers(
    export: Export, participants: pd.Series, questions: Sequence[Question]
) -> pd.DataFrame:
    """Describe the numbers that some participants gave, by condition.

    Parameters
    ----------
    export
        Of one population.
    participants
        Who is counted.
    questions
        As from `questions.questions_of`.

    Returns
    -------
    pd.DataFrame
        One row per question, session it follows and condition: ``questionnaire``, ``question``,
        ``session``, ``condition``, ``n_replies``, ``mean``, ``sd`` (missing of one), ``median``,
        ``low``, ``high``.
    """
    columns = [*KEYS, "n_replies", "mean", "sd", "median", "low", "high"]
    rows = []
    for _, key, replies in _by_condition(export, participants, questions, "integer"):
        numbers = pd.to_numeric(replies, errors="coerce").dropna().astype(float)
        if len(numbers):
            spread = [numbers.mean(), numbers.std(), numbers.median(), numbers.min(), numbers.max()]
            rows.append([*key, len(numbers), *spread])
    return pd.DataFrame(rows, columns=columns)


def reply_texts(
    export: Export, participants: pd.Series, questions: Sequence[Question]
) -> pd.DataFrame:
    """List what some participants wrote.

    Parameters
    ----------
    export
        Of one population.
    participants
        Whose texts are listed.
    questions
        As from `questions.questions_of`.

    Returns
    -------
    pd.DataFrame
        ``questionnaire``, ``question``, ``session``, ``condition``, ``participant``, ``text``; in
        this order.
    """
    wanted = [(each.questionnaire, each.question) for each in questions if each.kind == "text"]
    replies = export.replies[export.replies["participant"].isin(participants)]
    named = pd.MultiIndex.from_frame(replies[["questionnaire", "question"]])
    texts = replies[named.isin(wanted)].rename(columns={"value": "text"})
    texts = texts.sort_values([*KEYS, "participant"], kind="stable", ignore_index=True)
    return texts[[*KEYS, "participant", "text"]]


def _by_condition(
    export: Export, participants: pd.Series, questions: Sequence[Question], kind: str
) -> Iterator[tuple[Question, list[object], pd.Series]]:
    """Walk over questions of a kind, sessions and conditions that have replies."""
    replies = export.replies[export.replies["participant"].isin(participants)]
    for question in questions:
        if question.kind != kind:
            continue
        is_asked = (replies["questionnaire"] == question.questionnaire) & (
            replies["question"] == question.question
        )
        asked = replies[is_asked.astype(bool)]
        for session in sorted(asked["session"].unique()):
            for condition in export.study.conditions:
                is_here = (asked["session"] == session) & (asked["condition"] == condition)
                values = asked.loc[is_here.astype(bool), "value"]
                if len(values):
                    names = [question.questionnaire, question.question]
                    yield question, [*names, int(session), condition], values
