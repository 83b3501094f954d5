from datetime import UTC, datetime, timedelta

from study_app.services.counts import count_arms, count_participations
from study_app.services.participations import Visitor, begin_participation
from tests.study_app.walker import Walker


def test_nobody_is_counted_as_nobody(context, bundle):
    assert count_participations(bundle.manifest) == []


def test_people_and_programs_are_counted_apart(app, bundle):
    Walker(app.test_client(), bundle).walk_to("test", session=1)
    with app.app_context():
        program = Visitor(is_simulated=True, simulated_kind="guesser")
        begin_participation(bundle.manifest, "s" * 24, program)
        people, programs = count_participations(bundle.manifest)
    assert (people.place, people.is_simulated, people.n) == ("session 1: test", False, 1)
    assert (programs.place, programs.is_simulated, programs.n) == ("instructions", True, 1)
    assert (people.condition in bundle.manifest.conditions, programs.condition) == (True, "")


def test_places_of_one_kind_are_counted_together(app, bundle, make_walker):
    for n_trials in (1, 2):
        walker = make_walker().walk_to("test", session=1)
        for _ in range(n_trials):
            walker.advance()
    with app.app_context():
        counts = count_participations(bundle.manifest)
    assert {count.place for count in counts} == {"session 1: test"}
    assert sum(count.n for count in counts) == 2


def test_arms_tell_who_came_and_who_left(app, bundle, make_walker):
    for step in ("debriefing", "quiz"):
        make_walker().walk_to(step)
    make_walker().walk_to("screened-out", right=False)
    with app.app_context():
        arms = {arm.condition: arm for arm in count_arms(bundle.manifest)}
    assert set(arms) == {"", "baseline", "craft"}
    nowhere = arms[""]
    assert (nowhere.began, nowhere.in_progress, nowhere.screened_out) == (2, 1, 1)
    assigned = [arms[name] for name in bundle.manifest.conditions]
    assert sum(arm.completed for arm in assigned) == sum(arm.included for arm in assigned) == 1


def test_nobody_is_late_before_the_lease_is_over(app, bundle, make_walker):
    make_walker().walk_to("test", session=1)
    lease = timedelta(minutes=bundle.manifest.recruitment.lease_minutes)
    now = datetime.now(UTC)
    with app.app_context():
        soon = sum(arm.lapsed for arm in count_arms(bundle.manifest, now=now))
        later = sum(arm.lapsed for arm in count_arms(bundle.manifest, now=now + 2 * lease))
    assert (soon, later) == (0, 1)
