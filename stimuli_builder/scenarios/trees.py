"""Trees: snowy firs, firs and leafy trees in summer, alone or as a forest's edge."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.landscape import FINE_PX
from stimuli_builder.scenarios.painting import Colour, mixed

Place = tuple[float, float]

_TRUNK: Colour = (74, 60, 50)
_NEEDLES: Colour = (42, 76, 62)
_LEAVES: tuple[Colour, Colour] = ((92, 128, 52), (60, 110, 60))
_SNOW: Colour = (238, 243, 250)


def paint_forest(
    picture: Image.Image,
    foot_px: float,
    haze: Colour,
    *,
    is_snowy: bool,
    generator: np.random.Generator,
) -> None:
    """Paint trees along the horizon and one to three near ones at the sides.

    Parameters
    ----------
    picture
        Painted on.
    foot_px
        Row of the horizon, of the finer picture.
    haze
        Colour that distance mixes into the trees.
    is_snowy
        Whether the trees are firs with snow, or firs and leafy trees in summer.
    generator
        Source of the trees.
    """
    paint_tree = _paint_snowy_fir if is_snowy else _paint_summer_tree
    for _ in range(int(generator.integers(14, 46))):
        place = (generator.uniform(-20, FINE_PX + 20), foot_px + 6)
        paint_tree(picture, place, generator.uniform(48, 132), _Air(haze, 0.40), generator)
    for _ in range(int(generator.integers(1, 4))):
        height = generator.uniform(180, 400)
        aside = generator.choice([-1, 1]) * generator.uniform(0.30, 0.52)
        place = ((0.5 + aside) * FINE_PX, foot_px + 0.09 * height)
        paint_tree(picture, place, height, _Air(haze, 0.08), generator)


@dataclass(frozen=True)
class _Air:
    """What lies between the eye and a tree."""

    haze: Colour
    share: float

    def before(self, colour: Colour) -> Colour:
        return mixed(colour, self.haze, self.share)


def _paint_snowy_fir(
    picture: Image.Image, foot: Place, height: float, air: _Air, generator: np.random.Generator
) -> None:
    pen = ImageDraw.Draw(picture)
    _paint_trunk(pen, foot, height, air)
    snow = air.before(_SNOW)
    for tier in _fir_tiers(foot, height, generator):
        pen.polygon(_branches(tier), fill=air.before(mixed(_NEEDLES, (16, 30, 40), tier.depth)))
        pen.polygon(_snow_on(tier), fill=snow)


def _paint_summer_tree(
    picture: Image.Image, foot: Place, height: float, air: _Air, generator: np.random.Generator
) -> None:
    if generator.random() < 0.65:
        _paint_leafy_tree(picture, foot, 0.9 * height, air, generator)
        return
    pen = ImageDraw.Draw(picture)
    _paint_trunk(pen, foot, height, air)
    for tier in _fir_tiers(foot, height, generator):
        pen.polygon(_branches(tier), fill=air.before(mixed((50, 90, 54), (14, 30, 24), tier.depth)))


def _paint_trunk(pen: ImageDraw.ImageDraw, foot: Place, height: float, air: _Air) -> None:
    (x, y), half = foot, 0.03 * height
    pen.rectangle((x - half, y - 0.3 * height, x + half, y), fill=air.before(_TRUNK))


@dataclass(frozen=True, kw_only=True)
class _Tier:
    """One storey of a fir's branches."""

    x: float
    top: float
    low: float
    half: float
    sag: float
    depth: float  # 0.3 at the lowest, less above


def _fir_tiers(foot: Place, height: float, generator: np.random.Generator) -> list[_Tier]:
    """Return a fir's storeys from the lowest up."""
    n_tiers = 5 if height < 120 else 8
    widths = generator.uniform(0.85, 1.12, n_tiers)
    lows = foot[1] - height * (0.08 + 0.80 * np.arange(n_tiers) / n_tiers)
    return [
        _Tier(
            x=foot[0],
            top=low - height * (0.30 - 0.016 * k),
            low=low,
            half=height * (0.24 * (1 - k / n_tiers) + 0.05) * width,
            sag=0.04 * height,
            depth=0.30 - 0.04 * k,
        )
        for k, (low, width) in enumerate(zip(lows.tolist(), widths.tolist(), strict=True))
    ]


def _branches(tier: _Tier) -> list[Place]:
    x, half, low, sag = tier.x, tier.half, tier.low, tier.sag
    return [
        (x, tier.top),
        (x + half, low + sag),
        (x + 0.4 * half, low),
        (x, low + sag),
        (x - 0.5 * half, low),
        (x - half, low + sag),
    ]


def _snow_on(tier: _Tier) -> list[Place]:
    x, half, low, sag = tier.x, tier.half, tier.low, tier.sag
    return [
        (x, tier.top),
        (x + 0.35 * half, low - sag),
        (x + 0.7 * half, low + 0.4 * sag),
        (x + 0.1 * half, low - 0.7 * sag),
        (x - 0.5 * half, low - 0.4 * sag),
        (x - 0.95 * half, low + sag),
        (x - 0.5 * half, (low + tier.top) / 2),
    ]


def _paint_leafy_tree(
    picture: Image.Image, foot: Place, height: float, air: _Air, generator: np.random.Generator
) -> None:
    """Paint lumps of leaves, the later ones smaller and, near the top, lighter."""
    pen = ImageDraw.Draw(picture)
    _paint_trunk(pen, foot, height, air)
    leaves = mixed(*_LEAVES, generator.random())
    dark, light = mixed(leaves, (20, 40, 26), 0.45), mixed(leaves, (236, 236, 150), 0.28)
    n_lumps = 18 + int(height / 8)
    angle = generator.uniform(0, 2 * np.pi, n_lumps)
    reach = np.sqrt(generator.uniform(0, 1, n_lumps))
    sideways = 0.27 * height * reach * np.cos(angle)
    upwards = 0.62 + 0.25 * reach * np.sin(angle)  # shares of the height
    lateness = np.linspace(0, 1, n_lumps)
    lightness = ((upwards - 0.4) * 1.6).clip(0, 1) * (0.4 + 0.6 * lateness)
    shades = [air.before(mixed(dark, light, share)) for share in np.linspace(0, 1, 12).tolist()]
    radii = 0.13 * height * (1.25 - 0.7 * lateness)
    lumps = np.column_stack([foot[0] + sideways, foot[1] - height * upwards, radii, 11 * lightness])
    for x, y, radius, shade in lumps.tolist():
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shades[round(shade)])
