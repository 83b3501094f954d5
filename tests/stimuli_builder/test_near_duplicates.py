"""Pictures that a person would take for the same."""

import numpy as np
from PIL import Image, ImageEnhance

from stimuli_builder.near_duplicates import (
    near_duplicates,
    perceptual_hash,
    without_near_duplicates,
)


def picture(seed):
    coarse = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((240, 240), Image.Resampling.BICUBIC)


def hashes():
    first = picture(0)
    return {
        "first": perceptual_hash(first),
        "smaller": perceptual_hash(first.resize((150, 150))),
        "other": perceptual_hash(picture(1)),
        "brighter": perceptual_hash(ImageEnhance.Brightness(first).enhance(1.1)),
    }


def test_scaled_and_brightened_copies_are_found():
    assert near_duplicates(hashes()) == [
        ("first", "smaller"),
        ("first", "brighter"),
        ("smaller", "brighter"),
    ]


def test_the_first_of_each_is_kept():
    found = hashes()
    assert without_near_duplicates(["brighter", "other", "first"], found) == ["brighter", "other"]


def test_no_pictures_have_no_duplicates():
    assert near_duplicates({}) == [] and without_near_duplicates([], {}) == []
