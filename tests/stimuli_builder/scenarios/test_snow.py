import numpy as np
import pytest

from stimuli_builder.scenarios.landscape import MOODS, SIZE_PX
from stimuli_builder.scenarios.snow import draw_snow


@pytest.fixture(params=range(4))
def scene(request):
    generator = np.random.default_rng(request.param)
    return draw_snow(MOODS["evening"], feet_px=360, generator=generator)


def test_snow_is_bright_and_hardly_coloured(scene):
    ground = scene.behind[380:].mean(axis=(0, 1))
    assert ground.min() > 190 and np.ptp(ground) < 30


def test_grain_of_the_snow_stays_within_white(scene):
    assert scene.behind.min() >= 0 and scene.behind.max() <= 255
    assert scene.behind[380:].std(axis=1).min() > 0.5


def test_paws_sink_into_the_snow(scene):
    assert scene.front_opacity.shape == (SIZE_PX, SIZE_PX)
    assert (scene.front_opacity[368:] == 1).all()
    assert (scene.front_opacity[:340] < 1).all()


def test_it_snows_in_some_pictures_and_not_in_all():
    opacities = [
        draw_snow(MOODS["clear"], feet_px=360, generator=np.random.default_rng(seed))
        .front_opacity[:340]
        .max()
        for seed in range(12)
    ]
    assert 0 in opacities and max(opacities) > 0.5
