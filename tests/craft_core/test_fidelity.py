"""Curves: their ends, their areas, and what is refused."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.coders import Coder
from craft_core.errors import ClassError, CraftError, ShapeError
from craft_core.fidelity import (
    additive_curves,
    area_interval,
    curve_areas,
    curve_masks,
    deletion_curve,
    image_curves,
    insertion_curve,
)
from craft_core.importance import concept_importance, positional_coefficients
from craft_core.masked_logits import additive_logits, pooled_head
from craft_core.transforms import Transform
from tests.craft_core.additive_network import CHANNELS, additive_bank, noise_images

LAYERS = ["1", "0.1"]  # behind the first of them all is affine


def projection_coder():
    drawn = torch.Generator().manual_seed(5)
    basis = torch.linalg.qr(torch.randn(CHANNELS, 5, generator=drawn))[0]
    mean = torch.rand(CHANNELS, generator=drawn)
    return Coder(W=basis.T.contiguous(), kind="projection", encoder=basis, mean=mean)


def logit_of(bank, U, shape, *, keep):
    """Decode what is left of an image's concepts, one image, in full."""
    mask = torch.zeros(bank.n_concepts)
    mask[list(keep)] = 1
    rows = bank.coder.rebuild((U * mask).flatten(0, 1)).reshape(*U.shape[:2], -1)
    with torch.no_grad():
        return bank.backbone.decode(bank.backbone.layout.native(rows, shape))[:, 0]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("coder", [None, projection_coder()], ids=["nnls", "projection"])
def test_every_point_is_what_the_network_makes_of_what_is_left(layer, coder, generator):
    bank = additive_bank(signed=True, layer=layer, coder=coder)
    images = noise_images(3, generator)
    U, shape = positional_coefficients(bank, images)
    if layer == "1":  # there the pooled coefficients are used, the same at all positions
        U = bank.encode(images)[:, None].expand(-1, U.shape[1], -1)
    order = [3, 0, 4, 1, 2]
    gone = image_curves(bank, images, 0, order, "deletion")
    there = image_curves(bank, images, 0, order, "insertion")
    for step in range(6):
        left = logit_of(bank, U, shape, keep=order[step:])
        torch.testing.assert_close(gone[:, step].float(), left, rtol=1e-5, atol=1e-5)
        only = logit_of(bank, U, shape, keep=order[:step])
        torch.testing.assert_close(there[:, step].float(), only, rtol=1e-5, atol=1e-5)


def test_both_curves_have_the_same_ends_to_the_last_bit(generator):
    bank = additive_bank(signed=True)
    images = noise_images(3, generator)
    gone = image_curves(bank, images, 0, [3, 0, 4, 1, 2], "deletion")
    there = image_curves(bank, images, 0, [0, 1, 2, 3, 4], "insertion")
    assert torch.equal(gone[:, 0], there[:, -1]) and torch.equal(gone[:, -1], there[:, 0])


def test_decoded_curves_have_the_same_ends(generator):
    bank = additive_bank(signed=True, layer="0.1")
    images = noise_images(3, generator)
    gone = image_curves(bank, images, 0, [3, 0, 4, 1, 2], "deletion")
    there = image_curves(bank, images, 0, [0, 1, 2, 3, 4], "insertion")
    ends = gone[:, [0, -1]]
    torch.testing.assert_close(ends, there[:, [-1, 0]], rtol=1e-6, atol=1e-6)


def test_a_centred_bank_ends_at_the_mean(generator):
    coder = projection_coder()
    bank = additive_bank(signed=True, coder=coder)
    head = bank.backbone.linear_head
    at_mean = coder.mean @ head.weight[0] + head.bias[0]
    curve = deletion_curve(bank, noise_images(4, generator), 0, range(5))
    assert float(curve[-1]) == pytest.approx(float(at_mean), rel=1e-6)
    plain = deletion_curve(additive_bank(signed=True), noise_images(4, generator), 0, range(5))
    assert float(plain[-1]) == pytest.approx(float(head.bias[0]), rel=1e-6)


def test_pca_is_followed_where_activations_are_negative(generator):
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, CHANNELS, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 2)
    )
    backbone = load_backbone(network, layer="0", device="cpu", transform=Transform(size_px=8))
    bank = replace(additive_bank(signed=True, coder=projection_coder()), backbone=backbone)
    images = noise_images(3, generator)
    assert backbone.encode(images).min() < 0
    curve = deletion_curve(bank, images, 0, [3, 0, 4, 1, 2])
    A = backbone.pool(backbone.encode(images))
    rebuilt = bank.coder.rebuild(bank.coder.coefficients(A))
    head = network[-1]
    ends = [head(rows)[:, 0].mean().detach() for rows in (rebuilt, bank.coder.mean[None])]
    torch.testing.assert_close(curve[[0, -1]].float(), torch.stack(ends))
    assert concept_importance(bank, images, 0, generator=generator).values.sum() > 0.99


def test_curves_are_means_over_images(generator):
    bank = additive_bank(signed=False)
    images = noise_images(4, generator)
    each = image_curves(bank, images, 0, [2, 1, 0, 4, 3], "insertion")
    assert each.shape == (4, 6)
    mean = insertion_curve(bank, images, 0, torch.tensor([2, 1, 0, 4, 3]))
    assert mean.shape == (6,) and torch.equal(mean, each.mean(dim=0))


def test_each_image_may_have_its_own_order(generator):
    bank = additive_bank(signed=True)
    images = noise_images(2, generator)
    orders = torch.tensor([[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])
    both = image_curves(bank, images, 0, orders, "deletion")
    for index, order in enumerate(orders):
        alone = image_curves(bank, images[index : index + 1], 0, order, "deletion")
        torch.testing.assert_close(both[index : index + 1], alone)


def test_sums_give_the_same_curves_without_the_network(generator):
    bank = additive_bank(signed=True)
    images = noise_images(3, generator)
    A = bank.backbone.pool(bank.backbone.encode(images)).detach()
    known = additive_logits(bank, images, 0, A=A)
    curves = additive_curves(known, [4, 2, 0, 1, 3], "deletion")
    expected = image_curves(bank, images, 0, [4, 2, 0, 1, 3], "deletion")
    torch.testing.assert_close(curves, expected, rtol=1e-6, atol=1e-6)


def test_a_head_of_one_pixel_convolutions_is_seen_as_linear(generator):
    bank = additive_bank(signed=True)
    linear = bank.backbone.linear_head
    convolution = nn.Conv2d(CHANNELS, 2, 1)
    with torch.no_grad():
        convolution.weight.copy_(linear.weight[:, :, None, None])
        convolution.bias.copy_(linear.bias)
    module = bank.backbone.module
    network = nn.Sequential(module[0], module[1], module[2], convolution, nn.Flatten())
    other = load_backbone(network, layer="1", device="cpu", transform=bank.backbone.transform)
    assert other.linear_head is None
    slope, base = pooled_head(other, 0)
    torch.testing.assert_close(slope.float(), linear.weight[0])
    assert float(base) == pytest.approx(float(linear.bias[0]))
    assert pooled_head(bank.backbone.at("0.1"), 0) is None


def test_area_is_the_mean_height_whatever_the_number_of_concepts():
    few = curve_areas(torch.linspace(0, 3, 4))
    many = curve_areas(torch.linspace(0, 3, 31))
    assert float(few) == pytest.approx(1.5) and float(many) == pytest.approx(1.5)


def test_masks_of_a_deletion_are_those_of_the_insertion_turned_round():
    order = torch.tensor([[2, 0, 1], [1, 2, 0]])
    assert torch.equal(curve_masks(order, "deletion"), 1 - curve_masks(order, "insertion"))
    assert curve_masks(order, "insertion")[0, 1].tolist() == [0, 0, 1]


def test_interval_of_one_seed_is_that_of_the_mean_over_images(generator):
    areas = torch.randn(1, 200, generator=generator, dtype=torch.float64)
    interval = area_interval(areas, generator=generator)
    half = 1.96 * float(areas.std()) / 200**0.5
    assert interval.mean == pytest.approx(float(areas.mean()))
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.1)


def test_seeds_that_differ_widen_the_interval(generator):
    images = torch.randn(1, 50, generator=generator)
    same = area_interval(images.expand(5, -1), generator=torch.Generator().manual_seed(1))
    apart = images + 2 * torch.arange(5.0)[:, None]
    wide = area_interval(apart, generator=torch.Generator().manual_seed(1))
    assert wide.high - wide.low > 3 * (same.high - same.low)


@pytest.mark.slow
def test_intervals_cover_the_mean_of_seeds_and_images():
    """Ninety-five per cent intervals of 12 seeds and 60 images, 400 times."""
    generator = torch.Generator().manual_seed(0)
    covered = 0
    for _ in range(400):
        seeds = 0.3 * torch.randn(12, 1, generator=generator)
        areas = 1 + seeds + torch.randn(1, 60, generator=generator)
        interval = area_interval(areas, generator=generator, n_draws=500)
        covered += interval.low <= 1 <= interval.high
    assert 0.88 <= covered / 400 <= 0.97


@pytest.mark.parametrize(
    ("ranking", "message"),
    [
        ([0, 1, 2], r"ranking must hold the bank's r=5 concepts, each once; got 3\."),
        ([0, 1, 2, 3, 3], r"each once; got \[0, 1, 2, 3, 3\]\."),
        (torch.tensor([[0, 1, 2, 3, 4]]), r"ranking must have n=2 rows, one an image; got 1\."),
        (torch.zeros(2, 4, dtype=torch.long), r"each once; got \(2, 4\)\."),
    ],
)
def test_ranking_must_hold_each_concept_once(ranking, message, generator):
    with pytest.raises(ShapeError, match=message):
        deletion_curve(additive_bank(signed=False), noise_images(2, generator), 0, ranking)


@pytest.mark.parametrize("layer", LAYERS)
def test_class_without_images_is_named(layer, generator):
    bank = additive_bank(signed=False, layer=layer)
    with pytest.raises(ClassError, match=r"images of class first must be at least 1; got 0\."):
        insertion_curve(bank, noise_images(2, generator)[:0], 0, range(5))


@pytest.mark.parametrize("layer", LAYERS)
def test_class_must_be_one_of_the_network(layer, generator):
    bank = additive_bank(signed=False, layer=layer)
    with pytest.raises(CraftError, match=r"class_id must be in \[0, 2\); got 7\."):
        deletion_curve(bank, noise_images(2, generator), 7, range(5))


def test_bank_of_another_layer_is_refused(generator):
    bank = additive_bank(signed=False, coder=Coder(W=torch.rand(5, 12)))
    message = r"W must have shape \(r, p=8\) at layer '1' of module; got \(5, 12\)\."
    with pytest.raises(ShapeError, match=message):
        deletion_curve(bank, noise_images(2, generator), 0, range(5))


def test_areas_must_be_a_matrix(generator):
    with pytest.raises(ShapeError, match=r"areas must have shape \(S, n\); got \(3,\)\."):
        area_interval(torch.zeros(3), generator=generator)


def test_kind_is_checked(generator):
    with pytest.raises(CraftError, match=r"kind must be one of .*; got 'removal'\."):
        image_curves(
            additive_bank(signed=False), noise_images(2, generator), 0, range(5), "removal"
        )
