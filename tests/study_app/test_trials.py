from dataclasses import replace

import pytest

from stimuli_builder.bundle import read_bundle
from study_app.errors import ConflictError
from study_app.steps import Step
from study_app.trials import (
    Draw,
    choices_of,
    option_order,
    options_shown,
    reservoir_of,
    training_of,
    trial_of,
)
from study_app.trials import (
    test_of as trial_tested,
)

LIST_B = Draw(condition="craft", list_name="list_b", order_seed=1)


@pytest.fixture
def recursivity(recursivity_path):
    return read_bundle(recursivity_path).manifest


def steps_of(study, draw, session):
    n_trials = len(study.lists[0].sessions[session - 1].test)
    return [Step(kind="test", session=session, position=n + 1) for n in range(n_trials)]


def test_trial_is_the_lists_own(bundle):
    study, step = bundle.manifest, Step(kind="test", session=3, position=8)
    name = study.lists[1].sessions[2].test[7]
    assert trial_of(study, step, LIST_B) == name
    assert trial_tested(study, step, LIST_B) == study.test_trials[name]
    step = Step(kind="training", session=1, position=2)
    name = study.lists[1].sessions[0].training[1]
    assert training_of(study, step, LIST_B) == study.training_trials[name]


def test_position_beyond_the_phase_is_refused(bundle):
    step = Step(kind="test", session=1, position=9)
    with pytest.raises(ConflictError, match=r"position must be in \[1, 8\]; got 9"):
        trial_of(bundle.manifest, step, LIST_B)


@pytest.mark.parametrize(
    ("scope", "sessions"),
    [("all_sessions", [1] * 5 + [2] * 5), ("session", [2] * 5), ("none", [])],
)
def test_reservoir_holds_what_the_study_says(bundle, scope, sessions):
    study = bundle.manifest
    study = replace(study, reservoir=replace(study.reservoir, scope=scope))
    examples = reservoir_of(study, Step(kind="test", session=2, position=1), LIST_B)
    assert [session for session, _ in examples] == sessions
    if scope == "all_sessions":
        first = study.lists[1].sessions[0].training[0]
        assert examples[0][1] == study.training_trials[first]


def test_utility_trials_offer_the_classes_in_the_bundles_order(bundle):
    step = Step(kind="test", session=1, position=1)
    assert choices_of(bundle.manifest, step, LIST_B) == ["Husky", "Wolf"]
    assert options_shown(bundle.manifest, step, LIST_B) == []


def test_trials_and_options_are_shuffled_for_each_participant(recursivity):
    orders, places = set(), set()
    for seed in range(20):
        draw = Draw(condition="all", list_name="list_a", order_seed=seed)
        steps = steps_of(recursivity, draw, 3)
        orders.add(tuple(trial_of(recursivity, step, draw) for step in steps))
        places.add(tuple(option_order(recursivity, steps_of(recursivity, draw, 1)[0], draw)))
    assert all(sorted(order) == sorted(next(iter(orders))) for order in orders)
    assert len(orders) > 3 and len(places) > 10


def test_sides_that_the_lists_balance_are_not_shuffled(recursivity):
    for seed in range(20):
        draw = Draw(condition="all", list_name="list_a", order_seed=seed)
        assert choices_of(recursivity, steps_of(recursivity, draw, 3)[0], draw) == ["0", "1"]


def test_options_stand_where_the_choices_are(recursivity):
    draw = Draw(condition="all", list_name="list_a", order_seed=5)
    step = steps_of(recursivity, draw, 1)[0]
    options = recursivity.test_trials[trial_of(recursivity, step, draw)].options
    choices = choices_of(recursivity, step, draw)
    assert [options[int(place)] for place in choices] == options_shown(recursivity, step, draw)
