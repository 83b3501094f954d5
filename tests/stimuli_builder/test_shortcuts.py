"""What a cue alone tells, of a small study."""

import re
from dataclasses import replace

import pytest

from stimuli_builder.bundle import read_bundle
from stimuli_builder.cli import main
from stimuli_builder.shortcuts import shortcuts


def by_position(bundle):
    (found,) = (s for s in shortcuts(bundle) if (s.task, s.cue) == ("utility", "position"))
    return found


def in_order(bundle, key):
    def sort(session):
        return replace(session, test=tuple(sorted(session.test, key=key)))

    lists = tuple(
        replace(each, sessions=tuple(map(sort, each.sessions))) for each in bundle.manifest.lists
    )
    return replace(bundle, manifest=replace(bundle.manifest, lists=lists))


def test_answers_in_order_of_class_are_told_by_position(bundle_path):
    bundle = read_bundle(bundle_path)
    answers = bundle.answers.trials
    found = by_position(in_order(bundle, lambda trial: answers[trial].answer))
    assert found.share > 0.75 and found.chance == pytest.approx(3 / 7, abs=0.07)


def test_places_of_options_are_balanced(recursivity_path):
    for each in shortcuts(read_bundle(recursivity_path)):
        if each.cue == "position":
            assert 0 < each.share <= 1 and 0 < each.chance <= 0.5


def test_colours_of_a_utility_study_are_told_beside_shuffled_answers(bundle_path):
    found = {each.cue: each for each in shortcuts(read_bundle(bundle_path)) if each.by_chance}
    assert set(found) == {"brightness", "colour", "brightness and colour"}
    for each in found.values():
        low, high = each.by_chance
        assert low <= each.chance <= high and 0.5 <= each.share <= 1
    assert found["colour"].share == 1 > found["colour"].by_chance[1]  # snow or grass


def test_shortcuts_are_the_same_each_time(bundle_path):
    bundle = read_bundle(bundle_path)
    assert shortcuts(bundle) == shortcuts(bundle)


def test_check_prints_what_chance_gives(bundle_path, capsys):
    assert main(["check", str(bundle_path)]) == 0
    told = capsys.readouterr().out
    assert re.search(
        r"utility by colour: 1\.00 of \d+ \(chance 0\.\d\d, 0\.\d\d to 0\.\d\d\)", told
    )
