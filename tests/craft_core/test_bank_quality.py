"""Figures of banks whose truth is known."""

import math

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.bank_quality import bank_quality, coherence, overlap, quality_table, sparsity
from craft_core.baselines.arrays import bank_from_arrays
from craft_core.baselines.methods import METHODS, bank_by
from craft_core.concepts import class_crops
from craft_core.errors import ClassError, CraftError, ShapeError
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture(scope="module")
def planted():
    """Pictures, and the crops of those with a red patch."""
    generator = torch.Generator().manual_seed(0)
    transform = Transform(size_px=64, mean=(0, 0, 0), std=(1, 1, 1))
    backbone = load_backbone(PartsNet(), layer="colours", device="cpu", transform=transform)
    pictures = draw_pictures(40, generator=generator)
    found = class_crops(
        backbone,
        pictures.images,
        class_id=0,
        n_concepts=3,
        crop_size=24,
        crops_per_image=6,
        generator=generator,
    )
    return pictures, found


def pure(found, size=1.0):
    W = size * torch.eye(3).repeat_interleave(2, dim=1) * torch.tensor([1.0, 0.5] * 3)
    return bank_from_arrays(found, W)


def test_the_true_concepts_explain_everything(planted, generator):
    _, found = planted
    row = bank_quality(pure(found), found.of.images, generator=generator, name="true")
    assert row.name == "true" and row.n_concepts == 3
    assert row.error < 1e-6 and row.explained > 0.999 and row.logit_error < 1e-3
    assert row.overlap == pytest.approx(0, abs=1e-9)
    assert row.stability is None and row.mask_energy is None
    assert row.coherence > 0.2


def test_figures_do_not_hang_on_the_concepts_lengths(planted):
    _, found = planted
    rows = [
        bank_quality(bank, found.of.images, generator=torch.Generator().manual_seed(0))
        for bank in (pure(found), pure(found, size=7.0))
    ]
    for name in ("error", "sparsity", "coherence", "overlap", "explained"):
        assert getattr(rows[0], name) == pytest.approx(getattr(rows[1], name), abs=1e-5), name


@pytest.mark.filterwarnings("ignore:FastICA did not converge")  # of three sources that are clear
def test_every_method_has_a_row(planted, generator):
    _, found = planted
    rows = []
    for method in [method for method in METHODS if method != "ace"]:
        bank, other = (bank_by(method, found, 3, generator=generator) for _ in range(2))
        rows.append(bank_quality(bank, found.of.images, generator=generator, others=[other]))
    table = {row["name"]: row for row in quality_table(rows)}
    assert list(table) == ["craft", "pca", "ica", "rca", "kmeans", "ice"]
    assert table["craft"]["stability"] > 0.99 and table["pca"]["stability"] > 0.99
    assert table["rca"]["stability"] < table["craft"]["stability"]
    assert table["rca"]["error"] > table["pca"]["error"]
    assert all(math.isfinite(row["error"]) and row["error"] >= 0 for row in table.values())


def test_maps_of_the_true_concept_lie_in_its_mask(planted, generator):
    pictures, found = planted
    chosen = [int(name) for name in found.of.names]
    red = pictures.mask_of(0)[chosen]
    right = bank_quality(pure(found), found.of.images, generator=generator, masks=red)
    elsewhere = bank_quality(pure(found), found.of.images, generator=generator, masks=~red)
    assert right.mask_energy > 2 > elsewhere.mask_energy


def test_sparsity_and_overlap_of_known_matrices():
    assert sparsity(torch.tensor([[4.0, 0, 0, 1e-4]])) == 0.75
    assert overlap(torch.tensor([[1.0, 0], [-1.0, 0]])) == pytest.approx(1)
    assert overlap(torch.tensor([[1.0, 0]])) == 0


def test_bad_input_is_refused(planted, generator):
    _, found = planted
    bank = pure(found)
    with pytest.raises(ClassError, match=r"images of class 0 must be at least 1; got 0\."):
        bank_quality(bank, found.of.images[:0], generator=generator)
    masks = torch.ones(1, 64, 64, dtype=torch.bool)
    with pytest.raises(ShapeError, match=r"masks must be n=2, one an image; got 1\."):
        bank_quality(bank, found.of.images[:2], generator=generator, masks=masks)
    object.__setattr__(bank, "images", None)
    with pytest.raises(CraftError, match="must have its source images to measure coherence"):
        coherence(bank, generator=generator)
