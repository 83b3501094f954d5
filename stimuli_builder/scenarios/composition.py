"""Puts an animal into a landscape: shadow, occlusion, light, and the map of what is seen."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.canine import Sprite
from stimuli_builder.scenarios.landscape import SIZE_PX, Mood, Scene
from stimuli_builder.scenarios.painting import Floats, Labels, blurred

_SHADOW_HEIGHT_PX = 6
_SHADOW_SHIFT_PX = 9  # away from the light


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where an animal stands in the picture.

    Attributes
    ----------
    centre_px
        Column of the animal's middle.
    feet_px
        Row it stands on.
    light_from
        -1 if the light comes from the left, 1 if from the right.
    """

    centre_px: int
    feet_px: int
    light_from: int


def mirrored(sprite: Sprite) -> Sprite:
    """Turn an animal round, so that it faces left.

    Parameters
    ----------
    sprite
        Any animal; it is left as it is.

    Returns
    -------
    Sprite
        Its mirror image.
    """
    last = sprite.labels.shape[1] - 1
    return replace(
        sprite,
        colours=sprite.colours[:, ::-1],
        opacity=sprite.opacity[:, ::-1],
        labels=sprite.labels[:, ::-1],
        stance=(last - sprite.stance[1], last - sprite.stance[0]),
    )


def compose(
    sprite: Sprite, scene: Scene, mood: Mood, placement: Placement
) -> tuple[Image.Image, Image.Image]:
    """Stand an animal in a landscape.

    Parameters
    ----------
    sprite
        The animal, facing the way it is to face. What would stick out of the picture is cut off.
    scene
        The landscape.
    mood
        The light, which tints all of the picture.
    placement
        Where the animal stands.

    Returns
    -------
    tuple[Image.Image, Image.Image]
        The picture, RGB, and its map of parts, greyscale, both `SIZE_PX` square. The map says
        what is seen: where grass or snow hides a paw, it is background.
    """
    left = placement.centre_px - sprite.labels.shape[1] // 2
    top = placement.feet_px - sprite.ground
    picture = scene.behind * (1 - _shadow(sprite, scene, mood, left, placement))
    labels = np.zeros((SIZE_PX, SIZE_PX), np.uint8)

    (rows, sprite_rows), (columns, sprite_columns) = (
        _overlap(start, length)
        for start, length in zip((top, left), sprite.labels.shape, strict=True)
    )
    seen = (sprite_rows, sprite_columns)
    picture[rows, columns] *= 1 - sprite.opacity[seen][..., None]
    picture[rows, columns] += sprite.colours[seen]
    labels[rows, columns] = sprite.labels[seen]
    return _behind_front(picture, labels, scene, mood)


def _overlap(start: int, length: int) -> tuple[slice, slice]:
    """Return the part of a side that lies in the picture: in the picture, and in the sprite."""
    first, last = max(start, 0), min(start + length, SIZE_PX)
    return slice(first, last), slice(first - start, last - start)


def _shadow(sprite: Sprite, scene: Scene, mood: Mood, left: int, placement: Placement) -> Floats:
    """Return what the animal's soft shadow takes from red, green and blue, as shares."""
    feet = [left + column - _SHADOW_SHIFT_PX * placement.light_from for column in sprite.stance]
    row = placement.feet_px - 1
    sheet = Image.new("L", (SIZE_PX, SIZE_PX), 0)
    box = (feet[0] - 6, row - _SHADOW_HEIGHT_PX, feet[1] + 6, row + _SHADOW_HEIGHT_PX)
    ImageDraw.Draw(sheet).ellipse(box, fill=255)
    contact = (left + sprite.stance[0] - 2, row - 2, left + sprite.stance[1] + 2, row + 3)
    ImageDraw.Draw(sheet).ellipse(contact, fill=255)
    darkness = (1.9 * mood.shadow * blurred(sheet, 2.5)).clip(0, 0.95)
    return darkness[..., None] * (1 - np.array(scene.shadow, np.float32))


def _behind_front(
    picture: Floats, labels: Labels, scene: Scene, mood: Mood
) -> tuple[Image.Image, Image.Image]:
    """Lay the scene's front over the picture, and light everything."""
    picture += scene.front_opacity[..., None] * (scene.front - picture)
    picture *= np.array(mood.tint, np.float32)
    labels[scene.front_opacity > 0.5] = 0
    return (
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)),
        Image.fromarray(labels),
    )
