import pytest
import torch
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.errors import BackboneError, CraftError
from craft_core.transforms import Transform


@pytest.fixture(scope="module")
def efficientnet():
    return load_backbone("efficientnet_lite0", device="cpu")


def test_efficientnet_is_cut_at_its_head(efficientnet):
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    activations = efficientnet.encode(images)
    assert efficientnet.layer == "_swish:1"
    assert activations.shape == (2, 1280, 7, 7) and activations.min() >= 0
    torch.testing.assert_close(efficientnet.decode(activations), efficientnet.predict(images))


def test_efficientnet_layers_are_the_head_and_each_blocks_last_rectifier(efficientnet):
    assert len(efficientnet.layers) == 17
    assert efficientnet.layers[0] == "_blocks.0._swish"
    assert efficientnet.layers[-2:] == ["_blocks.15._swish:1", "_swish:1"]


def test_efficientnet_is_cut_at_a_middle_layer(efficientnet):
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    middle = efficientnet.at("_blocks.11._swish:1")
    torch.testing.assert_close(middle.decode(middle.encode(images)), efficientnet.predict(images))


def test_skip_connection_is_named_with_layers_that_would_do(efficientnet):
    passed = efficientnet.at("_blocks.4._swish:1")
    with pytest.raises(
        BackboneError, match=r"got '_blocks.4._swish:1'. Layers that would do: .*_swish:1"
    ):
        passed.decode(torch.zeros(1, 240, 28, 28))


def test_pooled_activations_are_taken_as_one_position(efficientnet):
    activations = torch.rand(2, 1280, 7, 7, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        efficientnet.decode(activations.mean((2, 3))), efficientnet.decode(activations)
    )


def test_pooled_activations_are_put_everywhere(colour_net):
    backbone = load_backbone(colour_net, device="cpu", transform=Transform(size_px=8))
    pooled = torch.rand(2, 6)
    everywhere = pooled[:, :, None, None].expand(2, 6, 8, 8)
    torch.testing.assert_close(backbone.decode(pooled), backbone.decode(everywhere))


@pytest.mark.parametrize("negatives", ["rectify", "split"])
def test_negatives_are_put_back_before_the_rest(colour_net, negatives):
    backbone = load_backbone(
        colour_net,
        layer="filters",
        device="cpu",
        negatives=negatives,
        transform=Transform(size_px=8),
    )
    images = torch.rand(3, 3, 8, 8) - 0.5
    activations = backbone.encode(images)
    assert activations.min() >= 0 and activations.shape[1] == (6 if negatives == "rectify" else 12)
    assert backbone.n_channels == activations.shape[1]
    torch.testing.assert_close(backbone.decode(activations), backbone.predict(images))


def test_activations_that_are_decoded_are_left_as_they_are():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    backbone = load_backbone(network, layer="0", device="cpu", transform=Transform(size_px=8))
    activations = backbone.encode(torch.randn(2, 3, 8, 8)).detach()
    before = activations.clone()
    backbone.decode(activations)
    torch.testing.assert_close(activations, before, rtol=0, atol=0)


def test_linear_layer_that_reads_one_position_is_no_pooled_head():
    class First(nn.Module):
        def __init__(self):
            super().__init__()
            self.rectify = nn.ReLU()
            self.head = nn.Linear(3, 2)

        def forward(self, images):
            return self.head(self.rectify(images)[:, :, 0, 0])

    backbone = load_backbone(First(), device="cpu", transform=Transform(size_px=8))
    assert backbone.linear_head is None
    assert backbone.split_tail.rest is None  # though it is affine


def test_split_activations_have_a_linear_head_too(colour_net):
    backbone = load_backbone(
        colour_net,
        layer="rectify:1",
        device="cpu",
        negatives="split",
        transform=Transform(size_px=8),
    )
    assert backbone.linear_head.weight.shape == (2, 12)


def test_several_outputs_of_a_network_are_refused():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.rectify = nn.ReLU()

        def forward(self, images):
            return self.rectify(images).mean((2, 3)), images

    with pytest.raises(BackboneError, match=r"must return logits \(n, classes\); got tuple"):
        load_backbone(Two(), device="cpu").predict(torch.rand(1, 3, 8, 8))


def test_mixed_precision_is_close_and_float32_outside(efficientnet):
    from dataclasses import replace

    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    mixed = replace(efficientnet, precision="mixed")
    found, expected = mixed.encode(images), efficientnet.encode(images)
    assert found.dtype == torch.float32 and mixed.predict(images).dtype == torch.float32
    assert not torch.equal(found, expected)
    assert torch.corrcoef(torch.stack([found.flatten(), expected.flatten()]))[0, 1] > 0.99


def test_precision_is_chosen_for_the_device(colour_net):
    assert load_backbone(colour_net, device="cpu", precision="auto").precision == "float32"
    with pytest.raises(CraftError, match=r"precision must be one of .*; got 'half'"):
        load_backbone(colour_net, device="cpu", precision="half")


def test_own_module_keeps_its_training_mode(colour_net):
    colour_net.train()
    colour_net.dropout.eval()
    before = [part.training for part in colour_net.modules()]
    backbone = load_backbone(colour_net, device="cpu")
    backbone.decode(backbone.encode(torch.rand(2, 3, 8, 8)))
    backbone.predict(torch.rand(2, 3, 8, 8))
    assert [part.training for part in colour_net.modules()] == before


def test_deepest_rectifier_is_the_default(colour_net):
    assert load_backbone(colour_net, device="cpu").layer == "rectify:1"


def test_network_without_a_rectifier_is_refused():
    with pytest.raises(BackboneError, match=r"got none in Linear. Name a layer, and rectify"):
        load_backbone(nn.Linear(3, 2))


def test_unknown_device_is_named(colour_net):
    with pytest.raises(BackboneError, match=r"device must be auto, cpu or cuda; got 'gpu7'"):
        load_backbone(colour_net, device="gpu7")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_device_that_is_not_there_is_named(colour_net):
    with pytest.raises(
        BackboneError, match=r"device must be one that this machine has; got 'cuda'"
    ):
        load_backbone(colour_net, device="cuda")


def test_unknown_layer_is_named(colour_net):
    with pytest.raises(BackboneError, match=r"layer must be one of .*got 'nose'"):
        load_backbone(colour_net, layer="nose")
