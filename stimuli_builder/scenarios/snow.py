"""A snowy landscape: mountains, firs, drifts, and sometimes falling snow."""

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
from stimuli_builder.scenarios.painting import Floats, mixed, shaded, shares, smooth_noise
from stimuli_builder.scenarios.trees import paint_forest

_SHADOW = (0.38, 0.49, 0.66)
_SNOWFALL_SHARE = 0.4
_STALKS_SHARE = 0.5


def draw_snow(mood: Mood, *, feet_px: float, generator: np.random.Generator) -> Scene:
    """Draw a snowy landscape.

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
        The landscape; snow reaches over the animal's paws.
    """
    horizon = int(generator.uniform(0.36, 0.50) * SIZE_PX)
    picture = paint_sky(mood, horizon, generator=generator)
    _paint_mountains(picture, OVERSAMPLING * (horizon + 3), mood, generator)
    lay_ground(
        picture, _snowfield(SIZE_PX - horizon, mood, generator), horizon, generator=generator
    )
    if generator.random() < _STALKS_SHARE:
        _paint_stalks(picture, OVERSAMPLING * feet_px, generator)
    behind = np.asarray(picture.reduce(OVERSAMPLING), np.float32)
    bank = _snow_bank(feet_px, generator)
    flakes = _flakes(generator) if generator.random() < _SNOWFALL_SHARE else np.float32(0)
    front = behind + (flakes / np.maximum(flakes, bank).clip(1e-6))[..., None] * (252 - behind)
    return Scene(behind=behind, front=front, front_opacity=np.maximum(flakes, bank), shadow=_SHADOW)


def _paint_mountains(
    picture: Image.Image, foot_px: float, mood: Mood, generator: np.random.Generator
) -> None:
    """Paint white peaks, a wooded range and the forest before it."""
    peaks = mixed((216, 226, 242), mood.haze, 0.25)
    paint_ridge(
        picture,
        foot_px=foot_px,
        height_px=generator.uniform(30, 85),
        colour=peaks,
        generator=generator,
    )
    woods = mixed((104, 126, 152), mood.haze, 0.42)
    paint_ridge(
        picture,
        foot_px=foot_px,
        height_px=generator.uniform(14, 40),
        colour=woods,
        generator=generator,
    )
    paint_forest(picture, foot_px, mood.haze, is_snowy=True, generator=generator)


def _snowfield(n_rows: int, mood: Mood, generator: np.random.Generator) -> Floats:
    """Snow with drifts: blue where the ground turns away from the light."""
    drifts = perspective_noise(n_rows, (60, 120), generator)
    drifts = drifts + 0.35 * perspective_noise(n_rows, (16, 40), generator)
    slope = 5 * np.gradient(drifts, axis=0) + 9 * np.gradient(drifts, axis=1)
    lit = mixed((255, 255, 255), mood.haze, 0.06)
    stops = [(0.0, lit), (0.35, (238, 243, 250)), (1.0, (166, 186, 220))]
    snow = shaded(stops, np.asarray(0.34 + 0.62 * slope, np.float32))
    snow += 2.2 * generator.standard_normal((n_rows, SIZE_PX, 1), dtype=np.float32)
    snow[generator.random((n_rows, SIZE_PX)) > 0.997] = 255  # glints
    return snow


def _paint_stalks(picture: Image.Image, feet_px: float, generator: np.random.Generator) -> None:
    """Paint dry stalks that stick out of the snow, in a few bunches."""
    pen = ImageDraw.Draw(picture)
    for _ in range(int(generator.integers(2, 6))):
        x, y = generator.uniform(0, FINE_PX), generator.uniform(feet_px - 60, FINE_PX)
        height = 16 + 0.10 * (y - feet_px + 60)
        for _ in range(int(generator.integers(3, 8))):
            root = x + generator.normal(0, 4)
            tip = root + generator.normal(0, 5)
            colour = mixed((120, 98, 72), (176, 150, 112), generator.random())
            pen.line((root, y, tip, y - height * generator.uniform(0.5, 1.2)), fill=colour)


def _snow_bank(feet_px: float, generator: np.random.Generator) -> Floats:
    """Return how much soft snow hides of what sinks into it."""
    edge = feet_px - 1.5 + 1.2 * smooth_noise((2, SIZE_PX), (2, 9), generator)[0]
    rows = np.arange(SIZE_PX, dtype=np.float32)[:, None]
    return np.asarray((rows - edge).clip(0, 1), np.float32)


def _flakes(generator: np.random.Generator) -> Floats:
    """Return how much falling snow hides, near flakes being larger."""
    sheet = Image.new("L", (FINE_PX, FINE_PX), 0)
    pen = ImageDraw.Draw(sheet)
    n = int(generator.integers(60, 170))
    centres = generator.uniform(0, FINE_PX, (n, 2))
    radii = generator.gamma(4.0, 0.42, n).clip(0.6, 4.0)
    for (x, y), radius in zip(centres.tolist(), radii.tolist(), strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=225)
    return shares(sheet.reduce(OVERSAMPLING))
