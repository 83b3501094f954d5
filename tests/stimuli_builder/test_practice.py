import numpy as np

from stimuli_builder.practice import draw_landscape


def test_day_is_brighter_than_night_in_every_picture():
    rng = np.random.default_rng(0)
    brightness = {
        kind: [np.asarray(draw_landscape(kind, 96, rng)).mean() for _ in range(10)]
        for kind in ("day", "night")
    }
    assert min(brightness["day"]) > 2 * max(brightness["night"])


def test_pictures_of_a_kind_differ():
    rng = np.random.default_rng(0)
    one, other = (np.asarray(draw_landscape("day", 96, rng)) for _ in range(2))
    assert (one != other).any()


def test_same_generator_same_picture():
    one, other = (draw_landscape("night", 96, np.random.default_rng(3)) for _ in range(2))
    assert one.tobytes() == other.tobytes()
