"""What a leaf lies on: paper, wood, stone or soil, all `SIZE_PX` square."""

from collections.abc import Callable

import numpy as np

from stimuli_builder.scenarios.landscape import SIZE_PX
from stimuli_builder.scenarios.painting import Colour, Floats, mixed, shaded, smooth_noise

_SQUARE = (SIZE_PX, SIZE_PX)


def _paper(generator: np.random.Generator) -> Floats:
    """Lay a sheet of a herbarium: cream, with clouds and fibres."""
    cream = mixed((240, 234, 218), (226, 216, 192), generator.random())
    clouds = 0.5 + 0.22 * smooth_noise(_SQUARE, (90, 90), generator)
    fibres = 0.10 * smooth_noise(_SQUARE, (1.5, 4), generator)
    return _between(
        mixed(cream, (150, 130, 96), 0.16), mixed(cream, (255, 255, 252), 0.3), clouds + fibres
    )


def _wood(generator: np.random.Generator) -> Floats:
    """Join boards, each with a grain of its own."""
    brown = mixed((150, 112, 76), (112, 84, 62), generator.random())
    grain = 0.15 * smooth_noise(_SQUARE, (5, 220), generator)
    grain += 0.10 * smooth_noise(_SQUARE, (1.6, 70), generator)
    height = int(generator.integers(88, 120))
    first = int(generator.integers(0, height))
    board = (np.arange(SIZE_PX) + first) // height
    tones = generator.uniform(-0.14, 0.14, board.max() + 1)[board].astype(np.float32)
    seam = ((np.arange(SIZE_PX) + first) % height < 3)[:, None]
    tone = 0.5 + grain + tones[:, None]
    return _between(
        mixed(brown, (40, 26, 18), 0.5), mixed(brown, (236, 206, 160), 0.4), tone - 0.6 * seam
    )


def _stone(generator: np.random.Generator) -> Floats:
    """Lay a slab of stone, with spots of several sizes."""
    grey = mixed((150, 150, 150), (134, 138, 146), generator.random())
    tone = np.full(_SQUARE, 0.5, np.float32)
    for share, cell_px in ((0.12, 70.0), (0.09, 18.0), (0.09, 5.0), (0.09, 1.6)):
        tone += share * smooth_noise(_SQUARE, (cell_px, cell_px), generator)
    return _between(mixed(grey, (50, 50, 56), 0.5), mixed(grey, (240, 238, 232), 0.4), tone)


def _soil(generator: np.random.Generator) -> Floats:
    """Strew earth in crumbs."""
    brown = mixed((84, 66, 50), (66, 58, 52), generator.random())
    tone = np.full(_SQUARE, 0.45, np.float32)
    for share, cell_px in ((0.12, 60.0), (0.14, 9.0), (0.14, 3.5)):
        tone += share * smooth_noise(_SQUARE, (cell_px, cell_px), generator)
    return _between(mixed(brown, (18, 12, 8), 0.7), mixed(brown, (190, 160, 124), 0.45), tone)


def _between(dark: Colour, light: Colour, tone: Floats) -> Floats:
    return shaded([(0, dark), (1, light)], tone)


SHEETS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "paper": _paper,
    "wood": _wood,
    "stone": _stone,
    "soil": _soil,
}
