from dataclasses import replace

import numpy as np
import pytest

from stimuli_builder.scenarios.canine import Sprite
from stimuli_builder.scenarios.composition import Placement, compose, mirrored
from stimuli_builder.scenarios.landscape import SIZE_PX, Mood, Scene

PLAIN_LIGHT = Mood(zenith=(0, 0, 0), haze=(0, 0, 0), tint=(1.0, 1.0, 1.0), shadow=0.0, clouds=0.0)


def block(height=20, width=10):
    return Sprite(
        colours=np.full((height, width, 3), 200, np.float32),
        opacity=np.ones((height, width), np.float32),
        labels=np.arange(1, width + 1, dtype=np.uint8)[None].repeat(height, axis=0),
        ground=height,
        stance=(2, 5),
    )


def field(front_from=SIZE_PX):
    shape = (SIZE_PX, SIZE_PX)
    opacity = np.zeros(shape, np.float32)
    opacity[front_from:] = 1
    return Scene(
        behind=np.full((*shape, 3), 50, np.float32),
        front=np.full((*shape, 3), 90, np.float32),
        front_opacity=opacity,
        shadow=(0.0, 0.0, 0.0),
    )


def composed(sprite, scene, *, mood=PLAIN_LIGHT, **placement):
    spot = {"centre_px": 224, "feet_px": 300, "light_from": 1} | placement
    images = compose(sprite, scene, mood, Placement(**spot))
    return [np.asarray(image) for image in images]


def test_animal_stands_where_it_is_placed():
    image, labels = composed(block(), field())
    rows, columns = np.nonzero(labels)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (280, 299, 219, 228)
    assert (image[labels > 0] == 200).all() and (image[labels == 0] == 50).all()


def test_front_hides_the_feet_in_picture_and_map():
    image, labels = composed(block(), field(front_from=295))
    assert labels[294].any() and not labels[295:].any()
    assert (image[295:] == 90).all()


@pytest.mark.parametrize("centre_px", [0, SIZE_PX])
def test_animal_is_cut_off_at_the_edge(centre_px):
    labels = composed(block(), field(), centre_px=centre_px)[1]
    assert np.count_nonzero(labels.any(axis=0)) == 5


def test_mirrored_twice_is_the_same():
    sprite = block()
    assert mirrored(sprite).stance == (4, 7)
    assert mirrored(sprite).labels[0, 0] == 10
    np.testing.assert_array_equal(mirrored(mirrored(sprite)).labels, sprite.labels)


def test_scene_is_left_as_it_was():
    scene = field(front_from=295)
    composed(block(), scene)
    assert (scene.behind == 50).all() and (scene.front == 90).all()


@pytest.mark.parametrize("feet_px", [20, SIZE_PX - 5])
def test_shadow_is_cut_off_at_the_edge(feet_px):
    sprite, scene = block(height=10), field()
    image, _ = composed(sprite, scene, feet_px=feet_px, mood=replace(PLAIN_LIGHT, shadow=0.5))
    darkened = np.flatnonzero((image[:, 205] < 50).any(axis=1))
    assert darkened.min() < feet_px < darkened.max()


def test_light_brightens_and_stops_at_white():
    bright = replace(PLAIN_LIGHT, tint=(1.0, 1.2, 2.0))
    image, labels = composed(block(), field(), mood=bright)
    assert (image[0, 0] == (50, 60, 100)).all()
    assert (image[labels > 0] == (200, 240, 255)).all()
