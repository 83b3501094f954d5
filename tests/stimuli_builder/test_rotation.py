"""Sets of images, classes and catch trials go round over lists."""

from dataclasses import replace

import pytest

from stimuli_builder.balance import balance_problems, balance_table
from stimuli_builder.bundle import read_bundle
from stimuli_builder.catches import catch_places, choose_catches
from stimuli_builder.orders import PhaseDesign
from stimuli_builder.rotation import rotation_problems, rotation_table
from tests.small_bundle import answer_of
from tests.stimuli_builder.test_orders import TEST, np, pool, shown_of


def utility(bundle, n_lists, n_images=5):
    """Put drawn lists into a bundle, with as many sessions; pictures are those of no file."""
    shown = shown_of(pool(), [PhaseDesign(n_images=n_images, tie_broken_share=0), TEST], 3, n_lists)
    caught = choose_catches([[training for training, _ in sessions] for sessions in shown])
    places = catch_places(7, n_lists=n_lists, n_sessions=3, generator=np.random.default_rng(0))
    manifest, session = bundle.manifest, bundle.manifest.lists[0].sessions[0]
    a_training = manifest.training_trials[session.training[0]]
    a_test = manifest.test_trials[session.test[0]]
    training_trials, test_trials, answers, lists = {}, {}, {}, []
    for number, phases in enumerate(shown):
        sessions = []
        for which, (trained, tested) in enumerate(phases):
            test = [image.file for image in tested]
            image = caught[number][which]
            test.insert(places[number][which], f"catch-{image.file}")
            test_trials |= {each.file: replace(a_test, image=each.file) for each in tested}
            test_trials[f"catch-{image.file}"] = replace(a_test, image=image.file)
            training_trials |= {e.file: replace(a_training, image=e.file) for e in trained}
            answers |= {e.file: answer_of(e.prediction, tie=e.tie) for e in (*trained, *tested)}
            answers[f"catch-{image.file}"] = answer_of(image.prediction, is_catch=True)
            training = tuple(image.file for image in trained)
            sessions.append(replace(session, training=training, test=tuple(test)))
        lists.append(replace(manifest.lists[0], name=f"list-{number}", sessions=tuple(sessions)))
    manifest = replace(
        manifest,
        classes=("husky", "wolf"),
        training_trials=training_trials,
        test_trials=test_trials,
        lists=tuple(lists),
    )
    return replace(bundle, manifest=manifest, answers=replace(bundle.answers, trials=answers))


@pytest.fixture
def bundle(bundle_path):
    return read_bundle(bundle_path)


@pytest.mark.parametrize("n_lists", [1, 3, 4, 6, 12, 26, 30])
def test_lists_of_a_design_have_no_problem(bundle, n_lists):
    assert list(balance_problems(utility(bundle, n_lists))) == []


def test_table_is_told_whatever_the_number_of_lists(bundle):
    lines = rotation_table(utility(bundle, 4))
    assert lines[:4] == [
        "orders of the sets of images, and in how many lists: 1-2-3 in 2, 2-3-1 in 1, 3-1-2 in 1",
        "set 1 of images, lists by session: 2, 1, 1",
        "set 2 of images, lists by session: 1, 2, 1",
        "set 3 of images, lists by session: 1, 1, 2",
    ]
    assert set(lines) <= set(balance_table(utility(bundle, 4)))


def test_table_of_a_full_design_is_even(bundle):
    lines = rotation_table(utility(bundle, 6))
    assert lines[1:4] == [f"set {n} of images, lists by session: 2, 2, 2" for n in (1, 2, 3)]
    assert lines[4] == ("session 1, over lists: training 15 husky, 15 wolf; test 21 husky, 21 wolf")
    assert lines[5].startswith(
        "session 1, catch trials by place: 1 at 2, 1 at 3, 1 at 4, 1 at 5, 1 at 6, 1 at 7; by "
    )
    assert lines[-1] == "training images that catch trials repeat, over lists: 18 1 times"


def with_list(bundle, number, change):
    lists = list(bundle.manifest.lists)
    lists[number] = replace(lists[number], sessions=change(lists[number].sessions))
    return replace(bundle, manifest=replace(bundle.manifest, lists=tuple(lists)))


@pytest.mark.parametrize("n_lists", [3, 6])
def test_set_that_comes_more_often_in_one_session(bundle, n_lists):
    changed = with_list(utility(bundle, n_lists), 1, lambda each: (each[1], each[0], each[2]))
    problems = list(rotation_problems(changed))
    assert any("must come equally often in every session over all lists" in p for p in problems)


def test_places_that_are_not_taken_in_turn(bundle):
    def first(sessions):
        test = [trial for trial in sessions[0].test if not trial.startswith("catch")]
        caught = next(trial for trial in sessions[0].test if trial.startswith("catch"))
        test.insert(1, caught)
        return (replace(sessions[0], test=tuple(test)), *sessions[1:])

    changed = utility(bundle, 6)
    for number in range(6):
        changed = with_list(changed, number, first)
    assert list(rotation_problems(changed)) == [
        "places of catch trials in session 1 must be taken at most one apart over all lists; got "
        "{2: 6, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0}."
    ]


def test_image_that_is_repeated_too_often(bundle):
    changed = utility(bundle, 6)
    trials = changed.manifest.test_trials
    image = next(trial.image for name, trial in trials.items() if name.startswith("catch"))
    always = {
        name: replace(trial, image=image) if name.startswith("catch") else trial
        for name, trial in trials.items()
    }
    changed = replace(changed, manifest=replace(changed.manifest, test_trials=always))
    (problem,) = rotation_problems(changed)
    assert problem.endswith(f"got {image} 18 times, another 0 times.")


def test_predictions_that_are_not_equally_many(bundle):
    changed = utility(bundle, 6)
    trial = changed.manifest.lists[0].sessions[0].training[0]
    answers = dict(changed.answers.trials)
    other = {"husky": "wolf", "wolf": "husky"}[answers[trial].answer]
    answers[trial] = replace(answers[trial], answer=other)
    changed = replace(changed, answers=replace(changed.answers, trials=answers))
    problems = list(rotation_problems(changed))
    assert problems and all(
        problem.startswith("predictions of training in session") for problem in problems
    )


def test_no_table_of_another_study(recursivity_path):
    assert rotation_table(read_bundle(recursivity_path)) == []
