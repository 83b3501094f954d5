"""Deletion and insertion in concept space: is a ranking of concepts faithful? (section 4.3).

Letters: n images, r concepts, S seeds.

A curve has r + 1 points. At point k of a deletion the first k concepts of the ranking are gone; at
point k of an insertion only they are there. Both run between the same two logits: h(U W + m) with
all concepts, and h(m) with none, where m is the coder's mean. It is zero for non-negative banks.
PCA, ICA and random components are centred, so that their deletion ends, and their insertion begins,
at h(mean) and not at h(0). Areas of banks whose ends differ are not comparable; areas of rankings
of one bank are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.checks import check_at_least, check_choice, check_shapes
from craft_core.errors import ShapeError
from craft_core.images import Images
from craft_core.masked_logits import AdditiveLogits, masked_logits
from craft_core.sobol import check_level

Kind = Literal["deletion", "insertion"]
KINDS: tuple[Kind, ...] = ("deletion", "insertion")
Ranking = Sequence[int] | Tensor


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean with its bootstrap interval.

    Attributes
    ----------
    mean, low, high
        In the units of what was averaged.
    """

    mean: float
    low: float
    high: float


def deletion_curve(bank: ConceptBank, images: Images, class_id: int, ranking: Ranking) -> Tensor:
    """Take concepts away in the order of a ranking, and follow the class's logit.

    Source: section 4.3 and figure 6 (left) of Fel et al. 2023. Lower is better.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    ranking
        r concepts, the first to go first; or (n, r), an order for each image.

    Returns
    -------
    Tensor
        (r + 1,), float64: logits, means over the images.

    Raises
    ------
    ShapeError
        If the ranking does not hold each concept once.
    ClassError
        If there is no image.
    """
    return image_curves(bank, images, class_id, ranking, "deletion").mean(dim=0)


def insertion_curve(bank: ConceptBank, images: Images, class_id: int, ranking: Ranking) -> Tensor:
    """Add concepts in the order of a ranking, and follow the class's logit.

    Source: section 4.3 and figure 6 (right) of Fel et al. 2023. Higher is better.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    ranking
        r concepts, the first to come first; or (n, r), an order for each image.

    Returns
    -------
    Tensor
        (r + 1,), float64: logits, means over the images.

    Raises
    ------
    ShapeError
        If the ranking does not hold each concept once.
    ClassError
        If there is no image.
    """
    return image_curves(bank, images, class_id, ranking, "insertion").mean(dim=0)


def image_curves(
    bank: ConceptBank, images: Images, class_id: int, ranking: Ranking, kind: Kind
) -> Tensor:
    """Compute a curve for each image.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    ranking
        r concepts; or (n, r), an order for each image.
    kind
        ``deletion`` or ``insertion``.

    Returns
    -------
    Tensor
        (n, r + 1), float64: logits.

    Raises
    ------
    ShapeError
        If the ranking does not hold each concept once.
    ClassError
        If there is no image.
    """
    order = check_ranking(ranking, len(images), bank.n_concepts)
    return masked_logits(bank, images, class_id, curve_masks(order, kind))


def additive_curves(logits: AdditiveLogits, ranking: Ranking, kind: Kind) -> Tensor:
    """Compute a curve for each image where logits are known as sums.

    Parameters
    ----------
    logits
        Of `craft_core.masked_logits.additive_logits`.
    ranking
        r concepts; or (n, r), an order for each image.
    kind
        ``deletion`` or ``insertion``.

    Returns
    -------
    Tensor
        (n, r + 1), float64: logits.

    Raises
    ------
    ShapeError
        If the ranking does not hold each concept once.
    """
    order = check_ranking(ranking, *logits.contributions.shape)
    return logits.at(curve_masks(order, kind))


def curve_masks(order: Tensor, kind: Kind) -> Tensor:
    """Say which concepts are there at each point of a curve.

    Parameters
    ----------
    order
        (r,) or (n, r), integer: concepts, the first first.
    kind
        ``deletion`` or ``insertion``.

    Returns
    -------
    Tensor
        (r + 1, r) or (n, r + 1, r), of zeros and ones.

    Raises
    ------
    CraftError
        If the kind is unknown.

    Examples
    --------
    >>> curve_masks(torch.tensor([1, 0]), "insertion").tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    check_choice("kind", kind, KINDS)
    place = order.argsort(dim=-1)  # of each concept
    points = torch.arange(order.shape[-1] + 1, device=order.device)
    is_changed = place[..., None, :] < points[:, None]  # (..., r + 1, r)
    return (is_changed if kind == "insertion" else ~is_changed).double()


def curve_areas(curves: Tensor) -> Tensor:
    """Compute the area under each curve, its width being 1 whatever r is.

    Parameters
    ----------
    curves
        (..., r + 1), logits.

    Returns
    -------
    Tensor
        (...), logits: the mean height by the trapezoidal rule.

    Examples
    --------
    >>> curve_areas(torch.tensor([0.0, 1.0, 2.0]))
    tensor(1.)
    """
    return torch.trapezoid(curves, dim=-1) / (curves.shape[-1] - 1)


def area_interval(
    areas: Tensor, *, generator: torch.Generator, level: float = 0.95, n_draws: int = 2000
) -> Interval:
    """Average areas over images and seeds, with a bootstrap interval over both.

    Seeds and images are drawn with replacement, each by itself, since every seed sees the same
    images. With few seeds their part is coarse: five seeds have 126 resamples. One seed's interval
    is over images alone. For the difference of two rankings, give the difference of their areas.

    Parameters
    ----------
    areas
        (S, n), of `curve_areas`.
    generator
        Draws.
    level
        Coverage, in (0, 1).
    n_draws
        Resamples.

    Returns
    -------
    Interval
        Percentiles of the resampled means.

    Raises
    ------
    ShapeError
        If areas are no matrix.
    CraftError
        If the level or the number of resamples is out of range.
    """
    sizes = check_shapes(areas=(areas, "S n"))
    check_level(level)
    check_at_least("n_draws", n_draws, 1)
    values = areas.double().cpu()
    seeds = _draw(n_draws, sizes["S"], generator)
    images = _draw(n_draws, sizes["n"], generator)
    means = ((seeds @ values) * images).sum(dim=1)  # (n_draws,)
    tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
    low, high = torch.quantile(means, tails).tolist()
    return Interval(mean=float(values.mean()), low=low, high=high)


def check_ranking(ranking: Ranking, n_images: int, r: int) -> Tensor:
    """Refuse a ranking that does not hold each concept once.

    Parameters
    ----------
    ranking
        r concepts; or (n, r).
    n_images
        n.
    r
        Concepts of the bank.

    Returns
    -------
    Tensor
        (r,) or (n, r), integer.

    Raises
    ------
    ShapeError
        If its length is another, or a concept is missing.
    """
    order = torch.as_tensor(ranking)
    if order.ndim not in (1, 2) or order.shape[-1] != r:
        got = len(order) if order.ndim == 1 else tuple(order.shape)
        raise ShapeError(f"ranking must hold the bank's r={r} concepts, each once; got {got}.")
    if order.ndim == 2 and len(order) != n_images:
        raise ShapeError(f"ranking must have n={n_images} rows, one an image; got {len(order)}.")
    everyone = torch.arange(r, device=order.device)
    wrong = (order.sort(dim=-1).values != everyone).reshape(-1, r).any(dim=1)
    if wrong.any():
        first = order.reshape(-1, r)[int(wrong.nonzero()[0])].tolist()
        raise ShapeError(f"ranking must hold the bank's r={r} concepts, each once; got {first}.")
    return order


def _draw(n_draws: int, size: int, generator: torch.Generator) -> Tensor:
    """Draw with replacement; how often each was drawn, as shares, (n_draws, size)."""
    drawn = torch.randint(size, (n_draws, size), generator=generator, device=generator.device).cpu()
    counts = torch.zeros(n_draws, size, dtype=torch.float64)
    return counts.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float64)) / size
