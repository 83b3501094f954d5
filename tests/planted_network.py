"""A network built by hand, two levels deep, and pictures whose concepts are known.

A picture is grey with two patches of bars. The bars are red, green or blue, and lie or stand. The
network's first layer tells six parts apart, one a colour and direction; the second merges the two
directions of a colour; the head adds up colours: class 0 is red above all, some green, and a little
blue; class 1 is the opposite.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

SIDE, PATCH, PERIOD = 64, 24, 4
COLOURS = ("red", "green", "blue")
DIRECTIONS = ("lying", "standing")
WEIGHTS = (3.0, 1.5, 0.5)  # of red, green and blue for class 0


class PartsNet(nn.Module):
    """Layer ``parts`` tells six parts apart, layer ``colours`` three colours."""

    def __init__(self) -> None:
        super().__init__()
        self.filters = nn.Conv2d(3, 6, kernel_size=5, padding=2, bias=True)
        self.parts = nn.ReLU()
        self.smooth = nn.AvgPool2d(4)
        self.merge = nn.Conv2d(6, 6, kernel_size=1, bias=False)
        self.colours = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(6, 2)
        with torch.no_grad():
            self.filters.weight.zero_()
            self.filters.bias.fill_(-0.5)
            wave = torch.tensor([-1.0, -1, 1, 1, 0])  # against bars of a period of four
            for colour in range(3):
                lying, standing = 2 * colour, 2 * colour + 1
                self.filters.weight[lying, colour] = wave[:, None].expand(5, 5) / 5
                self.filters.weight[standing, colour] = wave[None].expand(5, 5) / 5
            self.merge.weight.zero_()
            for colour in range(
                3
            ):  # two channels a colour, so that there is something to factorise
                self.merge.weight[2 * colour, 2 * colour : 2 * colour + 2] = 1
                self.merge.weight[2 * colour + 1, 2 * colour : 2 * colour + 2] = 0.5
            signs = torch.tensor(WEIGHTS).repeat_interleave(2)
            self.head.weight.copy_(torch.stack([signs, signs.flip(0)]))
            self.head.bias.zero_()

    def forward(self, images: Tensor) -> Tensor:
        found = self.colours(self.merge(self.smooth(self.parts(self.filters(images)))))
        return self.head(self.flatten(self.pool(found)))


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures with the truth about them.

    `images` is (n, 3, 64, 64); `colour` and `direction` are (n, 2), one entry a patch; `masks` is
    (n, 2, 64, 64), where each patch lies.
    """

    images: Tensor
    colour: Tensor
    direction: Tensor
    masks: Tensor

    def mask_of(self, colour: int, direction: int | None = None) -> Tensor:
        """Return where a colour lies, with either direction or one; (n, 64, 64)."""
        is_it = self.colour == colour
        if direction is not None:
            is_it = is_it & (self.direction == direction)
        return (self.masks & is_it[:, :, None, None]).any(dim=1)


def draw_pictures(n: int, *, generator: torch.Generator, height: int = SIDE, width: int = SIDE):
    """Draw pictures; the two patches of one never overlap."""
    images = 0.5 + 0.02 * torch.randn(n, 3, height, width, generator=generator)
    colour = torch.randint(3, (n, 2), generator=generator)
    direction = torch.randint(2, (n, 2), generator=generator)
    masks = torch.zeros(n, 2, height, width, dtype=torch.bool)
    for index in range(n):
        for place in range(2):
            left_half = place * (width // 2)
            left = left_half + int(torch.randint(width // 2 - PATCH + 1, (), generator=generator))
            top = int(torch.randint(height - PATCH + 1, (), generator=generator))
            rows, columns = slice(top, top + PATCH), slice(left, left + PATCH)
            masks[index, place, rows, columns] = True
            bars = (torch.arange(PATCH) // (PERIOD // 2)) % 2 * 1.0
            is_lying = direction[index, place] == 0
            patch = bars[:, None] if is_lying else bars[None]
            images[index, colour[index, place], rows, columns] = patch.expand(PATCH, PATCH)
    return Pictures(images, colour, direction, masks)
