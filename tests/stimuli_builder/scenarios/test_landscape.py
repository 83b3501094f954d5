import numpy as np
import pytest
from PIL import Image

from stimuli_builder.scenarios.landscape import (
    COARSE_PX,
    FINE_PX,
    MOODS,
    lay_ground,
    paint_ridge,
    paint_sky,
    perspective_noise,
)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.mark.parametrize("mood", MOODS.values(), ids=MOODS)
def test_sky_ends_in_the_haze_of_the_horizon(mood, generator):
    sky = np.asarray(paint_sky(mood, 180, generator=generator))
    assert sky.shape == (FINE_PX, FINE_PX, 3)
    clearest = np.abs(sky[380:].astype(int) - mood.haze).max(axis=2).min()
    assert clearest <= 2


def test_ridge_lies_above_its_foot_and_fills_all_below(generator):
    picture = Image.new("RGB", (FINE_PX, FINE_PX))
    paint_ridge(picture, foot_px=400, height_px=120, colour=(9, 9, 9), generator=generator)
    painted = np.asarray(picture)[..., 0] == 9
    assert painted[400:].all() and painted[:400].any() and not painted[0].any()


def test_noise_on_the_ground_is_denser_at_the_horizon(generator):
    noise = perspective_noise(240, (40, 80), generator)
    change = np.abs(np.diff(noise, axis=0)).mean(axis=1)
    assert noise.shape == (240, COARSE_PX)
    assert change[:40].mean() > 3 * change[-40:].mean()


def test_ground_covers_all_below_the_horizon(generator):
    picture = Image.new("RGB", (FINE_PX, FINE_PX))
    lay_ground(picture, np.full((248, COARSE_PX, 3), 99, np.float32), 200, generator=generator)
    pixels = np.asarray(picture)[..., 0]
    assert (pixels[:400] == 0).all() and (pixels[424:] == 99).all()
