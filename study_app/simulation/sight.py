"""What a simulated participant makes of a picture: a grid of patches, each a few numbers.

Every picture of a page is seen in the same way, whether it is a photograph, a map or a crop. A
patch has its mean colour in CIELAB, whose distances are about those that people see, and its
contrast at two scales.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]

GRID: Final = 8  # patches a side
PATCH_PX: Final = 16  # of the picture as seen, GRID * PATCH_PX a side
N_FEATURES: Final = 5
COARSE_PX: Final = 4  # of the finer of two scales: within and between blocks of this side
UNITS: Final = np.array([20.0, 20.0, 20.0, 8.0, 8.0])  # one step of each feature, in CIELAB units
DARK: Final = 12.0  # lightness, of 100, of a patch that is half as easily seen as a bright one

_TO_XYZ: Final = np.array(  # from linear sRGB, relative to the white point D65 (IEC 61966-2-1)
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


@dataclass(frozen=True, eq=False, kw_only=True)
class Sight:
    """A picture as it is seen.

    Attributes
    ----------
    identity
        Of the pixels: two pictures with the same pixels have the same.
    patches
        (GRID², 5), row by row: lightness, green-red, blue-yellow, fine and coarse contrast, each
        in units of `UNITS`.
    visibility
        (GRID²,), in [0, 1): how easily each patch is seen. Dark ones are hardly seen.
    """

    identity: str
    patches: Array
    visibility: Array


def see(content: bytes) -> Sight:
    """Look at a picture file.

    Parameters
    ----------
    content
        Bytes of any format that Pillow reads.

    Returns
    -------
    Sight
        Independent of the format and of the file's name.

    Raises
    ------
    PIL.UnidentifiedImageError
        If it is no picture.
    """
    with Image.open(io.BytesIO(content)) as file:
        image = file.convert("RGB")
    identity = hashlib.sha256(f"{image.size}".encode() + image.tobytes()).hexdigest()
    side = GRID * PATCH_PX
    small = image.resize((side, side), Image.Resampling.BOX)
    lab = to_lab(np.asarray(small, dtype=np.float64) / 255)
    patches = _patch_features(lab)
    lightness = patches[:, 0]
    return Sight(
        identity=identity,
        patches=patches / UNITS,
        visibility=lightness**2 / (lightness**2 + DARK**2),
    )


def to_lab(rgb: Array) -> Array:
    """Turn sRGB into CIELAB (CIE 15:2004).

    Parameters
    ----------
    rgb
        (..., 3), in [0, 1].

    Returns
    -------
    Array
        (..., 3): L in [0, 100], a and b about in [-110, 110].

    Examples
    --------
    >>> to_lab(np.ones(3)).round(1) + 0.0
    array([100.,   0.,   0.])
    """
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _patch_features(lab: Array) -> Array:
    """Return each patch's mean colour, contrast within small blocks, and between them."""
    n = PATCH_PX // COARSE_PX
    blocks = lab.reshape(GRID, n, COARSE_PX, GRID, n, COARSE_PX, 3)
    means = blocks.mean(axis=(2, 5))  # (GRID, n, GRID, n, 3)
    color = means.mean(axis=(1, 3)).reshape(-1, 3)
    fine = blocks[..., 0].std(axis=(2, 5)).mean(axis=(1, 3)).reshape(-1, 1)
    coarse = means[..., 0].std(axis=(1, 3)).reshape(-1, 1)
    return np.concatenate([color, fine, coarse], axis=1)
