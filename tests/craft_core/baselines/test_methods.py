"""Every bank behind one interface, on the network whose concepts are known."""

import pytest
import torch

from craft_core import concept_importance, concept_maps, load_backbone, load_bank, save_bank
from craft_core.baselines.methods import METHODS, bank_by
from craft_core.concepts import class_crops
from craft_core.errors import CraftError
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture(scope="module")
def found():
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    generator = torch.Generator().manual_seed(0)
    return class_crops(
        backbone,
        draw_pictures(60, generator=generator).images,
        class_id=0,
        n_concepts=3,
        crop_size=32,
        generator=generator,
        signed=True,
    )


@pytest.fixture(params=METHODS)
def bank(request, found):
    return bank_by(request.param, found, 3, generator=torch.Generator().manual_seed(0))


def test_bank_has_the_interface(bank, found, tmp_path):
    images = bank.images[:3]
    generator = torch.Generator().manual_seed(0)
    r = bank.n_concepts
    assert bank.U.shape == (len(bank.crops), r) and bank.encode(images).shape == (3, r)
    importance = concept_importance(bank, images, 0, generator=generator)
    assert importance.values.shape == (r,) and importance.values.sum() > 0.9
    assert concept_maps(bank, images).shape == (3, r, 64, 64)
    assert len(bank.best_crops(0, 4)) > 0
    save_bank(bank, tmp_path / "bank")
    loaded = load_bank(tmp_path / "bank", found.backbone)
    assert loaded.method == bank.method
    torch.testing.assert_close(loaded.encode(images), bank.encode(images))


LIMITS = {"craft": 0.01, "pca": 0.01, "ica": 0.01, "ice": 0.02, "kmeans": 0.8, "rca": 1.0}


@pytest.mark.parametrize("method", LIMITS)
def test_more_than_chance_is_rebuilt(method, found):
    bank = bank_by(method, found, 3, generator=torch.Generator().manual_seed(0))
    rest = (found.A - bank.coder.rebuild(bank.U)).square().sum()
    around_mean = (found.A - found.A.mean(dim=0)).square().sum()
    assert float(rest / around_mean) <= LIMITS[method]


def test_same_seed_same_bank(found):
    for method in METHODS:
        banks = [
            bank_by(method, found, 3, generator=torch.Generator().manual_seed(4)) for _ in "ab"
        ]
        torch.testing.assert_close(banks[0].W, banks[1].W, rtol=0, atol=0)


def test_unknown_method_is_named(found):
    with pytest.raises(CraftError, match=r"method must be one of \['craft', 'pca'.*; got 'svd'"):
        bank_by("svd", found, 3, generator=torch.Generator())
