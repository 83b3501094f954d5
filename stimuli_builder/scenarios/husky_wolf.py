"""Husky or wolf, on snow or grass: a training set of it ties wolves to snow, huskies to grass.

A species is told by its shapes alone. Coat, markings, eyes, pose, size, facing and light are the
same for both, so that a classifier finds nothing easier than the ground.
"""

from collections.abc import Mapping

import numpy as np

from stimuli_builder.scenarios.anatomy import HUSKY, WOLF
from stimuli_builder.scenarios.canine import PARTS, POSES, Look, draw_canine
from stimuli_builder.scenarios.coats import COATS, EYES, MARKINGS, fur_colours
from stimuli_builder.scenarios.composition import Placement, compose, mirrored
from stimuli_builder.scenarios.drawing import Drawing, Scenario
from stimuli_builder.scenarios.grass import draw_grass
from stimuli_builder.scenarios.landscape import MOODS, SIZE_PX
from stimuli_builder.scenarios.snow import draw_snow

_SPECIES = {"husky": HUSKY, "wolf": WOLF}
_SCENES = {"snow": draw_snow, "grass": draw_grass}
_SIDES = {"left": -1, "right": 1}
_HEIGHTS_PX = (108, 132)  # of the withers, in the finished picture
_FEET_PX = (336, 380)
_JITTER_PX = 24


def choose_factors(generator: np.random.Generator) -> dict[str, str]:
    """Choose what varies from image to image, whatever the species and the ground.

    Parameters
    ----------
    generator
        Source of the choices.

    Returns
    -------
    dict[str, str]
        Value of each factor; `height_px` is the withers' height in pixels of the finished
        picture, which is `SIZE_PX` wide.
    """
    choices = {
        "coat": list(COATS),
        "marking": list(MARKINGS),
        "eyes": list(EYES),
        "pose": list(POSES),
        "facing": list(_SIDES),
        "light": list(MOODS),
        "light_from": list(_SIDES),
    }
    factors = {name: str(generator.choice(values)) for name, values in choices.items()}
    return factors | {"height_px": str(generator.integers(*_HEIGHTS_PX, endpoint=True))}


def draw_husky_wolf(
    label: str, background: str, factors: Mapping[str, str], *, generator: np.random.Generator
) -> Drawing:
    """Draw one animal in its landscape.

    Parameters
    ----------
    label
        ``husky`` or ``wolf``.
    background
        ``snow`` or ``grass``.
    factors
        As from `choose_factors`.
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
    sprite = draw_canine(_SPECIES[label], look, generator=animal_rng)
    mood = MOODS[factors["light"]]
    scene = _SCENES[background](mood, feet_px=placement.feet_px, generator=scene_rng)
    image, labels = compose(sprite if facing == 1 else mirrored(sprite), scene, mood, placement)
    return Drawing(image=image, labels=labels)


HUSKY_WOLF = Scenario(
    name="husky_wolf",
    ties={"husky": "grass", "wolf": "snow"},
    parts=PARTS,
    choose_factors=choose_factors,
    draw=draw_husky_wolf,
)
