"""Paints a leaf, seen from above in its own axes: blade, relief, veins, blemishes, stalk.

The leaf is painted upright, `_OVERSAMPLING` times finer, then turned and averaged.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.leaf_shapes import Blade, Venation, smooth_outline
from stimuli_builder.scenarios.painting import (
    Colour,
    Floats,
    Labels,
    Points,
    as_xy,
    blurred,
    polygon_mask,
    shaded,
    shares,
    smooth_noise,
    tube_outline,
)

PARTS = {"background": 0, "blade": 1, "veins": 2, "margin": 3, "stalk": 4}

_OVERSAMPLING = 2
_MARGIN_PX = 12.0  # kept free around the leaf
_BAND_PX = (9.0, 9.0)  # how far the part "margin" reaches outside and inside the blade
_STALK = 0.16  # its length, as a share of the blade's
_QUILTING = 5.0
_N_SPOTS = 26


@dataclass(frozen=True, kw_only=True)
class Tint:
    """Colours of a leaf."""

    dark: Colour
    light: Colour
    vein: Colour
    spot: Colour


TINTS = {
    "green": Tint(dark=(38, 82, 34), light=(92, 140, 60), vein=(186, 206, 136), spot=(96, 78, 40)),
    "lime": Tint(
        dark=(88, 124, 36), light=(158, 184, 74), vein=(228, 234, 170), spot=(120, 92, 44)
    ),
    "olive": Tint(dark=(72, 74, 34), light=(132, 130, 68), vein=(206, 200, 146), spot=(70, 52, 32)),
    "gold": Tint(
        dark=(168, 116, 26), light=(226, 180, 62), vein=(250, 232, 160), spot=(112, 66, 30)
    ),
    "russet": Tint(
        dark=(104, 50, 28), light=(168, 92, 50), vein=(228, 182, 132), spot=(62, 34, 24)
    ),
}


@dataclass(frozen=True, kw_only=True)
class LeafLook:
    """What varies alike in all leaves.

    Attributes
    ----------
    tint
        One of `TINTS`.
    is_spotted
        Whether it has blemishes.
    angle_deg
        How far it is turned, counter-clockwise; at 0 the tip points up.
    light_from
        Direction of the light in the picture, x to the right and y up.
    """

    tint: str
    is_spotted: bool
    angle_deg: float
    light_from: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class LeafSprite:
    """A turned leaf, cut out.

    Attributes
    ----------
    colours
        (h, w, 3). RGB in [0, 255].
    opacity
        (h, w), in [0, 1].
    labels
        (h, w), of `PARTS`.
    """

    colours: Floats
    opacity: Floats
    labels: Labels


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Where the upright leaf lies on its canvas."""

    size_px: tuple[int, int]
    origin: tuple[float, float]

    def to_pixels(self, points: Points) -> Points:
        return np.asarray((points * (1, -1) + self.origin) * _OVERSAMPLING)


def paint_leaf(
    blade: Blade,
    outline: Points,
    venation: Venation,
    look: LeafLook,
    *,
    generator: np.random.Generator,
) -> LeafSprite:
    """Paint one leaf.

    Parameters
    ----------
    blade
        Its form.
    outline
        (n, 2), closed. With teeth.
    venation
        Its veins.
    look
        What varies alike in all leaves.
    generator
        Source of mottling, blemishes and the stalk's bend.

    Returns
    -------
    LeafSprite
        The leaf, turned; the canvas's middle is the blade's.
    """
    frame = _frame_around(blade)
    mask = polygon_mask(frame.to_pixels(outline), frame.size_px)
    veins, fine = _vein_sheets(venation, frame)
    stalk = _stalk(blade, frame, generator)
    angle = np.deg2rad(look.angle_deg)
    (x, y), (c, s) = look.light_from, (np.cos(angle), np.sin(angle))
    light = (c * x + s * y, c * y - s * x)  # in the leaf's own axes
    shade = _relief(blurred(veins, 3.2 * _OVERSAMPLING), mask, light)
    tint = TINTS[look.tint]
    colours = (
        shaded([(0, tint.dark), (1, tint.light)], _mottled(frame, generator)) * shade[..., None]
    )
    spots = _spots(blade, frame, generator)
    if look.is_spotted:
        colours += spots[..., None] * (np.array(tint.spot, np.float32) - colours)
    for sheet, opacity in ((fine, 0.30), (veins, 0.70)):
        colours += (opacity * shares(sheet))[..., None] * (
            np.array(tint.vein, np.float32) - colours
        )
    picture = Image.fromarray(colours.clip(0, 255).astype(np.uint8))
    wood = Image.new("RGB", picture.size, tuple(int(0.82 * v) for v in tint.vein))
    wood.paste(picture, mask=mask)
    covered = Image.fromarray(np.maximum(np.asarray(mask), np.asarray(stalk)))
    labels = _labels(blade, frame, veins, mask, stalk)
    return _turned(wood, covered, labels, look.angle_deg)


def _frame_around(blade: Blade) -> _Frame:
    """Return a canvas with room for the stalk below, and as much above, so that it turns evenly."""
    half_height = blade.length_px * (0.5 + _STALK) + _MARGIN_PX
    half_width = blade.half_px + abs(blade.bend_px) + _MARGIN_PX
    size = (2 * int(half_height) * _OVERSAMPLING, 2 * int(half_width) * _OVERSAMPLING)
    return _Frame(
        size_px=size, origin=(float(int(half_width)), int(half_height) + blade.length_px / 2)
    )


def _vein_sheets(venation: Venation, frame: _Frame) -> tuple[Image.Image, Image.Image]:
    """Draw veins white on black: midrib and secondary ones, and fine ones."""
    sheets = [Image.new("L", frame.size_px[::-1], 0) for _ in range(2)]
    strong, fine = (ImageDraw.Draw(sheet) for sheet in sheets)
    for line in venation.fine:
        fine.line(as_xy(frame.to_pixels(line)), fill=255, width=2)
    for line in venation.secondary:
        strong.polygon(as_xy(_tapered(frame.to_pixels(line), 2.6, 1.3)), fill=230)
    strong.polygon(as_xy(_tapered(frame.to_pixels(venation.midrib), 5.0, 1.4)), fill=255)
    return sheets[0], sheets[1]


def _tapered(line: Points, start: float, end: float) -> Points:
    """Give a line a width that shrinks from half of `start` to half of `end`."""
    return tube_outline(line, np.linspace(start, end, len(line)))


def _stalk(blade: Blade, frame: _Frame, generator: np.random.Generator) -> Image.Image:
    """Draw the stalk white on black."""
    length, bend = _STALK * blade.length_px, generator.uniform(-0.25, 0.25)
    down = np.linspace(0.1, -1, 6)
    spine = np.column_stack([bend * length * down.clip(-1, 0) ** 2, length * down])
    outline = tube_outline(frame.to_pixels(spine), [4.6, 4.2, 4.0, 4.0, 4.4, 5.4])
    return polygon_mask(outline, frame.size_px)


def _mottled(frame: _Frame, generator: np.random.Generator) -> Floats:
    """Return the blade's tone, in about [0, 1]."""
    tone = np.full(frame.size_px, 0.5, np.float32)
    for share, cell_px in ((0.16, 90.0), (0.09, 14.0), (0.05, 3.0)):
        tone += share * smooth_noise(frame.size_px, (cell_px, cell_px), generator)
    return tone


def _relief(creases: Floats, mask: Image.Image, light: tuple[float, float]) -> Floats:
    """Shade the blade: raised between veins, one half turned to the light, rolled at its edge."""
    slope_y, slope_x = np.gradient(creases)
    shade = 1 + _QUILTING * (slope_x * light[0] - slope_y * light[1])
    across = np.linspace(-1, 1, creases.shape[1], dtype=np.float32)
    shade += 0.13 * light[0] * np.tanh(14 * across) - 0.06 * creases
    rim = blurred(mask, 3 * _OVERSAMPLING)
    return np.asarray((shade * (0.80 + 0.24 * rim)).clip(0.4, 1.5), np.float32)


def _spots(blade: Blade, frame: _Frame, generator: np.random.Generator) -> Floats:
    """Return how much blemishes hide, in [0, 1]."""
    sheet = Image.new("L", frame.size_px[::-1], 0)
    pen = ImageDraw.Draw(sheet)
    t, s = generator.uniform(0.08, 0.9, _N_SPOTS), generator.uniform(-0.85, 0.85, _N_SPOTS)
    radii = _OVERSAMPLING * generator.gamma(3, 0.75, _N_SPOTS)
    for (x, y), radius in zip(
        as_xy(frame.to_pixels(blade.points(t, s))), radii.tolist(), strict=True
    ):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=220)
    return blurred(sheet, 1.5)


def _labels(
    blade: Blade, frame: _Frame, veins: Image.Image, mask: Image.Image, stalk: Image.Image
) -> Image.Image:
    """Map the parts; the margin is a band that holds teeth and the notches between them."""
    outside, inside = _BAND_PX
    outer, inner = (
        polygon_mask(frame.to_pixels(smooth_outline(blade, outwards_px=px)), frame.size_px)
        for px in (outside, -inside)
    )
    labels = Image.new("L", mask.size, PARTS["background"])
    labels.paste(PARTS["stalk"], mask=stalk)
    labels.paste(PARTS["margin"], mask=outer)
    labels.paste(PARTS["blade"], mask=inner)
    near_veins = blurred(veins, 2) > 0.15
    is_vein = near_veins & (np.asarray(inner) > 0)
    values = np.array(labels)
    values[is_vein] = PARTS["veins"]
    return Image.fromarray(values)


def _turned(
    picture: Image.Image, covered: Image.Image, labels: Image.Image, angle_deg: float
) -> LeafSprite:
    """Turn a leaf about its middle, and reduce it to its final size."""
    cut_out = picture.convert("RGBA")
    cut_out.putalpha(covered)
    turned = cut_out.rotate(angle_deg, Image.Resampling.BILINEAR, expand=True).reduce(_OVERSAMPLING)
    parts = np.asarray(labels.rotate(angle_deg, Image.Resampling.NEAREST, expand=True))
    sampled = parts[_OVERSAMPLING // 2 :: _OVERSAMPLING, _OVERSAMPLING // 2 :: _OVERSAMPLING]
    seen = tuple(slice(min(a, b)) for a, b in zip(sampled.shape, turned.size[::-1], strict=True))
    return LeafSprite(
        colours=np.asarray(turned.convert("RGB"), np.float32)[seen],
        opacity=shares(turned.getchannel("A"))[seen],
        labels=sampled[seen],
    )
