"""Concepts of a network whose weights were drawn anew."""

import pytest
import torch
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.concepts import class_crops
from craft_core.errors import CraftError
from craft_core.sanity import (
    layers_with_weights,
    matched_correlations,
    randomised,
    sanity_check,
)
from craft_core.sanity_figures import sanity_figure
from craft_core.transforms import Transform
from tests.craft_core.bars import draw_bars
from tests.planted_network import PartsNet, draw_pictures


def crops_of(images, generator, **changes):
    backbone = load_backbone(
        PartsNet(),
        layer="colours",
        device="cpu",
        transform=Transform(size_px=64, mean=(0, 0, 0), std=(1, 1, 1)),
    )
    return class_crops(
        backbone,
        images,
        class_id=0,
        n_concepts=3,
        crop_size=24,
        predictions=torch.zeros(len(images), dtype=torch.long),
        generator=generator,
        **changes,
    )


def test_matching_finds_the_same_concepts_in_another_order(generator):
    U = torch.rand(50, 4, generator=generator)
    torch.testing.assert_close(matched_correlations(U, 3 * U[:, [2, 0, 3, 1]]), torch.ones(4))


def test_a_constant_concept_correlates_with_none(generator):
    U = torch.rand(20, 2, generator=generator)
    assert matched_correlations(U, torch.ones(20, 2)).abs().max() == 0


def test_a_random_network_has_other_concepts_and_two_starts_the_same(generator):
    found = crops_of(draw_pictures(30, generator=generator).images, generator)
    check = sanity_check(found, 3, generator=generator)
    assert check.ceiling.similarity > 0.95
    assert [step.name for step in check.steps] == ["all weights"]
    assert check.steps[0].similarity < check.ceiling.similarity - 0.1
    assert check.ceiling.by_chance < 0.5


def test_a_cascade_goes_from_the_logits_down(generator):
    found = crops_of(draw_pictures(12, generator=generator).images, generator)
    check = sanity_check(found, 3, generator=generator, scope="cascade", n_steps=3)
    assert [(step.name, step.n_layers) for step in check.steps] == [
        ("head", 1),
        ("merge", 2),
        ("all weights", 3),
    ]
    # the head lies behind the layer: activations are the same, and so are the concepts
    assert check.steps[0].similarity > 0.95


def test_network_is_left_as_it_is_and_draws_are_repeatable(generator):
    module = PartsNet()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    first = randomised(module, ["filters", "head"], seed=3)
    again = randomised(module, ["filters"], seed=3)
    assert all(torch.equal(module.state_dict()[name], value) for name, value in before.items())
    assert torch.equal(first.filters.weight, again.filters.weight)
    assert not torch.equal(first.head.weight, module.head.weight)
    assert torch.equal(again.head.weight, module.head.weight)


def test_layers_are_those_with_weights_of_their_own():
    assert layers_with_weights(nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.BatchNorm2d(2))) == [
        "0",
        "2",
    ]


def test_figure_shows_both_networks(tmp_path, generator):
    files = sorted(draw_bars(tmp_path / "bars", n=6).glob("red/*.png"))
    check = sanity_check(
        crops_of(files, generator), 2, generator=generator, scope="cascade", n_steps=2
    )
    figure = sanity_figure(check, files)
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")] == [
        "trained network",
        "all weights drawn anew",
    ]


def test_scope_is_checked(generator):
    found = crops_of(draw_pictures(4, generator=generator).images, generator)
    with pytest.raises(CraftError, match=r"scope must be one of \['cascade', 'full'\]; got 'x'"):
        sanity_check(found, 2, generator=generator, scope="x")
