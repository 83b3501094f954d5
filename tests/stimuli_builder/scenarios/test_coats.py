import numpy as np
import pytest

from stimuli_builder.scenarios.coats import COATS, MARKINGS, fur_colours


@pytest.mark.parametrize("name", COATS)
def test_even_coat_runs_from_the_pale_colour_to_the_dark_one(name):
    colours = fur_colours(COATS[name], "even")
    assert colours.shape == (256, 3)
    np.testing.assert_allclose(colours[0], COATS[name].pale)
    np.testing.assert_allclose(colours[128], COATS[name].middle)
    np.testing.assert_allclose(colours[255], COATS[name].dark)


@pytest.mark.parametrize("coat", COATS.values(), ids=COATS)
def test_saddle_is_darker_and_pale_marking_lighter(coat):
    saddle, even, pale = (fur_colours(coat, name).mean() for name in ("saddle", "even", "pale"))
    assert set(MARKINGS) == {"saddle", "even", "pale"}
    assert saddle < even < pale
