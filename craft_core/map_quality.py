"""How well maps lie on what they should lie on, where the truth is known.

Letters: n maps of H x W pixels, each with a mask of the same size.

Any map scores something, and a coarse one can't fit a fine mask. So every figure stands beside that
of a uniform map, of the map shuffled, and of the best map at the same resolution.
"""

from dataclasses import dataclass

import torch
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from craft_core.checks import check_shapes
from craft_core.errors import CraftError


@dataclass(frozen=True, kw_only=True)
class MapQuality:
    """Means over maps of two figures, for the maps and for what they are compared with.

    Attributes
    ----------
    energy
        Share of the map's positive sum that lies in the mask, over the mask's share of the area: 1
        for a uniform map.
    precision
        Pixel average precision, in [0, 1]; the mask's share of the area for a uniform map.
    uniform_precision, shuffled_precision, best_precision
        The same of a uniform map, of the maps with their pixels shuffled, and of the mask averaged
        over cells of the maps' own resolution.
    shuffled_energy, best_energy
        Likewise.
    n
        Maps that were measured: those whose mask is neither empty nor everything.
    """

    energy: float
    precision: float
    uniform_precision: float
    shuffled_precision: float
    best_precision: float
    shuffled_energy: float
    best_energy: float
    n: int


def measure_maps(
    maps: Tensor, masks: Tensor, *, grid: tuple[int, int], generator: torch.Generator
) -> MapQuality:
    """Compare maps with masks.

    Parameters
    ----------
    maps
        (n, H, W). What is below zero counts as zero.
    masks
        (n, H, W), boolean.
    grid
        Height and width of the maps' own resolution, in cells.
    generator
        Shuffles.

    Returns
    -------
    MapQuality
        Means over the maps.

    Raises
    ------
    ShapeError
        If maps and masks do not match.
    CraftError
        If no mask is neither empty nor everything.
    """
    check_shapes(maps=(maps, "n H W"), masks=(masks, "n H W"))
    share = masks.double().mean(dim=(1, 2))
    told = (share > 0) & (share < 1)
    if not told.any():
        raise CraftError(f"masks must cover a part of an image; got shares {share.tolist()[:5]}.")
    heat, truth = maps[told].double().clamp_min(0).cpu(), masks[told].cpu()
    order = torch.rand(heat.flatten(1).shape, generator=generator, device=generator.device)
    shuffled = heat.flatten(1).gather(1, order.argsort(dim=1).cpu()).reshape(heat.shape)
    cells = adaptive_avg_pool2d(truth.double()[:, None], grid)
    best = interpolate(cells, size=truth.shape[1:], mode="bilinear", align_corners=False)[:, 0]
    return MapQuality(
        energy=float(energy_ratio(heat, truth).mean()),
        precision=float(pixel_precision(heat, truth).mean()),
        uniform_precision=float(share[told].mean()),
        shuffled_precision=float(pixel_precision(shuffled, truth).mean()),
        best_precision=float(pixel_precision(best, truth).mean()),
        shuffled_energy=float(energy_ratio(shuffled, truth).mean()),
        best_energy=float(energy_ratio(best, truth).mean()),
        n=len(truth),
    )


def energy_ratio(maps: Tensor, masks: Tensor) -> Tensor:
    """Divide the share of each map that lies in its mask by the mask's share of the area.

    Parameters
    ----------
    maps
        (n, H, W), >= 0.
    masks
        (n, H, W), boolean, none of them empty.

    Returns
    -------
    Tensor
        (n,); 1 for uniform and for empty maps.
    """
    area = masks.double().mean(dim=(1, 2))
    total = maps.sum(dim=(1, 2))
    inside = (maps * masks).sum(dim=(1, 2)) / torch.where(total > 0, total, 1.0)
    return torch.where(total > 0, inside / area, 1.0)


def pixel_precision(maps: Tensor, masks: Tensor) -> Tensor:
    """Compute the average precision of a map's pixels as a detector of the mask's (scikit-learn).

    Parameters
    ----------
    maps
        (n, H, W).
    masks
        (n, H, W), boolean, none of them empty.

    Returns
    -------
    Tensor
        (n,), in [0, 1].
    """
    found = [
        average_precision_score(mask.flatten().numpy(), heat.flatten().numpy())
        for heat, mask in zip(maps, masks, strict=True)
    ]
    return torch.tensor(found, dtype=torch.float64)
