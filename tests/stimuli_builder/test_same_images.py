"""Image files that a person would take for the same."""

import numpy as np
import pytest
from PIL import Image

from craft_core.errors import SkippedImageWarning
from stimuli_builder.errors import StimuliError
from stimuli_builder.same_images import first_of_same


def draw(file, seed, brighter=0):
    coarse = np.random.default_rng(seed).integers(0, 200, (12, 12, 3), dtype=np.uint8)
    large = Image.fromarray(coarse).resize((240, 240), Image.Resampling.BICUBIC)
    large.point(lambda value: value + brighter).save(file)


def test_the_first_stands_for_its_copies(tmp_path):
    for name, seed, brighter in (("a", 0, 0), ("b", 1, 0), ("c", 0, 10), ("d", 0, 20)):
        draw(tmp_path / f"{name}.png", seed, brighter)
    names = [f"{name}.png" for name in "abcd"]
    assert first_of_same(tmp_path, names) == {
        "a.png": "a.png", "b.png": "b.png", "c.png": "a.png", "d.png": "a.png",
    }  # fmt: skip


def test_images_that_are_like_one_another_in_a_chain_have_one_first(tmp_path, monkeypatch):
    pairs = [("b", "d"), ("c", "d"), ("a", "c")]
    monkeypatch.setattr("stimuli_builder.same_images.hash_image", lambda _: None)
    monkeypatch.setattr("stimuli_builder.same_images.near_duplicates", lambda _: pairs)
    assert first_of_same(tmp_path, "abcde") == {**dict.fromkeys("abcd", "a"), "e": "e"}


def test_an_image_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "odd.png").write_text("no picture")
    odd = pytest.raises(StimuliError, match=r"image must be readable; got .*odd.png")
    with pytest.warns(SkippedImageWarning), odd:
        first_of_same(tmp_path, ["odd.png"])
