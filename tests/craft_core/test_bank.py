"""Concepts of a network that sees colours alone, on images of pure colours: known beforehand."""

import pytest
import torch

from craft_core import concept_importance
from craft_core.backbones import load_backbone
from craft_core.bank import Importance
from craft_core.concepts import fit_concepts
from craft_core.errors import CraftError


@pytest.fixture
def backbone(colour_net):
    from craft_core.transforms import Transform

    return load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))


@pytest.fixture
def bank(backbone, colour_images, generator):
    return fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )


def test_coefficients_of_images_tell_their_colours(bank, colour_images):
    green = bank.W.reshape(-1, 3, 2).norm(dim=2).argmax(dim=1).tolist().index(1)
    U = bank.encode(colour_images)
    half_green = colour_images[:, 1].mean(dim=(1, 2))
    assert torch.corrcoef(torch.stack([U[:, green], half_green]))[0, 1] > 0.99


def test_best_crops_come_from_different_images(bank):
    crops = bank.best_crops(0, 5)
    assert len({int(bank.crops.image[crop]) for crop in crops}) == len(crops) == 5
    coefficients = bank.U[crops, 0]
    assert (coefficients.diff() <= 0).all() and coefficients[0] == bank.U[:, 0].max()


def test_no_images_no_coefficients(bank):
    assert bank.encode(torch.zeros(0, 3, 32, 32)).shape == (0, 2)


def test_concept_out_of_range_is_named(bank):
    with pytest.raises(CraftError, match=r"concept must be in \[0, 2\); got 2"):
        bank.best_crops(2, 3)


def test_concepts_have_names_and_figures_once_these_are_known(bank, colour_images, generator):
    from dataclasses import replace

    assert [concept.name for concept in bank.concepts] == ["concept 0", "concept 1"]
    assert bank.concepts[0].importance is None and bank.concepts[0].share is None
    importance = concept_importance(bank, colour_images, 1, generator=generator)
    known = replace(bank, importance=importance, names=("green", "blue"))
    assert known.concepts[1].name == "blue"
    assert known.concepts[1].importance == pytest.approx(float(importance.values[1]))
    assert known.concepts[1].effect == pytest.approx(float(importance.effects[1]))


def test_shares_of_a_root_are_of_all_crops(bank):
    sizes = bank.U * bank.W.norm(dim=1)
    each = sizes / sizes.sum(dim=1, keepdim=True)
    torch.testing.assert_close(bank.shares, each.mean(dim=0), rtol=1e-3, atol=1e-3)


def test_equal_concepts_rank_by_their_effect_then_in_order():
    values = torch.tensor([0.0, 1.0, 0.0, 0.0], dtype=torch.float64)
    effects = torch.tensor([0.0, -0.7, 0.0, 0.3], dtype=torch.float64)
    kept = Importance(method="planted", values=values, low=values, high=values, effects=effects)
    assert kept.ranking == [1, 3, 0, 2]
