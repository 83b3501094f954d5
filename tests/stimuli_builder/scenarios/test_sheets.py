import numpy as np
import pytest

from stimuli_builder.scenarios.sheets import SHEETS


@pytest.mark.parametrize("name", SHEETS)
def test_sheet_is_as_large_as_the_picture_and_hangs_on_the_generator(name):
    first, again, other = (SHEETS[name](np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.shape == (448, 448, 3)
    assert first.min() >= 0 and first.max() <= 255
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_paper_is_the_lightest_and_soil_the_darkest():
    tones = {name: draw(np.random.default_rng(0)).mean() for name, draw in SHEETS.items()}
    assert max(tones, key=tones.get) == "paper" and min(tones, key=tones.get) == "soil"
