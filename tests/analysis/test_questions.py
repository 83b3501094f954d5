import pandas as pd
import pytest

from analysis.questions import questions_of
from analysis.responses import read_export

CONFIGURED = {
    "name": "about-you",
    "questions": [
        {
            "question": "gender", "kind": "choice", "text": "What is your gender?",
            "choices": [{"value": "f", "label": "Female"}, {"value": "m", "label": "Male"}],
        },
    ],
}  # fmt: skip


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


def _replies(export, values):
    """Put one question a name, and one reply a value, into an export."""
    rows = [("about-you", name, value) for name, several in values.items() for value in several]
    table = pd.DataFrame(rows, columns=["questionnaire", "question", "value"]).astype("string")
    object.__setattr__(export, "replies", table)
    return export


def test_kinds_are_told_by_the_replies_of_a_bundle_without_configuration(export):
    values = {
        "age": ["31", "42"],
        "gender": ["f", "m", "prefer_not"],
        "uses": ["It looks at snow", "snow"],
        "codes": [f"a{i}" for i in range(13)],
    }
    kinds = {each.question: each.kind for each in questions_of(_replies(export, values))}
    assert kinds == {"age": "integer", "gender": "choice", "uses": "text", "codes": "text"}


def test_configured_questions_come_first_with_their_words(export):
    config = export.study.bundle["provenance"]["config"]
    config["questionnaires"] = [CONFIGURED]
    first, second = questions_of(_replies(export, {"age": ["31"], "gender": ["m"]}))
    assert (first.question, first.text) == ("gender", "What is your gender?")
    assert first.labels == {"f": "Female", "m": "Male"}
    assert (second.question, second.text, second.labels) == ("age", "age", {})


def test_study_without_questions_has_none(export):
    assert questions_of(export) == []
