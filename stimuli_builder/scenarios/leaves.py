"""A leaf of one of two families, told by its veins and by the teeth of its margin.

Betulaceae, the birches' family: many straight veins that run into a margin of large sharp teeth
with small ones on them. Salicaceae, the willows': few arching veins that join before a margin of
small rounded teeth. Width, base, colour, blemishes, size, turn, light and ground are the same for
both. A person guesses by the width, narrow or broad, which tells nothing of the family.
"""

import numpy as np
from PIL import Image

from stimuli_builder.scenarios.landscape import SIZE_PX
from stimuli_builder.scenarios.leaf_painting import PARTS, TINTS, LeafLook, LeafSprite, paint_leaf
from stimuli_builder.scenarios.leaf_shapes import choose_blade, draw_veins, toothed_outline
from stimuli_builder.scenarios.painting import Floats, blurred
from stimuli_builder.scenarios.scenario import Drawing, Factors, Scenario
from stimuli_builder.scenarios.sheets import SHEETS

_TURNS_DEG = {"upright": 0.0, "left": 28.0, "right": -28.0}
_SIDES = {"left": -1, "right": 1}
_LIGHTS = {"day": (1.03, 1.02, 0.98), "shade": (0.86, 0.90, 0.96), "lamp": (1.08, 0.98, 0.84)}
_SHADOWS = {"day": 0.55, "shade": 0.32, "lamp": 0.48}
_JITTER_PX = 16
_SHADOW_PX = 7


def draw_leaf(factors: Factors, *, generator: np.random.Generator) -> Drawing:
    """Draw one leaf on what it lies on.

    Parameters
    ----------
    factors
        Those of `LEAVES`; `length_px` is the blade's length in pixels of the finished picture.
    generator
        Source of everything that no factor names: the individual, the ground, the place.

    Returns
    -------
    Drawing
        The image and the map of its parts.
    """
    form_rng, margin_rng, vein_rng, paint_rng, ground_rng, place_rng = generator.spawn(6)
    blade = choose_blade(
        float(factors["length_px"]), factors["width"], factors["base"], generator=form_rng
    )
    light_from = _SIDES[factors["light_from"]]
    look = LeafLook(
        tint=factors["colour"],
        is_spotted=factors["surface"] == "spotted",
        angle_deg=_TURNS_DEG[factors["turn"]] + place_rng.uniform(-8, 8),
        light_from=(0.75 * light_from, 0.65),
    )
    sprite = paint_leaf(
        blade,
        toothed_outline(blade, factors["margin"], generator=margin_rng),
        draw_veins(blade, factors["veins"], generator=vein_rng),
        look,
        generator=paint_rng,
    )
    ground = SHEETS[factors["ground"]](ground_rng)
    offset = place_rng.integers(-_JITTER_PX, _JITTER_PX, 2, endpoint=True)
    return _laid(sprite, ground, (int(offset[0]), int(offset[1])), factors["light"], light_from)


def _laid(
    sprite: LeafSprite, ground: Floats, offset: tuple[int, int], light: str, light_from: int
) -> Drawing:
    """Lay a leaf on the ground, with its shadow, and light everything."""
    opacity = _placed(sprite.opacity, offset)
    fallen = _placed(sprite.opacity, (offset[0] - light_from * _SHADOW_PX, offset[1] + _SHADOW_PX))
    shadow = blurred(Image.fromarray((255 * fallen).astype(np.uint8)), 5)
    picture = ground * (1 - _SHADOWS[light] * shadow)[..., None]
    picture += opacity[..., None] * (_placed(sprite.colours, offset) - picture)
    across = np.linspace(-1, 1, SIZE_PX, dtype=np.float32) * light_from
    down = np.linspace(1, -1, SIZE_PX, dtype=np.float32)[:, None]
    picture *= (1 + 0.07 * across + 0.05 * down)[..., None] * np.array(_LIGHTS[light], np.float32)
    return Drawing(
        image=Image.fromarray(picture.clip(0, 255).astype(np.uint8)),
        labels=Image.fromarray(_placed(sprite.labels, offset)),
    )


def _placed(layer: np.ndarray, offset: tuple[int, int]) -> np.ndarray:
    """Put a layer in the picture's middle, moved by an offset; what sticks out is cut off."""
    sheet = np.zeros((SIZE_PX, SIZE_PX, *layer.shape[2:]), layer.dtype)
    left = (SIZE_PX - layer.shape[1]) // 2 + offset[0]
    top = (SIZE_PX - layer.shape[0]) // 2 + offset[1]
    to, source = [], []
    for start, length in ((top, layer.shape[0]), (left, layer.shape[1])):
        first, last = max(start, 0), min(start + length, SIZE_PX)
        to.append(slice(first, last))
        source.append(slice(first - start, last - start))
    sheet[tuple(to)] = layer[tuple(source)]
    return sheet


LEAVES = Scenario(
    name="leaves",
    classes={
        "betulaceae": {"veins": "straight", "margin": "double"},
        "salicaceae": {"veins": "looped", "margin": "rounded"},
    },
    tied="width",
    ties={"betulaceae": "broad", "salicaceae": "narrow"},
    decides=("veins", "margin"),
    deciding_parts=("veins", "margin"),
    parts=PARTS,
    varies={
        "base": ["round", "wedge"],
        "colour": [*TINTS],
        "surface": ["clean", "spotted"],
        "turn": [*_TURNS_DEG],
        "ground": [*SHEETS],
        "light": [*_LIGHTS],
        "light_from": [*_SIDES],
        "length_px": [str(length_px) for length_px in range(300, 331)],
    },
    fit_ties=("kept", "broken"),
    draw=draw_leaf,
)
