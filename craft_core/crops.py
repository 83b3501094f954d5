"""Sub-regions of images: where they are, and what the network sees of them.

A box is (left, top, right, bottom) in pixels of the source image, right and bottom exclusive.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from craft_core.checks import check_at_least, check_choice
from craft_core.images import BATCH_SIZE, Images, picture_size, read_ahead
from craft_core.resizing import resized
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
    masks
        (n, m, m), boolean: which part of each box is shown, where it is not all of it; the rest is
        filled with the network's mean colour. None shows all.
    """

    image: Tensor
    boxes: Tensor
    masks: Tensor | None = None

    def at(self, rows: Tensor) -> "Crops":
        """Take some crops.

        Parameters
        ----------
        rows
            (k,), integer.

        Returns
        -------
        Crops
            In that order.
        """
        masks = None if self.masks is None else self.masks[rows]
        return Crops(image=self.image[rows], boxes=self.boxes[rows], masks=masks)

    def __len__(self) -> int:
        return len(self.image)


def place_crops(
    sizes: Sequence[tuple[int, int]],
    *,
    crop_size: int | Sequence[int],
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
        Side of a crop in pixels of an image whose shorter side is `input_size`; of several, random
        crops take each in turn, and a grid is laid for each.
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

    Raises
    ------
    CraftError
        If a size or number is below 1, or the strategy is unknown.
    """
    wanted = [crop_size] if isinstance(crop_size, int) else list(crop_size)
    check_at_least("crop_size", min(wanted, default=0), 1)
    check_at_least("per_image", per_image, 1)
    check_choice("strategy", strategy, ["random", "grid"])
    boxes, owners = [], []
    for index, (height, width) in enumerate(sizes):
        shorter = min(height, width)
        sides = [max(1, min(shorter, round(side * shorter / input_size))) for side in wanted]
        if strategy == "random":
            placed = _random_boxes(height, width, sides, per_image, generator)
        else:
            placed = [box for side in sides for box in _grid_boxes(height, width, side)]
        boxes += placed
        owners += [index] * len(placed)
    return Crops(
        image=torch.tensor(owners, dtype=torch.long),
        boxes=torch.tensor(boxes, dtype=torch.long).reshape(-1, 4),
    )


def crop_batches(
    images: Images,
    crops: Crops,
    transform: Transform,
    *,
    size: int = BATCH_SIZE,
    device: torch.device | None = None,
) -> Iterator[Tensor]:
    """Cut crops out and scale them to the network's input, with antialiasing.

    Parameters
    ----------
    images
        (n, 3, H, W), transformed; or paths of readable pictures, each read once, ahead of its turn.
    crops
        In order of image.
    transform
        Of the network.
    size
        Crops a batch.
    device
        Where pictures are sent before they are cut; None leaves them where they are.

    Yields
    ------
    Tensor
        (at most size, 3, input, input).

    Raises
    ------
    ImageError
        If a picture can't be read.
    """
    owners = crops.image.tolist()
    present = sorted(set(owners))
    waiting: list[Tensor] = []
    place = 0
    for index, source in zip(present, _sources(images, present), strict=True):
        here = source if device is None else source.to(device)
        while place < len(owners) and owners[place] == index:
            end = _end_of_run(owners, crops.boxes, place)
            cut = _scaled_crops(here, crops.boxes[place:end].tolist(), transform)
            if crops.masks is not None:
                cut = cut * _scaled_masks(crops.masks[place:end], transform).to(cut)
            waiting.append(cut)
            place = end
            while sum(map(len, waiting)) >= size:
                ready = torch.cat(waiting)
                yield ready[:size]
                waiting = [ready[size:]] if len(ready) > size else []
    if waiting:
        yield torch.cat(waiting)


def image_sizes(images: Images) -> list[tuple[int, int]]:
    """Measure images, reading no more of a picture than its header.

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
    return [picture_size(file) for file in images]


def _sources(images: Images, present: Sequence[int]) -> Iterator[Tensor]:
    """Bring the images that have crops, one by one."""
    if isinstance(images, Tensor):
        yield from (images[index] for index in present)
    else:
        yield from read_ahead([images[index] for index in present])


def _end_of_run(owners: Sequence[int], boxes: Tensor, start: int) -> int:
    """Find where crops of one image and one side end, which are scaled together."""
    side = boxes[start, 2] - boxes[start, 0]
    end = start
    while (
        end < len(owners)
        and owners[end] == owners[start]
        and boxes[end, 2] - boxes[end, 0] == side
        and boxes[end, 3] - boxes[end, 1] == side
    ):
        end += 1
    return max(end, start + 1)


def _scaled_crops(source: Tensor, boxes: Sequence[Sequence[int]], transform: Transform) -> Tensor:
    """Cut boxes of one size out of an image and scale them together; (k, 3, input, input)."""
    cut = torch.stack([source[:, top:bottom, left:right] for left, top, right, bottom in boxes])
    scaled = resized(cut, [transform.size_px] * 2)
    return scaled if source.is_floating_point() else transform.normalise(scaled)


def _scaled_masks(masks: Tensor, transform: Transform) -> Tensor:
    """Scale masks to the network's input; zero, in its units, is the mean colour."""
    return resized(masks[:, None].float(), [transform.size_px] * 2).round()


def _random_boxes(
    height: int, width: int, sides: Sequence[int], n: int, generator: torch.Generator
) -> list[tuple[int, int, int, int]]:
    boxes = []
    for place, side in enumerate(sides):
        count = len(range(place, n, len(sides)))
        for left, top in _random_corners(height - side, width - side, count, generator):
            boxes.append((left, top, left + side, top + side))
    return boxes


def _random_corners(
    tallest: int, widest: int, n: int, generator: torch.Generator
) -> list[tuple[int, int]]:
    draw: Callable[[int], list[int]] = lambda high: torch.randint(  # noqa: E731
        high + 1, (n,), generator=generator, device=generator.device
    ).tolist()
    return list(zip(draw(widest), draw(tallest), strict=True))


def _grid_boxes(height: int, width: int, side: int) -> list[tuple[int, int, int, int]]:
    return [
        (left, top, left + side, top + side)
        for top in _steps(height, side)
        for left in _steps(width, side)
    ]


def _steps(length: int, side: int) -> list[int]:
    """Spread the fewest starts that cover a length evenly, the last ending at the edge."""
    count = -(-length // side)
    return [round(step * (length - side) / max(1, count - 1)) for step in range(count)]
