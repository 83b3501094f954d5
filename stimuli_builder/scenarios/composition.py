"""Puts an animal into a landscape: shadow, occlusion, light, and the map of what is seen."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.canine import Sprite
from stimuli_builder.scenarios.landscape import SIZE_PX, Mood, Scene
from stimuli_builder.scenarios.painting import Floats, Labels, blurred

_SHADOW_HEIGHT_PX = 12
_SHADOW_REACH_PX = 30  # above and below the feet
_SHADOW_SHIFT_PX = 18  # away from the light


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
    picture = scene.behind.copy()
    _cast(mood.shadow * _shadow(sprite, left, placement), picture, scene, placement.feet_px)
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


def _shadow(sprite: Sprite, left: int, placement: Placement) -> Floats:
    """Return the animal's soft shadow on the rows about its feet, above 1 where it is full."""
    first, last = (left + column for column in sprite.stance)
    shift, middle = _SHADOW_SHIFT_PX * placement.light_from, _SHADOW_REACH_PX
    sheet = Image.new("L", (SIZE_PX, 2 * _SHADOW_REACH_PX), 0)
    pen = ImageDraw.Draw(sheet)
    top, low = middle - _SHADOW_HEIGHT_PX, middle + _SHADOW_HEIGHT_PX
    pen.ellipse((first - shift - 12, top, last - shift + 12, low), fill=255)
    pen.ellipse((first - 4, middle - 4, last + 4, middle + 6), fill=255)  # where it touches
    return 1.9 * blurred(sheet, 5)


def _cast(shadow: Floats, picture: Floats, scene: Scene, feet_px: int) -> None:
    """Darken the ground about the feet, in place."""
    rows, shadow_rows = _overlap(feet_px - _SHADOW_REACH_PX, len(shadow))
    darkness = shadow[shadow_rows, :, None].clip(0, 0.95)
    picture[rows] *= 1 - darkness * (1 - np.array(scene.shadow, np.float32))


def _behind_front(
    picture: Floats, labels: Labels, scene: Scene, mood: Mood
) -> tuple[Image.Image, Image.Image]:
    """Lay the scene's front over the picture, and light everything."""
    covered = np.flatnonzero(scene.front_opacity.any(axis=1))
    rows = slice(covered[0], covered[-1] + 1) if len(covered) else slice(0)
    picture[rows] += scene.front_opacity[rows, :, None] * (scene.front[rows] - picture[rows])
    labels[scene.front_opacity > 0.5] = 0
    lit = Image.fromarray(picture.astype(np.uint8)).point(_light_table(mood))
    return lit, Image.fromarray(labels)


def _light_table(mood: Mood) -> list[int]:
    """Tabulate what the light makes of each value of red, then of green and blue."""
    return [min(round(tint * value), 255) for tint in mood.tint for value in range(256)]
