"""Concepts of a network that sees colours alone, on images of pure colours: known beforehand."""

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.bank import fit_concepts
from craft_core.errors import ClassError, CraftError


@pytest.fixture
def backbone(colour_net):
    from craft_core.transforms import Transform

    return load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))


@pytest.fixture
def bank(backbone, colour_images, generator):
    return fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )


def test_concepts_of_a_class_are_its_colours(bank):
    of_colour = bank.W.reshape(-1, 3, 2).norm(dim=2)  # (r, colour)
    assert sorted(of_colour.argmax(dim=1).tolist()) == [1, 2]  # green and blue
    assert (of_colour.amax(dim=1) > 0.95).all()


def test_images_are_those_predicted_as_the_class(bank, backbone, colour_images):
    expected = (backbone.predict(colour_images).argmax(dim=1) == 1).nonzero().flatten().tolist()
    assert bank.files == tuple(str(index) for index in expected)


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


def test_same_seed_same_bank(backbone, colour_images):
    banks = [
        fit_concepts(
            backbone,
            colour_images,
            class_id=1,
            n_concepts=2,
            crop_size=12,
            generator=torch.Generator().manual_seed(5),
        )
        for _ in range(2)
    ]
    torch.testing.assert_close(banks[0].W, banks[1].W, rtol=0, atol=0)
    torch.testing.assert_close(banks[0].U, banks[1].U, rtol=0, atol=0)


def test_no_images_no_coefficients(bank):
    assert bank.encode(torch.zeros(0, 3, 32, 32)).shape == (0, 2)


def test_class_that_is_never_predicted_is_named(backbone, colour_images, generator):
    with pytest.raises(
        ClassError, match=r"class_id must be predicted for an image; got 7, not in \[0, 1\]"
    ):
        fit_concepts(
            backbone, colour_images, class_id=7, n_concepts=2, crop_size=12, generator=generator
        )


def test_fewer_crops_than_concepts_are_refused(backbone, colour_images, generator):
    with pytest.raises(ClassError, match=r"must have at least n_concepts=200 crops; got"):
        fit_concepts(
            backbone,
            colour_images,
            class_id=1,
            n_concepts=200,
            crop_size=12,
            crops_per_image=2,
            generator=generator,
        )


def test_concept_out_of_range_is_named(bank):
    with pytest.raises(CraftError, match=r"concept must be in \[0, 2\); got 2"):
        bank.best_crops(2, 3)
