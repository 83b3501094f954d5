"""The path is read off the event log of whoever took part, however it went."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from stimuli_builder.bundle import read_bundle
from study_app.errors import ConflictError
from study_app.extensions import db
from study_app.models import Event, Participation
from study_app.replay import SHOWN, Logged, check_path, path_of
from study_app.services.transactions import writing
from tests.small_recursivity import write_small_recursivity
from tests.study_app.studies import asking, write_changed
from tests.study_app.walker import Walker


class Crowd:
    """People of one study, on the test client."""

    def __init__(self, app, study):
        self.app, self.study = app, study

    def person(self):
        return Walker(self.app.test_client(), self.study)

    def let_lapse(self):
        """Make it twice the lease ago that anybody did anything."""
        ago = timedelta(minutes=2 * self.study.manifest.recruitment.lease_minutes)
        with self.app.app_context(), writing():
            for row in db.session.scalars(select(Participation)).all():
                earlier = update(Participation).filter_by(id=row.id)
                db.session.execute(earlier.values(step_at=row.step_at - ago))

    def log_of(self, number):
        """Return what was logged of the participant of a number, from 1."""
        query = select(Event).filter_by(participation_id=number).order_by(Event.number)
        with self.app.app_context():
            events = db.session.scalars(query).all()
            return [Logged(name=each.name, step=each.step, detail=each.detail) for each in events]


def fail_round(walker, kind):
    """Answer wrongly in one round of the practice or of the quiz."""
    walker.walk_to(kind)
    attempt = walker.url.split(".")[2]
    while walker.step == kind and walker.url.split(".")[2] == attempt:
        walker.advance(right=False)


def pass_all(crowd):
    crowd.person().walk_to("debriefing")


def fail_practice_once(crowd):
    person = crowd.person()
    fail_round(person, "test")
    person.walk_to("debriefing")


def fail_practice(crowd):
    person = crowd.person()
    fail_round(person, "test")
    fail_round(person, "test")
    assert person.step == "screened-out"


def fail_quiz_once(crowd):
    person = crowd.person()
    fail_round(person, "quiz")
    person.walk_to("debriefing")


def fail_quiz(crowd):
    person = crowd.person()
    fail_round(person, "quiz")
    fail_round(person, "quiz")
    assert person.step == "screened-out"


def be_ineligible(crowd):
    person = crowd.person().walk_to("eligibility")
    person.advance(adult="no")
    assert person.step == "screened-out"


def come_to_a_full_study(crowd):
    person = crowd.person().walk_to("instructions")
    for _ in range(2):
        crowd.person().walk_to("session-intro")
    person.walk_to("screened-out")


def lose_the_place(crowd):
    """Go away for longer than the lease; others take both places meanwhile."""
    person = crowd.person().walk_to("training", session=1)
    crowd.let_lapse()
    for _ in range(2):
        crowd.person().walk_to("session-intro")
    person.advance()
    assert person.step == "screened-out"


def regain_the_place(crowd):
    """Go away for longer than the lease; another takes the place, and there are more."""
    person = crowd.person().walk_to("training", session=1)
    crowd.let_lapse()
    crowd.person().walk_to("session-intro")
    person.walk_to("debriefing")


def with_quota(bundle, folder, quota):
    recruitment = replace(bundle.manifest.recruitment, quota=quota)
    return write_changed(folder, bundle, replace(bundle.manifest, recruitment=recruitment))


WAYS = [  # of whoever came first: what they did, in which study, and what their log must tell of
    (pass_all, "plain", {"practice_passed", "quiz_passed", "assigned", "completed"}),
    (fail_practice_once, "plain", {"practice_failed", "practice_passed", "completed"}),
    (fail_practice, "plain", {"practice_failed", "screened_out"}),
    (fail_quiz_once, "plain", {"quiz_failed", "quiz_passed", "completed"}),
    (fail_quiz, "plain", {"quiz_failed", "screened_out"}),
    (be_ineligible, "asking", {"ineligible", "screened_out"}),
    (pass_all, "asking", {"assigned", "completed"}),
    (come_to_a_full_study, "quota 1", {"quiz_passed", "screened_out"}),
    (lose_the_place, "quota 1", {"assigned", "place_lost", "screened_out"}),
    (regain_the_place, "quota 9", {"assigned", "place_lost", "place_regained", "completed"}),
    (pass_all, "recursivity", {"assigned", "completed"}),
    (fail_practice_once, "recursivity", {"practice_failed", "practice_passed", "completed"}),
    (be_ineligible, "recursivity", {"ineligible", "screened_out"}),
    (pass_all, "intruder", {"assigned", "completed"}),
    (pass_all, "binary_choice", {"assigned", "completed"}),
]


@pytest.fixture
def study(request, bundle, recursivity_path, tmp_path):
    match request.param.split():
        case ["plain"]:
            return bundle
        case ["asking"]:
            return write_changed(tmp_path / "b", bundle, asking(bundle))
        case ["quota", number]:
            return with_quota(bundle, tmp_path / "b", int(number))
        case ["recursivity"]:
            return read_bundle(recursivity_path)
        case [task]:
            return write_small_recursivity(tmp_path / "b", task=task)


@pytest.mark.parametrize(("go", "study", "names"), WAYS, indirect=["study"])
def test_log_tells_the_way_of_whoever_took_part(apart, go, study, names):
    crowd = Crowd(apart(study), study)
    go(crowd)
    log = crowd.log_of(1)
    assert names <= {each.name for each in log}
    check_path(study.manifest, log)
    with crowd.app.app_context():
        assert path_of(log)[-1].key == db.session.get(Participation, 1).step
    shown = [number for number, each in enumerate(log) if each.name in SHOWN]
    for number in shown[:-1]:  # a page that is missing is noticed
        with pytest.raises(ConflictError, match="in the log"):
            check_path(study.manifest, log[:number] + log[number + 1 :])


def test_what_happened_on_a_page_that_was_not_shown_is_noticed(bundle):
    log = [
        Logged(name="consented", step=None, detail=None),
        Logged(name="page_shown", step="instructions.0.1.0", detail=None),
        Logged(name="quiz_passed", step="quiz.0.1.0", detail=None),
    ]
    said = "quiz_passed must be of the page shown last, instructions.0.1.0; got quiz.0.1.0 in"
    with pytest.raises(ConflictError, match=said):
        check_path(bundle.manifest, log)
