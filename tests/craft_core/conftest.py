"""Devices and dtypes of the numerics, and a small network whose answers are known."""

import pytest
import torch
from torch import Tensor, nn

DEVICES = ["cpu"] + (["cuda"] if torch.cuda.is_available() else [])


@pytest.fixture(params=DEVICES)
def device(request):
    return torch.device(request.param)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


class ColourNet(nn.Module):
    """Its layer finds red, green and blue; class 0 is red, class 1 green plus blue."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 6, kernel_size=1)
        self.rectify = nn.ReLU()
        self.later = nn.Conv2d(6, 6, kernel_size=1, bias=False)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(6, 2)
        with torch.no_grad():
            self.filters.weight.zero_()
            for channel in range(6):
                self.filters.weight[channel, channel // 2] = 1 + channel % 2
            self.filters.bias.zero_()
            self.later.weight.copy_(torch.eye(6)[:, :, None, None])
            self.head.weight.copy_(
                torch.tensor([[1.0, 1.0, 0, 0, 0, 0], [0, 0, 1.0, 1.0, 1.0, 1.0]])
            )
            self.head.bias.zero_()

    def forward(self, images: Tensor) -> Tensor:
        found = self.later(self.rectify(self.filters(images)))
        return self.head(self.dropout(self.flatten(self.pool(self.rectify(found)))))


@pytest.fixture
def colour_net():
    return ColourNet()


@pytest.fixture
def colour_images(generator):
    """(24, 3, 32, 32): the left half of one pure colour, the right half of another."""
    images = torch.zeros(24, 3, 32, 32)
    for index in range(24):
        left, right = index % 3, (index // 3) % 3
        images[index, left, :, :16] = 1
        images[index, right, :, 16:] = 1
    return images + 0.01 * torch.rand(images.shape, generator=generator)
