import pytest
import torch

from craft_core import concept_importance, fit_concepts, load_backbone
from craft_core.bank_file import describe_bank
from craft_core.curation import curate
from craft_core.errors import CraftError
from craft_core.transforms import Transform


@pytest.fixture
def bank(colour_net, colour_images, generator):
    backbone = load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))
    return fit_concepts(
        backbone,
        colour_images,
        class_id=0,
        n_concepts=3,
        crop_size=12,
        generator=generator,
        predictions=torch.zeros(24, dtype=torch.long),
    )


def test_names_change_nothing_else(bank):
    named = curate(bank, names={0: "red", 2: "sky"})
    assert [concept.name for concept in named.concepts] == ["red", "concept 1", "sky"]
    assert named.W is bank.W and named.curation is None
    assert [c["name"] for c in describe_bank(named)["concepts"]] == ["red", "concept 1", "sky"]


def test_merged_concepts_become_one_and_the_rest_stays(bank, colour_images):
    merged = curate(bank, merge=[[0, 2]], names={2: "both"})
    assert merged.n_concepts == 2 and merged.names == ("both", "concept 1")
    assert merged.curation.members == ((0, 2), (1,))
    torch.testing.assert_close(merged.W[1], bank.W[1] / bank.W[1].norm())
    weights = bank.U[:, [0, 2]].mean(dim=0)
    expected = torch.nn.functional.normalize(weights @ bank.W[[0, 2]], dim=0)
    torch.testing.assert_close(merged.W[0], expected)
    assert merged.encode(colour_images).shape == (24, 2)


def test_price_of_a_merge_is_told(bank):
    merged = curate(bank, merge=[[0, 2]])
    assert merged.curation.error_before < 1e-9
    mixes = bank.U @ bank.W
    rest = (mixes - merged.U @ merged.W).square().sum() / mixes.square().sum()
    assert merged.curation.error_after == pytest.approx(float(rest), rel=1e-5)
    assert merged.curation.error_after > 0.01


def test_dropped_concept_is_one_no_more(bank):
    kept = curate(bank, exclude=[1])
    assert kept.n_concepts == 2 and kept.curation.excluded == (1,)
    torch.testing.assert_close(kept.W, bank.W[[0, 2]] / bank.W[[0, 2]].norm(dim=1, keepdim=True))


def test_importance_is_computed_anew(bank, colour_images, generator):
    from dataclasses import replace

    known = replace(
        bank, importance=concept_importance(bank, colour_images, 0, generator=generator)
    )
    assert curate(known, names={0: "red"}).importance is not None
    assert curate(known, exclude=[2]).importance is None


def test_bad_decisions_are_named(bank, generator):
    with pytest.raises(CraftError, match=r"concept must be in \[0, 3\); got 5"):
        curate(bank, names={5: "x"})
    with pytest.raises(CraftError, match=r"merged or dropped once; got \[1\] twice"):
        curate(bank, exclude=[1], merge=[[0, 1]])
    with pytest.raises(CraftError, match=r"names of merged concepts must agree; got \['a', 'b'\]"):
        curate(bank, merge=[[0, 1]], names={0: "a", 1: "b"})
    with pytest.raises(CraftError, match=r"exclude must leave a concept; got all 3"):
        curate(bank, exclude=[0, 1, 2])
    bank.split(0, layer="rectify:0", n_concepts=1, generator=generator)
    with pytest.raises(CraftError, match=r"curated before it is split; got 1 children"):
        curate(bank, exclude=[0])


def test_nothing_decided_leaves_the_bank_as_it_is(bank):
    assert curate(bank) is bank
