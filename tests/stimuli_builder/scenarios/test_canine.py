import numpy as np
import pytest

from stimuli_builder.scenarios.anatomy import HUSKY, WOLF
from stimuli_builder.scenarios.canine import PARTS, POSES, Look, draw_canine
from stimuli_builder.scenarios.coats import COATS, fur_colours


def sprite(anatomy=WOLF, seed=0, **changes):
    look = {
        "coat": fur_colours(COATS["grey"], "even"),
        "pose": "standing",
        "height_px": 120.0,
        "light_from": (0.5, 0.8),
        "iris": (0, 255, 0),
    }
    return draw_canine(anatomy, Look(**look | changes), generator=np.random.default_rng(seed))


@pytest.mark.parametrize("anatomy", [HUSKY, WOLF], ids=["husky", "wolf"])
@pytest.mark.parametrize("pose", POSES)
def test_all_parts_are_seen_in_every_pose(anatomy, pose):
    labels = sprite(anatomy, pose=pose).labels
    assert set(np.unique(labels)) == set(PARTS.values())


def test_map_agrees_with_the_opacity():
    drawn = sprite()
    assert (drawn.labels[drawn.opacity == 1] > 0).all()
    assert (drawn.labels[drawn.opacity == 0] == 0).all()


def test_colours_are_multiplied_by_the_opacity():
    drawn = sprite()
    assert (drawn.colours[drawn.opacity == 0] == 0).all()
    assert (drawn.colours <= 255 * drawn.opacity[..., None] + 1.01).all()


def test_eyes_have_the_colour_of_the_iris():
    drawn = sprite(height_px=200.0)
    red, green, blue = drawn.colours[drawn.labels == PARTS["eyes"]].T
    assert ((green > 200) & (red < 60) & (blue < 60)).any()


def test_height_scales_the_animal():
    small, large = (np.ptp(np.nonzero(sprite(height_px=h).labels)[1]) for h in (60.0, 120.0))
    assert large == pytest.approx(2 * small, rel=0.05)


def test_light_falls_on_the_side_it_comes_from():
    front, back = (sprite(light_from=(x, 0.2)) for x in (0.9, -0.9))
    body = front.labels == PARTS["body"]
    columns = np.nonzero(body)[1]
    brighter = (front.colours - back.colours).mean(axis=2)[body]
    assert brighter[columns > np.quantile(columns, 0.95)].mean() > 0
    assert brighter[columns < np.quantile(columns, 0.05)].mean() < 0


def test_paws_stand_on_the_ground_row():
    drawn = sprite()
    assert abs(np.nonzero(drawn.labels)[0].max() - drawn.ground) <= 2


def test_no_two_animals_are_alike():
    assert not np.array_equal(sprite(seed=1).labels[:80, :80], sprite(seed=2).labels[:80, :80])


@pytest.mark.parametrize("anatomy", [HUSKY, WOLF], ids=["husky", "wolf"])
@pytest.mark.parametrize("seed", range(6))
def test_two_ears_are_seen(anatomy, seed):
    is_ear = sprite(anatomy, seed).labels == PARTS["ears"]
    n_tips = [np.count_nonzero(np.diff(np.r_[0, row, 0]) == 1) for row in is_ear.astype(int)]
    assert sum(n == 2 for n in n_tips) >= 5
