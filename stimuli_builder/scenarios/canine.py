"""Draws a canine seen from the side: shapes by species, pose and proportions by chance."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from stimuli_builder.scenarios.anatomy import Anatomy, Outline, Tube
from stimuli_builder.scenarios.fur import (
    Canvas,
    Part,
    Position,
    blank_canvas,
    finished,
    paint_part,
)
from stimuli_builder.scenarios.painting import (
    Colour,
    Floats,
    Labels,
    Points,
    as_xy,
    shares,
    smooth_curve,
    tube_outline,
)

PARTS = {
    "background": 0,
    "body": 1,
    "head": 2,
    "ears": 3,
    "muzzle": 4,
    "eyes": 5,
    "tail": 6,
    "legs": 7,
}
TAIL_TIP = 8  # of those animals that have one of another colour
POSES = {"standing": 0.0, "walking": 9.0, "striding": 17.0}
_OVERSAMPLING = 2

_MARGIN = 8.0  # around the animal, in units
_NOSE: Colour = (34, 32, 36)
_MOUTH: Colour = (58, 50, 50)
_INNER_EAR: Colour = (112, 92, 86)
_PUPIL: Colour = (16, 14, 16)
_GLINT: Colour = (250, 250, 250)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What varies alike in every species.

    Attributes
    ----------
    coat
        (256, 3). The coat, from `fur_colours`.
    pose
        One of `POSES`.
    height_px
        Height of the withers in the finished image.
    light_from
        Direction of the light, (x, y) with x forward and y up.
    iris
        Colour of the iris.
    ear_scale
        What the ears' height is multiplied by; their width grows two thirds as much.
    tail_tip
        Darkness of the tail's tip, from below 0 for the palest fur to above 1 for the darkest; or
        none, where it is like the rest.
    legs
        Darkness of the legs at the paws and above the hips.
    """

    coat: Floats
    pose: str
    height_px: float
    light_from: tuple[float, float]
    iris: Colour
    ear_scale: float = 1.0
    tail_tip: float | None = None
    legs: tuple[float, float] = (0.1, 0.8)


@dataclass(frozen=True, kw_only=True)
class Sprite:
    """An animal facing right, cut out close to its outline.

    Attributes
    ----------
    colours
        (h, w, 3). RGB in [0, 255], multiplied by the opacity.
    opacity
        (h, w), in [0, 1].
    labels
        (h, w), of `PARTS`, or `TAIL_TIP`. What is at each pixel's middle; 0 where there is no
        animal.
    ground
        Row on which it stands.
    stance
        First and last column of its legs.
    """

    colours: Floats
    opacity: Floats
    labels: Labels
    ground: int
    stance: tuple[int, int]


def draw_canine(anatomy: Anatomy, look: Look, *, generator: np.random.Generator) -> Sprite:
    """Draw one animal; no two are alike.

    Each part has hairs of its own, so that another look leaves the parts it does not name alike.

    Parameters
    ----------
    anatomy
        The species' shapes.
    look
        What varies alike in every species.
    generator
        Source of the individual's proportions and of its hair.

    Returns
    -------
    Sprite
        The animal, facing right.
    """
    shapes = _with_ears(_individual(anatomy, generator), look.ear_scale)
    parts = _parts(shapes, look)
    scale = look.height_px / 100 * _OVERSAMPLING
    canvas = _canvas_around(parts, scale, shapes.canvas_top, generator)
    for part, child in zip(parts, generator.spawn(len(parts)), strict=True):
        paint_part(part, canvas, look.light_from, generator=child)
    image, labels = finished(canvas, look.coat), Image.fromarray(canvas.labels)
    _draw_face(_Face(shapes, canvas, image, labels), look.iris)
    return _cut_out(image, np.asarray(labels), canvas.origin[1] // _OVERSAMPLING)


def _canvas_around(
    parts: list[Part], scale: float, least_top: float, generator: np.random.Generator
) -> Canvas:
    """Make a canvas that holds all parts; its sides are multiples of the oversampling."""
    points = np.concatenate([part.outline for part in parts])
    left, top = points[:, 0].min() - _MARGIN, max(points[:, 1].max() + _MARGIN, least_top)
    right, bottom = points[:, 0].max() + _MARGIN, points[:, 1].min() - _MARGIN
    width, height = (
        _OVERSAMPLING * round(scale * extent / _OVERSAMPLING)
        for extent in (right - left, top - bottom)
    )
    origin = (round(-left * scale), round(top * scale))
    return blank_canvas((height, width), scale=scale, origin=origin, generator=generator)


def _cut_out(image: Image.Image, labels: Labels, ground: int) -> Sprite:
    """Reduce the picture to its final size, with soft edges."""
    outside = Image.fromarray((labels == 0).astype(np.uint8) * 255)
    image.paste((0, 0, 0), mask=outside)
    middle = labels[_OVERSAMPLING // 2 :: _OVERSAMPLING, _OVERSAMPLING // 2 :: _OVERSAMPLING]
    columns = np.flatnonzero((middle == PARTS["legs"]).any(axis=0))
    return Sprite(
        colours=np.asarray(image.reduce(_OVERSAMPLING), np.float32),
        opacity=1 - shares(outside.reduce(_OVERSAMPLING)),
        labels=middle,
        ground=ground,
        stance=(int(columns[0]), int(columns[-1])),
    )


def _individual(anatomy: Anatomy, generator: np.random.Generator) -> Anatomy:
    """Vary what differs from one animal to the next: carriage of head, tail and ears."""
    tail = np.array(anatomy.tail.spine, np.float64)
    sway = generator.normal(0, 1.0, 2) * np.linspace(0, 3, len(tail))[:, None]
    ear = np.array(anatomy.ear, np.float64)
    ear += (ear - ear[0]) * generator.normal(0, 0.05, 2)
    lift = generator.normal(0, 2.5)
    return replace(
        anatomy,
        head_at=(anatomy.head_at[0], anatomy.head_at[1] + lift),
        head_tilt_deg=anatomy.head_tilt_deg + generator.normal(0, 3.5),
        tail=replace(anatomy.tail, spine=_as_outline(tail + sway)),
        ear=_as_outline(ear),
    )


def _with_ears(shapes: Anatomy, scale: float) -> Anatomy:
    """Make the ears larger or smaller, about the middle of their roots."""
    ear = np.array(shapes.ear, np.float64)
    root = (ear[0] + ear[-2]) / 2
    return replace(shapes, ear=_as_outline(root + (ear - root) * ((1 + 2 * scale) / 3, scale)))


def _as_outline(points: Points) -> Outline:
    return tuple((float(x), float(y)) for x, y in points)


def _parts(shapes: Anatomy, look: Look) -> list[Part]:
    """List the animal's parts from the farthest to the nearest."""
    stride = POSES[look.pose]
    far_hind, far_front, near_hind, near_front = (
        replace(_leg(leg, stride=sign * stride, is_near=is_near), darkness=look.legs)
        for is_near, order in ((False, 1), (True, -1))
        for leg, sign in ((shapes.hind_leg, order), (shapes.front_leg, -order))
    )
    tail = [_tail(shapes.tail)]
    if look.tail_tip is not None:
        tail = [_tail(_pointed(shapes.tail)), _tail_tip(shapes.tail, look.tail_tip)]
    return [far_hind, far_front, _torso(shapes), *tail, near_hind, near_front, *_head(shapes)]


def _leg(leg: Tube, *, stride: float, is_near: bool) -> Part:
    spine = np.array(leg.spine, np.float64)
    reach = (1 - spine[:, 1] / spine[0, 1]).clip(0)
    spine[:, 0] += stride * reach + (0 if is_near else 7) * reach.clip(0, 0.5) * 2
    spine[:, 1] += 0 if is_near else 2.5
    hip = float(spine[0, 1])
    return Part(
        label=PARTS["legs"],
        outline=tube_outline(spine, leg.radii),
        flow=spine,
        pale_at=(0, 8),
        dark_at=(0, hip + 22),
        bulge=4,
        hair=0.8,
        light=1.0 if is_near else 0.74,
        fades=((0, hip - 16), (0, hip + 6)) if is_near else None,
    )


def _torso(shapes: Anatomy) -> Part:
    outline = smooth_curve(shapes.torso, is_closed=True)
    low, high = outline[:, 1].min(), outline[:, 1].max()
    return Part(
        label=PARTS["body"],
        outline=outline,
        flow=np.array([(50.0, 76), (20, 78), (-20, 74), (-55, 66)]),
        pale_at=(0, low),
        dark_at=(0, high),
        darkness=(0.05, 0.95),
        bulge=9,
        hair=1.3,
        stroke=7,
    )


def _tail(tail: Tube) -> Part:
    spine = smooth_curve(tail.spine, is_closed=False)
    return Part(
        label=PARTS["tail"],
        outline=tube_outline(tail.spine, tail.radii),
        flow=spine,
        pale_at=tail.spine[0],
        dark_at=tail.spine[-1],
        darkness=(0.7, 0.45),
        hair=2.0,
        stroke=8,
    )


def _pointed(tail: Tube) -> Tube:
    """Make a tail thinner at its end, so that none of its hairs stick out from under the tip."""
    return replace(tail, radii=(*tail.radii[:-2], 0.75 * tail.radii[-2], 0.5 * tail.radii[-1]))


def _tail_tip(tail: Tube, darkness: float) -> Part:
    """Paint the last third of the tail anew."""
    n_before = len(tail.spine) - 3
    root, end = tail.spine[n_before], tail.spine[-2]
    whole = _tail(tail)
    return replace(
        whole,
        label=TAIL_TIP,
        outline=tube_outline(tail.spine[n_before:], tail.radii[n_before:]),
        darkness=(darkness, darkness),
        fades=(_between(root, end, 0.45), _between(root, end, 0.15)),
    )


def _between(start: Position, end: Position, share: float) -> Position:
    (x, y), (to_x, to_y) = start, end
    return x + share * (to_x - x), y + share * (to_y - y)


def _neck(shapes: Anatomy) -> Part:
    outline = tube_outline(shapes.neck.spine, shapes.neck.radii)
    back, front = outline[:, 0].min(), outline[:, 0].max()
    return Part(
        label=PARTS["body"],
        outline=outline,
        flow=np.array(shapes.neck.spine)[::-1],
        pale_at=(front, 60),
        dark_at=(back + 8, 110),
        bulge=8,
        hair=1.3,
        stroke=7,
        fades=(shapes.neck.spine[1], shapes.neck.spine[0]),
    )


def _head(shapes: Anatomy) -> list[Part]:
    """List neck, ears, skull and muzzle; a head darkens from the throat to the crown."""
    (below, above, solid, gone) = _positions(shapes, [(0, -16), (-3, 17), (14, 0), (8, 0)])
    backwards = _placed(shapes, [(30, 0), (10, 1), (-8, -2), (-18, -8)])
    skull = Part(
        label=PARTS["head"],
        outline=_placed(shapes, smooth_curve(shapes.skull, is_closed=True)),
        flow=backwards,
        pale_at=below,
        dark_at=above,
        darkness=(0.08, 0.92),
        bulge=5,
        stroke=4,
    )
    muzzle = replace(
        skull,
        label=PARTS["muzzle"],
        outline=_placed(shapes, smooth_curve(shapes.muzzle, is_closed=True)),
        darkness=(-0.1, 0.92),
        bulge=4,
        hair=0.4,
        stroke=3,
        fades=(solid, gone),
    )
    far_ear, near_ear = (_ear(shapes, skull, is_near=is_near) for is_near in (False, True))
    return [far_ear, _neck(shapes), skull, muzzle, near_ear]


def _ear(shapes: Anatomy, skull: Part, *, is_near: bool) -> Part:
    outline = smooth_curve(shapes.ear, is_closed=True) + ((0, 0) if is_near else shapes.far_ear)
    return replace(
        skull,
        label=PARTS["ears"],
        outline=_placed(shapes, outline),
        flow=_placed(shapes, [(-5, 5), (-6, 15), (-7, 30)]),
        darkness=(0.5, 0.85),
        bulge=3,
        hair=0.6,
        light=1.0 if is_near else 0.72,
    )


def _positions(shapes: Anatomy, points: npt.ArrayLike) -> list[tuple[float, float]]:
    return as_xy(_placed(shapes, points))


def _placed(shapes: Anatomy, points: npt.ArrayLike) -> Points:
    """Move points from the head's own axes to the animal's."""
    tilt = np.deg2rad(shapes.head_tilt_deg)
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    return np.asarray(np.asarray(points) @ turn + shapes.head_at)


@dataclass(frozen=True)
class _Face:
    """Draws into a head: shapes in the head's own axes, onto the picture and the label map."""

    shapes: Anatomy
    canvas: Canvas
    image: Image.Image
    labels: Image.Image

    def fill(self, points: npt.ArrayLike, colour: Colour, part: str | None = None) -> None:
        curve = self._pixels(smooth_curve(points, is_closed=True, n_between=5))
        ImageDraw.Draw(self.image).polygon(curve, fill=colour)
        if part is not None:
            ImageDraw.Draw(self.labels).polygon(curve, fill=PARTS[part])

    def line(self, points: npt.ArrayLike, colour: Colour) -> None:
        curve = self._pixels(smooth_curve(points, is_closed=False))
        width = max(round(1.1 * self.canvas.scale), 1)
        ImageDraw.Draw(self.image).line(curve, fill=colour, width=width)

    def _pixels(self, points: Points) -> list[tuple[float, float]]:
        return as_xy(self.canvas.to_pixels(_placed(self.shapes, points)))


def _draw_face(face: _Face, iris: Colour) -> None:
    """Draw the inner ear, the nose, the mouth and the eye."""
    ear = np.array(face.shapes.ear)
    middle = ear.mean(axis=0) + (0.8, -0.5)
    face.fill(middle + 0.5 * (ear - middle), _INNER_EAR)
    x, y = np.array(face.shapes.muzzle)[:, 0].max(), 0
    nose = [(x - 4, y + 3), (x, y + 2), (x + 1.6, y - 1), (x - 0.5, y - 4.5), (x - 3.5, y - 2)]
    face.fill(nose, _NOSE, "muzzle")
    face.line([(x - 2, -4), (x - 5, -7.5), (x - 12, -8.5), (9, -8)], _MOUTH)
    face.fill([(4.5, 2.6), (8, 6.6), (12, 6.0), (13.8, 2.4), (9, 1.2)], _NOSE, "eyes")
    face.fill([(7.2, 3.4), (9, 5.4), (11.4, 4.6), (11.0, 2.6), (8.8, 2.2)], iris)
    face.fill([(8.4, 3.6), (9.7, 5.2), (11, 4.0), (9.9, 2.6)], _PUPIL)
    face.fill([(8.4, 4.6), (9.0, 5.6), (9.8, 5.0), (9.2, 4.3)], _GLINT)
