import numpy as np
import pytest

from stimuli_builder.scenarios.landscape import MOODS, SIZE_PX
from stimuli_builder.scenarios.snow import draw_snow


@pytest.fixture(params=range(4))
def scene(request):
    generator = np.random.default_rng(request.param)
    return draw_snow(MOODS["evening"], feet_px=180, generator=generator)


def test_snow_is_bright_and_hardly_coloured(scene):
    ground = scene.behind[190:].mean(axis=(0, 1))
    assert ground.min() > 190 and np.ptp(ground) < 30


def test_paws_sink_into_the_snow(scene):
    assert scene.front_opacity.shape == (SIZE_PX, SIZE_PX)
    assert (scene.front_opacity[184:] == 1).all()
    assert (scene.front_opacity[:170] < 1).all()


def test_it_snows_in_some_pictures_and_not_in_all():
    opacities = [
        draw_snow(MOODS["clear"], feet_px=180, generator=np.random.default_rng(seed))
        .front_opacity[:170]
        .max()
        for seed in range(12)
    ]
    assert 0 in opacities and max(opacities) > 0.5
