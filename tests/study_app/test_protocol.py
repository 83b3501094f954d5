from dataclasses import replace

import pytest

from stimuli_builder.bundle import read_bundle
from study_app.errors import ConflictError
from study_app.protocol import (
    Facts,
    following,
    plain_way,
    progress_by_step,
    questionnaire_name,
    rank,
    takes_place,
)
from study_app.steps import CONSENT, Step
from study_app.trials import UNDRAWN, Draw
from tests.small_recursivity import with_questions

DRAWN = Draw(condition="craft", list_name="list_a", order_seed=3)


@pytest.fixture
def recursivity(recursivity_path):
    return read_bundle(recursivity_path).manifest


@pytest.fixture
def asking(bundle):
    return with_questions(bundle.manifest)


def facts(n_right=0, **known):
    return Facts(**{"draw": DRAWN, "n_right": n_right} | known)


def way_of(study, n_right):
    """Steps of somebody who gives `n_right` right answers in every round."""
    way = [CONSENT]
    while not way[-1].is_end:
        way.append(following(study, way[-1], facts(n_right(way[-1]))).step)
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
    last = following(bundle.manifest, way[-2], facts())
    assert last.events == ("practice_failed", "screened_out")
    assert last.screened_out_at == "practice"


def test_practice_is_passed_with_the_least_right_answers(bundle):
    step = Step(kind="test", position=4)
    assert following(bundle.manifest, step, facts(2)).events == ("practice_failed",)
    assert following(bundle.manifest, step, facts(3)).events == ("practice_passed",)


def test_quiz_not_passed_comes_again_and_then_ends(bundle):
    again = following(bundle.manifest, Step(kind="quiz"), facts(1))
    assert (again.step, again.events) == (Step(kind="quiz", attempt=2), ("quiz_failed",))
    end = following(bundle.manifest, again.step, facts(1))
    assert (end.step.kind, end.screened_out_at) == ("screened-out", "quiz")


def test_quiz_is_passed_with_the_pass_mark(bundle):
    rules = replace(bundle.manifest.rules, quiz_min_correct=1)
    lenient = replace(bundle.manifest, rules=rules)
    assert following(lenient, Step(kind="quiz"), facts(1)).step == Step(
        kind="session-intro", session=1
    )


def test_assignment_comes_with_the_passed_quiz(bundle):
    move = following(bundle.manifest, Step(kind="quiz"), facts(2))
    assert move.events == ("quiz_passed", "assigned")
    assert takes_place(bundle.manifest, Step(kind="quiz"), facts(2))
    assert not takes_place(bundle.manifest, Step(kind="quiz"), facts(1))


def test_full_study_ends_kindly_before_the_sessions(bundle):
    move = following(bundle.manifest, Step(kind="quiz"), facts(2, has_place=False))
    assert (move.step.kind, move.screened_out_at) == ("screened-out", "quota")
    assert move.events == ("quiz_passed", "screened_out")


def test_recursivity_study_is_intruders_and_then_choices(recursivity):
    way = plain_way(recursivity, Draw(condition="all", list_name="list_b"))
    kinds = [step.kind for step in way if step.session]
    assert kinds == [
        "session-intro", "test", "test", "session-intro", "test", "test",
        "session-intro", "test", "test", "test", "questionnaire", "debriefing",
    ]  # fmt: skip


def test_eligibility_comes_before_everything_is_explained(asking):
    kinds = [step.kind for step in plain_way(asking)]
    assert kinds[:3] == ["consent", "eligibility", "instructions"]
    assert kinds.count("questionnaire") == 4  # one after each session, and one about the person
    move = following(asking, Step(kind="eligibility"), facts(is_eligible=False))
    assert (move.step.kind, move.screened_out_at) == ("screened-out", "eligibility")


def test_questionnaires_are_those_of_their_stage_or_session(asking):
    names = [
        questionnaire_name(asking, step, DRAWN)
        for step in plain_way(asking, DRAWN)
        if step.is_asking
    ]
    assert names == ["background", "thoughts", "thoughts", "thoughts", "about-you"]
    with pytest.raises(ConflictError, match="one with a questionnaire; got quiz"):
        questionnaire_name(asking, Step(kind="quiz"), DRAWN)


@pytest.mark.parametrize("n_right", [0, 3])
def test_later_steps_rank_higher(bundle, n_right):
    study = bundle.manifest
    ranks = [rank(study, step) for step in way_of(study, lambda _: n_right)]
    assert ranks == sorted(set(ranks))


def test_later_steps_of_other_studies_rank_higher(asking, recursivity):
    for study in (asking, recursivity):
        ranks = [rank(study, step) for step in plain_way(study)]
        assert ranks == sorted(set(ranks))


def test_progress_rises_from_zero_to_one(bundle, asking):
    for study in (bundle.manifest, asking):
        progress = progress_by_step(study)
        shares = [progress[step.key] for step in plain_way(study)]
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert shares == sorted(set(shares))


def test_end_cannot_be_left(bundle):
    with pytest.raises(ConflictError, match=r"one that can be left; got debriefing\.3\.1\.0"):
        following(bundle.manifest, Step(kind="debriefing", session=3), facts())


def test_sessions_need_a_list(bundle):
    step = Step(kind="training", session=1, position=1)
    with pytest.raises(ConflictError, match="list must be one of the bundle; got None"):
        following(bundle.manifest, step, facts(draw=UNDRAWN))


def test_stage_that_the_study_does_not_have_is_refused(bundle):
    with pytest.raises(ConflictError, match="this study's stages; got eligibility"):
        following(bundle.manifest, Step(kind="eligibility"), facts())
