"""Concepts of a network that sees colours alone, on images of pure colours: known beforehand."""

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.concepts import fit_concepts
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


def test_class_that_is_never_predicted_is_named(backbone, colour_images, generator):
    with pytest.raises(
        ClassError, match=r"for an image; got 7. Predictions by class: \{0: 3, 1: 21\}"
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


def test_errors_are_included_unless_right_ones_are_asked_for(backbone, colour_images, generator):
    predicted = backbone.predict(colour_images).argmax(dim=1)
    labels = predicted.clone()
    wrong = (predicted == 1).nonzero().flatten()[:3]
    labels[wrong] = 0
    options = {"class_id": 1, "n_concepts": 2, "crop_size": 12, "generator": generator}
    bank = fit_concepts(backbone, colour_images, **options)
    right = fit_concepts(
        backbone, colour_images, **options, selection="correct", labels=labels.tolist()
    )
    assert set(bank.files) - set(right.files) == {str(index) for index in wrong.tolist()}
    assert (bank.selection, right.selection) == ("predicted", "correct")


def test_right_ones_need_labels(backbone, colour_images, generator):
    with pytest.raises(CraftError, match=r"labels must be given for the selection 'correct'"):
        fit_concepts(
            backbone,
            colour_images,
            class_id=1,
            n_concepts=2,
            crop_size=12,
            generator=generator,
            selection="correct",
        )


def test_number_can_be_chosen_from_several(backbone, colour_images, generator):
    bank = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=[1, 2], crop_size=12, generator=generator
    )
    assert bank.number.candidates == (1, 2) and bank.n_concepts == bank.number.chosen


def test_crops_of_several_sizes_are_cut(backbone, colour_images, generator):
    bank = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=[8, 16], generator=generator
    )
    sides = (bank.crops.boxes[:, 2] - bank.crops.boxes[:, 0]).tolist()
    assert {side: sides.count(side) for side in set(sides)} == {
        8: len(sides) // 2,
        16: len(sides) // 2,
    }
