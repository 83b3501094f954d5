"""Curves, outlines, noise and gradients that scenarios paint with.

Points are (n, 2) arrays of x and y. Sizes are (height, width) in pixels.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
Colour = tuple[int, int, int]

_SWEEP = 0.8  # of tips of hair: 0 sticks out, more lies flat


def smooth_curve(points: npt.ArrayLike, *, is_closed: bool, n_between: int = 8) -> Points:
    """Draw a Catmull-Rom curve through all points.

    Parameters
    ----------
    points
        (k, 2), k >= 3. The curve passes through each of them, in order.
    is_closed
        Whether the last point is joined to the first.
    n_between
        Points of the curve for each given point.

    Returns
    -------
    Points
        (n, 2). The curve; a closed one does not repeat its first point.
    """
    knots = np.asarray(points, dtype=np.float64)
    if is_closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    t = (np.arange(n_between) / n_between)[:, None, None]
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - 3 * end + after - before) * t**3
    )  # (n_between, segments, 2)
    curve = curve.swapaxes(0, 1).reshape(-1, 2)
    return curve if is_closed else np.concatenate([curve, knots[-1:]])


def tube_outline(spine: npt.ArrayLike, radii: npt.ArrayLike) -> Points:
    """Wrap a rounded tube around a curve.

    Parameters
    ----------
    spine
        (k, 2). Points the tube's middle passes through.
    radii
        (k,), > 0. Half the tube's width at each of them, in the unit of `spine`.

    Returns
    -------
    Points
        (n, 2). Closed outline, with round ends.
    """
    knots = np.column_stack([np.asarray(spine, np.float64), np.asarray(radii, np.float64)])
    middle = smooth_curve(knots[:, :2], is_closed=False, n_between=6)
    radius = np.interp(
        np.linspace(0, len(knots) - 1, len(middle)), np.arange(len(knots)), knots[:, 2]
    )
    tangent = unit_vectors(np.gradient(middle, axis=0))
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    left, right = middle + normal * radius[:, None], middle - normal * radius[:, None]
    start = _round_end(middle[0], -tangent[0], radius[0])
    end = _round_end(middle[-1], tangent[-1], radius[-1])
    return np.concatenate([start, right, end, left[::-1]])


def _round_end(centre: Points, outwards: Points, radius: float) -> Points:
    """Return a half circle from the left of `outwards` to its right, seen the other way round."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 7)[1:-1, None]
    sideways = np.array([-outwards[1], outwards[0]])
    return np.asarray(centre + radius * (np.cos(angle) * outwards + np.sin(angle) * sideways))


def unit_vectors(vectors: Points) -> Points:
    """Scale each row of (n, 2) to length 1; a zero row stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(length, 1e-9))


def directions_along(curve: Points, at: Points) -> Points:
    """Find which way a curve runs where it is nearest to each point.

    Parameters
    ----------
    curve
        (k, 2), k >= 2.
    at
        (n, 2).

    Returns
    -------
    Points
        (n, 2), of length 1.
    """
    nearest = np.argmin(((at[:, None] - curve) ** 2).sum(axis=2), axis=1)
    return np.asarray(unit_vectors(np.gradient(curve, axis=0))[nearest])


def furry_outline(
    outline: Points, *, flow: Points, hair: float, spacing: float, generator: np.random.Generator
) -> Points:
    """Give an outline tips of hair that point outwards and are swept along a curve.

    Parameters
    ----------
    outline
        (n, 2), closed.
    flow
        (k, 2), k >= 2. The curve, from where hair comes to where it goes.
    hair
        >= 0. Mean height of a tip, in the unit of `outline`.
    spacing
        > 0. Distance from tip to tip, in the unit of `outline`.
    generator
        Source of the tips' heights and leanings.

    Returns
    -------
    Points
        (m, 2). Closed outline; every other point is a tip.
    """
    ring = np.concatenate([outline, outline[:1]])
    travelled = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))])
    n_tips = max(int(travelled[-1] / spacing), 8)
    at = np.linspace(0, travelled[-1], 2 * n_tips, endpoint=False)
    at[1::2] += generator.uniform(-0.7, 0.7, n_tips) * spacing / 2
    points = np.column_stack([np.interp(at, travelled, ring[:, axis]) for axis in (0, 1)])
    tangent = unit_vectors(np.roll(points, -1, axis=0) - np.roll(points, 1, axis=0))
    outwards = np.column_stack([tangent[:, 1], -tangent[:, 0]]) * _orientation(outline)
    height = np.zeros(2 * n_tips)
    height[1::2] = generator.gamma(3.0, hair / 3.0, n_tips).clip(0, 2.5 * hair)
    height[::2] = generator.uniform(-0.3, 0.1, n_tips) * hair
    swept = unit_vectors(outwards + _SWEEP * directions_along(flow, points))
    return np.asarray(points + swept * height[:, None])


def _orientation(outline: Points) -> float:
    """Return 1 for a counter-clockwise outline (y upwards), -1 for a clockwise one."""
    x, y = outline.T
    return 1.0 if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0 else -1.0


def polygon_mask(outline: Points, size_px: tuple[int, int]) -> Image.Image:
    """Fill a polygon given in pixels: 255 inside, 0 outside, nothing between."""
    mask = Image.new("L", size_px[::-1], 0)
    ImageDraw.Draw(mask).polygon(as_xy(outline), fill=255)
    return mask


def as_xy(points: Points) -> list[tuple[float, float]]:
    """Return points in the form Pillow draws from."""
    return [(x, y) for x, y in points.tolist()]


def blurred(image: Image.Image, radius_px: float) -> Floats:
    """Blur an 8-bit greyscale image; the result is in [0, 1]."""
    return shares(image.filter(ImageFilter.BoxBlur(radius_px)))


def shares(image: Image.Image) -> Floats:
    """Read an 8-bit greyscale image as shares in [0, 1]."""
    return np.asarray(image, np.float32) / np.float32(255)


def smooth_noise(
    size_px: tuple[int, int], cell_px: tuple[float, float], generator: np.random.Generator
) -> Floats:
    """Draw smooth noise of mean about 0 and standard deviation below 1.

    Parameters
    ----------
    size_px
        Height and width.
    cell_px
        Height and width of a typical blot; unequal ones give streaks.
    generator
        Source of the noise.

    Returns
    -------
    Floats
        `size_px`.
    """
    cells = [max(int(np.ceil(n / cell)), 2) for n, cell in zip(size_px, cell_px, strict=True)]
    coarse = generator.standard_normal(cells, dtype=np.float32)
    resized = Image.fromarray(coarse).resize(size_px[::-1], Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32)


def gradient(stops: Sequence[tuple[float, Colour]], at: npt.ArrayLike) -> Floats:
    """Blend colours between stops.

    Parameters
    ----------
    stops
        Position and colour, positions rising.
    at
        Any shape. Positions to colour.

    Returns
    -------
    Floats
        The shape of `at` and 3: RGB in [0, 255].

    Examples
    --------
    >>> gradient([(0, (0, 0, 0)), (1, (200, 100, 50))], 0.5).tolist()
    [100.0, 50.0, 25.0]
    """
    positions, colours = zip(*stops, strict=True)
    places = np.asarray(at)
    channels = [np.interp(places, positions, values) for values in zip(*colours, strict=True)]
    return np.stack(channels, axis=-1).astype(np.float32)


def shaded(stops: Sequence[tuple[float, Colour]], at: Floats) -> Floats:
    """Blend colours between stops for many pixels, in 256 steps.

    Parameters
    ----------
    stops
        Position in [0, 1] and colour, positions rising.
    at
        Any shape. Positions to colour; those outside [0, 1] get the nearest end's colour.

    Returns
    -------
    Floats
        The shape of `at` and 3: RGB in [0, 255].
    """
    table = gradient(stops, np.linspace(0, 1, 256))
    return np.take(table, (at * 255).clip(0, 255).astype(np.uint8), axis=0)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Mix a share of the second colour into the first."""
    red, green, blue = (
        round((1 - share) * a + share * b) for a, b in zip(first, second, strict=True)
    )
    return red, green, blue
