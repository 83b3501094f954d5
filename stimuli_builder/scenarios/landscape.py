"""What landscapes share: moods of light, skies, ridges, the ground's perspective.

Pictures are `SIZE_PX` wide and high. What is smooth is computed at that size or coarser; edges are
painted `OVERSAMPLING` times finer, and averaged. Sizes not in pixels are shares of the side.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.painting import Colour, Floats, gradient, mixed, smooth_noise

SIZE_PX = 448
OVERSAMPLING = 2
FINE_PX = SIZE_PX * OVERSAMPLING
COARSE_PX = SIZE_PX // 2
_BELOW_HORIZON_PX = 16  # more than the ground's edge waves


@dataclass(frozen=True, kw_only=True)
class Mood:
    """The light of a time of day and its weather.

    Attributes
    ----------
    zenith
        Colour of the sky at the top.
    haze
        Colour of the sky at the horizon, and of what is far.
    tint
        What the light multiplies red, green and blue by.
    shadow
        How dark cast shadows are, in [0, 1].
    clouds
        How much of the sky clouds cover, in [0, 1].
    """

    zenith: Colour
    haze: Colour
    tint: tuple[float, float, float]
    shadow: float
    clouds: float


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A landscape with room for an animal.

    Attributes
    ----------
    behind
        (SIZE_PX, SIZE_PX, 3). RGB in [0, 255] of all that the animal may hide.
    front
        Like `behind`: what hides the animal's feet.
    front_opacity
        (SIZE_PX, SIZE_PX), in [0, 1].
    shadow
        RGB that a full shadow multiplies the ground by, each in [0, 1].
    """

    behind: Floats
    front: Floats
    front_opacity: Floats
    shadow: tuple[float, float, float]


MOODS = {
    "clear": Mood(
        zenith=(88, 142, 202),
        haze=(206, 226, 240),
        tint=(1.03, 1.01, 0.97),
        shadow=0.46,
        clouds=0.45,
    ),
    "overcast": Mood(
        zenith=(158, 170, 184),
        haze=(224, 229, 232),
        tint=(0.96, 0.97, 0.98),
        shadow=0.30,
        clouds=0.7,
    ),
    "evening": Mood(
        zenith=(118, 146, 190),
        haze=(250, 222, 182),
        tint=(1.03, 0.99, 0.955),
        shadow=0.44,
        clouds=0.4,
    ),
    "dawn": Mood(
        zenith=(142, 168, 208),
        haze=(244, 220, 214),
        tint=(1.02, 0.97, 0.98),
        shadow=0.38,
        clouds=0.45,
    ),
}


def paint_sky(mood: Mood, horizon_px: int, *, generator: np.random.Generator) -> Image.Image:
    """Paint a sky with clouds, as large as the finer picture.

    Parameters
    ----------
    mood
        Colours and clouds.
    horizon_px
        Row of the horizon in the picture; the sky goes on below it in the horizon's colour.
    generator
        Source of the clouds.

    Returns
    -------
    Image.Image
        `FINE_PX` square, RGB.
    """
    n_rows = horizon_px + _BELOW_HORIZON_PX
    height = np.linspace(0, n_rows / horizon_px, n_rows // 2).clip(0, 1)
    sky = gradient([(0, mood.zenith), (0.95, mood.haze)], height)[:, None]
    cloud = np.array(mixed(mood.haze, (255, 255, 255), 0.6), np.float32)
    cover = _cloud_cover(mood, (n_rows // 2, COARSE_PX), generator)[..., None]
    picture = Image.new("RGB", (FINE_PX, FINE_PX), mood.haze)
    picture.paste(_fine(sky + 0.75 * cover * (cloud - sky), n_rows))
    return picture


def _cloud_cover(mood: Mood, size_px: tuple[int, int], generator: np.random.Generator) -> Floats:
    """Return how much clouds hide, in [0, 1]."""
    puffs = np.full(size_px, 2 * mood.clouds - 1, np.float32)
    for share, cell_px in ((1.0, (22, 60)), (0.5, (8, 22)), (0.2, (3, 7))):
        puffs += share * smooth_noise(size_px, cell_px, generator)
    return (0.8 * puffs).clip(0, 1)


def _fine(pixels: Floats, n_rows: int) -> Image.Image:
    """Stretch RGB in [0, 255] to the picture's width and some of its rows, painted finer."""
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    image = image.resize((SIZE_PX, n_rows), Image.Resampling.BILINEAR)
    return image.resize((FINE_PX, OVERSAMPLING * n_rows), Image.Resampling.NEAREST)


def paint_ridge(
    picture: Image.Image,
    *,
    foot_px: float,
    height_px: float,
    colour: Colour,
    generator: np.random.Generator,
) -> None:
    """Paint the outline of a range of hills, as wide as the picture.

    Parameters
    ----------
    picture
        Painted on.
    foot_px
        Row where the hills end, of the finer picture.
    height_px
        Their mean height, of the finer picture.
    colour
        Of the whole range.
    generator
        Source of the outline.
    """
    tops = sum(
        smooth_noise((2, FINE_PX), (2, cell), generator)[0] * share
        for cell, share in ((300, 0.45), (100, 0.16), (28, 0.05), (9, 0.02))
    )
    rows = foot_px - height_px * (1 + tops).clip(0.15)
    columns = np.arange(0, FINE_PX, 4)
    points = [*zip(columns.tolist(), rows[::4].tolist(), strict=True)]
    outline = [(0.0, float(FINE_PX)), *points, (FINE_PX, float(rows[-1])), (FINE_PX, FINE_PX)]
    ImageDraw.Draw(picture).polygon(outline, fill=colour)


def perspective_noise(
    n_rows: int, cell_px: tuple[float, float], generator: np.random.Generator
) -> Floats:
    """Draw noise on the ground: flat and dense at the horizon, wide in front.

    Parameters
    ----------
    n_rows
        Rows from the horizon to the picture's lower edge.
    cell_px
        Height and width of a blot at the lower edge.
    generator
        Source of the noise.

    Returns
    -------
    Floats
        (n_rows, COARSE_PX).
    """
    height, width = cell_px
    flat = smooth_noise((n_rows, COARSE_PX), (height / 2, width / 2), generator)
    depth = np.log1p(8 * np.linspace(0, 1, n_rows)) / np.log(9) * (n_rows - 2)
    row, share = depth.astype(int), (depth % 1).astype(np.float32)[:, None]
    return np.asarray((1 - share) * flat[row] + share * flat[row + 1], np.float32)


def lay_ground(
    picture: Image.Image, ground: Floats, horizon_px: int, *, generator: np.random.Generator
) -> None:
    """Lay the ground over a picture, under a gently waving horizon.

    Parameters
    ----------
    picture
        `FINE_PX` square; painted on.
    ground
        (rows, COARSE_PX, 3). RGB in [0, 255], from the horizon down.
    horizon_px
        Row of the horizon, of the finished picture.
    generator
        Source of the waves.
    """
    fine = _fine(ground, len(ground))
    wave = 10 + 10 * smooth_noise((2, FINE_PX), (2, 320), generator)[0].clip(-1, 1)
    mask = Image.new("L", fine.size, 255)
    pen = ImageDraw.Draw(mask)
    columns = range(0, FINE_PX + 8, 8)
    edge = [(x, float(wave[min(x, FINE_PX - 1)])) for x in columns]
    pen.polygon([(0, -1), *edge, (FINE_PX, -1)], fill=0)
    picture.paste(fine, (0, OVERSAMPLING * horizon_px), mask)
