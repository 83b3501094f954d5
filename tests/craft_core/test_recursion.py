"""The recursion on a network whose concepts are known, two levels deep."""

import pytest
import torch

from craft_core import concept_importance, fit_concepts, load_backbone
from craft_core.errors import BackboneError, ClassError, CraftError
from craft_core.recursion import mean_cosine, origin_of, propose_split, sham_split
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture(scope="module")
def pictures():
    return draw_pictures(150, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def bank(pictures):
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    return fit_concepts(
        backbone,
        pictures.images,
        class_id=0,
        n_concepts=3,
        crop_size=32,
        crops_per_image=8,
        generator=torch.Generator().manual_seed(0),
    )


def colour_of(bank):
    """Concept of red, green and blue."""
    strength = bank.W.reshape(3, 3, 2).norm(dim=2)
    assert (strength.amax(dim=1) / strength.sum(dim=1)).min() > 0.8
    return strength.argmax(dim=0).tolist()


def purity(child, pictures):
    """How well the strongest sub-concept of each crop tells the direction of the bars in it.

    Of crops that hold bars of one direction alone; the better of the two ways to pair them.
    """
    strongest = child.U.argmax(dim=1)
    files = [int(name) for name in child.files]
    same, told = 0, 0
    for row, (image, box) in enumerate(
        zip(child.crops.image.tolist(), child.crops.boxes.tolist(), strict=True)
    ):
        left, top, right, bottom = box
        inside = pictures.masks[files[image], :, top:bottom, left:right].sum(dim=(1, 2))
        seen = set(pictures.direction[files[image]][inside > 60].tolist())
        if len(seen) == 1:
            told += 1
            same += int(strongest[row]) == seen.pop()
    assert told > 20
    return max(same, told - same) / told


def split_red(bank, layer="parts"):
    return bank.split(
        colour_of(bank)[0], layer=layer, n_concepts=2, generator=torch.Generator().manual_seed(1)
    )


def test_concepts_are_the_colours_in_the_order_of_their_importance(bank):
    red, green, blue = colour_of(bank)
    importance = concept_importance(
        bank, bank.images, 0, generator=torch.Generator().manual_seed(0)
    )
    assert importance.ranking == [red, green, blue]
    assert (importance.effects > 0).all()


def test_sub_concepts_are_the_two_directions(bank):
    child = split_red(bank)
    planted = torch.eye(6)[:2]  # red lying, red standing
    cosines = child.W @ planted.T
    assert sorted(cosines.argmax(dim=1).tolist()) == [0, 1]
    assert cosines.amax(dim=1).min() > 0.95


def test_sub_concepts_tell_crops_apart_and_shams_do_not(bank, pictures):
    child = split_red(bank)
    generator = torch.Generator().manual_seed(2)
    same_layer = sham_split(child, "same_layer", generator=generator)
    dealt = sham_split(child, "random_groups", generator=generator)
    assert purity(child, pictures) > 0.97
    assert purity(same_layer, pictures) < 0.75
    assert purity(dealt, pictures) < 0.75
    assert [bank.origin.kind for bank in bank.children] == ["split", "same_layer", "random_groups"]
    assert same_layer.backbone.layer == "colours"


def test_dealt_groups_have_the_same_sizes(bank):
    child = split_red(bank)
    sham = sham_split(child, "random_groups", generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(sham.U.sort(dim=0).values, child.U.sort(dim=0).values)
    assert not torch.equal(sham.U, child.U)


def test_crops_are_the_tenth_that_holds_the_concept_most(bank):
    red = colour_of(bank)[0]
    child = split_red(bank)
    coefficients = bank.U[:, red]
    chosen = torch.zeros(len(coefficients), dtype=torch.bool)
    chosen[child.origin.rows] = True
    assert coefficients[chosen].min() > coefficients[~chosen].max()
    assert abs(int(chosen.sum()) - len(coefficients) / 10) <= 1
    assert torch.equal(child.crops.boxes, bank.crops.boxes[child.origin.rows])


def test_shares_sum_to_one_and_follow_the_coefficients(bank):
    child = split_red(bank)
    assert float(child.shares.sum()) == pytest.approx(1)
    weights = bank.U[child.origin.rows, child.origin.concept]
    strongest = torch.nn.functional.one_hot(child.U.argmax(dim=1), 2)
    rough = (weights[:, None] * strongest).sum(dim=0) / weights.sum()
    torch.testing.assert_close(child.shares, rough, rtol=0, atol=0.1)
    assert child.concepts[0].share == pytest.approx(float(child.shares[0]))


def test_tree_knows_its_levels(bank):
    middle = split_red(bank, layer="smooth")
    leaf = middle.split(0, layer="parts", n_concepts=1, generator=torch.Generator().manual_seed(0))
    assert [bank.depth, middle.depth, leaf.depth] == [0, 1, 2]
    assert middle.parent is bank and middle in bank.children
    assert leaf.parent is middle and leaf in middle.children


def test_merged_concepts_are_proposed_for_splitting(bank):
    """Red alone has both directions here: the other colours' crops are made to lie."""
    backbone = bank.backbone
    pictures = draw_pictures(150, generator=torch.Generator().manual_seed(5))
    lying = (pictures.colour == 0) | (pictures.direction == 0)
    keep = lying.all(dim=1)
    chosen = fit_concepts(
        backbone,
        pictures.images[keep],
        class_id=0,
        n_concepts=3,
        crop_size=32,
        crops_per_image=8,
        generator=torch.Generator().manual_seed(0),
        predictions=torch.zeros(int(keep.sum()), dtype=torch.long),
    )
    proposal = propose_split(chosen, layer="parts", generator=torch.Generator().manual_seed(0))
    assert proposal.concept == colour_of(chosen)[0]
    assert proposal.coherence.min() == proposal.coherence[proposal.concept]
    assert proposal.coherence.min() >= 0 and proposal.coherence.max() <= 1


def test_mean_cosine_is_that_of_all_pairs(generator):
    A = torch.nn.functional.normalize(torch.rand(5, 7, generator=generator))
    pairs = (A @ A.T)[torch.triu(torch.ones(5, 5), 1) > 0]
    torch.testing.assert_close(mean_cosine(A), pairs.mean())
    assert float(mean_cosine(A[:1])) == 1


def test_later_layer_is_refused(bank):
    with pytest.raises(BackboneError, match=r"must come before 'colours'; got 'flatten'"):
        bank.split(0, layer="flatten", n_concepts=2, generator=torch.Generator())
    with pytest.raises(BackboneError, match=r"must come before 'colours'; got 'colours'"):
        propose_split(bank, layer="colours", generator=torch.Generator())


def test_bad_arguments_are_named(bank):
    generator = torch.Generator()
    with pytest.raises(CraftError, match=r"percentile must be in \[0, 100\); got 100"):
        origin_of(bank, 0, percentile=100)
    with pytest.raises(CraftError, match=r"concept must be in \[0, 3\); got 7"):
        bank.split(7, layer="parts", n_concepts=2, generator=generator)
    with pytest.raises(ClassError, match=r"concept 0 must be in at least n_concepts=500 crops"):
        bank.split(0, layer="parts", n_concepts=500, generator=generator)
    with pytest.raises(CraftError, match=r"kind must be one of \['same_layer', 'random_groups'\]"):
        sham_split(split_red(bank), "split", generator=generator)
    with pytest.raises(CraftError, match=r"child must have a parent to have a sham"):
        sham_split(bank, "same_layer", generator=generator)


def test_images_of_a_loaded_bank_must_be_given(bank):
    from dataclasses import replace

    loaded = replace(bank, images=None)
    with pytest.raises(CraftError, match=r"images must be given for a bank that was loaded"):
        split_red(loaded)
    with pytest.raises(CraftError, match=rf"the bank's {len(bank.files)} files.*; got 3"):
        loaded.split(
            0, layer="parts", n_concepts=2, generator=torch.Generator(), images=bank.images[:3]
        )
