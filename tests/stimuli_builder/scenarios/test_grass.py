import numpy as np
import pytest

from stimuli_builder.scenarios.grass import draw_grass
from stimuli_builder.scenarios.landscape import MOODS, SIZE_PX


@pytest.fixture(params=range(4))
def scene(request):
    generator = np.random.default_rng(request.param)
    return draw_grass(MOODS["evening"], feet_px=360, generator=generator)


def test_meadow_is_green(scene):
    red, green, blue = scene.behind[380:].mean(axis=(0, 1))
    assert green > red + 5 and green > blue + 40


def test_blades_hide_some_of_the_paws(scene):
    assert scene.front_opacity.shape == (SIZE_PX, SIZE_PX)
    assert 0.1 < scene.front_opacity[352:368].mean() < 0.9
    assert not scene.front_opacity[:300].any()
