"""The shapes of leaves: outline, teeth of the margin, veins.

A leaf has axes of its own, in pixels of the finished picture: x to its right, y from the base of
the blade to its tip. A place on it is (t, s): t the share of the way along the midrib, s the share
of the way from the midrib to the margin, below 0 on the left.
"""

from dataclasses import dataclass

import numpy as np

from stimuli_builder.scenarios.painting import Points, smooth_curve, unit_vectors

MARGINS = ("double", "rounded")
VEINS = ("straight", "looped")
WIDTHS = {"narrow": 0.225, "broad": 0.325}  # half the blade, as a share of its length

_DOUBLE = (12.5, 22.0)  # height and distance of large teeth, in pixels
_SMALL = (4.5, 7.3)  # of the small teeth on these
_ROUNDED = (3.2, 11.0)
_N_OUTLINE = 700
_LOOP_AT = 0.80  # how near the margin looped veins turn


@dataclass(frozen=True, kw_only=True)
class Blade:
    """One leaf's form, whatever its margin and its veins.

    Attributes
    ----------
    length_px
        From base to tip.
    half_px
        Half the greatest width.
    base, tip
        Exponents of the outline at its ends: below 1 round, above 1 drawn out.
    bend_px
        How far the midrib's middle lies to the right.
    """

    length_px: float
    half_px: float
    base: float
    tip: float
    bend_px: float

    def half_widths(self, t: Points) -> Points:
        """Return half the width at each share of the length, in pixels."""
        inside = t.clip(0, 1)
        peak = self.base / (self.base + self.tip)
        most = peak**self.base * (1 - peak) ** self.tip
        return np.asarray(self.half_px * inside**self.base * (1 - inside) ** self.tip / most)

    def points(self, t: Points, s: Points) -> Points:
        """Turn places into points, (n, 2)."""
        middle = self.bend_px * np.sin(np.pi * t.clip(-0.2, 1.2))
        return np.column_stack([middle + s * self.half_widths(t), t * self.length_px])


def choose_blade(
    length_px: float, width: str, base: str, *, generator: np.random.Generator
) -> Blade:
    """Choose the form of one leaf.

    Parameters
    ----------
    length_px
        From base to tip.
    width
        One of `WIDTHS`.
    base
        ``round`` or ``wedge``.
    generator
        Source of the individual.

    Returns
    -------
    Blade
        The form.
    """
    return Blade(
        length_px=length_px,
        half_px=length_px * WIDTHS[width] * generator.uniform(0.95, 1.05),
        base={"round": 0.50, "wedge": 0.78}[base] * generator.uniform(0.95, 1.05),
        tip=generator.uniform(0.85, 1.05),
        bend_px=length_px * generator.uniform(-0.03, 0.03),
    )


def smooth_outline(blade: Blade, *, outwards_px: float = 0.0) -> Points:
    """Return the outline without teeth.

    Parameters
    ----------
    blade
        The form.
    outwards_px
        How far outside the blade; below 0 inside.

    Returns
    -------
    Points
        (n, 2), from the base up the right side to the tip and down the left side.
    """
    t = (1 - np.cos(np.linspace(0, np.pi, _N_OUTLINE // 2))) / 2
    right, left = blade.points(t, np.ones_like(t)), blade.points(t, -np.ones_like(t))
    ring = _evenly(np.concatenate([right, left[-2:0:-1]]))
    return ring + outwards_px * _normals(ring)


def toothed_outline(blade: Blade, margin: str, *, generator: np.random.Generator) -> Points:
    """Return the outline with the teeth of a margin, half of each outside the blade.

    Parameters
    ----------
    blade
        The form.
    margin
        One of `MARGINS`: large sharp teeth with small ones on them, or small rounded ones.
    generator
        Source of the teeth's irregularity.

    Returns
    -------
    Points
        (n, 2), closed.
    """
    ring = smooth_outline(blade)
    step = float(np.linalg.norm(np.diff(ring, axis=0), axis=1).mean())
    from_base = np.minimum(np.arange(len(ring)), np.arange(len(ring), 0, -1)) * step
    # teeth are lower at base and tip, where the blade is narrow
    room = (blade.half_widths(ring[:, 1] / blade.length_px) / (0.45 * blade.half_px)).clip(0, 1)
    wobble = np.interp(from_base, np.linspace(0, from_base.max(), 24), generator.normal(0, 1, 24))
    if margin == "double":
        height = _saw(from_base + 2.0 * wobble, *_DOUBLE) + _saw(from_base, *_SMALL)
    else:
        height = _scallops(from_base + 0.8 * wobble, *_ROUNDED)
    towards_tip = (
        unit_vectors(np.gradient(ring, axis=0)) * np.where(_is_right(ring), 1, -1)[:, None]
    )
    lean = 0.5 if margin == "double" else 0.0
    return np.asarray(ring + (room * height)[:, None] * (_normals(ring) + lean * towards_tip))


def _evenly(ring: Points) -> Points:
    """Place points at equal distances along a closed line."""
    closed = np.concatenate([ring, ring[:1]])
    travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, travelled[-1], _N_OUTLINE, endpoint=False)
    return np.column_stack([np.interp(at, travelled, closed[:, axis]) for axis in (0, 1)])


def _normals(ring: Points) -> Points:
    """Return unit vectors outwards, of a line that runs up the right side."""
    tangent = unit_vectors(np.roll(ring, -1, axis=0) - np.roll(ring, 1, axis=0))
    return np.column_stack([tangent[:, 1], -tangent[:, 0]])


def _is_right(ring: Points) -> Points:
    return np.asarray(np.arange(len(ring)) < np.argmax(ring[:, 1]))


def _saw(at: Points, height: float, distance: float) -> Points:
    """Rise slowly towards the tip and fall at once, about 0."""
    return np.asarray(height * ((at / distance) % 1 - 0.5))


def _scallops(at: Points, height: float, distance: float) -> Points:
    """Make round lobes with narrow notches, about 0."""
    return np.asarray(height * (np.abs(np.sin(np.pi * at / distance)) - 0.6))


@dataclass(frozen=True, kw_only=True)
class Venation:
    """Lines of veins, each (k, 2), from where a vein begins to where it ends."""

    midrib: Points
    secondary: list[Points]
    fine: list[Points]


def draw_veins(blade: Blade, veins: str, *, generator: np.random.Generator) -> Venation:
    """Lay out the veins of a leaf.

    Parameters
    ----------
    blade
        The form.
    veins
        One of `VEINS`: many straight ones that run into the margin, or few that arch and join
        before it.
    generator
        Source of their irregularity.

    Returns
    -------
    Venation
        Midrib, secondary and fine veins.
    """
    t = np.linspace(0, 0.985, 30)
    n_pairs = 10 if veins == "straight" else 6
    course = _straight if veins == "straight" else _looped
    secondary, fine = [], []
    for side in (-1, 1):
        spacing = 0.84 / n_pairs
        roots = 0.02 + spacing * (np.arange(n_pairs) + (0.25 if side > 0 else 0.0))
        roots = roots + generator.normal(0, 0.06 * spacing, n_pairs)
        courses = [course(root, spacing, blade) for root in roots]
        secondary += [blade.points(t_, side * s_) for t_, s_ in courses]
        fine += _cross_veins(blade, courses, side, generator)
    return Venation(midrib=blade.points(t, np.zeros_like(t)), secondary=secondary, fine=fine)


def _straight(root: float, spacing: float, blade: Blade) -> tuple[Points, Points]:
    """Run from the midrib to the margin, at about 45 degrees, the lowest ones flatter."""
    s = np.linspace(0, 0.99, 12)
    steepness = 0.25 + 0.75 * min(root / 0.30, 1)
    rise = steepness * blade.half_widths(np.array(root + 0.15)) / blade.length_px
    return root + rise * (s + 0.06 * s**2), s


def _looped(root: float, spacing: float, blade: Blade) -> tuple[Points, Points]:
    """Arch upwards, and join the next vein before the margin."""
    turn = np.linspace(0, np.pi / 2, 14)
    s = _LOOP_AT * np.sin(turn)
    steepness = 0.08 + 0.42 * min(root / 0.25, 1)
    rise = steepness * blade.half_widths(np.array(root + 0.1)) / blade.length_px
    t = root + rise * s + spacing * (1 - np.cos(turn)) ** 1.3
    hook = np.linspace(0, 1, 6)[1:]
    t = np.concatenate([t, t[-1] + 0.62 * spacing * hook])
    s = np.concatenate([s, _LOOP_AT - 0.12 * hook**1.5])
    places = smooth_curve(np.column_stack([t, s])[::2], is_closed=False, n_between=3)
    places = places[places[:, 0] < 0.955]
    return places[:, 0], places[:, 1]


def _cross_veins(
    blade: Blade,
    courses: list[tuple[Points, Points]],
    side: int,
    generator: np.random.Generator,
) -> list[Points]:
    """Join each secondary vein to the next by fine, crooked veins."""
    lines = []
    for (t_low, s_low), (t_high, s_high) in zip(courses, courses[1:], strict=False):
        for s in np.arange(0.12, s_low.max() - 0.04, 7.5 / blade.half_px):
            at = s + generator.uniform(-0.03, 0.03, 3)
            ends = [_height_at(at[0], s_low, t_low), _height_at(at[2], s_high, t_high)]
            between = ends[0] + (ends[1] - ends[0]) * generator.uniform(0.4, 0.6)
            places_t = np.array([ends[0], between, ends[1]])
            lines.append(blade.points(places_t, side * (at + [0, 0.02, 0])))
    return lines


def _height_at(s: float, course_s: Points, course_t: Points) -> float:
    """Return t where a vein that runs outwards, and perhaps back, first reaches s."""
    outwards = np.argmax(course_s) + 1
    return float(np.interp(s, course_s[:outwards], course_t[:outwards]))
