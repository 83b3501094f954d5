import importlib
import sys

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.errors import BackboneError
from craft_core.networks import build_network


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
    assert backbone.linear_head.weight.shape[0] == 1000


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


def test_checkpoint_whose_reading_says_nothing_is_told(tmp_path, monkeypatch):
    def refuse(_file):
        raise AssertionError

    monkeypatch.setattr("craft_core.networks._read_state", refuse)
    with pytest.raises(BackboneError, match=r"got .*w\.pt: no reason given"):
        build_network("efficientnet_lite0", tmp_path / "w.pt")


def test_checkpoint_of_another_network_is_refused(tmp_path, colour_net):
    torch.save(colour_net.state_dict(), tmp_path / "other.pt")
    with pytest.raises(
        BackboneError, match=r"must be a state dictionary of ResNet; got .*other.pt"
    ):
        load_backbone("torchvision:resnet18", checkpoint=tmp_path / "other.pt")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A researcher's own package with a network in it."""
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "models.py").write_text(
        """
from torch import nn

def build():
    return nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )

def nothing():
    return None

def broken():
    raise ValueError("no weights")
"""
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.startswith("my_package")]:
        del sys.modules[name]


def own():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    ).eval()


@pytest.mark.parametrize("form", ["plain", "nested", "parallel", "safetensors"])
def test_network_of_the_researchers_own_takes_any_usual_checkpoint(package, tmp_path, form):
    expected = own()
    state = expected.state_dict()
    file = tmp_path / ("weights.safetensors" if form == "safetensors" else "weights.pt")
    if form == "safetensors":
        save_file(state, file)
    elif form == "nested":
        torch.save({"epoch": 3, "state_dict": state}, file)
    elif form == "parallel":
        torch.save({f"module.{name}": value for name, value in state.items()}, file)
    else:
        torch.save(state, file)
    backbone = load_backbone("python:my_package.models:build", device="cpu", checkpoint=file)
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(backbone.predict(images), expected(images).detach())
    assert backbone.name == "python:my_package.models:build"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("python:my_package.models:gone", r"must be importable; got AttributeError: .*'gone'"),
        ("python:my_package.gone:build", r"must be importable; got ModuleNotFoundError"),
        ("python:my_package.models:nothing", r"must return a module; got NoneType"),
        ("python:my_package.models:broken", r"by calling it; got ValueError: no weights"),
        ("python:my_package.models", r"must name a function; got 'my_package.models'"),
    ],
)
def test_what_is_wrong_with_ones_own_network_is_told(package, name, message):
    with pytest.raises(BackboneError, match=message):
        build_network(name)


def test_timms_networks_need_a_checkpoint():
    pytest.importorskip("timm")
    with pytest.raises(BackboneError, match=r"timm:resnetv2_50 must have a checkpoint file.*none"):
        build_network("timm:resnetv2_50")


def test_unknown_timm_name_lists_near_ones():
    pytest.importorskip("timm")
    with pytest.raises(BackboneError, match=r"must be known to timm; got 'resnetv2_5'. Near: .*50"):
        build_network("timm:resnetv2_5")


def test_timms_own_input_is_taken(tmp_path):
    timm = pytest.importorskip("timm")
    module = timm.create_model("mobilenetv3_small_050", pretrained=False)
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    network = build_network("timm:mobilenetv3_small_050", tmp_path / "weights.pt")
    assert network.transform.size_px == 224
    assert network.transform.mean == module.pretrained_cfg["mean"]


NAMED = {  # layer, its layout, what to do with negatives
    "torchvision:resnet50": ("layer4", "channels_first", "refuse"),
    "torchvision:vgg16": ("features.29", "channels_first", "refuse"),
    "torchvision:convnext_tiny": ("features.7", "channels_first", "split"),
    "torchvision:vit_b_16": ("encoder.layers.encoder_layer_9", "tokens", "split"),
    "torchvision:swin_t": ("features.5", "channels_last", "rectify"),
    "timm:resnetv2_50": ("norm", "channels_first", "refuse"),
    "timm:vit_base_patch16_224": ("blocks.9", "tokens", "split"),
    "timm:convnext_tiny": ("stages.3", "channels_first", "split"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
def test_named_network_is_explained(name, tmp_path):
    """With random weights, since none can be had: bank, importance, maps."""
    from craft_core import concept_importance, concept_maps, fit_concepts

    layer, kind, negatives = NAMED[name]
    source, _, short = name.partition(":")
    torch.manual_seed(0)
    if source == "timm":
        module = pytest.importorskip("timm").create_model(short, pretrained=False)
    else:
        module = importlib.import_module("torchvision.models").get_model(short)
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    backbone = load_backbone(
        name, layer=layer, device="cpu", checkpoint=tmp_path / "weights.pt", negatives=negatives
    )
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, 3, 224, 224, generator=generator)
    assert backbone.layout.kind == kind
    torch.testing.assert_close(
        backbone.decode(backbone.encode(images)),
        backbone.predict(images),
        rtol=1e-3,
        atol=1e-3 if negatives != "rectify" else 10,
    )
    bank = fit_concepts(
        backbone,
        images,
        class_id=0,
        n_concepts=3,
        crop_size=96,
        crops_per_image=2,
        generator=generator,
        predictions=torch.zeros(4, dtype=torch.long),
    )
    importance = concept_importance(bank, images[:1], 0, generator=generator, n_points=1)
    maps = concept_maps(bank, images[:2])
    assert importance.values.isfinite().all() and maps.shape == (2, 3, 224, 224)
    assert maps.isfinite().all()
