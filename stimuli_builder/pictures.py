"""Pictures for participants: encoded without metadata, named by their bytes."""

import io
from collections.abc import Mapping

from PIL import Image

from stimuli_builder.bundle import MediaFile, media_name


class MediaCollector:
    """Gathers a bundle's pictures; the same picture is kept once.

    Parameters
    ----------
    jpeg_quality
        Of every picture, in [50, 100].
    """

    def __init__(self, jpeg_quality: int) -> None:
        self._quality = jpeg_quality
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
        buffer = io.BytesIO()
        bare = Image.frombytes("RGB", image.size, image.convert("RGB").tobytes())
        bare.save(buffer, "JPEG", quality=self._quality, subsampling=0, optimize=True)
        content = buffer.getvalue()
        name = media_name(content, "jpg")
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
