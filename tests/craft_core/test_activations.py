import pytest
import torch

from craft_core.activations import pool, pooled_activations
from craft_core.backbones import load_backbone
from craft_core.errors import ActivationError


def test_pooling_is_the_mean_over_positions():
    activations = torch.rand(2, 5, 3, 4)
    torch.testing.assert_close(pool(activations), activations.flatten(2).mean(dim=2))
    torch.testing.assert_close(pool(activations[:, :, 0, 0]), activations[:, :, 0, 0])


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
