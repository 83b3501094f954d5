"""Pictures for participants: WebP without metadata, small enough for a phone, named by bytes."""

import hashlib
import inspect
import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from craft_core import pictures, resizing
from craft_core.provenance import file_sha256
from stimuli_builder import overlays
from stimuli_builder.bundle import MediaFile, media_name
from stimuli_builder.cache import keep, kept

LEAST_QUALITY, STEP = 50, 5
POOREST_QUALITY = 5  # of a picture that any screen must show, and that is too large at 50
SHRINK = 0.85  # of a side, where a picture for dense screens is too large
_CODE = [  # that draws
    file_sha256(Path(file))
    for file in (*map(inspect.getfile, (overlays, pictures, resizing)), __file__)
]
WORTH = 1.25  # a second size is kept where it is at least this much larger
LARGE = ".large.webp"  # how files of renditions end in the cache
EFFORT = 4  # of libwebp, 0 to 6


class MediaCollector:
    """Gathers a bundle's pictures; the same picture is kept once.

    Parameters
    ----------
    quality
        Of WebP, in [50, 100]; lowered for a picture that would be too large.
    max_bytes
        Of a picture.
    cache
        Folder of pictures kept from earlier builds; None keeps nothing.
    """

    def __init__(
        self, quality: int, *, max_bytes: int = 150_000, cache: Path | None = None
    ) -> None:
        self._quality = quality
        self._max_bytes = max_bytes
        self._cache = cache
        self._contents: dict[str, bytes] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._renditions: dict[str, tuple[str, ...]] = {}

    def add(self, image: Image.Image, width_px: int | None = None) -> str:
        """Encode a picture and keep it.

        Parameters
        ----------
        image
            RGB; only its pixels are kept.
        width_px
            Of the picture that any screen can show. A wider image is kept as it is too, as a
            rendition for dense screens.

        Returns
        -------
        str
            Media name.
        """
        return self.draw(_as_it_is, image, width_px=width_px)

    def draw(
        self,
        draw: Callable[..., Image.Image],
        image: Image.Image,
        *inputs: np.ndarray | str,
        width_px: int | None = None,
    ) -> str:
        """Draw over an image, encode and keep the picture; look it up where it was drawn before.

        Parameters
        ----------
        draw
            Of `stimuli_builder.overlays`; takes the image and the inputs.
        image
            RGB.
        *inputs
            What else the picture depends on.
        width_px
            As for `add`.

        Returns
        -------
        str
            Media name.
        """
        place = self._place(draw.__name__, image, inputs, width_px)
        found = [] if place is None else _both(place)
        if found:
            return self._listed(*found)
        drawn = draw(image, *inputs)
        if width_px is None or drawn.width <= width_px:
            return self._listed(self._written(place, drawn))
        height_px = round(drawn.height * width_px / drawn.width)
        small = drawn.resize((width_px, height_px), Image.Resampling.LANCZOS)
        second = self._dense(drawn, WORTH * width_px)
        if second is not None and place is not None:
            keep(place.with_suffix(LARGE), second)
        return self._listed(self._written(place, small), second)

    def _listed(self, content: bytes, large: bytes | None = None) -> str:
        """List a picture, and the same one for dense screens."""
        name = self._list(content)
        if large is not None:
            self._renditions[name] = (self._list(large),)
        return name

    def _list(self, content: bytes) -> str:
        name = media_name(content, "webp")
        self._contents[name] = content
        self._sizes[name] = Image.open(io.BytesIO(content)).size
        return name

    def _written(self, place: Path | None, image: Image.Image) -> bytes:
        """Encode a picture and write it to the cache: all of it or nothing."""
        content = self._encoded(image, POOREST_QUALITY)
        if place is not None:
            keep(place, content)
        return content

    def _place(
        self,
        drawing: str,
        image: Image.Image,
        inputs: tuple[np.ndarray | str, ...],
        width_px: int | None,
    ) -> Path | None:
        """Name the file that keeps a picture, after all that it depends on."""
        if self._cache is None:
            return None
        depends = hashlib.sha256(image.convert("RGB").tobytes())
        for each in inputs:
            depends.update(str(each.shape).encode() if isinstance(each, np.ndarray) else b"text")
            depends.update(each.tobytes() if isinstance(each, np.ndarray) else each.encode())
        settings = (drawing, image.size, width_px, self._quality, self._max_bytes, EFFORT)
        depends.update(f"{settings} {PIL.__version__} {_CODE}".encode())
        name = depends.hexdigest()
        return self._cache / name[:2] / f"{name}.webp"

    def _dense(self, image: Image.Image, least_px: float) -> bytes | None:
        """Encode a picture for dense screens, smaller if need be; none where it stays too large."""
        width_px = float(image.width)
        while width_px >= least_px:
            side_px = (round(width_px), round(image.height * width_px / image.width))
            fitting = image
            if side_px != image.size:
                fitting = image.resize(side_px, Image.Resampling.LANCZOS)
            content = self._encoded(fitting, LEAST_QUALITY)
            if len(content) <= self._max_bytes:
                return content
            width_px *= SHRINK
        return None

    def _encoded(self, image: Image.Image, least_quality: int) -> bytes:
        bare = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
        content = _encode(bare, self._quality)
        quality = self._quality
        while len(content) > self._max_bytes and quality > least_quality:
            quality = max(least_quality, quality - STEP)
            content = _encode(bare, quality)
        return content

    @property
    def contents(self) -> Mapping[str, bytes]:
        """Media name -> bytes."""
        return self._contents

    @property
    def files(self) -> dict[str, MediaFile]:
        """Media name -> size, in order of name."""
        return {
            name: MediaFile(
                bytes=len(self._contents[name]),
                width_px=self._sizes[name][0],
                height_px=self._sizes[name][1],
                renditions=self._renditions.get(name, ()),
            )
            for name in sorted(self._contents)
        }


def _both(place: Path) -> list[bytes]:
    """Read a picture and its rendition, if it has one; nothing where either was altered."""
    files = [place, *(each for each in [place.with_suffix(LARGE)] if each.exists())]
    found = [content for content in map(kept, files) if content is not None]
    return found if len(found) == len(files) else []


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def drawn_px(base_px: int, source_px: int, dense: int) -> int:
    """Choose the side at which a picture is drawn, before it is kept.

    Parameters
    ----------
    base_px
        Side of the picture that any screen can show.
    source_px
        Pixels that there are: nothing is enlarged for dense screens.
    dense
        Times as many pixels as dense screens are given.

    Returns
    -------
    int
        `base_px`, or more where that is worth a second file.
    """
    most = min(source_px, dense * base_px)
    return most if most >= WORTH * base_px else base_px


def _encode(bare: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    bare.save(buffer, "WEBP", quality=quality, method=EFFORT)
    return buffer.getvalue()
