from dataclasses import replace

import pytest
import torch

from craft_core import load_backbone
from craft_core.baselines.arrays import bank_from_arrays
from craft_core.concepts import class_crops
from craft_core.errors import ActivationError, ShapeError
from craft_core.nnls import nnls
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture(scope="module")
def found():
    generator = torch.Generator().manual_seed(0)
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    images = draw_pictures(40, generator=generator).images
    return class_crops(
        backbone, images, class_id=0, n_concepts=3, crop_size=32, generator=generator
    )


def test_decoder_alone_is_solved_by_nnls(found, generator):
    W = torch.rand(4, 6, generator=generator)
    bank = bank_from_arrays(found, W, method="dictionary")
    torch.testing.assert_close(bank.U, nnls(found.A, W))
    assert (bank.method, bank.coder.kind) == ("dictionary", "nnls")


def test_autoencoder_is_run_as_it_was_trained(found, generator):
    W, encoder = torch.rand(9, 6, generator=generator), torch.randn(6, 9, generator=generator)
    bias, mean = torch.randn(9, generator=generator), found.A.mean(dim=0)
    bank = bank_from_arrays(found, W, encoder, bias=bias, mean=mean)
    expected = ((found.A - mean) @ encoder + bias).clamp_min(0)
    torch.testing.assert_close(bank.U, expected)
    torch.testing.assert_close(bank.coder.rebuild(bank.U), expected @ W + mean)


def test_autoencoder_encodes_images_where_activations_are_negative(found, generator):
    below = replace(found, backbone=found.backbone.at("filters"))
    assert below.backbone.encode(below.of.images).min() < 0
    W, encoder = torch.rand(9, 6, generator=generator), torch.randn(6, 9, generator=generator)
    bank = bank_from_arrays(below, W, encoder)
    pooled = below.backbone.pool(below.backbone.encode(below.of.images))
    torch.testing.assert_close(bank.encode(below.of.images), (pooled @ encoder).clamp_min(0))


def test_dictionary_refuses_negative_activations(found, generator):
    below = replace(found, backbone=found.backbone.at("filters"))
    bank = bank_from_arrays(below, torch.rand(4, 6, generator=generator))
    with pytest.raises(ActivationError, match=r"at layer 'filters' must be >= 0; got a minimum"):
        bank.encode(below.of.images)


def test_arrays_of_another_layer_are_refused(found):
    with pytest.raises(ShapeError, match=r"W must have shape \(r, p=6\) at layer 'colours'; got"):
        bank_from_arrays(found, torch.ones(3, 7))
    with pytest.raises(ShapeError, match=r"encoder must have shape \(p=6, r=3\); got \(3, 6\)"):
        bank_from_arrays(found, torch.ones(3, 6), torch.ones(3, 6))
