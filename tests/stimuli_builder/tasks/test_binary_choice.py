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
from stimuli_builder.errors import SelectionError
from stimuli_builder.tasks.binary_choice import choice_trials, sub_clusters
from tests.planted_banks import planted_bank


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    return planted_bank(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def trials(bank):
    return choice_trials([bank], config=BinaryChoiceConfig(), generator=np.random.default_rng(0))


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
    asked = [(trial.kind, trial.cluster.path, trial.question) for trial in trials]
    assert len(set(asked)) == len(asked)


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
    found = choice_trials([bank], config=config, generator=np.random.default_rng(0))
    assert {trial.kind for trial in found} == {"split"} and len(found) == 15


def test_missing_shams_are_named(tmp_path):
    bank = planted_bank(tmp_path, kinds=("split",))
    message = r"kind 'same_layer' must be 4; got 0: .* shams = \[\"same_layer\"\]"
    with pytest.raises(SelectionError, match=message):
        choice_trials([bank], config=BinaryChoiceConfig(), generator=np.random.default_rng(0))


def test_too_few_images_are_counted(tmp_path):
    bank = planted_bank(tmp_path, n_images=8)
    with pytest.raises(SelectionError, match=r"must have crops of \d more images"):
        choice_trials([bank], config=BinaryChoiceConfig(), generator=np.random.default_rng(0))


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
    found = choice_trials([bank], config=config, generator=np.random.default_rng(0))
    assert {len(trial.cluster.rows) for trial in found} == {40, 38, 20, 60}
    for trial in found:
        images = owners(trial.cluster.bank)[trial.cluster.rows]
        first = set(np.unique(images, return_index=True)[1].tolist())
        seconds = [place for place in range(len(images)) if place not in first]
        smallest = set(trial.cluster.rows[[*sorted(first), *seconds][:20]].tolist())
        assert {trial.question, *trial.of_cluster} <= smallest
