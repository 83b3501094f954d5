"""Pictures of crops and maps, at the sizes they are shown in; without matplotlib."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.images import read_picture
from craft_core.resizing import centre, resized

# Okabe and Ito's palette, which people with any colour vision tell apart, without black and yellow
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
OUTLINE_AT = 0.5  # of the map's maximum
DARKNESS = 0.35  # of the grey that is left where a map is zero
GREY = (124, 116, 104)  # ImageNet's mean colour, which networks take for nothing


def concept_color(rank: int) -> str:
    """Choose a concept's colour.

    Parameters
    ----------
    rank
        Place in the order of importance, from 0.

    Returns
    -------
    str
        ``#rrggbb``; after six colours they come again.
    """
    return PALETTE[rank % len(PALETTE)]


def seen_square(picture: Tensor, size_px: int) -> Image.Image:
    """Cut out what the network sees of a picture, at a size of its own.

    Parameters
    ----------
    picture
        (3, H, W), bytes.
    size_px
        Side of the result.

    Returns
    -------
    Image.Image
        The centre square, as `craft_core.backbones.Transform.whole` takes it.
    """
    side = min(picture.shape[1:])
    return as_image(resized(centre(picture, [side, side]), [size_px, size_px]))


def cut_box(picture: Tensor, box: Sequence[int], size_px: int) -> Image.Image:
    """Cut a box out of a picture.

    Parameters
    ----------
    picture
        (3, H, W), bytes.
    box
        Left, top, right, bottom, pixels.
    size_px
        Side of the result.

    Returns
    -------
    Image.Image
        The box, scaled with antialiasing.
    """
    left, top, right, bottom = box
    cut = picture[:, top:bottom, left:right]
    return as_image(resized(cut, [size_px, size_px]))


def crop_image(bank: ConceptBank, crop: int, files: Sequence[Path], size_px: int) -> Image.Image:
    """Cut one of a bank's crops out of its picture.

    Parameters
    ----------
    bank
        Any bank.
    crop
        In [0, n).
    files
        Paths of the bank's `files`.
    size_px
        Side of the result.

    Returns
    -------
    Image.Image
        The crop; beside a segment, grey.

    Raises
    ------
    CraftError
        If the picture can't be read.
    """
    picture = picture_of(files[int(bank.crops.image[crop])])
    cut = cut_box(picture, bank.crops.boxes[crop].tolist(), size_px)
    if bank.crops.masks is None:
        return cut
    mask = Image.fromarray(bank.crops.masks[crop].numpy().astype(np.uint8) * 255)
    inside = mask.resize((size_px, size_px), Image.Resampling.BILINEAR)
    return Image.composite(cut, Image.new("RGB", cut.size, GREY), inside)


def picture_of(file: Path) -> Tensor:
    """Read a picture that must be there.

    Parameters
    ----------
    file
        Its path.

    Returns
    -------
    Tensor
        (3, H, W), bytes.

    Raises
    ------
    CraftError
        If it can't be read.
    """
    picture = read_picture(file)
    if picture is None:
        raise CraftError(f"image must be readable; got {file}.")
    return picture


def as_image(picture: Tensor) -> Image.Image:
    """Turn bytes into a picture.

    Parameters
    ----------
    picture
        (3, H, W), bytes.

    Returns
    -------
    Image.Image
        RGB.
    """
    return Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())


def draw_map(image: Image.Image, heat: Tensor, color: str) -> Image.Image:
    """Draw a map over an image: what it points at is in the light, the rest in the dark.

    The rest is darkened, not whitened, since white could be taken for snow.

    Parameters
    ----------
    image
        RGB, square.
    heat
        (H, W), >= 0; scaled to its own maximum. An empty map leaves the image in the dark.
    color
        ``#rrggbb`` of the line around what lies above half the maximum.

    Returns
    -------
    Image.Image
        Of the image's size.
    """
    pixels = np.asarray(image, dtype=np.float32) / 255  # (H, W, 3)
    share = _scaled_share(heat, image.size)[:, :, None]  # (H, W, 1)
    dark = DARKNESS * pixels.mean(axis=2, keepdims=True)
    blended = share * pixels + (1 - share) * dark
    line = _outline(share[:, :, 0] >= OUTLINE_AT, width_px=max(1, image.width // 110))
    blended[line] = [part / 255 for part in ImageColor.getrgb(color)]
    return Image.fromarray((blended * 255).round().astype(np.uint8))


def _scaled_share(heat: Tensor, size: tuple[int, int]) -> np.ndarray:
    """Scale a map to the image and to [0, 1]."""
    wide = functional.interpolate(
        heat.detach().float().cpu()[None, None], size=size[::-1], mode="bilinear"
    )[0, 0]
    top = wide.max()
    scaled: np.ndarray = (wide / top if top > 0 else wide).numpy()
    return scaled


def _outline(inside: np.ndarray, *, width_px: int) -> np.ndarray:
    grown = ndimage.binary_dilation(inside, iterations=width_px)
    line: np.ndarray = grown & ~inside
    return line
