"""Maps over images, so that a person can read them."""

import matplotlib as mpl
import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from craft_core.pictures import draw_map
from stimuli_builder.errors import StimuliError

PALETTE = "viridis"  # perceptually uniform, and told apart by colour-blind people
GREY_SHARE = 0.55  # of the image's brightness, under the map
OPACITY = 0.75  # of the map where it is highest
OUTLINE_AT = 0.5  # of the highest value
SMOOTH_SHARE = 1 / 60  # of the width: of the line alone
CLIP_PERCENTILE = 99.5  # so that a single pixel does not leave the rest in the dark


def draw_heat(image: Image.Image, heat: np.ndarray) -> Image.Image:
    """Lay a map over the grey image: from dark violet, nothing, to yellow, most.

    Parameters
    ----------
    image
        RGB, square.
    heat
        (h, w), >= 0; values above the 99.5th percentile count as that.

    Returns
    -------
    Image.Image
        Of the image's size, with a white line around what is above half of the highest.

    Raises
    ------
    StimuliError
        If a value is below zero or no number.
    """
    if not (np.isfinite(heat).all() and heat.min() >= 0):
        raise StimuliError(f"heat must be >= 0; got a minimum of {heat.min():.3g}.")
    share = scaled(heat, image.size)
    grey = np.asarray(image.convert("L"), dtype=np.float32)[:, :, None] / 255 * GREY_SHARE
    colors = mpl.colormaps[PALETTE](share)[:, :, :3]
    opacity = OPACITY * share[:, :, None] ** 0.5
    blended = (1 - opacity) * grey + opacity * colors
    smooth = ndimage.gaussian_filter(share, image.width * SMOOTH_SHARE)  # a line, not one a speck
    inside = (smooth > 0) & (smooth >= OUTLINE_AT * smooth.max())
    line = inside & ~ndimage.binary_erosion(inside, iterations=max(1, image.width // 220))
    blended[line] = 1.0
    return Image.fromarray((blended * 255).round().astype(np.uint8))


def draw_concept(image: Image.Image, heat: np.ndarray, color: str) -> Image.Image:
    """Show where a concept is: in the light, with a line in its colour, the rest in the dark.

    Parameters
    ----------
    image
        RGB, square.
    heat
        (h, w), >= 0.
    color
        ``#rrggbb``.

    Returns
    -------
    Image.Image
        Of the image's size, by `craft_core.pictures.draw_map`.
    """
    return draw_map(image, torch.from_numpy(heat), color)


def scaled(heat: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale a map to [0, 1] and to a picture's size.

    Parameters
    ----------
    heat
        (h, w), >= 0.
    size
        Width and height, pixels.

    Returns
    -------
    np.ndarray
        (height, width); zero where the map is zero everywhere.
    """
    top = float(np.percentile(heat, CLIP_PERCENTILE)) or float(heat.max())
    share = np.clip(heat / top, 0, 1) if top > 0 else np.zeros_like(heat, dtype=float)
    small = Image.fromarray((share * 255).round().astype(np.uint8))
    return np.asarray(small.resize(size, Image.Resampling.BILINEAR), dtype=np.float32) / 255
