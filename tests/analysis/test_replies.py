import pandas as pd
import pytest

from analysis.questions import Question
from analysis.replies import reply_numbers, reply_shares, reply_texts
from analysis.responses import read_export

GENDER = Question(
    questionnaire="about-you", question="gender", kind="choice", text="Gender?",
    labels={"f": "Female", "m": "Male"},
)  # fmt: skip
AGE = Question(questionnaire="about-you", question="age", kind="integer", text="Age?")
USES = Question(questionnaire="thoughts", question="uses", kind="text", text="What is used?")
ROWS = [
    ("p1", "baseline", "about-you", "gender", 0, "f"),
    ("p2", "baseline", "about-you", "gender", 0, "f"),
    ("p3", "craft", "about-you", "gender", 0, "o"),
    ("p1", "baseline", "about-you", "age", 0, "20"),
    ("p2", "baseline", "about-you", "age", 0, "40"),
    ("p3", "craft", "about-you", "age", 0, "33"),
    ("p9", "craft", "about-you", "age", 0, "99"),
    ("p3", "craft", "thoughts", "uses", 2, "ears"),
    ("p3", "craft", "thoughts", "uses", 1, "snow"),
]
NAMES = pd.Series(["p1", "p2", "p3"])


@pytest.fixture
def export(export_folder):
    names = ["participant", "condition", "questionnaire", "question", "session", "value"]
    export = read_export(export_folder)
    table = pd.DataFrame(ROWS, columns=names).astype(dict.fromkeys(names[:4], "string"))
    object.__setattr__(export, "replies", table.astype({"value": "string"}))
    return export


def test_choices_are_counted_by_condition_those_of_nobody_too(export):
    table = reply_shares(export, NAMES, [GENDER, AGE])
    rows = table[["condition", "value", "n_replies", "n", "share"]].to_numpy().tolist()
    assert rows == [
        ["baseline", "f", 2, 2, 1.0], ["baseline", "m", 2, 0, 0.0],
        ["craft", "f", 1, 0, 0.0], ["craft", "m", 1, 0, 0.0], ["craft", "o", 1, 1, 1.0],
    ]  # fmt: skip


def test_numbers_are_described_of_those_who_are_counted(export):
    first, second = reply_numbers(export, NAMES, [AGE]).to_dict("records")
    assert (first["n_replies"], first["mean"], first["median"]) == (2, 30.0, 30.0)
    assert first["sd"] == pytest.approx(14.142136)
    assert (second["low"], second["high"]) == (33.0, 33.0) and pd.isna(second["sd"])


def test_texts_are_listed_by_session(export):
    texts = reply_texts(export, NAMES, [USES])
    assert texts[["session", "text"]].to_numpy().tolist() == [[1, "snow"], [2, "ears"]]


def test_nobody_s_replies_give_empty_tables_with_their_columns(export):
    nobody = NAMES.iloc[:0]
    assert list(reply_shares(export, nobody, [GENDER]))[-2:] == ["n", "share"]
    assert list(reply_numbers(export, nobody, [AGE]))[-1] == "high"
    assert len(reply_texts(export, nobody, [USES])) == 0
