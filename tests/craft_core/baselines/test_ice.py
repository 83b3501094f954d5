import pytest
import torch

from craft_core import load_backbone
from craft_core.baselines.ice import ice_bank, ice_positions
from craft_core.concepts import class_crops
from craft_core.errors import BackboneError
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


def crops_at(layer):
    generator = torch.Generator().manual_seed(0)
    backbone = load_backbone(PartsNet(), layer=layer, device="cpu", transform=Transform(size_px=64))
    images = draw_pictures(40, generator=generator).images
    return class_crops(
        backbone, images, class_id=0, n_concepts=3, crop_size=32, generator=generator
    )


def test_positions_are_colours_too(generator):
    bank = ice_bank(crops_at("colours"), 3, generator=generator)
    strength = bank.W.reshape(3, 3, 2).norm(dim=2)
    assert sorted(strength.argmax(dim=1).tolist()) == [0, 1, 2]
    assert (strength.amax(dim=1) / strength.sum(dim=1)).min() > 0.8
    assert bank.method == "ice"


def test_positions_may_be_shared_and_the_start_drawn(generator):
    found = crops_at("colours")
    positions = ice_positions(found.backbone, found.of.images)
    assert positions.shape == (len(found.of.images) * 16 * 16, 6)
    shared = ice_bank(found, 3, generator=generator, positions=positions)
    torch.testing.assert_close(shared.W, ice_bank(found, 3, generator=generator).W)
    drawn = [
        ice_bank(found, 5, generator=generator, init="random", positions=positions).W
        for _ in range(2)
    ]
    assert not torch.allclose(drawn[0], drawn[1], atol=1e-3)


def test_layer_must_have_positions(generator):
    with pytest.raises(BackboneError, match=r"must have positions for ICE; got 'flatten'"):
        ice_bank(crops_at("flatten"), 3, generator=generator)
