"""Where in an image the positions of a layer lie.

Letters: H x W pixels, h x w positions.

A convolution with padding does not put the centre of its first position at the middle of the first
h-th of the image: after five strided 3 x 3 convolutions the centres lie at 0.5, 32.5, 64.5, ...
and not at 16, 48, 80, ... Stretching a coarse map over the image, as is usual, moves it by half a
stride. Here the centres are computed, by following every convolution, pooling and padding on the
way to the layer.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import grid_sample
from torch.utils._python_dispatch import TorchDispatchMode

from craft_core.backbones import Backbone

Pair = tuple[float, float]
aten = torch.ops.aten


@dataclass(frozen=True, kw_only=True)
class Centres:
    """Centres of positions, down and across, in pixels; the first pixel's centre is 0.5.

    Attributes
    ----------
    start, step
        Of the first position, and from one to the next.
    """

    start: Pair = (0.5, 0.5)
    step: Pair = (1.0, 1.0)


def position_centres(
    backbone: Backbone, images_shape: tuple[int, int], grid: tuple[int, int]
) -> Centres:
    """Find where the positions of a backbone's layer lie in images of a size.

    Parameters
    ----------
    backbone
        The network, cut at the layer.
    images_shape
        H and W.
    grid
        h and w.

    Returns
    -------
    Centres
        By the operations on the way to the layer; evenly spread where these do not add up to the
        grid, since something else moves positions then.
    """
    images = torch.zeros(1, 3, *images_shape, device=backbone.device)
    with torch.no_grad(), _Follower(images) as follower:
        activations = backbone.encode(images)
    found: Centres | None = follower.known.get(id(activations), (None, None))[1]
    if found is not None and all(map(_adds_up, found.start, found.step, images_shape, grid)):
        return found
    step = (images_shape[0] / grid[0], images_shape[1] / grid[1])
    return Centres(start=(step[0] / 2, step[1] / 2), step=step)


def to_pixels(coarse: Tensor, centres: Centres, height: int, width: int) -> Tensor:
    """Interpolate maps between the centres of their positions.

    Parameters
    ----------
    coarse
        (n, k, h, w).
    centres
        Where positions lie.
    height
        H.
    width
        W.

    Returns
    -------
    Tensor
        (n, k, H, W); beyond the outermost centres the outermost value.
    """
    axes = [
        _normalised(size, start, step, count)
        for size, start, step, count in zip(
            (height, width), centres.start, centres.step, coarse.shape[2:], strict=True
        )
    ]
    down, across = (axis.to(coarse) for axis in axes)
    grid = torch.stack(torch.meshgrid(across, down, indexing="xy"), dim=-1)  # (H, W, 2)
    return grid_sample(
        coarse,
        grid.expand(len(coarse), -1, -1, -1),
        mode="bilinear",
        padding_mode="border",
        align_corners=True,
    )


def _normalised(size: int, start: float, step: float, count: int) -> Tensor:
    """Say at which position, from -1 to 1, the centre of every pixel lies."""
    place = (torch.arange(size) + 0.5 - start) / step  # 0 at the first position
    return 2 * place / max(1, count - 1) - 1 if count > 1 else torch.zeros(size)


def _adds_up(start: float, step: float, size: int, count: int) -> bool:
    """Say whether as many positions reach from one end of the image to the other."""
    return -step < start and abs(step * count - size) <= 1.5 * step


class _Follower(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the centres of every tensor that is made from the images."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.known: dict[int, tuple[Tensor, Centres]] = {id(images): (images, Centres())}

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Any,  # noqa: ANN401
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        result = func(*args, **(kwargs or {}))
        given = next((c for c in map(self._of, _tensors(args)) if c is not None), None)
        if given is not None:
            moved = _moved(func, given, args)
            for tensor in _tensors((result,)):
                self.known[id(tensor)] = (tensor, moved)  # held, so that its id is its own
        return result

    def _of(self, tensor: Tensor) -> Centres | None:
        return self.known.get(id(tensor), (None, None))[1]


def _tensors(values: Any) -> list[Tensor]:  # noqa: ANN401
    if isinstance(values, Tensor):
        return [values]
    if isinstance(values, tuple | list):
        return [tensor for value in values for tensor in _tensors(value)]
    return []


def _moved(func: Any, centres: Centres, args: tuple[Any, ...]) -> Centres:  # noqa: ANN401
    """Say where the positions of an operation's result lie."""
    if func is aten.convolution.default and args[1].ndim == 4 and not args[6]:
        return _windows(centres, args[1].shape[2:], args[3], args[4], args[5])
    if func in (aten.max_pool2d_with_indices.default, aten.avg_pool2d.default):
        kernel, stride = _pair(args[1]), _pair(args[2] if len(args) > 2 and args[2] else args[1])
        padding = _pair(args[3] if len(args) > 3 else 0)
        return _windows(centres, kernel, stride, padding, (1, 1))
    if func is aten._adaptive_avg_pool2d.default:
        cells = [size // count for size, count in zip(args[0].shape[2:], args[1], strict=True)]
        return _windows(centres, cells, cells, (0, 0), (1, 1))
    if func is aten.constant_pad_nd.default and len(args[1]) >= 4:
        left, _, top, _ = args[1][:4]
        shift = (top, left)
        start = (centres.start[axis] - shift[axis] * centres.step[axis] for axis in (0, 1))
        return replace(centres, start=tuple(start))
    return centres


def _windows(
    centres: Centres,
    kernel: Any,  # noqa: ANN401 - sizes as torch gives them
    stride: Any,  # noqa: ANN401
    padding: Any,  # noqa: ANN401
    dilation: Any,  # noqa: ANN401
) -> Centres:
    """Move to the centres of sliding windows."""
    sizes = [_pair(given) for given in (kernel, stride, padding, dilation)]
    start, step = [], []
    for axis in (0, 1):
        extent, by, pad, spread = (size[axis] for size in sizes)
        middle = spread * (extent - 1) / 2 - pad
        start.append(centres.start[axis] + middle * centres.step[axis])
        step.append(centres.step[axis] * by)
    return Centres(start=(start[0], start[1]), step=(step[0], step[1]))


def _pair(value: Any) -> tuple[int, int]:  # noqa: ANN401
    if isinstance(value, int):
        return value, value
    sizes = list(value)
    return (sizes[0], sizes[-1])
