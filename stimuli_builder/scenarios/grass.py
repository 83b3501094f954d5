"""A meadow: hills, trees, blades of grass, and sometimes flowers."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.landscape import (
    FINE_PX,
    OVERSAMPLING,
    SIZE_PX,
    Mood,
    Scene,
    lay_ground,
    paint_ridge,
    paint_sky,
    perspective_noise,
)
from stimuli_builder.scenarios.painting import Colour, Floats, Points, mixed, shaded, shares
from stimuli_builder.scenarios.trees import paint_forest

_SHADOW = (0.30, 0.38, 0.34)
_FLOWERS_SHARE = 0.7
_PETALS: tuple[Colour, ...] = (
    (250, 248, 240),
    (250, 212, 70),
    (172, 128, 200),
    (226, 92, 84),
    (120, 150, 224),
)
_POLLEN: Colour = (244, 196, 60)
_N_BLADES = 1100
_N_TUFTS = 380
_TUFTS_ABOVE_PX, _TUFTS_BELOW_PX = 32, 16  # the rows they may reach, from the feet's


@dataclass(frozen=True, kw_only=True)
class _Blades:
    """Blades of grass, far ones first: outlines, as x and y by turns, and colours."""

    outlines: list[list[float]]
    colours: list[Colour]


def draw_grass(mood: Mood, *, feet_px: float, generator: np.random.Generator) -> Scene:
    """Draw a meadow.

    Parameters
    ----------
    mood
        The light.
    feet_px
        Row on which an animal is to stand.
    generator
        Source of the landscape.

    Returns
    -------
    Scene
        The landscape; blades of grass reach over the animal's paws.
    """
    horizon = int(generator.uniform(0.36, 0.50) * SIZE_PX)
    top = OVERSAMPLING * (horizon + 3)
    green = _green(generator)
    picture = paint_sky(mood, horizon, generator=generator)
    _paint_hills(picture, top, mood, generator)
    lay_ground(picture, _turf(SIZE_PX - horizon, green, generator), horizon, generator=generator)
    blades = _blades(_roots(top, _N_BLADES, generator), top, green, generator)
    _paint_blades(ImageDraw.Draw(picture), blades)
    if generator.random() < _FLOWERS_SHARE:
        _paint_flowers(picture, top, generator)
    behind = np.asarray(picture.reduce(OVERSAMPLING), np.float32)
    front, opacity = behind.copy(), np.zeros((SIZE_PX, SIZE_PX), np.float32)
    lowest = min(int(feet_px) + _TUFTS_BELOW_PX, SIZE_PX)
    rows = slice(int(feet_px) - _TUFTS_ABOVE_PX, lowest)
    tufts = _blades(_tuft_roots(OVERSAMPLING * feet_px, generator), top, green, generator)
    front[rows], opacity[rows] = _rows_with(tufts, picture, rows)
    return Scene(behind=behind, front=front, front_opacity=opacity, shadow=_SHADOW)


def _green(generator: np.random.Generator) -> Colour:
    """Mix the meadow's green: from spring to a dry summer."""
    fresh = mixed((112, 158, 58), (92, 128, 52), generator.random())
    return mixed(fresh, (158, 150, 74), 0.45 * generator.random())


def _paint_hills(
    picture: Image.Image, foot_px: float, mood: Mood, generator: np.random.Generator
) -> None:
    """Paint two ranges of hills and the forest before them."""
    for distance in (0.60, 0.38):
        paint_ridge(
            picture,
            foot_px=foot_px,
            height_px=generator.uniform(60, 160) * distance,
            colour=mixed((74, 118, 88), mood.haze, distance),
            generator=generator,
        )
    paint_forest(picture, foot_px, mood.haze, is_snowy=False, generator=generator)


def _turf(n_rows: int, green: Colour, generator: np.random.Generator) -> Floats:
    """Colour the ground beneath the blades: pale and dry far away, deep green in front."""
    patches = perspective_noise(n_rows, (100, 180), generator)
    patches += 0.6 * perspective_noise(n_rows, (20, 48), generator)
    depth = np.linspace(0, 1, n_rows, dtype=np.float32)[:, None]
    far, near = mixed(green, (206, 206, 140), 0.38), mixed(green, (26, 58, 24), 0.35)
    return shaded([(0, far), (1, near)], depth + 0.13 * patches)


def _roots(top_px: float, n: int, generator: np.random.Generator) -> Points:
    """Scatter points over the ground, (n, 2), dense towards the horizon, far ones first."""
    depth = np.sort(generator.random(n) ** 1.25)
    rows = top_px + 28 + depth * (FINE_PX + 40 - top_px)
    return np.column_stack([generator.uniform(-8, FINE_PX + 8, n), rows])


def _blades(roots: Points, top_px: float, green: Colour, generator: np.random.Generator) -> _Blades:
    """Let blades grow from roots, longer and wider where they are near."""
    nearness = ((roots[:, 1] - top_px) / (FINE_PX - top_px)).clip(0.05, 1.1)
    length = (6 + 44 * nearness) * generator.uniform(0.5, 1.2, len(roots))
    lean = generator.normal(0, 0.3, len(roots)) * length
    half = 0.9 + 1.9 * nearness
    palette = (
        mixed(green, (24, 54, 22), 0.5),
        mixed(green, (30, 70, 26), 0.28),
        green,
        mixed(green, (190, 206, 96), 0.35),
        mixed(green, (226, 222, 140), 0.5),
    )
    x, y = roots.T
    corners = [x - half, y, x + half, y, x + 0.35 * lean + 0.6 * half, y - 0.6 * length]
    corners += [x + lean, y - length, x + 0.35 * lean - 0.6 * half, y - 0.6 * length]
    return _Blades(
        outlines=np.column_stack(corners).tolist(),
        colours=[palette[k] for k in generator.integers(0, len(palette), len(roots)).tolist()],
    )


def _paint_blades(
    pen: ImageDraw.ImageDraw, blades: _Blades, opacity: ImageDraw.ImageDraw | None = None
) -> None:
    """Paint blades, and mark in `opacity`, where given, what they cover."""
    for outline, colour in zip(blades.outlines, blades.colours, strict=True):
        pen.polygon(outline, fill=colour)
        if opacity is not None:
            opacity.polygon(outline, fill=255)


def _paint_flowers(picture: Image.Image, top_px: float, generator: np.random.Generator) -> None:
    """Scatter flowers of one kind."""
    colour = _PETALS[generator.integers(len(_PETALS))]
    pen = ImageDraw.Draw(picture)
    for x, y in _roots(top_px, int(generator.integers(20, 80)), generator).tolist():
        radius = 1.2 + 5.2 * (y - top_px) / (FINE_PX - top_px)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        radius *= 0.35
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_POLLEN)


def _tuft_roots(feet_px: float, generator: np.random.Generator) -> Points:
    """Scatter points, (n, 2), from just above the feet to a little below, far ones first."""
    columns = generator.uniform(0, FINE_PX, _N_TUFTS)
    rows = np.sort(generator.uniform(feet_px - 2, feet_px + 28, _N_TUFTS))
    return np.column_stack([columns, rows])


def _rows_with(blades: _Blades, picture: Image.Image, rows: slice) -> tuple[Floats, Floats]:
    """Return rows of the finished picture with blades, and how much of these they cover."""
    box = (0, OVERSAMPLING * rows.start, FINE_PX, OVERSAMPLING * rows.stop)
    covered = Image.new("L", picture.size, 0)
    _paint_blades(ImageDraw.Draw(picture), blades, ImageDraw.Draw(covered))
    front, opacity = (sheet.crop(box).reduce(OVERSAMPLING) for sheet in (picture, covered))
    return np.asarray(front, np.float32), shares(opacity)
