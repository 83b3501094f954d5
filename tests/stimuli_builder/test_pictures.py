import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stimuli_builder.pictures import MediaCollector, drawn_px


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
    coarse = np.random.default_rng(0).integers(0, 255, (8, 8, 3)).astype(np.uint8)
    image = Image.fromarray(coarse).resize((160, 160), Image.Resampling.BICUBIC)
    media = MediaCollector(90)
    name = media.add(image)
    found = np.asarray(Image.open(io.BytesIO(media.contents[name])), dtype=int)
    assert np.abs(found - np.asarray(image)).mean() < 3


def test_large_pictures_lose_quality_and_not_the_phone():
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3)).astype(np.uint8)
    sizes = {}
    for max_bytes in (10**9, 50_000):
        media = MediaCollector(95, max_bytes=max_bytes)
        sizes[max_bytes] = len(media.contents[media.add(Image.fromarray(noise))])
    assert sizes[50_000] < 50_000 < sizes[10**9]


def test_sizes_are_listed():
    media = MediaCollector(90)
    name = media.add(Image.new("RGB", (20, 10), "red"))
    listed = media.files[name]
    assert (listed.width_px, listed.height_px, listed.bytes) == (20, 10, len(media.contents[name]))


def test_wider_image_is_kept_for_dense_screens_too():
    media = MediaCollector(90)
    name = media.add(Image.new("RGB", (80, 40), "red"), 40)
    listed = media.files[name]
    (large,) = listed.renditions
    assert (listed.width_px, listed.height_px) == (40, 20)
    assert (media.files[large].width_px, media.files[large].renditions) == (80, ())


@pytest.mark.parametrize(
    ("source_px", "dense", "px"),
    [(300, 2, 448), (448, 2, 448), (500, 2, 448), (700, 2, 700), (4000, 2, 896), (4000, 1, 448)],
)
def test_nothing_is_enlarged_for_dense_screens(source_px, dense, px):
    assert drawn_px(448, source_px, dense) == px


def test_what_was_drawn_before_is_not_drawn_again(tmp_path):
    calls = []

    def draw(image, heat, color):
        calls.append(color)
        return Image.fromarray(np.asarray(image) + heat[..., None])

    image, heat = Image.new("RGB", (80, 80), "black"), np.full((80, 80), 9, dtype=np.uint8)
    built = []
    for _ in range(2):
        media = MediaCollector(90, cache=tmp_path)
        media.draw(draw, image, heat, "#ff0000", width_px=40)
        built.append((media.files, media.contents))
    assert calls == ["#ff0000"] and built[0] == built[1] and len(built[0][0]) == 2
    media.draw(draw, image, heat + 1, "#ff0000", width_px=40)
    media.draw(draw, image, heat, "#00ff00", width_px=40)
    media.draw(draw, image, heat, "#ff0000", width_px=80)
    assert len(calls) == 4
    MediaCollector(80, cache=tmp_path).draw(draw, image, heat, "#ff0000", width_px=40)
    assert len(calls) == 5


@pytest.mark.parametrize("ending", [".webp", ".large.webp"])
def test_kept_picture_that_was_cut_short_is_drawn_again(tmp_path, ending):
    image = Image.new("RGB", (80, 80), "red")
    first = MediaCollector(90, cache=tmp_path)
    first.add(image, 40)
    (cut,) = (f for f in tmp_path.rglob("*") if f.name.partition(".")[1:] == (".", ending[1:]))
    cut.write_bytes(cut.read_bytes()[:-9])
    again = MediaCollector(90, cache=tmp_path)
    again.add(image, 40)
    assert again.files == first.files and again.contents == first.contents


@pytest.mark.parametrize(
    ("max_bytes", "sides"), [(10**9, [80, 160]), (10_000, [80, 136]), (5_000, [80])]
)
def test_picture_for_dense_screens_shrinks_or_is_left_out(max_bytes, sides):
    noise = np.random.default_rng(0).integers(0, 255, (160, 160, 3)).astype(np.uint8)
    media = MediaCollector(90, max_bytes=max_bytes)
    media.add(Image.fromarray(noise), 80)
    assert sorted(each.width_px for each in media.files.values()) == sides
    assert all(each.bytes <= max_bytes for each in media.files.values())


def test_picture_that_any_screen_must_show_becomes_poorer():
    noise = np.random.default_rng(0).integers(0, 255, (448, 448, 3)).astype(np.uint8)
    media = MediaCollector(90, max_bytes=60_000)
    media.add(Image.fromarray(noise), 448)
    assert [(each.width_px, each.bytes <= 60_000) for each in media.files.values()] == [(448, True)]
