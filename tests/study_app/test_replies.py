import pytest
from hypothesis import given
from hypothesis import strategies as st

from study_app.errors import BadPayloadError
from study_app.replies import clean_text, is_eligible, read_replies
from tests.small_recursivity import ABOUT_YOU, BACKGROUND, THOUGHTS


def test_what_was_answered_is_returned_and_the_rest_left_out():
    assert read_replies(ABOUT_YOU, {"age": " 42 ", "gender": ""}) == {"age": "42"}
    assert read_replies(THOUGHTS, {"uses": "\x00 snow\r\nand ice "}) == {"uses": "snow\nand ice"}


def test_what_was_not_asked_is_passed_over():
    assert read_replies(ABOUT_YOU, {"name": "Ada"}) == {}


@pytest.mark.parametrize(
    ("questionnaire", "sent", "message"),
    [
        (BACKGROUND, {"adult": "yes"}, "expertise must be answered; got nothing"),
        (BACKGROUND, {"adult": "maybe"}, r"adult must be one of \['yes', 'no'\]; got 'maybe'"),
        (ABOUT_YOU, {"age": "17"}, r"age must be in \[18, 120\]; got 17"),
        (ABOUT_YOU, {"age": "121"}, r"got 121"),
        (ABOUT_YOU, {"age": "4.5"}, "age must be a whole number; got '4.5'"),
        (ABOUT_YOU, {"age": "٤٢"}, "age must be a whole number"),
        (ABOUT_YOU, {"age": "9" * 5000}, "age must be a whole number"),
        (THOUGHTS, {"uses": "x" * 501}, "uses must have at most 500 letters; got 501"),
    ],
)
def test_answer_that_is_none_of_its_questions_is_refused(questionnaire, sent, message):
    with pytest.raises(BadPayloadError, match=message):
        read_replies(questionnaire, sent)


def test_choice_says_who_may_take_part():
    assert is_eligible(BACKGROUND, {"adult": "yes", "expertise": "expert"})
    assert not is_eligible(BACKGROUND, {"adult": "no", "expertise": "expert"})
    assert is_eligible(BACKGROUND, {})


@given(st.text(st.characters(codec=None), max_size=30))
def test_clean_text_can_be_stored_and_is_cleaned_once(text):
    cleaned = clean_text(text)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert "\x00" not in cleaned
    assert clean_text(cleaned) == cleaned
