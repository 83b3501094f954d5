import numpy as np
import pytest
from PIL import Image

from stimuli_builder.scenarios.painting import (
    blurred,
    directions_along,
    furry_outline,
    gradient,
    mixed,
    polygon_mask,
    shaded,
    smooth_curve,
    smooth_noise,
    tube_outline,
    unit_vectors,
)

LEVEL = np.array([(0.0, 5), (10, 5)])
SQUARE = np.array([(0, 0), (10, 0), (10, 10), (0, 10)])


def area(outline):
    x, y = outline.T
    return abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


@pytest.mark.parametrize("is_closed", [True, False])
def test_curve_passes_through_its_points(is_closed):
    curve = smooth_curve(SQUARE, is_closed=is_closed, n_between=4)
    np.testing.assert_allclose(curve[::4], SQUARE)


def test_straight_points_give_a_straight_curve():
    curve = smooth_curve([(0, 0), (1, 2), (2, 4), (3, 6)], is_closed=False)
    np.testing.assert_allclose(curve[:, 1], 2 * curve[:, 0])


def test_straight_tube_has_the_area_of_a_stadium():
    outline = tube_outline([(0, 0), (5, 0), (10, 0)], [2, 2, 2])
    assert area(outline) == pytest.approx(10 * 4 + np.pi * 4, rel=0.03)


@pytest.mark.parametrize("outline", [SQUARE, SQUARE[::-1]])
def test_tips_of_hair_point_outwards(outline, generator):
    furry = furry_outline(outline, flow=LEVEL, hair=1.0, spacing=0.5, generator=generator)
    assert area(furry) > area(outline)
    assert furry.min() < 0 and furry.max() > 10


def test_hair_is_swept_along_the_flow(generator):
    there, back = (
        furry_outline(SQUARE, flow=flow, hair=1.0, spacing=0.5, generator=np.random.default_rng(0))
        for flow in (LEVEL, LEVEL[::-1])
    )
    assert there[:, 0].mean() > 5 > back[:, 0].mean()


def test_direction_is_that_of_the_nearest_stretch():
    corner = np.array([(0.0, 0), (5, 0), (10, 0), (10, 5), (10, 10)])
    found = directions_along(corner, np.array([(1.0, 3), (12, 9)]))
    np.testing.assert_allclose(found, [(1, 0), (0, 1)])


def test_no_hair_keeps_the_outline(generator):
    furry = furry_outline(SQUARE, flow=LEVEL, hair=0.0, spacing=0.5, generator=generator)
    assert area(furry) == pytest.approx(100, rel=0.02)


def test_zero_vector_stays_zero():
    np.testing.assert_allclose(unit_vectors(np.array([(3.0, 4.0), (0, 0)])), [(0.6, 0.8), (0, 0)])


def test_mask_is_full_inside_and_empty_outside():
    mask = np.asarray(polygon_mask(SQUARE + 2, (20, 30)))
    assert mask.shape == (20, 30)
    assert set(np.unique(mask)) == {0, 255} and mask[7, 7] == 255 and mask[15, 15] == 0


def test_blur_keeps_a_plain_image():
    np.testing.assert_allclose(blurred(Image.new("L", (9, 9), 255), 2), 1)


def test_noise_has_the_size_asked_for_and_follows_its_generator():
    first, again = (smooth_noise((20, 31), (4, 6), np.random.default_rng(1)) for _ in range(2))
    assert first.shape == (20, 31)
    np.testing.assert_array_equal(first, again)


def test_gradient_hits_its_stops_and_holds_beyond_them():
    stops = [(0.2, (10, 20, 30)), (0.8, (110, 120, 130))]
    colours = [(10, 20, 30), (10, 20, 30), (60, 70, 80), (110, 120, 130)]
    np.testing.assert_allclose(gradient(stops, [0, 0.2, 0.5, 1]), colours)


def test_shading_agrees_with_the_gradient_to_a_step():
    stops = [(0.0, (0, 0, 0)), (1.0, (255, 100, 10))]
    at = np.linspace(-0.5, 1.5, 50, dtype=np.float32)
    np.testing.assert_allclose(shaded(stops, at), gradient(stops, at.clip(0, 1)), atol=1.01)


def test_mixture_of_nothing_is_the_first_colour():
    assert mixed((1, 2, 3), (200, 100, 0), 0) == (1, 2, 3)
    assert mixed((0, 0, 0), (200, 100, 50), 0.5) == (100, 50, 25)


@pytest.fixture
def generator():
    return np.random.default_rng(0)
