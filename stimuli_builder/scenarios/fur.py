"""Paints furry parts over each other: outline with tips of hair, markings, roundness, hairs.

Outlines are in the animal's units, x forward and y up; a canvas says how many pixels a unit has.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.painting import (
    Floats,
    Labels,
    Points,
    blurred,
    directions_along,
    furry_outline,
    polygon_mask,
    shares,
    smooth_noise,
)

_PLAIN = 128  # a stroke that changes nothing
_HAIRS = 0.10  # strokes in a square unit
_TIPS = 1.7  # distance between those along an outline, in units
_OCCLUSION = 0.4
_RELIEF = 1.1
_RAGGEDNESS = 0.05

Position = tuple[float, float]
Direction = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One piece of the animal, drawn over those before it.

    Attributes
    ----------
    label
        > 0. Its value in the label map.
    outline
        (n, 2), closed.
    flow
        (k, 2). A curve the hair follows, from root to tip.
    pale_at
        Point from which the fur darkens.
    dark_at
        Point where it is darkest.
    darkness
        How dark it is at those two, in [0, 1].
    bulge
        > 0. How far in from its outline the part is rounded.
    hair
        Height of the tips along the outline.
    stroke
        Length of the hairs within.
    light
        1 on the side that is seen, less on the far one.
    fades
        Points between which it merges with what lies behind it, solid at the first; or none.
    """

    label: int
    outline: Points
    flow: Points
    pale_at: Position
    dark_at: Position
    darkness: tuple[float, float] = (0.0, 1.0)
    bulge: float = 6.0
    hair: float = 1.2
    stroke: float = 5.0
    light: float = 1.0
    fades: tuple[Position, Position] | None = None


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """Layers that parts are painted into; all but the strokes are (h, w) arrays."""

    scale: float  # pixels in a unit
    origin: tuple[int, int]
    darkness: Floats  # of the fur, in [0, 1]
    shade: Floats
    labels: Labels
    noise: Floats
    strokes: Image.Image

    def to_pixels(self, points: npt.ArrayLike) -> Points:
        """Turn points in units, (n, 2), into columns and rows."""
        return np.asarray(points) * (self.scale, -self.scale) + self.origin


def blank_canvas(
    size_px: tuple[int, int],
    *,
    scale: float,
    origin: tuple[int, int],
    generator: np.random.Generator,
) -> Canvas:
    """Make a canvas with nothing on it.

    Parameters
    ----------
    size_px
        Height and width.
    scale
        Pixels in a unit.
    origin
        Column and row of the animal's point (0, 0).
    generator
        Source of the noise that makes markings ragged.

    Returns
    -------
    Canvas
        The canvas.
    """
    return Canvas(
        scale=scale,
        origin=origin,
        darkness=np.zeros(size_px, np.float32),
        shade=np.ones(size_px, np.float32),
        labels=np.zeros(size_px, np.uint8),
        noise=smooth_noise(size_px, (1.5 * scale, 3.5 * scale), generator),
        strokes=Image.new("L", size_px[::-1], _PLAIN),
    )


def paint_part(
    part: Part, canvas: Canvas, light_from: Direction, *, generator: np.random.Generator
) -> None:
    """Paint one part over what is there, and shade what lies behind it.

    Parameters
    ----------
    part
        What to paint.
    canvas
        Painted on.
    light_from
        Where the light comes from, (x, y) with x forward and y up.
    generator
        Source of the hairs.
    """
    outline = canvas.to_pixels(
        furry_outline(
            part.outline, flow=part.flow, hair=part.hair, spacing=_TIPS, generator=generator
        )
    )
    radius = part.bulge * canvas.scale
    rows, columns = _box_around(outline, round(radius) + 3, canvas.labels.shape)
    corner = (columns.start, rows.start)
    box = (rows, columns)
    mask = polygon_mask(outline - corner, canvas.labels[box].shape)
    thickness = blurred(mask, radius)

    fade = _fade(part, canvas, box)
    inside = np.asarray(mask) > 0
    opacity = fade * inside
    canvas.shade[box] *= 1 - _OCCLUSION * fade * thickness
    _blend(canvas.shade[box], _lit(thickness, radius, part.light, light_from), opacity)
    _blend(canvas.darkness[box], _darkness(part, canvas, box), opacity)
    canvas.labels[box][opacity > 0.5] = part.label
    canvas.strokes.paste(_PLAIN, corner, mask)
    _draw_strokes(part, canvas, inside, corner, generator)


def _box_around(outline: Points, margin: int, limit: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns that hold an outline and a margin around it."""
    left, top = (outline.min(axis=0).astype(int) - margin).clip(0)
    right, bottom = outline.max(axis=0).astype(int) + margin + 1
    return slice(top, min(bottom, limit[0])), slice(left, min(right, limit[1]))


def _blend(under: Floats, over: Floats, opacity: Floats) -> None:
    under += opacity * (over - under)


def _fade(part: Part, canvas: Canvas, box: tuple[slice, slice]) -> Floats:
    """Return the part's opacity: 1, or less where it merges with what lies behind it."""
    if part.fades is None:
        return np.ones((1, 1), np.float32)
    return 1 - _way_between(*part.fades, canvas, box)


def _way_between(
    start: Position, end: Position, canvas: Canvas, box: tuple[slice, slice]
) -> Floats:
    """Return how far each pixel is on the way from one point to another, in [0, 1]."""
    (x, y), after = canvas.to_pixels([start, end])
    step = (after - (x, y)) / np.sum((after - (x, y)) ** 2)
    rows = np.arange(box[0].start, box[0].stop)[:, None] - y
    columns = np.arange(box[1].start, box[1].stop) - x
    return np.asarray((columns * step[0] + rows * step[1]).clip(0, 1), np.float32)


def _lit(thickness: Floats, radius: float, light: float, light_from: Direction) -> Floats:
    """Shade a part as if it bulged where its blurred mask does."""
    slope_y, slope_x = np.gradient(thickness)
    facing = -slope_x * light_from[0] + slope_y * light_from[1]
    return np.asarray(light * (1 + (_RELIEF * radius) * facing).clip(0.45, 1.35), np.float32)


def _darkness(part: Part, canvas: Canvas, box: tuple[slice, slice]) -> Floats:
    """Return how dark the fur is: from the part's pale end to its dark one, with ragged edges."""
    low, high = part.darkness
    way = _way_between(part.pale_at, part.dark_at, canvas, box)
    return low + (high - low) * way + _RAGGEDNESS * canvas.noise[box]


def _draw_strokes(
    part: Part,
    canvas: Canvas,
    inside: npt.NDArray[np.bool_],
    corner: tuple[int, int],
    generator: np.random.Generator,
) -> None:
    """Comb hairs along the part's flow, light and dark ones by turns."""
    pen = ImageDraw.Draw(canvas.strokes)
    n_tries = int(inside.size * _HAIRS / canvas.scale**2)
    tries = np.column_stack([generator.integers(0, n, n_tries) for n in inside.shape[::-1]])
    at: Points = np.asarray(tries[inside[tries[:, 1], tries[:, 0]]] + corner, np.float64)
    tangent = directions_along(canvas.to_pixels(part.flow), at)
    angle = np.arctan2(tangent[:, 1], tangent[:, 0]) + generator.normal(0, 0.28, len(at))
    length = part.stroke * canvas.scale * generator.uniform(0.5, 1.3, len(at))
    ends = at + length[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    tones = (_PLAIN + 46 * generator.standard_normal(len(at))).clip(0, 255).astype(int)
    for line, tone in zip(np.hstack([at, ends]).tolist(), tones.tolist(), strict=True):
        pen.line(line, fill=tone, width=2)


def finished(canvas: Canvas, coat: Floats) -> Image.Image:
    """Turn darkness, shade and strokes into colours.

    Parameters
    ----------
    canvas
        With all parts painted.
    coat
        (256, 3). RGB in [0, 255] for each darkness of the fur.

    Returns
    -------
    Image.Image
        RGB, as large as the canvas.
    """
    index = (canvas.darkness * 255).clip(0, 255).astype(np.uint8)
    strokes = shares(canvas.strokes) * 2 - 1
    colours = np.take(coat, index, axis=0)
    colours *= (canvas.shade * (1 + 0.34 * strokes))[..., None]
    return Image.fromarray(np.minimum(colours, 255, out=colours).astype(np.uint8))
