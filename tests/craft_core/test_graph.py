import pytest
import torch
from torch import nn

from craft_core import graph
from craft_core.backbones import load_backbone
from craft_core.errors import BackboneError
from craft_core.transforms import Transform


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.inside = nn.ReLU()
        self.after = nn.ReLU()
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        start = self.first(images)
        total = self.after(self.inside(start) + start)
        return self.head(total.mean((2, 3)))


def test_the_two_cuts_compose_to_the_network(colour_net):
    images = torch.rand(3, 3, 8, 8)
    colour_net.eval()
    activations = graph.run_to_layer(colour_net, "rectify:1", images)
    cut = graph.tail(colour_net, "rectify:1")
    torch.testing.assert_close(cut(activations), colour_net(images))


def test_calls_of_one_module_are_told_apart(colour_net):
    colour_net.later.weight.data.mul_(2)
    images = torch.rand(2, 3, 4, 4)
    first, second = (graph.run_to_layer(colour_net, f"rectify:{call}", images) for call in (0, 1))
    torch.testing.assert_close(second, 2 * first)


def test_a_layer_with_a_skip_connection_has_no_tail():
    network = Residual().eval()
    assert graph.tail(network, "inside") is None
    assert graph.tail(network, "after") is not None


def test_the_module_is_left_without_hooks(colour_net):
    graph.run_to_layer(colour_net, "rectify", torch.rand(1, 3, 4, 4))
    with pytest.raises(RuntimeError):
        graph.run_to_layer(colour_net, "rectify", torch.rand(1, 5, 4, 4))
    assert not any(part._forward_hooks for part in colour_net.modules())


def test_another_head_leaves_the_network_as_it_was(colour_net):
    images = torch.rand(2, 3, 4, 4)
    colour_net.eval()
    before = colour_net(images)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5))
    headed = graph.with_head(colour_net, "rectify:1", head)
    assert headed(images).shape == (2, 5)
    assert "filters" in dict(headed.named_modules())
    torch.testing.assert_close(colour_net(images), before)


def test_linear_head_is_recognised_behind_pooling_and_dropout(colour_net):
    colour_net.eval()
    assert graph.linear_layer(graph.tail(colour_net, "rectify:1")) is colour_net.head
    assert graph.linear_layer(graph.tail(colour_net, "rectify:0")) is None


def test_unknown_layer_lists_those_there_are(colour_net):
    with pytest.raises(BackboneError, match=r"layer must be one of \['filters', 'rectify'.*'nose'"):
        graph.run_to_layer(colour_net, "nose", torch.rand(1, 3, 4, 4))


def test_a_call_that_is_never_made_is_named(colour_net):
    with pytest.raises(BackboneError, match=r"'rectify' must be called more than 2 times"):
        graph.run_to_layer(colour_net, "rectify:2", torch.rand(1, 3, 4, 4))


def test_several_outputs_are_refused():
    class Split(nn.Module):
        def forward(self, images):
            return images, images

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.split = Split()

        def forward(self, images):
            return self.split(images)[0]

    with pytest.raises(BackboneError, match=r"layer 'split' must return one tensor; got tuple"):
        graph.run_to_layer(Network(), "split", torch.rand(1, 3, 4, 4))


class Branching(nn.Module):
    """Its control flow depends on its input, which can't be traced."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.rectify = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 4, 1)
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        start = self.rectify(self.first(images)) if images.sum() > -1e9 else images
        return self.head((self.second(start) + start).mean((2, 3)))


def test_control_flow_on_the_input_cannot_be_traced():
    with pytest.raises(BackboneError, match="torch.fx can trace; got TraceError"):
        graph.trace(Branching())


def test_network_that_can_not_be_traced_is_cut_all_the_same():
    network = Branching().eval()
    images = torch.rand(3, 3, 224, 224)
    backbone = load_backbone(network, layer="rectify", device="cpu")
    assert backbone.encode(images).min() >= 0
    torch.testing.assert_close(backbone.decode(backbone.encode(images)), network(images))
    assert backbone.split_tail.affine is None


def test_skip_connection_is_noticed_without_a_trace():
    backbone = load_backbone(Branching().eval(), layer="second", device="cpu")
    with pytest.raises(BackboneError, match=r"not be passed by a skip connection.*got 'second'"):
        backbone.decode(backbone.encode(torch.rand(1, 3, 224, 224)))


def test_options_of_a_network_have_their_usual_values():
    class Optional(nn.Module):
        def __init__(self):
            super().__init__()
            self.rectify = nn.ReLU()

        def forward(self, images, mask=None, scale=2):
            found = self.rectify(images)
            return (found if mask is None else found * mask).mean((2, 3)) * scale

    network = Optional().eval()
    images = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(graph.tail(network, "rectify")(images), network(images))


def test_another_head_on_a_network_that_can_not_be_traced():
    network = Branching().eval()
    images = torch.rand(2, 3, 8, 8)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))
    headed = graph.with_head(network, "rectify", head)
    expected = head(graph.run_to_layer(network, "rectify", images))
    torch.testing.assert_close(headed(images), expected)
    assert {"first", "rectify", "head"} <= set(dict(headed.named_modules()))


def test_module_that_holds_others_is_a_layer_too():
    class Nested(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
            self.head = nn.Conv2d(4, 2, 1)

        def forward(self, images):
            return self.head(self.block(images)).mean((2, 3))

    network = Nested().eval()
    images = torch.rand(2, 3, 8, 8)
    activations = graph.run_to_layer(network, "block", images)
    torch.testing.assert_close(graph.tail(network, "block")(activations), network(images))
    assert list(graph.trace(network).calls) == ["block.0", "block.1", "block", "head"]


def test_the_networks_output_is_no_layer(colour_net):
    with pytest.raises(
        BackboneError,
        match=r"before the network's output; got 'head'. Layers before it: .*'flatten'",
    ):
        graph.tail(colour_net.eval(), "head")


class Asserting(nn.Module):
    """Says nothing when it refuses."""

    def __init__(self):
        super().__init__()
        self.rectify = nn.ReLU()
        self.head = nn.Linear(3, 2)

    def forward(self, images):
        if images.sum() is not None:
            raise AssertionError
        return self.head(self.rectify(images).mean((2, 3)))


def test_bare_assertion_in_a_network_is_an_error_of_one_line():
    with pytest.raises(BackboneError, match="got AssertionError: no reason given"):
        graph.trace(Asserting())


class InPlace(nn.Module):
    """Doubles a layer's output in place, and goes on with the tensor that it had before."""

    def __init__(self, change):
        super().__init__()
        self.rectify, self.again = nn.ReLU(), nn.Hardtanh(0, 1, inplace=True)
        self.head = nn.Linear(3, 2)
        self.change = change

    def forward(self, images):
        found = self.rectify(images)
        self.change(self, found)
        return self.head(found.mean((2, 3)))


def double_in_place(_network, found):
    found.mul_(2)


def clip_in_place(network, found):
    network.again(found)


def clip_by_function(_network, found):
    nn.functional.hardtanh(found, 0, 1, inplace=True)


def double_if_any(_network, found):
    if found.sum() > -1:  # which can't be traced
        found *= 2


@pytest.mark.parametrize(
    "change", [double_in_place, clip_in_place, clip_by_function, double_if_any]
)
def test_operations_in_place_are_kept(change):
    torch.manual_seed(0)
    network = InPlace(change).eval()
    backbone = load_backbone(network, layer="rectify", device="cpu", transform=Transform(size_px=8))
    images = 2 * torch.rand(2, 3, 8, 8)
    activations = backbone.encode(images)
    kept = activations.clone()
    torch.testing.assert_close(backbone.decode(activations), backbone.predict(images))
    torch.testing.assert_close(activations, kept)


class NamedHead(nn.Module):
    """Its layers after the first are in a module called `head`."""

    def __init__(self, *, is_traceable):
        super().__init__()
        self.body, self.is_traceable = nn.Conv2d(3, 4, 1), is_traceable
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.ReLU(), nn.Linear(4, 2))

    def forward(self, images):
        found = self.body(images)
        if not self.is_traceable and found.sum() > 1e9:
            return found
        return self.head(found)


@pytest.mark.parametrize("is_traceable", [True, False])
def test_another_head_may_read_a_layer_of_a_module_called_head(is_traceable):
    torch.manual_seed(0)
    network = NamedHead(is_traceable=is_traceable).eval()
    other = nn.Linear(4, 3)
    headed = graph.with_head(network, "head.2", other)
    images = torch.rand(2, 3, 8, 8)
    torch.testing.assert_close(headed(images), other(graph.run_to_layer(network, "head.2", images)))
    assert headed.get_submodule("head.2") is network.head[2]
    assert headed.get_submodule("probe") is other
