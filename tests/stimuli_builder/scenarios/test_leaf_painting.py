import numpy as np
import pytest

from stimuli_builder.scenarios.leaf_painting import PARTS, LeafLook, paint_leaf
from stimuli_builder.scenarios.leaf_shapes import Blade, draw_veins, toothed_outline

BLADE = Blade(length_px=200, half_px=60, base=0.5, tip=1.0, bend_px=0)


def sprite(**changes):
    look = {"tint": "green", "is_spotted": False, "angle_deg": 0.0, "light_from": (0.7, 0.7)}
    rng = np.random.default_rng(0)
    return paint_leaf(
        BLADE,
        toothed_outline(BLADE, "double", generator=rng),
        draw_veins(BLADE, "straight", generator=rng),
        LeafLook(**look | changes),
        generator=rng,
    )


def test_layers_agree():
    leaf = sprite(angle_deg=20.0)
    assert leaf.colours.shape == (*leaf.opacity.shape, 3)
    assert leaf.labels.shape == leaf.opacity.shape
    assert set(np.unique(leaf.labels)) == set(PARTS.values())
    assert (leaf.opacity[leaf.labels == PARTS["blade"]] > 0.9).all()


def test_veins_are_paler_than_the_blade():
    leaf = sprite()
    assert leaf.colours[leaf.labels == PARTS["veins"]].mean() > (
        leaf.colours[leaf.labels == PARTS["blade"]].mean() + 15
    )


def test_turning_moves_the_tip():
    rows_turned = sprite(angle_deg=90.0).labels.shape
    assert rows_turned[0] < rows_turned[1]
    assert sprite().labels.shape[0] > sprite().labels.shape[1]


@pytest.mark.parametrize("tint", ["gold", "russet"])
def test_spots_change_the_blade_alone(tint):
    clean, spotted = (sprite(tint=tint, is_spotted=is_spotted) for is_spotted in (False, True))
    np.testing.assert_array_equal(clean.labels, spotted.labels)
    np.testing.assert_array_equal(clean.opacity, spotted.opacity)
    assert (clean.colours != spotted.colours).any()
