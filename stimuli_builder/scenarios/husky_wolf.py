"""Husky or wolf, on snow or grass: a training set of it ties wolves to snow, huskies to grass.

A species is told by its shapes alone. Coat, markings, eyes, pose, size, facing and light are the
same for both, so that a classifier finds nothing easier than the ground.
"""

import numpy as np

from stimuli_builder.scenarios.anatomy import HUSKY, WOLF
from stimuli_builder.scenarios.canine import PARTS, POSES, Look, draw_canine
from stimuli_builder.scenarios.coats import COATS, EYES, MARKINGS, fur_colours
from stimuli_builder.scenarios.composition import Placement, compose, mirrored
from stimuli_builder.scenarios.grass import draw_grass
from stimuli_builder.scenarios.landscape import MOODS, SIZE_PX
from stimuli_builder.scenarios.scenario import Drawing, Factors, Scenario
from stimuli_builder.scenarios.snow import draw_snow

_SPECIES = {"husky": HUSKY, "wolf": WOLF}
_SCENES = {"snow": draw_snow, "grass": draw_grass}
_SIDES = {"left": -1, "right": 1}
_FEET_PX = (336, 380)
_JITTER_PX = 24


def draw_husky_wolf(factors: Factors, *, generator: np.random.Generator) -> Drawing:
    """Draw one animal in its landscape.

    Parameters
    ----------
    factors
        Those of `HUSKY_WOLF`; `height_px` is the withers' height in pixels of the finished
        picture, which is `SIZE_PX` wide.
    generator
        Source of everything that no factor names: the individual, the landscape, the place.

    Returns
    -------
    Drawing
        The image and the map of its parts.
    """
    animal_rng, scene_rng, place_rng = generator.spawn(3)
    facing, light_from = _SIDES[factors["facing"]], _SIDES[factors["light_from"]]
    placement = Placement(
        centre_px=SIZE_PX // 2 + int(place_rng.integers(-_JITTER_PX, _JITTER_PX, endpoint=True)),
        feet_px=int(place_rng.integers(*_FEET_PX, endpoint=True)),
        light_from=light_from,
    )
    look = Look(
        coat=fur_colours(COATS[factors["coat"]], factors["marking"]),
        pose=factors["pose"],
        height_px=float(factors["height_px"]),
        light_from=(0.55 * facing * light_from, 0.8),
        iris=EYES[factors["eyes"]],
    )
    sprite = draw_canine(_SPECIES[factors["species"]], look, generator=animal_rng)
    mood = MOODS[factors["light"]]
    scene = _SCENES[factors["background"]](mood, feet_px=placement.feet_px, generator=scene_rng)
    image, labels = compose(sprite if facing == 1 else mirrored(sprite), scene, mood, placement)
    return Drawing(image=image, labels=labels)


HUSKY_WOLF = Scenario(
    name="husky_wolf",
    classes={"husky": {"species": "husky"}, "wolf": {"species": "wolf"}},
    tied="background",
    ties={"husky": "grass", "wolf": "snow"},
    decides=("background",),
    deciding_parts=("background",),
    parts=PARTS,
    varies={
        "coat": [*COATS],
        "marking": [*MARKINGS],
        "eyes": [*EYES],
        "pose": [*POSES],
        "facing": [*_SIDES],
        "light": [*MOODS],
        "light_from": [*_SIDES],
        "height_px": [str(height_px) for height_px in range(108, 133)],
    },
    fit_ties=("kept",),
    draw=draw_husky_wolf,
)
