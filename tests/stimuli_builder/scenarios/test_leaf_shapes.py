import numpy as np
import pytest

from stimuli_builder.scenarios.leaf_shapes import (
    MARGINS,
    VEINS,
    WIDTHS,
    Blade,
    choose_blade,
    draw_veins,
    smooth_outline,
    toothed_outline,
)

BLADE = Blade(length_px=300, half_px=80, base=0.5, tip=1.0, bend_px=0)


def areas(outline):
    x, y = outline.T
    return abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def test_half_width_is_greatest_where_the_exponents_say():
    t = np.linspace(0, 1, 1001)
    widths = BLADE.half_widths(t)
    assert widths.max() == pytest.approx(80, abs=1e-3)
    assert t[widths.argmax()] == pytest.approx(0.5 / 1.5, abs=1e-3)
    assert widths[0] == widths[-1] == 0


def test_place_at_the_margin_lies_half_a_width_from_the_midrib():
    t = np.array([0.2, 0.7])
    right, left = BLADE.points(t, np.ones(2)), BLADE.points(t, -np.ones(2))
    np.testing.assert_allclose((right - left)[:, 0], 2 * BLADE.half_widths(t))


@pytest.mark.parametrize("margin", MARGINS)
def test_teeth_leave_the_area(margin):
    toothed = toothed_outline(BLADE, margin, generator=np.random.default_rng(0))
    assert areas(toothed) == pytest.approx(areas(smooth_outline(BLADE)), rel=0.03)


def test_double_teeth_are_longer_than_rounded_ones():
    smooth = smooth_outline(BLADE)
    heights = [
        np.linalg.norm(
            toothed_outline(BLADE, margin, generator=np.random.default_rng(0)) - smooth, axis=1
        ).max()
        for margin in MARGINS
    ]
    assert heights[0] > 3 * heights[1]


def test_straight_veins_reach_the_margin_and_looped_ones_turn_before_it():
    reach = {}
    for veins in VEINS:
        lines = draw_veins(BLADE, veins, generator=np.random.default_rng(0)).secondary
        ends = [np.abs(line[:, 0]) / BLADE.half_widths(line[:, 1] / 300).clip(1) for line in lines]
        reach[veins] = [(float(end.max()), float(end[-1])) for end in ends]
    assert all(last > 0.95 for _, last in reach["straight"])
    assert all(most < 0.9 for most, _ in reach["looped"])
    assert len(reach["straight"]) > len(reach["looped"])


def test_outline_grows_by_what_is_asked():
    grown = smooth_outline(BLADE, outwards_px=5)
    assert np.ptp(grown[:, 0]) == pytest.approx(170, abs=1)


def test_individuals_differ_and_widths_do_not_overlap():
    rng = np.random.default_rng(0)
    halves = {
        width: [choose_blade(300, width, "round", generator=rng).half_px for _ in range(50)]
        for width in WIDTHS
    }
    assert max(halves["narrow"]) < min(halves["broad"])
    assert len(set(halves["narrow"])) == 50
