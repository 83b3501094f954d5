"""Steps are left in a study that asks for everything: viewing times, confidence, questionnaires."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from study_app.errors import BadPayloadError, TooEarlyError
from study_app.extensions import db
from study_app.models import Event, Reply, Response
from study_app.services.participations import Visitor, begin_participation, find_participation
from study_app.services.submissions import leave_step
from study_app.steps import parse_step
from tests.study_app.services.test_submissions import KEY, begin, n_rows, sent_at
from tests.study_app.studies import asking

REPLIES = {"adult": "yes", "expertise": "expert"}


@pytest.fixture
def study(context, bundle):
    return replace(bundle, manifest=asking(bundle, minimum_ms=60_000))


def leave(study, **sent):
    row = find_participation(KEY)
    step = parse_step(row.step)
    values = {"confidence": 2} if step.kind == "test" else {}
    values |= {"replies": REPLIES} if step.is_asking else {}
    return leave_step(study, KEY, step, sent_at(study, step, row.draw, **(values | sent)))


def go_on(study, key, **sent):
    while find_participation(KEY).step != key:
        leave(study, **sent)


def begin_program(study):
    begin_participation(study.manifest, KEY, Visitor(is_simulated=True, simulated_kind="x"))


def test_training_page_is_not_left_too_early_and_later_with_the_same_key(study):
    begin(study)
    go_on(study, "training.0.1.1")
    with pytest.raises(TooEarlyError, match=r"page must be looked at for 60 s; got 0\.\d s"):
        leave(study, looking_ms=70_000.0)  # the server's clock counts
    row = find_participation(KEY)
    row.step_at = row.step_at.replace(year=row.step_at.year - 1)
    db.session.commit()
    assert leave(study).participation.step == "training.0.1.2"


def test_programs_are_taken_at_their_word(study):
    begin_program(study)
    go_on(study, "training.0.1.1")
    with pytest.raises(TooEarlyError, match=r"got 59\.0 s"):
        leave(study, looking_ms=59_000.0)
    assert leave(study, looking_ms=60_000.0).participation.step == "training.0.1.2"


@pytest.mark.parametrize("confidence", [None, 0, 4, -1])
def test_confidence_must_be_on_the_scale(study, confidence):
    begin_program(study)
    go_on(study, "test.0.1.1", looking_ms=60_000.0)
    with pytest.raises(BadPayloadError, match=rf"in \[1, 3\]; got {confidence}"):
        leave(study, confidence=confidence)
    assert n_rows(Response) == 0
    leave(study, confidence=3)
    assert db.session.scalars(select(Response.confidence)).one() == 3


def test_people_who_are_not_eligible_end_there_and_kindly(study):
    begin(study)
    row = leave(study, replies={"adult": "no", "expertise": "layman"}).participation
    assert (row.status, row.screened_out_at, row.step) == (
        "screened_out", "eligibility", "screened-out.0.1.0",
    )  # fmt: skip
    assert row.completion_code
    names = set(db.session.scalars(select(Event.name)))
    assert {"ineligible", "screened_out"} <= names


def test_replies_are_stored_with_their_session_or_not_at_all(study):
    begin_program(study)
    with pytest.raises(BadPayloadError, match="expertise must be answered"):
        leave(study, replies={"adult": "yes"})
    assert n_rows(Reply) == 0
    go_on(study, "questionnaire.1.1.0", looking_ms=60_000.0)
    leave(study, replies={"uses": " the snow "})
    rows = db.session.scalars(select(Reply).order_by(Reply.id)).all()
    assert [(row.session, row.questionnaire, row.value) for row in rows] == [
        (0, "background", "yes"), (0, "background", "expert"), (1, "thoughts", "the snow"),
    ]  # fmt: skip
