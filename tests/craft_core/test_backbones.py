import pytest
import torch
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.errors import BackboneError


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


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_torchvision_loads_a_local_checkpoint(name, tmp_path):
    from torchvision.models import get_model

    torch.manual_seed(0)
    module = get_model(name).eval()
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    backbone = load_backbone(
        f"torchvision:{name}", device="cpu", checkpoint=tmp_path / "weights.pt"
    )
    images = torch.rand(1, 3, 224, 224)
    torch.testing.assert_close(backbone.predict(images), module(images).detach())
    torch.testing.assert_close(backbone.decode(backbone.encode(images)), backbone.predict(images))
    assert isinstance(backbone.linear_head, nn.Linear)


def test_torchvision_without_a_checkpoint_says_where_to_get_one():
    with pytest.raises(
        BackboneError, match=r"got none. Fetch https://download.pytorch.org/.*resnet18"
    ):
        load_backbone("torchvision:resnet18")


def test_unknown_torchvision_name_lists_those_there_are():
    with pytest.raises(BackboneError, match=r"must be one of \['alexnet'.*got 'resnet19'"):
        load_backbone("torchvision:resnet19")


def test_unknown_network_is_named():
    with pytest.raises(BackboneError, match=r"network must be one of .* or a module; got 'lenet'"):
        load_backbone("lenet")


def test_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(BackboneError, match=r"checkpoint must be a file; got .*none.pt"):
        load_backbone("torchvision:resnet18", checkpoint=tmp_path / "none.pt")


def test_checkpoint_of_another_network_is_refused(tmp_path, colour_net):
    torch.save(colour_net.state_dict(), tmp_path / "other.pt")
    with pytest.raises(
        BackboneError, match=r"must be a state dictionary of ResNet; got .*other.pt"
    ):
        load_backbone("torchvision:resnet18", checkpoint=tmp_path / "other.pt")


def test_network_without_a_rectifier_is_refused():
    with pytest.raises(BackboneError, match="got none in Linear"):
        load_backbone(nn.Linear(3, 2))


def test_unknown_device_is_named(colour_net):
    with pytest.raises(BackboneError, match=r"device must be auto, cpu or cuda; got 'gpu7'"):
        load_backbone(colour_net, device="gpu7")


def test_unknown_layer_is_named(colour_net):
    with pytest.raises(BackboneError, match=r"layer must be one of .*got 'nose'"):
        load_backbone(colour_net, layer="nose")
