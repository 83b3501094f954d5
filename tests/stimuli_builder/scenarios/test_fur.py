from dataclasses import replace

import numpy as np
import pytest

from stimuli_builder.scenarios.fur import Part, blank_canvas, finished, paint_part

GREY = np.arange(256, dtype=np.float32)[:, None].repeat(3, axis=1)
SQUARE = Part(
    label=3,
    outline=np.array([(2.0, 2), (18, 2), (18, 18), (2, 18)]),
    flow=np.array([(2.0, 10), (10, 10), (18, 10)]),
    pale_at=(10, 2),
    dark_at=(10, 18),
    hair=0.5,
)


@pytest.fixture
def canvas():
    return blank_canvas((80, 80), scale=4.0, origin=(0, 80), generator=np.random.default_rng(0))


def paint(part, canvas):
    paint_part(part, canvas, (0.0, 1.0), generator=np.random.default_rng(1))


def test_part_is_labelled_inside_its_outline(canvas):
    paint(SQUARE, canvas)
    assert (canvas.labels[10:70, 10:70] == 3).all()
    assert not canvas.labels[:2].any() and not canvas.labels[:, 77:].any()


def test_fur_darkens_from_the_pale_end_to_the_dark_one(canvas):
    paint(SQUARE, canvas)
    assert canvas.darkness[14:20, 20:60].mean() > 0.8
    assert canvas.darkness[60:66, 20:60].mean() < 0.2


def test_upper_side_is_lit_by_light_from_above(canvas):
    paint(SQUARE, canvas)
    assert canvas.shade[9:14, 30:50].mean() > 1.05 > 0.95 > canvas.shade[66:71, 30:50].mean()


def test_fading_part_leaves_what_lies_behind_it(canvas):
    paint(SQUARE, canvas)
    paint(replace(SQUARE, label=5, fades=((10, 8), (10, 12))), canvas)
    assert (canvas.labels[52:68, 12:68] == 5).all()
    assert (canvas.labels[12:30, 12:68] == 3).all()


def test_part_that_sticks_out_is_cut_off(canvas):
    paint(replace(SQUARE, outline=SQUARE.outline + 10), canvas)
    assert canvas.labels[0, 79] == 3


def test_finished_picture_takes_its_colours_from_the_coat(canvas):
    paint(replace(SQUARE, darkness=(0.5, 0.5)), canvas)
    middle = np.asarray(finished(canvas, GREY))[30:50, 30:50]
    assert middle.mean() == pytest.approx(128, abs=12)
