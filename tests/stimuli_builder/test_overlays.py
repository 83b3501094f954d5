"""Maps over images."""

import numpy as np
import pytest
from PIL import Image

from stimuli_builder.errors import StimuliError
from stimuli_builder.overlays import draw_heat, scaled


def test_the_map_is_yellow_where_it_is_highest_and_dark_where_it_is_nothing():
    heat = np.zeros((8, 8))
    heat[:4] = 255
    drawn = np.asarray(draw_heat(Image.new("RGB", (64, 64), (90, 90, 90)), heat)).astype(int)
    bright, dark = drawn[10, 32], drawn[60, 32]
    assert bright[0] > 150 and bright[1] > 150 and bright[2] < 90
    assert dark.max() < 60


def test_a_white_line_is_around_the_upper_half():
    heat = np.zeros((16, 16))
    heat[4:12, 4:12] = 1.0
    drawn = np.asarray(draw_heat(Image.new("RGB", (160, 160)), heat)).astype(int)
    white = (drawn.min(axis=2) > 250).sum()
    assert 4 * 60 < white < 4 * 100


def test_one_pixel_does_not_leave_the_rest_in_the_dark():
    heat = np.full((40, 40), 10.0)
    heat[0, 0] = 1e6
    assert scaled(heat, (40, 40))[20, 20] > 0.9


def test_an_empty_map_is_zero():
    assert scaled(np.zeros((4, 4)), (8, 8)).max() == 0


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_values_below_zero_are_refused(value):
    with pytest.raises(StimuliError, match=r"heat must be >= 0; got a minimum of (-1|nan)"):
        draw_heat(Image.new("RGB", (8, 8)), np.full((4, 4), value))
