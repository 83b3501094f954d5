from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from study_app.errors import BadPayloadError, ConflictError, NotFoundError
from study_app.extensions import db
from study_app.models import Event, Participation, Response
from study_app.protocol import Step, parse_step
from study_app.services.participations import begin_participation, find_participation
from study_app.services.steps import Submission, leave_step

KEY = "k" * 24


def submission(bundle, step, *, right=True, list_name=None, **times):
    if step.kind == "quiz":
        return Submission(choices=tuple(bundle.answers.quiz[q.item] for q in bundle.manifest.quiz))
    if step.kind != "test":
        return Submission(**times)
    from study_app.protocol import classes_of, trial_of

    trial = trial_of(bundle.manifest, step, list_name).trial
    answer = bundle.answers.trials[trial].answer
    index = classes_of(bundle.manifest, step).index(answer)
    return Submission(choices=(index if right else 1 - index,), **times)


def go_to(bundle, key, kind, session=0):
    participation = find_participation(key)
    while (step := parse_step(participation.step)).kind != kind or step.session != session:
        sent = submission(bundle, step, list_name=participation.list_name)
        participation = leave_step(bundle, key, step, sent)
    return parse_step(participation.step)


def n_rows(table):
    return db.session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def participation(context):
    return begin_participation(KEY, is_simulated=False)


def test_consent_sent_twice_begins_once(participation):
    again = begin_participation(KEY, is_simulated=False)
    assert again.id == participation.id
    assert n_rows(Participation) == 1


def test_consent_of_two_tabs_at_once_begins_once(participation, monkeypatch):
    monkeypatch.setattr("study_app.services.participations._earlier", lambda _key: None)
    assert begin_participation(KEY, is_simulated=False).id == participation.id
    assert n_rows(Participation) == 1


def test_answer_is_stored_with_its_place_and_times(bundle, participation):
    step = go_to(bundle, KEY, "test", session=1)
    list_name = find_participation(KEY).list_name
    sent = submission(bundle, step, right=False, list_name=list_name, looking_ms=812.5)
    leave_step(bundle, KEY, step, sent)
    row = db.session.scalars(select(Response).order_by(Response.id.desc())).first()
    assert (row.session, row.phase, row.attempt, row.position) == (1, "test", 1, 1)
    assert (row.rt_ms, row.is_correct) == (812.5, False)
    assert row.server_rt_ms >= 0


def test_first_answer_stays_when_another_arrives(bundle, participation):
    step = go_to(bundle, KEY, "test")
    right = submission(bundle, step)
    leave_step(bundle, KEY, step, right)
    now = leave_step(bundle, KEY, step, submission(bundle, step, right=False))
    assert now.step == "test.0.1.2"
    assert [row.is_correct for row in db.session.scalars(select(Response))] == [True]


def test_answer_sent_by_many_tabs_at_once_is_stored_once(app, bundle, participation):
    step = go_to(bundle, KEY, "test")
    db.session.remove()

    def send(_):
        with app.app_context():
            return leave_step(bundle, KEY, step, Submission(choices=(0,))).step

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(24))) == {"test.0.1.2"}
    assert n_rows(Response) == 1
    numbers = list(db.session.scalars(select(Event.number).order_by(Event.number)))
    assert numbers == list(range(1, len(numbers) + 1))


def test_step_ahead_is_refused(bundle, participation):
    ahead = Step(kind="test", session=1, position=1)
    with pytest.raises(ConflictError, match=r"must be instructions\.0\.1\.0; got test\.1\.1\.1"):
        leave_step(bundle, KEY, ahead, Submission(choices=(0,)))


def test_unknown_link_is_refused(bundle, context):
    with pytest.raises(NotFoundError, match="got an unknown link"):
        leave_step(bundle, "nobody", Step(kind="instructions"), Submission())


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
        leave_step(bundle, KEY, step, Submission(choices=choices))
    assert (n_rows(Response), find_participation(KEY).step) == (0, step.key)


def test_looking_is_logged(bundle, participation):
    step = go_to(bundle, KEY, "training")
    leave_step(bundle, KEY, step, Submission(looking_ms=3000.0))
    step = go_to(bundle, KEY, "test")
    leave_step(bundle, KEY, step, Submission(choices=(0,), reservoir_ms=(100.0, 250.0)))
    rows = db.session.execute(
        select(Event.name, Event.duration_ms).where(Event.duration_ms.is_not(None))
    )
    assert [tuple(row) for row in rows] == [
        ("training_left", 3000.0),
        ("reservoir_opened", 100.0),
        ("reservoir_opened", 250.0),
    ]


def test_whole_participation_logs_every_trial_once_and_ends_with_a_code(bundle, participation):
    go_to(bundle, KEY, "debriefing", session=3)
    row = find_participation(KEY)
    assert (row.status, len(row.completion_code)) == ("completed", 10)
    shown = db.session.scalars(select(Event.trial).where(Event.name == "trial_shown")).all()
    assert len(shown) == len(set(shown)) == 6 + 3 * 13
    ends = db.session.scalars(select(Event.name).order_by(Event.number.desc())).first()
    assert ends == "completed"


def test_everything_about_a_step_is_stored_or_nothing(bundle, participation, monkeypatch):
    step = go_to(bundle, KEY, "test")
    n_events = n_rows(Event)
    monkeypatch.setattr("study_app.services.steps._go", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        leave_step(bundle, KEY, step, Submission(choices=(0,)))
    assert (n_rows(Response), n_rows(Event)) == (0, n_events)
