"""Pictures for participants: WebP without metadata, small enough for a phone, named by bytes."""

import io
from collections.abc import Mapping

from PIL import Image

from stimuli_builder.bundle import MediaFile, media_name

LEAST_QUALITY, STEP = 50, 5
EFFORT = 4  # of libwebp, 0 to 6


class MediaCollector:
    """Gathers a bundle's pictures; the same picture is kept once.

    Parameters
    ----------
    quality
        Of WebP, in [50, 100]; lowered for a picture that would be too large.
    max_bytes
        Of a picture.
    """

    def __init__(self, quality: int, *, max_bytes: int = 150_000) -> None:
        self._quality = quality
        self._max_bytes = max_bytes
        self._contents: dict[str, bytes] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def add(self, image: Image.Image) -> str:
        """Encode a picture and keep it.

        Parameters
        ----------
        image
            RGB; only its pixels are kept.

        Returns
        -------
        str
            Media name.
        """
        bare = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
        content = _encode(bare, self._quality)
        quality = self._quality
        while len(content) > self._max_bytes and quality > LEAST_QUALITY:
            quality = max(LEAST_QUALITY, quality - STEP)
            content = _encode(bare, quality)
        name = media_name(content, "webp")
        self._contents[name] = content
        self._sizes[name] = image.size
        return name

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
                renditions=(),
            )
            for name in sorted(self._contents)
        }


def _encode(bare: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    bare.save(buffer, "WEBP", quality=quality, method=EFFORT)
    return buffer.getvalue()
