import pytest
from hypothesis import given
from hypothesis import strategies as st

from study_app.errors import ConflictError, NotFoundError
from study_app.protocol import (
    CONSENT,
    Step,
    following,
    parse_step,
    progress_of,
    rank,
    reservoir_of,
    trial_of,
)


def way_of(study, n_right):
    """Steps of somebody who gives `n_right` right answers in every round."""
    way = [CONSENT]
    while way[-1].kind not in ("debriefing", "screened-out"):
        way.append(following(study, way[-1], "list_a", n_right(way[-1])).step)
    return way


def all_right(study):
    return lambda step: len(study.quiz) if step.kind == "quiz" else 4


def test_plain_way_is_the_protocol(bundle):
    way = way_of(bundle.manifest, all_right(bundle.manifest))
    session = ["session-intro", *["training"] * 5, *["test"] * 8]
    practice = ["practice-intro", "training", "training", *["test"] * 4, "practice-result"]
    assert [step.kind for step in way] == [
        "consent", "instructions", *practice, "quiz", *session * 3, "debriefing",
    ]  # fmt: skip


def test_practice_not_passed_comes_again_and_then_ends(bundle):
    way = way_of(bundle.manifest, lambda step: 0)
    assert [step.attempt for step in way if step.kind == "training"] == [1, 1, 2, 2]
    assert [step.kind for step in way][-1] == "screened-out"
    last = following(bundle.manifest, way[-2], None, 0)
    assert last.events == ("practice_failed", "screened_out")
    assert last.screened_out_at == "practice"


def test_practice_is_passed_with_the_least_right_answers(bundle):
    step = Step(kind="test", position=4)
    assert following(bundle.manifest, step, None, 2).events == ("practice_failed",)
    assert following(bundle.manifest, step, None, 3).events == ("practice_passed",)


def test_quiz_not_passed_comes_again_and_then_ends(bundle):
    again = following(bundle.manifest, Step(kind="quiz"), None, 1)
    assert (again.step, again.events) == (Step(kind="quiz", attempt=2), ("quiz_failed",))
    end = following(bundle.manifest, again.step, None, 1)
    assert (end.step.kind, end.screened_out_at) == ("screened-out", "quiz")


def test_assignment_comes_with_the_passed_quiz(bundle):
    move = following(bundle.manifest, Step(kind="quiz"), None, 2)
    assert move.events == ("quiz_passed", "assigned")


@pytest.mark.parametrize("n_right", [0, 3])
def test_later_steps_rank_higher(bundle, n_right):
    ranks = [rank(step) for step in way_of(bundle.manifest, lambda step: n_right)]
    assert ranks == sorted(set(ranks))


def test_progress_rises_from_zero_to_one(bundle):
    study = bundle.manifest
    shares = [progress_of(study, step) for step in way_of(study, all_right(study))]
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert shares == sorted(set(shares))


def test_second_round_of_practice_is_as_far_as_the_first(bundle):
    first, second = (Step(kind="test", attempt=n, position=2) for n in (1, 2))
    assert progress_of(bundle.manifest, first) == progress_of(bundle.manifest, second)


def test_reservoir_holds_the_sessions_seen_so_far(bundle):
    step = Step(kind="test", session=2, position=1)
    examples = reservoir_of(bundle.manifest, step, "list_b")
    assert [session for session, _ in examples] == [1] * 5 + [2] * 5
    assert examples[0][1] == bundle.manifest.lists[1].sessions[0].training[0]


def test_trial_is_the_lists_own(bundle):
    step = Step(kind="test", session=3, position=8)
    shown = trial_of(bundle.manifest, step, "list_b")
    assert shown == bundle.manifest.lists[1].sessions[2].test[7]


def test_end_cannot_be_left(bundle):
    with pytest.raises(ConflictError, match=r"one that can be left; got debriefing\.3\.1\.0"):
        following(bundle.manifest, Step(kind="debriefing", session=3), "list_a")


def test_sessions_need_a_list(bundle):
    with pytest.raises(ConflictError, match="list must be one of the bundle; got None"):
        following(bundle.manifest, Step(kind="training", session=1, position=1), None)


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
