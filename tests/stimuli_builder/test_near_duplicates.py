"""Pictures that a person would take for the same."""

import itertools
import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from stimuli_builder.near_duplicates import (
    MAX_DISTANCE,
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


@pytest.mark.parametrize("block", [1, 3, 7, 512])
def test_blocks_give_what_all_at_once_gives(monkeypatch, block):
    monkeypatch.setattr("stimuli_builder.near_duplicates.BLOCK", block)
    rng = np.random.default_rng(0)
    first = rng.random(256) < 0.5
    bits = {f"p{index}": first ^ (rng.random(256) < 0.12) for index in range(7)}
    expected = [
        (one, other)
        for one, other in itertools.combinations(bits, 2)
        if (bits[one] != bits[other]).sum() <= MAX_DISTANCE
    ]
    assert 0 < len(expected) < 21
    assert near_duplicates(bits) == expected


def test_memory_does_not_grow_with_pairs_of_bits():
    bits = np.random.default_rng(0).random((1500, 256)) < 0.5
    hashes = {str(index): row for index, row in enumerate(bits)}
    tracemalloc.start()
    try:
        near_duplicates(hashes)
        assert tracemalloc.get_traced_memory()[1] < 40e6  # 576e6 bytes compared bit by bit
    finally:
        tracemalloc.stop()
