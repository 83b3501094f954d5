"""Trials that ask the same are one item."""

from collections import Counter
from dataclasses import replace

from stimuli_builder.bundle import items_of, read_bundle


def test_both_sides_of_a_choice_are_one_item(planted_bundle):
    manifest, answers = planted_bundle.manifest, planted_bundle.answers.trials
    items = items_of(manifest, answers)
    times = Counter(items.values())
    sessions = {each.name: each.sessions for each in manifest.lists}
    of_a, of_c = ([items[name] for name in sessions[each][2].test] for each in "ac")
    assert sorted(of_a) == sorted(of_c) and len(set(of_a)) == 15
    assert {times[item] for item in of_a} == {2}
    assert len(items) == 64 and len(times) == 49
    assert of_a == list(sessions["a"][2].test)  # named by the first


def test_another_answer_or_kind_is_another_item(planted_bundle):
    manifest, answers = planted_bundle.manifest, planted_bundle.answers.trials
    name = manifest.lists[2].sessions[2].test[0]
    item = items_of(manifest, answers)[name]
    assert item != name
    flipped = "1" if answers[name].answer == "0" else "0"
    sham = None if answers[name].sham else "random"
    for changes in ({"answer": flipped}, {"sham": sham}):
        changed = answers | {name: replace(answers[name], **changes)}
        assert items_of(manifest, changed)[name] == name


def test_trials_of_other_tasks_are_their_own_items(bundle_path):
    bundle = read_bundle(bundle_path)
    items = items_of(bundle.manifest, bundle.answers.trials)
    assert items == {name: name for name in bundle.answers.trials}
