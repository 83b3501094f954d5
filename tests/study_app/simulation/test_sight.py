import io

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from study_app.simulation.sight import GRID, N_FEATURES, see, to_lab


def encoded(pixels, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(stream, kind)
    return stream.getvalue()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3))


def test_lab_agrees_with_known_colors():
    rgb = np.array([[1.0, 0, 0], [0, 0, 1.0], [0.5, 0.5, 0.5]])
    known = [[53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [53.39, 0, 0]]  # Lindbloom, sRGB D65
    np.testing.assert_allclose(to_lab(rgb), known, atol=0.02)


def test_patches_cover_the_picture_row_by_row():
    pixels = np.zeros((64, 64, 3))
    pixels[:8, -8:] = 255
    sight = see(encoded(pixels))
    assert sight.patches.shape == (GRID**2, N_FEATURES)
    assert np.flatnonzero(sight.patches[:, 0] > 1).tolist() == [GRID - 1]


def test_contrast_has_two_scales():
    fine = np.indices((128, 128)).sum(axis=0) % 2 * 255
    coarse = np.indices((128, 128)).sum(axis=0) // 8 % 2 * 255
    plain, small, large = (
        see(encoded(np.repeat(each[:, :, None], 3, axis=2))).patches[:, 3:].mean(axis=0)
        for each in (np.full((128, 128), 128), fine, coarse)
    )
    np.testing.assert_allclose(plain, 0, atol=1e-9)
    assert small[0] > small[1]
    assert large[1] > large[0]


def test_dark_patches_are_hardly_seen():
    pixels = np.full((64, 64, 3), 220)
    pixels[:, :32] = 10
    visibility = see(encoded(pixels)).visibility.reshape(GRID, GRID)
    assert visibility[:, :4].max() < 0.1
    assert visibility[:, 4:].min() > 0.9


def test_identity_is_that_of_the_pixels(pixels):
    other = pixels.copy()
    other[0, 0, 0] ^= 1
    assert see(encoded(pixels)).identity == see(encoded(pixels, "BMP")).identity
    assert see(encoded(pixels)).identity != see(encoded(other)).identity


def test_what_is_no_picture_is_refused():
    with pytest.raises(UnidentifiedImageError):
        see(b"<html>")
