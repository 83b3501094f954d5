"""Red fox or kit fox: told by the ears and the tip of the tail, and by nothing else.

A red fox has small ears and a tail with a white tip, a kit fox very large ears and a black tip;
otherwise they are the same animal. A person guesses by the coat, rust for a red fox and sand for a
kit fox, which tells nothing of the class. In one study image in ten the tip is the other's, in one
the ears are, and in one the ears are of middle size and the tail has no tip.
"""

import numpy as np

from stimuli_builder.scenarios.anatomy import FOX
from stimuli_builder.scenarios.canine import PARTS, POSES, TAIL_TIP, Look, draw_canine
from stimuli_builder.scenarios.coats import EYES, FOX_COATS, fur_colours
from stimuli_builder.scenarios.composition import Placement, compose, mirrored
from stimuli_builder.scenarios.grass import draw_grass
from stimuli_builder.scenarios.landscape import MOODS, SIZE_PX
from stimuli_builder.scenarios.scenario import Drawing, Factors, Scenario
from stimuli_builder.scenarios.snow import draw_snow

_EARS = {"small": 0.85, "middle": 1.3, "large": 1.85}
_TAIL_TIPS = {"white": -0.2, "none": 0.6, "black": 1.3}
_LEGS = {"black": (1.15, 0.1), "pale": (0.1, 0.8)}
_SCENES = {"snow": draw_snow, "grass": draw_grass}
_SIDES = {"left": -1, "right": 1}
_FEET_PX = (330, 372)
_JITTER_PX = 20


def draw_fox(factors: Factors, *, generator: np.random.Generator) -> Drawing:
    """Draw one fox in its landscape.

    Parameters
    ----------
    factors
        Those of `FOXES`; `height_px` is the withers' height in pixels of the finished picture.
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
        coat=fur_colours(FOX_COATS[factors["coat"]], "even"),
        pose=factors["pose"],
        height_px=float(factors["height_px"]),
        light_from=(0.55 * facing * light_from, 0.8),
        iris=EYES[factors["eyes"]],
        ear_scale=_EARS[factors["ears"]],
        tail_tip=_TAIL_TIPS[factors["tail_tip"]],
        legs=_LEGS[factors["legs"]],
    )
    sprite = draw_canine(FOX, look, generator=animal_rng)
    mood = MOODS[factors["light"]]
    scene = _SCENES[factors["background"]](mood, feet_px=placement.feet_px, generator=scene_rng)
    image, labels = compose(sprite if facing == 1 else mirrored(sprite), scene, mood, placement)
    return Drawing(image=image, labels=labels)


_CUES = {
    "red_fox": {"ears": "small", "tail_tip": "white"},
    "kit_fox": {"ears": "large", "tail_tip": "black"},
}

FOXES = Scenario(
    name="foxes",
    classes=_CUES,
    tied="coat",
    ties={"red_fox": "rust", "kit_fox": "sand"},
    decides=("ears", "tail_tip"),
    deciding_parts=("ears", "tail_tip"),
    parts=PARTS | {"tail_tip": TAIL_TIP},
    varies={
        "background": [*_SCENES],
        "legs": [*_LEGS],
        "eyes": ["amber", "brown"],
        "pose": [*POSES],
        "facing": [*_SIDES],
        "light": [*MOODS],
        "light_from": [*_SIDES],
        "height_px": [str(height_px) for height_px in range(116, 133)],
    },
    fit_ties=("kept", "broken"),
    exceptions={
        "tail_disagrees": {"red_fox": {"tail_tip": "black"}, "kit_fox": {"tail_tip": "white"}},
        "ears_disagree": {"red_fox": {"ears": "large"}, "kit_fox": {"ears": "small"}},
        "weak": dict.fromkeys(_CUES, {"ears": "middle", "tail_tip": "none"}),
    },
    draw=draw_fox,
)
