import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stimuli_builder.pictures import MediaCollector


def test_same_picture_is_kept_once():
    media = MediaCollector(90)
    names = [media.add(Image.new("RGB", (20, 10), "red")) for _ in range(2)]
    assert names[0] == names[1] and list(media.contents) == names[:1]


def test_metadata_are_left_behind():
    info = PngInfo()
    info.add_text("answer", "wolf")
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(buffer, "PNG", pnginfo=info, dpi=(72, 72))
    media = MediaCollector(90)
    name = media.add(Image.open(buffer))
    assert b"wolf" not in media.contents[name]
    assert not Image.open(io.BytesIO(media.contents[name])).getexif()


def test_pixels_stay_close():
    pixels = np.random.default_rng(0).integers(90, 160, (40, 40, 3)).astype(np.uint8)
    media = MediaCollector(95)
    name = media.add(Image.fromarray(pixels))
    found = np.asarray(Image.open(io.BytesIO(media.contents[name])), dtype=int)
    assert np.abs(found - pixels).mean() < 4


def test_sizes_are_listed():
    media = MediaCollector(90)
    name = media.add(Image.new("RGB", (20, 10), "red"))
    listed = media.files[name]
    assert (listed.width_px, listed.height_px, listed.bytes) == (20, 10, len(media.contents[name]))
