from study_app.services.counts import count_participations
from study_app.services.participations import begin_participation
from tests.study_app.walker import Walker


def test_nobody_is_counted_as_nobody(context):
    assert count_participations() == []


def test_people_and_programs_are_counted_apart(app, bundle):
    Walker(app.test_client(), bundle).walk_to("test", session=1)
    with app.app_context():
        begin_participation("s" * 24, is_simulated=True, simulated_kind="guesser")
        people, programs = count_participations()
    assert (people.place, people.is_simulated, people.n) == ("session 1: test", False, 1)
    assert (programs.place, programs.is_simulated, programs.n) == ("instructions", True, 1)
    assert (people.condition in bundle.manifest.conditions, programs.condition) == (True, "")


def test_places_of_one_kind_are_counted_together(app, make_walker):
    for n_trials in (1, 2):
        walker = make_walker().walk_to("test", session=1)
        for _ in range(n_trials):
            walker.advance()
    with app.app_context():
        counts = count_participations()
    assert {count.place for count in counts} == {"session 1: test"}
    assert sum(count.n for count in counts) == 2
