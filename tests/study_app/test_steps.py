import pytest
from hypothesis import given
from hypothesis import strategies as st

from study_app.errors import NotFoundError
from study_app.steps import Step, parse_step


def test_key_is_read_back():
    step = Step(kind="practice-result", attempt=2)
    assert parse_step(step.key) == step


@pytest.mark.parametrize(
    "key",
    ["", "test", "test.1.1", "test.1.1.x", "test.1.1.01", "test.1.1.-1", "exam.1.1.1",
     "test.1.1.1000", "test.1.1.٣", "test.1.1.1.1", "test. 1.1.1"],
)  # fmt: skip
def test_other_keys_are_refused(key):
    with pytest.raises(NotFoundError, match="step must be one of the study; got"):
        parse_step(key)


@given(st.text(max_size=60))
def test_any_text_is_a_step_or_refused(text):
    try:
        assert parse_step(text).key == text
    except NotFoundError as error:
        assert "step must be" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("step", "phase"),
    [
        (Step(kind="test", position=1), "practice"),
        (Step(kind="practice-result"), "practice"),
        (Step(kind="test", session=1, position=1), "test"),
        (Step(kind="session-intro", session=1), "training"),
        (Step(kind="screened-out"), "end"),
        (Step(kind="eligibility"), "eligibility"),
    ],
)
def test_phase_is_that_of_the_export(step, phase):
    assert step.phase == phase
