from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from study_app.errors import BadPayloadError, ConflictError, NotFoundError
from study_app.extensions import db
from study_app.models import Event, Participation, Response, Submission
from study_app.protocol import plain_way
from study_app.replay import Logged, check_path, path_of
from study_app.services.participations import (
    Visitor,
    begin_participation,
    find_participation,
)
from study_app.services.scoring import asked_at
from study_app.services.submissions import Sent, leave_step
from study_app.services.transactions import writing
from study_app.steps import Step, parse_step
from study_app.trials import UNDRAWN
from tests.study_app.services.test_assignment import with_quota

KEY = "k" * 24


def sent_at(bundle, step, draw=UNDRAWN, *, right=True, **more):
    """Answer a step right, or with the choice after the right one."""
    asked = asked_at(bundle, step, draw)
    right_ones = [each.offered.index(each.expected) for each in asked]
    choices = [
        place if right else (place + 1) % len(each.offered)
        for place, each in zip(right_ones, asked, strict=True)
    ]
    return Sent(**{"answer_key": f"key-of-{step.key}", "choices": tuple(choices)} | more)


def go_to(bundle, key, kind, session=0):
    participation = find_participation(key)
    while (step := parse_step(participation.step)).kind != kind or step.session != session:
        sent = sent_at(bundle, step, participation.draw)
        participation = leave_step(bundle, key, step, sent).participation
    return parse_step(participation.step)


def n_rows(table):
    return db.session.scalar(select(func.count()).select_from(table))


def begin(bundle, key=KEY):
    return begin_participation(bundle.manifest, key, Visitor(is_simulated=False))


@pytest.fixture
def participation(context, bundle):
    return begin(bundle)


def test_consent_sent_twice_begins_once(bundle, participation):
    again = begin(bundle)
    assert again.id == participation.id
    assert n_rows(Participation) == 1


def test_consent_of_two_tabs_at_once_begins_once(bundle, participation, monkeypatch):
    found = iter([None, participation])
    monkeypatch.setattr("study_app.services.participations._earlier", lambda _key: next(found))
    assert begin(bundle).id == participation.id
    assert n_rows(Participation) == 1


def test_answer_is_stored_with_its_place_and_times(bundle, participation):
    step = go_to(bundle, KEY, "test", session=1)
    draw = find_participation(KEY).draw
    sent = sent_at(bundle, step, draw, right=False, looking_ms=812.5)
    leave_step(bundle, KEY, step, sent)
    row = db.session.scalars(select(Response).order_by(Response.id.desc())).first()
    assert (row.session, row.phase, row.attempt, row.position) == (1, "test", 1, 1)
    assert (row.rt_ms, row.is_correct) == (812.5, False)
    assert row.server_rt_ms >= 0


def test_first_answer_stays_when_another_arrives(bundle, participation):
    step = go_to(bundle, KEY, "test")
    assert leave_step(bundle, KEY, step, sent_at(bundle, step)).is_stored
    other = sent_at(bundle, step, right=False, answer_key="another-key-of-0123")
    now = leave_step(bundle, KEY, step, other)
    assert (now.participation.step, now.is_stored) == ("test.0.1.2", False)
    assert db.session.scalar(select(func.count()).where(Event.name == "second_answer")) == 1
    assert [row.is_correct for row in db.session.scalars(select(Response))] == [True]


def test_answer_sent_by_many_tabs_at_once_is_stored_once(app, bundle, participation):
    step = go_to(bundle, KEY, "test")
    db.session.remove()

    def send(_):
        with app.app_context():
            receipt = leave_step(bundle, KEY, step, sent_at(bundle, step))
            return receipt.participation.step, receipt.is_stored

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(24))) == {("test.0.1.2", True)}
    assert (n_rows(Response), n_rows(Submission)) == (1, 5)
    numbers = list(db.session.scalars(select(Event.number).order_by(Event.number)))
    assert numbers == list(range(1, len(numbers) + 1))


def test_answer_of_somebody_whose_place_is_gone_is_stored(bundle, participation):
    few = with_quota(bundle, 1)
    step = go_to(few, KEY, "test", session=1)
    lease = timedelta(minutes=few.manifest.recruitment.lease_minutes)
    with writing():
        find_participation(KEY, lock=True).step_at -= 2 * lease
    for letter in "ab":  # of two places, the second and the first
        begin(few, letter * 24)
        go_to(few, letter * 24, "training", session=1)
    sent = sent_at(few, step, find_participation(KEY).draw, looking_ms=900.0)
    receipts = [leave_step(few, KEY, step, sent) for _ in range(2)]
    assert [each.is_stored for each in receipts] == [True, True]
    row = find_participation(KEY)
    assert (row.status, row.screened_out_at) == ("screened_out", "quota")
    stored = select(Submission.answer_key).filter_by(participation_id=row.id, step=step.key)
    assert db.session.scalar(stored) == sent.answer_key
    answers = select(Response.rt_ms).filter_by(participation_id=row.id, step=step.key)
    assert db.session.scalars(answers).all() == [900.0]


def test_step_ahead_is_refused(bundle, participation):
    ahead = Step(kind="test", session=1, position=1)
    with pytest.raises(ConflictError, match=r"must be instructions\.0\.1\.0; got test\.1\.1\.1"):
        leave_step(bundle, KEY, ahead, Sent(answer_key=KEY, choices=(0,)))


def test_unknown_link_is_refused(bundle, context):
    with pytest.raises(NotFoundError, match="got an unknown link"):
        leave_step(bundle, "nobody", Step(kind="instructions"), Sent(answer_key=KEY))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ((2,), r"choice must be in \[0, 2\); got 2"),
        ((-1,), r"got -1"),
        ((), "choices must be 1 in step test.0.1.1; got 0"),
        ((0, 1), "got 2"),
    ],
)
def test_choice_that_is_not_on_offer_is_refused(bundle, participation, choices, message):
    step = go_to(bundle, KEY, "test")
    with pytest.raises(BadPayloadError, match=message):
        leave_step(bundle, KEY, step, Sent(answer_key=KEY, choices=choices))
    assert (n_rows(Response), find_participation(KEY).step) == (0, step.key)


def test_looking_is_logged(bundle, participation):
    step = go_to(bundle, KEY, "training")
    leave_step(bundle, KEY, step, sent_at(bundle, step, looking_ms=3000.0, away_ms=(70.0,)))
    step = go_to(bundle, KEY, "test")
    leave_step(bundle, KEY, step, sent_at(bundle, step, reservoir_ms=(100.0, 250.0)))
    rows = db.session.execute(
        select(Event.name, Event.duration_ms).where(Event.duration_ms.is_not(None))
    )
    assert [tuple(row) for row in rows] == [
        ("training_left", 3000.0),
        ("focus_lost", 70.0),
        ("reservoir_opened", 100.0),
        ("reservoir_opened", 250.0),
    ]


def test_whole_participation_logs_every_trial_once_and_ends_with_a_code(bundle, participation):
    go_to(bundle, KEY, "debriefing", session=3)
    row = find_participation(KEY)
    assert (row.status, len(row.completion_code)) == ("completed", 10)
    shown = db.session.scalars(select(Event.trial).where(Event.name == "trial_shown")).all()
    assert len(shown) == len(set(shown)) == 6 + 3 * 13
    names = db.session.scalars(select(Event.name).order_by(Event.number.desc())).all()
    assert names[:2] == ["page_shown", "completed"]


def test_everything_about_a_step_is_stored_or_nothing(bundle, participation, monkeypatch):
    step = go_to(bundle, KEY, "test")
    n_events = n_rows(Event)
    monkeypatch.setattr("study_app.services.submissions._go", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        leave_step(bundle, KEY, step, sent_at(bundle, step))
    assert (n_rows(Response), n_rows(Event)) == (0, n_events)


def test_key_of_another_step_is_refused(bundle, participation):
    step = go_to(bundle, KEY, "test")
    earlier = sent_at(bundle, Step(kind="instructions")).answer_key
    with pytest.raises(ConflictError, match="answer_key must be new on every page; got one used"):
        leave_step(bundle, KEY, step, sent_at(bundle, step, answer_key=earlier))
    assert n_rows(Response) == 0


def test_path_can_be_rebuilt_from_the_event_log(bundle, participation):
    go_to(bundle, KEY, "debriefing", session=3)
    rows = db.session.scalars(select(Event).order_by(Event.number)).all()
    log = [Logged(name=row.name, step=row.step, detail=row.detail) for row in rows]
    check_path(bundle.manifest, log)
    assert path_of(log) == plain_way(bundle.manifest, find_participation(KEY).draw)


def test_path_that_skips_a_page_is_noticed(bundle, participation):
    go_to(bundle, KEY, "test")
    rows = db.session.scalars(select(Event).order_by(Event.number)).all()
    log = [Logged(name=row.name, step=row.step, detail=row.detail) for row in rows]
    del log[3]
    with pytest.raises(ConflictError, match="step after .* must be .*; got .* in the log"):
        check_path(bundle.manifest, log)
