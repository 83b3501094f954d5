import pytest

from study_app.rows import REMOVED, without_names


@pytest.mark.parametrize(
    "text",
    [
        "Ask ada@example.org",
        "call +49 30 1234567",
        "call (030) 123-4567",
        "see https://example.org/ada",
    ],
)
def test_what_leads_to_a_person_is_taken_out(text):
    assert without_names(text).endswith(REMOVED)


@pytest.mark.parametrize("text", ["snow, in 9 of 10 images", "The model uses snow.", ""])
def test_other_text_stays_as_it_is(text):
    assert without_names(text) == text
