import random
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from sqlalchemy import update

from study_app.app import create_app
from study_app.extensions import db
from study_app.models import Participation, Response, Study
from study_app.services.findings import count_texts, read_results, read_texts
from study_app.services.progress import count_flags, read_funnel, read_times, warnings_of
from study_app.services.study import prepare_database
from study_app.services.transactions import writing
from tests.study_app.conftest import close, study_settings
from tests.study_app.walker import Walker


@pytest.fixture
def enter(app):
    """Enter the application's context once people have walked: requests have their own."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(app.app_context())


@pytest.fixture
def study(bundle):
    return bundle.manifest


def reached(study):
    return {stage.name: stage.n for stage in read_funnel(study)}


def test_funnel_counts_who_came_how_far(enter, study, make_walker):
    for place in ("instructions", "quiz", "session-intro", "debriefing"):
        make_walker().walk_to(place)
    enter()
    counts = reached(study)
    assert counts["Consented"] == 4
    assert counts["Quiz"] == 3
    assert counts["Session 1"] == 2
    assert counts["Completed"] == 1
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


@pytest.mark.parametrize(
    ("screening", "last"), [("quota", None), ("quiz", "Quiz"), ("practice", "Practice")]
)
def test_who_was_screened_out_came_as_far_as_the_screening(
    enter, study, make_walker, screening, last
):
    make_walker().walk_to("instructions")
    enter()
    with writing():
        db.session.execute(
            update(Participation).values(
                status="screened_out",
                screened_out_at=screening,
                step="screened-out.0.1.0",
                finished_at=datetime.now(UTC),
            )
        )
    funnel = read_funnel(study)
    names = [stage.name for stage in funnel]
    got = [stage.n for stage in funnel]
    furthest = names.index("Session 1") - 1 if last is None else names.index(last)
    assert got == [int(number <= furthest) for number in range(len(names))]


def test_times_are_medians_of_those_who_completed(enter, study, make_walker):
    for _ in range(3):
        make_walker().walk_to("debriefing")
    enter()
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    first = study.conditions[0]
    with writing():
        db.session.execute(update(Participation).values(condition=first, list_name="x"))
        for number, minutes in enumerate((4, 6, 20), 1):
            db.session.execute(
                update(Participation)
                .filter_by(id=number)
                .values(consented_at=begun, finished_at=begun + timedelta(minutes=minutes))
            )
        db.session.execute(update(Response).values(server_rt_ms=2500.0))
    times = {each.condition: each for each in read_times(study)}
    assert (times[first].n, times[first].minutes, times[first].answer_s) == (3, 6.0, 2.5)
    assert times[study.conditions[1]].minutes is None


@pytest.mark.parametrize("n_answers", [1, 2, 7, 24])
def test_median_of_answers_is_the_one_of_the_numbers(enter, study, make_walker, n_answers):
    make_walker().walk_to("debriefing")
    enter()
    condition = db.session.scalars(db.select(Participation.condition)).one()
    rows = list(db.session.scalars(db.select(Response.id).where(Response.session > 0)))
    times = random.Random(n_answers).sample(range(300, 9000), n_answers)
    with writing():
        db.session.execute(db.delete(Response).where(Response.id.in_(rows[n_answers:])))
        for row, ms in zip(rows[:n_answers], times, strict=True):
            db.session.execute(update(Response).filter_by(id=row).values(server_rt_ms=ms))
    found = {each.condition: each.answer_s for each in read_times(study)}
    assert found.pop(condition) == pytest.approx(median(times) / 1000)
    assert set(found.values()) == {None}


def test_flags_count_people_not_events(enter, make_walker):
    walker = make_walker()
    walker.walk_to("debriefing")
    enter()
    flags = count_flags()
    assert all(n <= 1 for n in flags.values())


def test_warnings_tell_of_a_full_arm(enter, study, make_walker):
    walker = make_walker()
    walker.walk_to("session-intro")
    enter()
    assert warnings_of(study) == []
    with writing():
        db.session.execute(update(Study).values(quota=1))
    condition = db.session.scalars(db.select(Participation.condition)).one()
    assert warnings_of(study) == [f"{condition}: 1 of 1 places are taken."]


def test_warnings_tell_of_silence_while_the_study_is_open(enter, study, make_walker):
    make_walker().walk_to("instructions")
    enter()
    later = datetime.now(UTC) + timedelta(hours=7)
    assert "Nobody has come since" in warnings_of(study, now=later)[0]
    with writing():
        db.session.execute(update(Study).values(state="paused"))
    assert warnings_of(study, now=later) == []


def test_warnings_tell_of_a_quiz_item_that_many_fail(enter, study, make_walker):
    for _ in range(10):
        make_walker().walk_to("session-intro")
    enter()
    item = study.quiz[0].item
    wrong = update(Response).where(Response.phase == "quiz", Response.item == item)
    with writing():
        db.session.execute(wrong.where(Response.participation_id <= 3).values(is_correct=False))
    assert warnings_of(study) == []
    with writing():
        db.session.execute(wrong.where(Response.participation_id <= 4).values(is_correct=False))
    assert warnings_of(study) == [f"Quiz item {item}: 4 of 10 were wrong at first. Is it clear?"]


def test_warnings_tell_of_arms_that_differ_in_who_stays(enter, study, make_walker):
    for _ in range(20):
        make_walker().walk_to("session-intro")
    enter()
    first, second = study.conditions[:2]
    with writing():
        db.session.execute(
            update(Participation).where(Participation.id <= 10).values(condition=first)
        )
        db.session.execute(
            update(Participation).where(Participation.id > 10).values(condition=second)
        )
        ended = update(Participation).values(
            status="completed",
            completion_code="x" + db.func.cast(Participation.id, db.String),
            finished_at=datetime.now(UTC),
            step="debriefing.1.1.0",
        )
        db.session.execute(ended.where(Participation.id <= 3))
    assert warnings_of(study) == []  # all the others may still come to the end
    later = datetime.now(UTC) + timedelta(hours=2)
    (warning,) = warnings_of(study, now=later)
    assert warning.startswith(f"0% of those in {second} stayed to the end, and 30% in {first}")


def test_results_are_of_scored_trials_of_those_who_are_analysed(enter, bundle, make_walker):
    for _ in range(2):
        make_walker().walk_to("debriefing")
    enter()
    people = db.session.scalars(db.select(Participation).order_by(Participation.id)).all()
    with writing():
        db.session.execute(update(Participation).values(verdict="include"))
        db.session.execute(update(Response).values(is_correct=True))
        catch = [name for name, trial in bundle.answers.trials.items() if trial.is_catch]
        db.session.execute(
            update(Response).where(Response.item.in_(catch)).values(is_correct=False)
        )
        db.session.execute(update(Participation).filter_by(id=2).values(verdict="exclude"))
    results = {each.condition: each for each in read_results(bundle)}
    assert (results[people[0].condition].n, results[people[0].condition].share) == (1, 1.0)
    assert sum(each.n for each in results.values()) == 1


@pytest.mark.slow
def test_postgresql_counts_the_same(bundle, postgresql, tmp_path):
    app = create_app(
        study_settings(bundle, tmp_path / "x") | {"STUDY_DATABASE_URL": postgresql("counts")}
    )
    with app.app_context():
        prepare_database(bundle)
    for place in ("debriefing", "debriefing", "quiz"):
        Walker(app.test_client(), bundle).walk_to(place)
    with app.app_context():
        assert [stage.n for stage in read_funnel(bundle.manifest)][-1] == 2
        assert sum(each.n for each in read_results(bundle)) == 2
        assert {each.share for each in read_results(bundle)} <= {1.0, None}
        assert sum(each.n for each in read_times(bundle.manifest)) == 2
        assert count_texts(bundle) == 0
        assert read_texts(bundle, first=0, n=5) == []
        assert count_flags() == {}
        later = datetime.now(UTC) + timedelta(hours=7)
        assert warnings_of(bundle.manifest, now=later)[0].startswith("Nobody has come since")
    close(app)
