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
_SNOWFALL_SHARE = 0.6
_STALKS_SHARE = 0.8


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
    behind = np.array(picture.reduce(OVERSAMPLING), np.float32)
    _add_grain(behind[horizon + 10 :], generator)
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
        height_px=generator.uniform(60, 170),
        colour=peaks,
        generator=generator,
    )
    woods = mixed((104, 126, 152), mood.haze, 0.42)
    paint_ridge(
        picture,
        foot_px=foot_px,
        height_px=generator.uniform(28, 80),
        colour=woods,
        generator=generator,
    )
    paint_forest(picture, foot_px, mood.haze, is_snowy=True, generator=generator)


def _snowfield(n_rows: int, mood: Mood, generator: np.random.Generator) -> Floats:
    """Snow with drifts and ripples: blue where the ground turns away from the light."""
    drifts = perspective_noise(n_rows, (120, 240), generator)
    drifts += 0.35 * perspective_noise(n_rows, (32, 80), generator)
    drifts += 0.11 * perspective_noise(n_rows, (9, 44), generator)  # blown by the wind
    slope = 10 * np.gradient(drifts, axis=0) + 9 * np.gradient(drifts, axis=1)
    lit = mixed((255, 255, 255), mood.haze, 0.06)
    stops = [(0.0, lit), (0.35, (238, 243, 250)), (1.0, (166, 186, 220))]
    return shaded(stops, np.asarray(0.34 + 0.62 * slope, np.float32))


def _add_grain(ground: Floats, generator: np.random.Generator) -> None:
    """Add the grain of snow, and crystals that glint."""
    size_px = ground.shape[:2]
    ground += 1.8 * generator.standard_normal((*size_px, 1), dtype=np.float32)
    ground.clip(0, 255, out=ground)
    n_glints = int(0.0016 * ground[..., 0].size)
    ground[tuple(generator.integers(0, n, n_glints) for n in size_px)] = 255


def _paint_stalks(picture: Image.Image, feet_px: float, generator: np.random.Generator) -> None:
    """Paint dry stalks that stick out of the snow, in a few bunches."""
    pen = ImageDraw.Draw(picture)
    for _ in range(int(generator.integers(2, 6))):
        x, y = generator.uniform(0, FINE_PX), generator.uniform(feet_px - 120, FINE_PX)
        height = 32 + 0.10 * (y - feet_px + 120)
        for _ in range(int(generator.integers(3, 8))):
            root = x + generator.normal(0, 8)
            tip = root + generator.normal(0, 10)
            colour = mixed((120, 98, 72), (176, 150, 112), generator.random())
            top = y - height * generator.uniform(0.5, 1.2)
            pen.line((root, y, tip, top), fill=colour, width=2)
            pen.ellipse((tip - 3, top - 5, tip + 3, top + 3), fill=colour)


def _snow_bank(feet_px: float, generator: np.random.Generator) -> Floats:
    """Return how much soft snow hides of what sinks into it."""
    edge = feet_px - 3 + 2.4 * smooth_noise((2, SIZE_PX), (2, 18), generator)[0]
    rows = np.arange(SIZE_PX, dtype=np.float32)[:, None]
    return np.asarray(((rows - edge) / 2).clip(0, 1), np.float32)


def _flakes(generator: np.random.Generator) -> Floats:
    """Return how much falling snow hides, near flakes being larger."""
    sheet = Image.new("L", (FINE_PX, FINE_PX), 0)
    pen = ImageDraw.Draw(sheet)
    n = int(generator.integers(60, 170))
    centres = generator.uniform(0, FINE_PX, (n, 2))
    radii = generator.gamma(4.0, 0.84, n).clip(1.2, 8.0)
    for (x, y), radius in zip(centres.tolist(), radii.tolist(), strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=225)
    return shares(sheet.reduce(OVERSAMPLING))
