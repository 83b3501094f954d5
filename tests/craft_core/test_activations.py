import pytest
import torch

from craft_core.activations import pooled_activations
from craft_core.backbones import load_backbone
from craft_core.errors import ActivationError


def test_batches_give_the_rows_of_one_batch(colour_net, colour_images):
    backbone = load_backbone(colour_net, device="cpu")
    torch.testing.assert_close(
        pooled_activations(backbone, colour_images.split(7)),
        pooled_activations(backbone, [colour_images]),
    )


def test_negative_activations_name_layers_that_would_do(colour_net, colour_images):
    backbone = load_backbone(colour_net, device="cpu").at("filters")
    with pytest.raises(
        ActivationError, match=r"'filters' must be >= 0; got a minimum of -2.*'rectify:1'"
    ):
        pooled_activations(backbone, [-colour_images])


def test_no_batches_give_no_rows(colour_net):
    assert len(pooled_activations(load_backbone(colour_net, device="cpu"), [])) == 0


def test_signed_activations_pass_where_they_will_do(colour_net, colour_images):
    backbone = load_backbone(colour_net, device="cpu").at("filters")
    assert pooled_activations(backbone, [-colour_images], signed=True).min() < 0


def test_negatives_can_be_rectified_or_split(colour_net, colour_images):
    signed = pooled_activations(
        load_backbone(colour_net, device="cpu", layer="filters"), [-colour_images], signed=True
    )
    rectified = load_backbone(colour_net, device="cpu", layer="filters", negatives="rectify")
    assert (pooled_activations(rectified, [-colour_images]) == 0).all()
    split = load_backbone(colour_net, device="cpu", layer="filters", negatives="split")
    torch.testing.assert_close(pooled_activations(split, [-colour_images])[:, 6:], -signed)
