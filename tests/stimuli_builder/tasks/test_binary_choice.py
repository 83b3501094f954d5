"""Binary choices of a bank whose crops are known."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from craft_core.bank import Origin
from craft_core.coders import Coder
from stimuli_builder.clusters import coefficients, owners
from stimuli_builder.config import BinaryChoiceConfig
from stimuli_builder.crop_draws import CropDraws
from stimuli_builder.errors import BalanceWarning, SelectionError
from stimuli_builder.tasks.binary_choice import choice_trials
from stimuli_builder.tasks.questions import ask_questions, sub_clusters
from stimuli_builder.tasks.recursivity import balanced_sides
from tests.planted_banks import planted_bank

PAPER = BinaryChoiceConfig()


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    return planted_bank(tmp_path_factory.mktemp("planted"))


def made(banks, config=PAPER, seed=0, first_of_same=None):
    draws = CropDraws(np.random.default_rng(seed), first_of_same)
    asked = ask_questions(banks, config=config, draws=draws)
    return choice_trials(asked, config=config, draws=draws)


def crop_of(bank, row):
    return bank.files[int(bank.crops.image[row])], tuple(bank.crops.boxes[row].tolist())


def parent_of(trial):
    return trial.cluster.path.rsplit("/", 1)[0]


@pytest.fixture(scope="module")
def trials(bank):
    return made([bank])


def test_shams_are_as_many_as_the_design_says(trials):
    assert Counter(trial.kind for trial in trials) == {
        "split": 7,
        "same_layer": 4,
        "random_groups": 4,
    }


def test_no_source_image_comes_twice(trials):
    for trial in trials:
        inside = owners(trial.cluster.bank)[[trial.question, *trial.of_cluster]].tolist()
        beside = owners(trial.parent)[list(trial.of_parent)].tolist()
        assert len({*inside, *beside}) == 1 + 6 + 6


def test_the_group_is_of_the_sub_concept_and_the_other_of_its_parent(trials):
    for trial in trials:
        bank = trial.cluster.bank
        for row in (trial.question, *trial.of_cluster):
            assert int(bank.U[row].argmax()) == trial.cluster.concept
        assert set(trial.of_parent) <= set(bank.origin.rows.tolist())


def test_no_crop_is_asked_about_twice(trials):
    asked = [crop_of(trial.cluster.bank, trial.question) for trial in trials]
    assert len(set(asked)) == len(asked)


def test_no_crop_in_question_is_in_a_group(tmp_path):
    crowded = planted_bank(tmp_path, n_images=14)  # where each image comes in nearly every trial
    trials = made([crowded], BinaryChoiceConfig(trials=30, same_layer=10, random=10))
    asked = {crop_of(trial.cluster.bank, trial.question) for trial in trials}
    assert len(asked) == 30
    for trial in trials:
        inside = {crop_of(trial.cluster.bank, row) for row in trial.of_cluster}
        assert not asked & (inside | {crop_of(trial.parent, row) for row in trial.of_parent})


def test_groups_activate_the_parent_alike(trials):
    for trial in trials:
        rows, concept = trial.cluster.bank.origin.rows.numpy(), trial.cluster.bank.origin.concept
        strength = coefficients(trial.parent)[:, concept]
        inside = strength[rows[list(trial.of_cluster)]].mean()
        beside = strength[list(trial.of_parent)].mean()
        assert abs(inside - beside) < 0.15  # of coefficients between 1 and 2


def test_every_crop_of_a_split_is_in_one_part(bank):
    for child in bank.children:
        parts = [c for c in sub_clusters([bank], child.origin.kind) if c.bank is child]
        rows = np.concatenate([part.rows for part in parts])
        assert sorted(rows.tolist()) == list(range(len(child.crops)))


def test_without_shams_all_are_recursive(bank):
    config = BinaryChoiceConfig(same_layer=0, random=0)
    found = made([bank], config)
    assert {trial.kind for trial in found} == {"split"} and len(found) == 15


def test_missing_shams_are_named(tmp_path):
    bank = planted_bank(tmp_path, kinds=("split",))
    message = r"kind 'same_layer' must be 4; got 0: .* shams = \[\"same_layer\"\]"
    with pytest.raises(SelectionError, match=message):
        made([bank])


def test_too_few_images_are_counted(tmp_path):
    bank = planted_bank(tmp_path, n_images=8)
    with pytest.raises(SelectionError, match=r"must have crops of \d more images"):
        made([bank])


def uneven(parent, sizes, kind):
    """Split a concept's crops in parts of given sizes."""
    rows = torch.nonzero(parent.U[:, 0] > 1).flatten()[: sum(sizes)]
    U = torch.full((len(rows), len(sizes)), 0.05)
    U[torch.arange(len(rows)), torch.repeat_interleave(torch.tensor(sizes))] = torch.linspace(
        2, 1, len(rows)
    )
    return replace(
        parent,
        coder=Coder(W=torch.eye(4)[: len(sizes)]),
        U=U,
        crops=parent.crops.at(rows),
        importance=None,
        parent=parent,
        origin=Origin(concept=0, percentile=0.0, threshold=1.0, rows=rows, kind=kind),
        children=[],
    )


def test_all_parts_count_as_many_crops_as_the_smallest_that_can_be_asked_about(tmp_path):
    bank = planted_bank(tmp_path, kinds=())
    bank.children.append(uneven(bank, [40, 2, 38], "split"))
    bank.children.append(uneven(bank, [20, 60], "same_layer"))
    config = BinaryChoiceConfig(trials=12, same_layer=6, random=0)
    found = made([bank], config)
    assert {len(trial.cluster.rows) for trial in found} == {40, 38, 20, 60}
    for trial in found:
        images = owners(trial.cluster.bank)[trial.cluster.rows]
        first = set(np.unique(images, return_index=True)[1].tolist())
        seconds = [place for place in range(len(images)) if place not in first]
        smallest = set(trial.cluster.rows[[*sorted(first), *seconds][:20]].tolist())
        assert {trial.question, *trial.of_cluster} <= smallest


@pytest.fixture(scope="module")
def of_two(bank, tmp_path_factory):
    """Trials of two classes with four split concepts each."""
    return made([bank, planted_bank(tmp_path_factory.mktemp("husky"), name="husky")])


def test_classes_are_at_most_one_apart_in_each_kind(of_two):
    found = Counter((trial.kind, trial.cluster.bank.class_name) for trial in of_two)
    assert found["split", "wolf"] == 4 and found["split", "husky"] == 3
    for sham in ("same_layer", "random_groups"):
        assert found[sham, "wolf"] == found[sham, "husky"] == 2


def test_recursive_choices_and_shams_are_about_the_same_concepts(of_two):
    recursive = Counter(parent_of(trial) for trial in of_two if trial.kind == "split")
    shams = Counter(parent_of(trial) for trial in of_two if trial.kind != "split")
    assert set(recursive.values()) == set(shams.values()) == {1}
    assert len(recursive) == 7 and len(shams) == 8 and recursive.keys() < shams.keys()


def test_parts_come_in_turn(of_two):
    parts = Counter(trial.cluster.concept for trial in of_two if trial.kind == "split")
    assert parts[0] >= 3 and parts[1] >= 3


def test_images_that_were_shown_least_come_first(of_two):
    shown = Counter()
    for trial in of_two:
        bank, parent = trial.cluster.bank, trial.parent
        shown.update(crop_of(bank, row)[0] for row in (trial.question, *trial.of_cluster))
        shown.update(crop_of(parent, row)[0] for row in trial.of_parent)
    assert sum(shown.values()) == 15 * 13 and len(shown) == 80  # all images there are
    assert max(shown.values()) == 3  # the least that 195 crops of 80 images allow


def test_a_class_that_nothing_can_be_asked_of_is_told(bank, tmp_path):
    small = planted_bank(tmp_path, n_images=8, name="husky")
    message = r"must be of every class; got none of \['husky'\]: parent of .* got 1 of 6"
    with pytest.warns(BalanceWarning, match=message):
        found = made([bank, small])
    assert {trial.cluster.bank.class_name for trial in found} == {"wolf"} and len(found) == 15


def test_a_concept_of_too_few_images_is_left_out_of_all_kinds(tmp_path):
    bank = planted_bank(tmp_path)
    for child in [each for each in bank.children if each.origin.concept == 2]:
        rows = child.origin.rows[child.origin.rows < 9 * 8]  # of nine images
        fewer = replace(child.origin, rows=rows)
        kept = replace(child, U=child.U[: len(rows)], crops=bank.crops.at(rows), origin=fewer)
        bank.children[bank.children.index(child)] = kept
    assert {parent_of(trial) for trial in made([bank])} == {"wolf/0", "wolf/1", "wolf/3"}


def test_too_few_crops_for_all_choices_are_counted(tmp_path):
    bank = planted_bank(tmp_path, n_images=14)
    config = BinaryChoiceConfig(trials=100, same_layer=0, random=0)
    message = r"kind 'split' must be 100; got \d+: (parent of )?sub-concept wolf/.* must have"
    with pytest.raises(SelectionError, match=message):
        made([bank], config)


def test_sides_alternate_in_each_kind_and_class(of_two):
    order = [of_two[number] for number in np.random.default_rng(0).permutation(len(of_two))]
    places = balanced_sides(order)
    kinds = [(trial.kind, trial.cluster.bank.class_name) for trial in order]
    for features in (kinds, [kind for kind, _ in kinds], [""] * len(order)):
        for feature in set(features):
            found = [p for p, each in zip(places, features, strict=True) if each == feature]
            assert abs(found.count(0) - found.count(1)) <= 1


def test_images_that_look_the_same_count_as_one(bank):
    pairs = {bank.files[number]: bank.files[number // 2 * 2] for number in range(len(bank.files))}
    for trial in made([bank], first_of_same=pairs):
        rows = [(trial.cluster.bank, row) for row in (trial.question, *trial.of_cluster)]
        rows += [(trial.parent, row) for row in trial.of_parent]
        assert len({pairs[crop_of(*row)[0]] for row in rows}) == 13
