import pytest
import torch

from craft_core.modules import evaluating, rectified_layers, weights_sha256


def test_training_mode_comes_back_after_an_error(colour_net):
    colour_net.train()
    with pytest.raises(ZeroDivisionError), evaluating(colour_net):
        1 // (colour_net.training * 1)
    assert colour_net.training


def test_hash_follows_the_weights(colour_net):
    before = weights_sha256(colour_net)
    assert weights_sha256(colour_net) == before
    colour_net.head.bias.data[0] = 1
    assert weights_sha256(colour_net) != before


def test_hash_tells_names_and_shapes_apart(colour_net):
    before = weights_sha256(colour_net)
    colour_net.register_buffer("extra", torch.zeros(0))
    assert weights_sha256(colour_net) != before


def test_rectified_layers_are_named_by_their_last_call(colour_net):
    assert rectified_layers(colour_net) == ["rectify:1"]
