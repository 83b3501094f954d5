import pytest
import torch
from torch import nn

from craft_core.replay import Replay


class Passed(nn.Module):
    """A layer that is passed by, and one that is not; one module is called twice."""

    def __init__(self):
        super().__init__()
        self.inside = nn.Conv2d(3, 3, 1)
        self.rectify = nn.ReLU()
        self.head = nn.Linear(3, 2)

    def forward(self, images):
        total = self.rectify(self.inside(images) + images)
        return self.head(self.rectify(2 * total).mean((2, 3)))


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Passed().eval()


@pytest.mark.parametrize(("call", "scale"), [(0, 2), (1, 1)])
def test_layers_output_is_exchanged(network, call, scale):
    activations = torch.rand(4, 3, 8, 8)
    found = Replay(network, ("rectify", call), size_px=8)(activations)
    torch.testing.assert_close(found, network.head((scale * activations).mean((2, 3))))


def test_gradients_reach_the_activations(network):
    activations = torch.rand(4, 3, 8, 8, requires_grad=True)
    Replay(network, ("rectify", 1), size_px=8)(activations)[:, 0].sum().backward()
    torch.testing.assert_close(
        activations.grad, (network.head.weight[0] / 64)[None, :, None, None].expand(4, 3, 8, 8)
    )


def test_skip_connection_is_noticed(network):
    activations = torch.rand(1, 3, 8, 8)
    assert Replay(network, ("rectify", 0), size_px=8).is_determined(activations)
    assert not Replay(network, ("inside", 0), size_px=8).is_determined(activations)


def test_no_hook_is_left(network):
    replay = Replay(network, ("rectify", 0), size_px=8)
    replay(torch.rand(1, 3, 8, 8))
    with pytest.raises(RuntimeError):
        replay(torch.rand(1, 4, 8, 8))
    assert not any(part._forward_hooks for part in network.modules())
