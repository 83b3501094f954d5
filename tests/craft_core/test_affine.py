import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from craft_core import graph
from craft_core.affine import split_affine
from craft_core.backbones import load_backbone


class Behind(nn.Module):
    """Batch norm and two convolutions, one read by a skip connection, before anything bends."""

    def __init__(self) -> None:
        super().__init__()
        self.rectify = nn.ReLU()
        self.norm = nn.BatchNorm2d(4)
        self.project = nn.Conv2d(4, 3, 1)
        self.pad = nn.ZeroPad2d(1)
        self.spread = nn.Conv2d(3, 3, 3, bias=False)
        self.head = nn.Linear(3, 2)

    def forward(self, images: Tensor) -> Tensor:
        found = self.project(self.norm(self.rectify(images)))
        bent = torch.relu(self.spread(self.pad(found)) + 1)
        pooled = (found + bent).mean(dim=(2, 3))
        return self.head(pooled.view(images.size(0), -1))


class Flat(nn.Module):
    """Affine to the end, with positions in the head."""

    def __init__(self) -> None:
        super().__init__()
        self.rectify = nn.ReLU()
        self.head = nn.Linear(4 * 36, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(functional.avg_pool2d(self.rectify(images), 1).flatten(1))


class Bent(nn.Module):
    """Nothing affine after the layer."""

    def __init__(self) -> None:
        super().__init__()
        self.rectify = nn.ReLU()

    def forward(self, images: Tensor) -> Tensor:
        return torch.exp(self.rectify(images)).mean(dim=(2, 3))


@pytest.fixture
def activations(generator):
    return torch.rand(5, 4, 6, 6, generator=generator)


def tail_of(module, layer="rectify"):
    torch.manual_seed(0)
    module = module.eval()
    for norm in module.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.uniform_(-1, 1)
            norm.running_var.uniform_(0.5, 2)
    return graph.tail(module, layer)


def test_parts_one_after_the_other_are_the_tail(activations):
    tail = tail_of(Behind())
    split = split_affine(tail)
    parts = split.affine(activations)
    assert [tuple(part.shape) for part in parts] == [(5, 3, 6, 6), (5, 3, 6, 6)]
    torch.testing.assert_close(split.rest(*parts), tail(activations))


def test_first_part_is_affine(activations):
    first = split_affine(tail_of(Behind())).affine
    nothing = first(torch.zeros_like(activations))
    for whole, half, base in zip(first(activations), first(activations / 2), nothing, strict=True):
        torch.testing.assert_close(whole - base, 2 * (half - base), rtol=1e-4, atol=1e-5)


def test_any_number_of_images_passes(activations):
    split = split_affine(tail_of(Behind()))
    assert split.rest(*split.affine(activations[:2])).shape == (2, 2)


def test_tail_that_is_affine_has_no_rest(activations):
    tail = tail_of(Flat())
    split = split_affine(tail)
    assert split.rest is None
    torch.testing.assert_close(split.affine(activations)[0], tail(activations))


def test_where_nothing_affine_comes_first_the_rest_is_the_tail():
    tail = tail_of(Bent())
    split = split_affine(tail)
    assert split.affine is None and split.rest is tail


def test_layers_are_shared_and_left_as_they_are(activations):
    module = Behind().eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    split = split_affine(graph.tail(module, "rectify"))
    split.rest(*split.affine(activations))
    assert split.affine.get_submodule("project") is module.project
    torch.testing.assert_close(module.state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("layer", "widths"),
    [("_blocks.11._swish:1", [192, 1152]), ("_blocks.15._swish:1", [1280])],
)
def test_convolutions_of_a_real_network_are_folded(layer, widths, generator):
    backbone = load_backbone("efficientnet_lite0", layer=layer, device="cpu")
    images = torch.randn(2, 3, 224, 224, generator=generator)
    activations = backbone.encode(images)
    with torch.no_grad():
        parts = backbone.split_tail.affine(activations)
        logits = backbone.split_tail.rest(*parts)
    assert [part.shape[1] for part in parts] == widths
    torch.testing.assert_close(logits, backbone.predict(images), rtol=1e-4, atol=1e-4)
