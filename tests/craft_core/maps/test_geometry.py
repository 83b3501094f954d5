"""Where positions lie, against where the network itself looks."""

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from craft_core.backbones import load_backbone
from craft_core.maps.geometry import Centres, position_centres, to_pixels
from craft_core.transforms import Transform


def backbone_of(*layers):
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    torch.manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.Conv2d):  # all weights alike: a window's centre is where it looks
            nn.init.constant_(part.weight, 1.0)
            nn.init.zeros_(part.bias)
    return load_backbone(
        network, layer=str(len(layers) - 1), device="cpu", transform=Transform(size_px=48)
    )


def looked_at(backbone, height, width):
    """Centre of the pixels that each position's activation depends on, measured by derivatives."""
    images = torch.ones(1, 3, height, width, requires_grad=True)
    features = backbone.encode(images)[0].sum(dim=0)  # (h, w)
    found = torch.zeros(*features.shape, 2)
    for row in range(features.shape[0]):
        for column in range(features.shape[1]):
            (slope,) = torch.autograd.grad(features[row, column], images, retain_graph=True)
            weight = slope[0].abs().sum(dim=0)
            total = weight.sum()
            down = (weight.sum(dim=1) * (torch.arange(height) + 0.5)).sum() / total
            across = (weight.sum(dim=0) * (torch.arange(width) + 0.5)).sum() / total
            found[row, column] = torch.stack([down, across])
    return found


NETWORKS = {
    "strided": [nn.Conv2d(width, 2, 3, stride=2, padding=1) for width in (3, 2, 2)],
    "pooled": [
        nn.Conv2d(3, 2, 5, padding=2),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=2, padding=1),
    ],
    "padded": [nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 2, 3, stride=2)],
    "dilated": [nn.Conv2d(3, 2, 3, dilation=2, stride=3)],
    "patches": [nn.Conv2d(3, 2, 8, stride=8)],
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", [(48, 48), (48, 72), (50, 47)])
def test_centres_are_where_the_network_looks(name, size):
    backbone = backbone_of(*NETWORKS[name])
    expected = looked_at(backbone, *size)
    h, w = expected.shape[:2]
    centres = position_centres(backbone, size, (h, w))
    rows = centres.start[0] + centres.step[0] * torch.arange(h)
    columns = centres.start[1] + centres.step[1] * torch.arange(w)
    found = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    inner = slice(2, -2)  # at the edge, windows reach beyond the image
    torch.testing.assert_close(found[inner, inner], expected[inner, inner])


def test_efficientnets_centres_lie_half_a_stride_further():
    """It pads on the far side alone, so that five strides add up to 31 pixels."""
    backbone = load_backbone("efficientnet_lite0", device="cpu")
    centres = position_centres(backbone, (224, 224), (7, 7))
    assert centres == Centres(start=(31.5, 31.5), step=(32.0, 32.0))


def test_resnets_first_centre_is_the_first_pixels():
    from torchvision.models import resnet18

    backbone = load_backbone(resnet18(), layer="layer4", device="cpu")
    centres = position_centres(backbone, (224, 224), (7, 7))
    assert centres == Centres(start=(0.5, 0.5), step=(32.0, 32.0))


def test_what_moves_positions_otherwise_is_spread_evenly():
    class Shuffled(nn.Module):
        def forward(self, images):
            return nn.functional.pixel_unshuffle(images, 8)

    network = nn.Sequential(Shuffled(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    backbone = load_backbone(network, layer="0", device="cpu", transform=Transform(size_px=48))
    centres = position_centres(backbone, (48, 48), (6, 6))
    assert centres == Centres(start=(4.0, 4.0), step=(8.0, 8.0))


def test_even_spread_is_torchs_interpolation(generator):
    coarse = torch.rand(2, 3, 6, 5, generator=generator)
    centres = Centres(start=(4.0, 4.0), step=(8.0, 8.0))
    expected = interpolate(coarse, size=(48, 40), mode="bilinear", align_corners=False)
    torch.testing.assert_close(to_pixels(coarse, centres, 48, 40), expected, rtol=1e-4, atol=1e-5)


def test_peak_lies_at_its_centre():
    coarse = torch.zeros(1, 1, 4, 4)
    coarse[0, 0, 1, 2] = 1
    fine = to_pixels(coarse, Centres(start=(0.5, 0.5), step=(8.0, 8.0)), 32, 32)[0, 0]
    assert fine.flatten().argmax() == 8 * 32 + 16
    assert fine.max() == pytest.approx(1)


def test_single_position_covers_everything():
    fine = to_pixels(torch.full((1, 2, 1, 1), 3.0), Centres(), 5, 7)
    assert (fine == 3).all() and fine.shape == (1, 2, 5, 7)
