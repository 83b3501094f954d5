"""Sub-regions of images: where they are, and what the network sees of them.

A box is (left, top, right, bottom) in pixels of the source image, right and bottom exclusive.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torchvision.transforms import v2

from craft_core.checks import check_at_least
from craft_core.errors import ImageError
from craft_core.images import BATCH_SIZE, Images, read_picture
from craft_core.transforms import Transform

Strategy = Literal["random", "grid"]


@dataclass(frozen=True, kw_only=True)
class Crops:
    """Where each crop lies.

    Attributes
    ----------
    image
        (n,), integer. Index of the source image.
    boxes
        (n, 4), integer.
    """

    image: Tensor
    boxes: Tensor

    def __len__(self) -> int:
        return len(self.image)


def place_crops(
    sizes: Sequence[tuple[int, int]],
    *,
    crop_size: int,
    input_size: int,
    per_image: int,
    strategy: Strategy = "random",
    generator: torch.Generator,
) -> Crops:
    """Choose the boxes of all images' crops.

    A crop's side is given at the network's scale: where an image's shorter side is not
    `input_size`, the box grows or shrinks with it, so that a crop holds the same share of every
    image (section 3.1 leaves the size open).

    Parameters
    ----------
    sizes
        Height and width of each image, pixels.
    crop_size
        Side of a crop in pixels of an image whose shorter side is `input_size`.
    input_size
        Side of the network's input, pixels.
    per_image
        Crops an image, for random crops.
    strategy
        ``random``: uniform positions. ``grid``: the fewest that cover the image, edges included.
    generator
        Draws the random positions.

    Returns
    -------
    Crops
        Image by image.
    """
    check_at_least("crop_size", crop_size, 1)
    check_at_least("per_image", per_image, 1)
    boxes, owners = [], []
    for index, (height, width) in enumerate(sizes):
        side = max(1, min(height, width, round(crop_size * min(height, width) / input_size)))
        if strategy == "random":
            corners = _random_corners(height - side, width - side, per_image, generator)
        else:
            corners = _grid_corners(height, width, side)
        boxes += [(left, top, left + side, top + side) for left, top in corners]
        owners += [index] * len(corners)
    return Crops(
        image=torch.tensor(owners, dtype=torch.long),
        boxes=torch.tensor(boxes, dtype=torch.long).reshape(-1, 4),
    )


def crop_batches(
    images: Images, crops: Crops, transform: Transform, size: int = BATCH_SIZE
) -> Iterator[Tensor]:
    """Cut crops out and scale them to the network's input, with antialiasing.

    Parameters
    ----------
    images
        (n, 3, H, W), transformed; or paths of readable pictures, each read once.
    crops
        In order of image.
    transform
        Of the network.
    size
        Crops a batch.

    Yields
    ------
    Tensor
        (at most size, 3, input, input).
    """
    waiting: list[Tensor] = []
    source, source_index = torch.empty(0), -1
    for index, box in zip(crops.image.tolist(), crops.boxes.tolist(), strict=True):
        if index != source_index:
            source, source_index = _source(images, index), index
        waiting.append(_scaled_crop(source, box, transform))
        if len(waiting) == size:
            yield torch.stack(waiting)
            waiting = []
    if waiting:
        yield torch.stack(waiting)


def image_sizes(images: Images) -> list[tuple[int, int]]:
    """Measure images.

    Parameters
    ----------
    images
        (n, 3, H, W), or paths of readable pictures.

    Returns
    -------
    list[tuple[int, int]]
        Height and width, pixels.
    """
    if isinstance(images, Tensor):
        return [(images.shape[2], images.shape[3])] * len(images)
    shapes = [_source(images, index).shape for index in range(len(images))]
    return [(shape[1], shape[2]) for shape in shapes]


def _source(images: Images, index: int) -> Tensor:
    image = images[index]
    if isinstance(image, Tensor):
        return image
    picture = read_picture(image)
    if picture is None:
        raise ImageError(f"image must be readable; got {image}.")
    return picture


def _scaled_crop(source: Tensor, box: Sequence[int], transform: Transform) -> Tensor:
    left, top, right, bottom = box
    cut = source[:, top:bottom, left:right]
    scaled: Tensor = v2.functional.resize(cut, [transform.size_px] * 2, antialias=True)
    return scaled if source.is_floating_point() else transform.normalise(scaled)


def _random_corners(
    tallest: int, widest: int, n: int, generator: torch.Generator
) -> list[tuple[int, int]]:
    draw: Callable[[int], list[int]] = lambda high: torch.randint(  # noqa: E731
        high + 1, (n,), generator=generator, device=generator.device
    ).tolist()
    return list(zip(draw(widest), draw(tallest), strict=True))


def _grid_corners(height: int, width: int, side: int) -> list[tuple[int, int]]:
    return [(left, top) for top in _steps(height, side) for left in _steps(width, side)]


def _steps(length: int, side: int) -> list[int]:
    """Spread the fewest starts that cover a length evenly, the last ending at the edge."""
    count = -(-length // side)
    return [round(step * (length - side) / max(1, count - 1)) for step in range(count)]
