"""The practice's pictures: landscapes by day and by night, which anyone tells apart."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

CLASSES = ("day", "night")
SCALE = 2  # drawn twice as large, then scaled down, so that edges are smooth


def draw_landscape(kind: str, size_px: int, generator: np.random.Generator) -> Image.Image:
    """Draw a landscape.

    Parameters
    ----------
    kind
        ``day`` or ``night``.
    size_px
        Side of the picture.
    generator
        Draws hills, sun or moon, trees, stars.

    Returns
    -------
    Image.Image
        RGB.
    """
    side = size_px * SCALE
    is_day = kind == "day"
    top, bottom = ((96, 164, 222), (214, 234, 246)) if is_day else ((10, 16, 44), (44, 54, 96))
    image = _gradient(side, top, bottom)
    draw = ImageDraw.Draw(image)
    if not is_day:
        _stars(draw, side, generator)
    _disc(image, side, (255, 222, 120) if is_day else (236, 238, 226), generator)
    near, far = ((96, 150, 84), (138, 178, 132)) if is_day else ((20, 34, 38), (32, 46, 62))
    _hills(draw, side, far, height=0.42, generator=generator)
    _hills(draw, side, near, height=0.26, generator=generator)
    _trees(draw, side, (58, 104, 62) if is_day else (10, 20, 24), generator)
    return image.resize((size_px, size_px), Image.Resampling.LANCZOS)


def _gradient(side: int, top: tuple[int, ...], bottom: tuple[int, ...]) -> Image.Image:
    share = np.linspace(0, 1, side)[:, None, None]  # (H, 1, 1)
    rows = (1 - share) * np.array(top) + share * np.array(bottom)
    return Image.fromarray(np.broadcast_to(rows, (side, side, 3)).round().astype(np.uint8))


def _stars(draw: ImageDraw.ImageDraw, side: int, generator: np.random.Generator) -> None:
    for x, y, radius in generator.uniform((0, 0, 1), (side, 0.6 * side, 3), (60, 3)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(232, 234, 214))


def _disc(
    image: Image.Image, side: int, color: tuple[int, int, int], generator: np.random.Generator
) -> None:
    """Paint the sun or the moon with a glow."""
    x, y = generator.uniform((0.2, 0.12), (0.8, 0.32)) * side
    radius = generator.uniform(0.06, 0.09) * side
    for spread, strength in ((2.2, 0.35), (1.0, 1.0)):
        glow = Image.new("L", image.size)
        reach = radius * spread
        box = (x - reach, y - reach, x + reach, y + reach)
        ImageDraw.Draw(glow).ellipse(box, fill=int(255 * strength))
        soft = glow.filter(ImageFilter.GaussianBlur(radius * (spread - 1) / 2))
        image.paste(color, (0, 0), soft)


def _hills(
    draw: ImageDraw.ImageDraw,
    side: int,
    color: tuple[int, int, int],
    *,
    height: float,
    generator: np.random.Generator,
) -> None:
    x = np.linspace(0, 1, 60)
    waves = generator.uniform((1, 0, 0.02), (3, 2 * np.pi, 0.06), (3, 3))
    outline = sum(size * np.sin(2 * np.pi * pace * x + start) for pace, start, size in waves)
    y = (1 - height - outline) * side
    corners = [(0.0, float(side)), *zip(x * side, y, strict=True), (float(side), float(side))]
    draw.polygon([(float(a), float(b)) for a, b in corners], fill=color)


def _trees(
    draw: ImageDraw.ImageDraw,
    side: int,
    color: tuple[int, int, int],
    generator: np.random.Generator,
) -> None:
    shape: Callable[[float, float, float], list[tuple[float, float]]] = lambda x, y, h: [  # noqa: E731
        (x, y - h),
        (x - h * 0.28, y),
        (x + h * 0.28, y),
    ]
    for x, y, h in generator.uniform((0.05, 0.84, 0.12), (0.95, 0.98, 0.24), (5, 3)) * side:
        draw.polygon(shape(x, y, h), fill=color)
        draw.polygon(shape(x, y - h * 0.35, h * 0.75), fill=color)
