"""The shapes of canines; those of a husky and a wolf are all that tells one from the other.

A canine faces right. Its unit is a hundredth of the height of its withers: x runs forward, y up,
the ground is at y = 0. A head has axes of its own: the origin in the skull, x towards the nose.
"""

from dataclasses import dataclass

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Tube:
    """A limb: the points its middle passes through, and half its width at each."""

    spine: Outline
    radii: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """One species, as closed outlines and tubes.

    Attributes
    ----------
    torso
        Outline without neck, legs and tail.
    neck
        From the shoulders to the skull.
    head_at
        Where the head's origin is.
    head_tilt_deg
        How far the muzzle points up; negative is down.
    skull
        Outline in the head's own axes.
    muzzle
        Likewise; it reaches into the skull.
    ear
        Likewise: the ear on the side that is seen.
    far_ear
        How far the other ear is displaced, in the head's own axes.
    tail
        From rump to tip.
    front_leg
        From shoulder to paw.
    hind_leg
        From hip to paw.
    canvas_top
        Height up to which there is at least room, so that ears of any size are painted on canvases
        of the same size.
    """

    torso: Outline
    neck: Tube
    head_at: tuple[float, float]
    head_tilt_deg: float
    skull: Outline
    muzzle: Outline
    ear: Outline
    far_ear: tuple[float, float]
    tail: Tube
    front_leg: Tube
    hind_leg: Tube
    canvas_top: float = 0.0


WOLF = Anatomy(
    torso=(
        (34, 98),
        (14, 95),
        (-14, 92),
        (-38, 92),
        (-52, 84),
        (-54, 68),
        (-40, 57),
        (-20, 57),
        (4, 49),
        (24, 44),
        (42, 50),
        (50, 68),
        (47, 90),
    ),
    neck=Tube(spine=((10, 70), (34, 79), (54, 88), (68, 94)), radii=(20, 22, 21, 17)),
    head_at=(74, 97),
    head_tilt_deg=-12,
    skull=(
        (-17, 3),
        (-11, 14),
        (1, 17),
        (11, 13),
        (19, 7),
        (19, -9),
        (9, -16),
        (-6, -20),
        (-18, -13),
    ),
    muzzle=(
        (8, 11),
        (17, 8),
        (29, 6),
        (41, 5),
        (47, 2),
        (47, -4),
        (42, -9),
        (28, -13),
        (10, -15),
    ),
    ear=((-15, 9), (-18, 20), (-17, 31), (-14.5, 34), (-8, 28), (1, 17), (4, 13), (-6, 8)),
    far_ear=(13, 2),
    tail=Tube(
        spine=((-46, 85), (-59, 77), (-66, 62), (-69, 46), (-71, 27)),
        radii=(7, 9.5, 12, 11.5, 3),
    ),
    front_leg=Tube(
        spine=((32, 70), (33, 54), (34, 36), (34, 22), (35, 9), (39, 4.5)),
        radii=(12, 9, 5.8, 5.2, 4.8, 5.2),
    ),
    hind_leg=Tube(
        spine=((-36, 74), (-31, 56), (-39, 40), (-50, 26), (-47, 10), (-42, 4.5)),
        radii=(17, 13.5, 8.5, 5.4, 4.8, 5.2),
    ),
)

HUSKY = Anatomy(
    torso=(
        (24, 99),
        (6, 96),
        (-14, 96),
        (-32, 96),
        (-44, 87),
        (-46, 68),
        (-36, 50),
        (-14, 45),
        (8, 40),
        (28, 37),
        (44, 46),
        (50, 64),
        (44, 86),
    ),
    neck=Tube(spine=((12, 74), (26, 86), (38, 100), (46, 112)), radii=(25, 26, 22, 17)),
    head_at=(51, 117),
    head_tilt_deg=3,
    skull=(
        (-20, 2),
        (-14, 15),
        (-1, 20),
        (10, 17),
        (17, 8),
        (18, -9),
        (9, -17),
        (-6, -21),
        (-20, -14),
    ),
    muzzle=(
        (9, 9),
        (16, 4.5),
        (25, 3.5),
        (32, 2.5),
        (35, -1.5),
        (34, -8),
        (28, -12.5),
        (10, -15.5),
    ),
    ear=((-15, 9), (-14.5, 25), (-11, 38), (-5, 29), (0, 16), (-6, 10)),
    far_ear=(13.5, 1),
    tail=Tube(
        spine=((-35, 90), (-50, 100), (-55, 116), (-45, 129), (-29, 128), (-20, 117), (-24, 104)),
        radii=(7, 9.5, 12, 13, 12.5, 10, 4),
    ),
    front_leg=Tube(
        spine=((30, 64), (31, 46), (32, 33), (32, 20), (33, 9), (37, 5)),
        radii=(14, 10.5, 7.4, 6.6, 6, 6.2),
    ),
    hind_leg=Tube(
        spine=((-29, 70), (-24, 50), (-31, 35), (-41, 23), (-39, 10), (-34, 5)),
        radii=(18, 14.5, 9.4, 6.8, 6, 6.2),
    ),
)

FOX = Anatomy(
    torso=(
        (32, 97),
        (12, 93),
        (-14, 91),
        (-36, 92),
        (-50, 85),
        (-54, 71),
        (-42, 60),
        (-20, 60),
        (4, 54),
        (24, 49),
        (42, 54),
        (50, 70),
        (46, 89),
    ),
    neck=Tube(spine=((12, 72), (32, 80), (50, 91), (60, 100)), radii=(18, 20, 19, 15)),
    head_at=(66, 106),
    head_tilt_deg=-7,
    skull=(
        (-18, 2),
        (-12, 14),
        (0, 17.5),
        (10, 13.5),
        (18, 6),
        (18, -8),
        (8, -16),
        (-6, -23),
        (-21, -15),
    ),
    muzzle=(
        (8, 10),
        (17, 5),
        (28, 2.5),
        (38, 1),
        (43, -1),
        (43, -5.5),
        (38, -8),
        (26, -11),
        (10, -14),
    ),
    ear=((-15, 8), (-19, 20), (-19, 31), (-17, 37.5), (-11, 31), (-2, 18.5), (3, 12), (-6, 8)),
    far_ear=(14, 1),
    tail=Tube(
        spine=((-44, 84), (-60, 74), (-79, 58), (-101, 46), (-124, 43), (-141, 49)),
        radii=(6.5, 11, 17, 19.5, 15.5, 3),
    ),
    front_leg=Tube(
        spine=((33, 70), (34, 54), (35, 36), (35, 22), (36, 9), (40, 4.5)),
        radii=(12, 8, 5.2, 4.6, 4.3, 4.8),
    ),
    hind_leg=Tube(
        spine=((-36, 75), (-31, 57), (-39, 40), (-49, 26), (-46, 10), (-41, 4.5)),
        radii=(16, 12.5, 7.6, 5, 4.4, 4.8),
    ),
    canvas_top=196,
)
