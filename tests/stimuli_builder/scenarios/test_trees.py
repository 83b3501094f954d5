import numpy as np
import pytest
from PIL import Image

from stimuli_builder.scenarios.landscape import FINE_PX
from stimuli_builder.scenarios.trees import paint_forest


def forest(*, is_snowy, seed=0):
    picture = Image.new("RGB", (FINE_PX, FINE_PX), (255, 0, 255))
    paint_forest(
        picture,
        400.0,
        (220, 225, 230),
        is_snowy=is_snowy,
        generator=np.random.default_rng(seed),
    )
    pixels = np.asarray(picture).astype(int)
    return pixels, (pixels != (255, 0, 255)).any(axis=2)


@pytest.mark.parametrize("is_snowy", [True, False])
def test_trees_stand_on_the_horizon(is_snowy):
    is_tree = forest(is_snowy=is_snowy)[1]
    assert is_tree[300:400].mean() > 0.1
    assert not is_tree[480:].any()


def test_only_winter_trees_carry_snow():
    for seed in range(4):
        for is_snowy in (True, False):
            pixels, is_tree = forest(is_snowy=is_snowy, seed=seed)
            assert (pixels[is_tree].min(axis=1) > 205).any() == is_snowy
