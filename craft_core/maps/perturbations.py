"""Maps from what happens to a score when parts of the image are taken away.

Letters: n images of H x W pixels, k scores, N masks, d cells of a grid.

What is taken away becomes the mean colour, zero in the network's units. One forward pass scores a
masked image for all k scores.
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from craft_core.designs import LEAST_SCRAMBLINGS, sobol_design
from craft_core.maps.targets import Recorded, Target
from craft_core.sobol import total_sobol_indices

WINDOW_SHARE, STRIDE_SHARE = 1 / 7, 1 / 14  # of the shorter side, of occlusion
RISE_SAMPLES, RISE_CELLS, RISE_KEPT = 1000, 7, 0.5
SOBOL_POINTS, SOBOL_CELLS = 4, 8
HSIC_SAMPLES, HSIC_CELLS = 1000, 7


def occlusion(target: Target, images: Tensor) -> Tensor:
    """Slide a window of the mean colour over the image (Zeiler and Fergus 2014), by captum.

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).

    Returns
    -------
    Tensor
        (n, k, H, W), of both signs: how much the score falls when the pixel is hidden.
    """
    shorter = min(images.shape[2:])
    window, stride = (max(1, round(share * shorter)) for share in (WINDOW_SHARE, STRIDE_SHARE))
    recorded = Recorded(target)
    from captum import attr  # loads for seconds

    method = attr.Occlusion(recorded)
    maps = []
    for k in range(target.n_scores):
        recorded.rewind(k)
        attributed = method.attribute(
            images,
            sliding_window_shapes=(images.shape[1], window, window),
            strides=(images.shape[1], stride, stride),
            perturbations_per_eval=max(1, target.backbone.batch_size // len(images)),
        )
        maps.append(attributed[:, 0])
    return torch.stack(maps, dim=1)


def rise(
    target: Target, images: Tensor, *, generator: torch.Generator, n_samples: int = RISE_SAMPLES
) -> Tensor:
    """Average random masks, weighted by the score of what they leave (Petsiuk et al. 2018).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).
    generator
        Draws the masks: 7 x 7 cells, half of them kept, enlarged and shifted at random.
    n_samples
        Masks, the same for all images.

    Returns
    -------
    Tensor
        (n, k, H, W), of the scores' sign.
    """
    height, width = images.shape[2:]
    masks = _shifted_masks(n_samples, height, width, generator).to(images)  # (N, H, W)
    share = masks.mean(dim=0).clamp_min(1e-6)
    maps = []
    for image in images:
        scores = _masked_scores(target, image, masks)  # (N, k)
        weighted = (scores.T @ masks.flatten(1)).reshape(-1, height, width)
        maps.append(weighted / (n_samples * share))
    return torch.stack(maps)


def sobol(
    target: Target, images: Tensor, *, generator: torch.Generator, n_samples: int = SOBOL_POINTS
) -> Tensor:
    """Give each cell of a grid its total Sobol index (Fel et al. 2021).

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).
    generator
        Draws the masks: 8 x 8 cells, each kept by a share in [0, 1].
    n_samples
        Points of each of eight scrambled sequences, a power of two.

    Returns
    -------
    Tensor
        (n, k, H, W), >= 0.
    """
    cells = SOBOL_CELLS
    design = sobol_design(
        cells * cells,
        generator=generator,
        n_points=n_samples,
        n_scramblings=LEAST_SCRAMBLINGS,
    )
    grids = design.masks.reshape(-1, cells, cells).to(images)
    maps = []
    for image in images:
        scores = _masked_scores(target, image, grids)
        outputs = scores.double().cpu().reshape(*design.masks.shape[:3], -1)
        maps.append(total_sobol_indices(outputs, design).total)  # (k, cells)
    return _enlarged(torch.stack(maps).to(images), cells, images)


def hsic(
    target: Target, images: Tensor, *, generator: torch.Generator, n_samples: int = HSIC_SAMPLES
) -> Tensor:
    """Measure how much the score depends on each cell being kept (Novello et al. 2022).

    The Hilbert-Schmidt independence criterion with the kernel 1/2 - (m - m')^2 on masks of zeros
    and ones and a Gaussian kernel, as wide as the median distance, on scores.

    Parameters
    ----------
    target
        Of k scores.
    images
        (n, 3, H, W).
    generator
        Draws the masks: 7 x 7 cells, half of them kept.
    n_samples
        Masks, the same for all images.

    Returns
    -------
    Tensor
        (n, k, H, W), >= 0.
    """
    cells = HSIC_CELLS
    kept = _balanced_bits(n_samples, cells * cells, generator).to(images)  # (N, d)
    maps = []
    for image in images:
        scores = _masked_scores(target, image, kept.reshape(-1, cells, cells))
        maps.append(torch.stack([hsic_of_bits(kept, column) for column in scores.T]))
    return _enlarged(torch.stack(maps), cells, images)


def hsic_of_bits(kept: Tensor, scores: Tensor) -> Tensor:
    """Estimate the dependence of scores on each of several bits.

    With centred Gram matrix L of the scores, the sum over pairs of ``(1/2 - (m - m')^2) L`` is
    ``2 m^T L m``.

    Parameters
    ----------
    kept
        (N, d), zeros and ones.
    scores
        (N,).

    Returns
    -------
    Tensor
        (d,), >= 0.
    """
    n = len(scores)
    distances = (scores[:, None] - scores[None]).abs()
    width = distances.median()
    width = torch.where(width > 0, width, 1.0)
    gram = torch.exp(-((distances / width) ** 2) / 2)
    centred = gram - gram.mean(dim=0) - gram.mean(dim=1, keepdim=True) + gram.mean()
    return 2 * ((centred @ kept) * kept).sum(dim=0) / (n - 1) ** 2


def _masked_scores(target: Target, image: Tensor, masks: Tensor) -> Tensor:
    """Score one image under every mask, which is enlarged where it is coarse; (N, k)."""
    scores = []
    for part in torch.split(masks, target.backbone.batch_size):
        fine = part[:, None]
        if fine.shape[2:] != image.shape[1:]:
            fine = interpolate(fine, size=image.shape[1:], mode="nearest")
        scores.append(target.values(image * fine))
    return torch.cat(scores)


def _shifted_masks(n: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Draw coarse masks, enlarge them smoothly, and cut out at a random place; (N, H, W)."""
    cells = RISE_CELLS
    drawn = torch.rand(n, 1, cells + 1, cells + 1, generator=generator, device=generator.device)
    coarse = (drawn < RISE_KEPT).float()
    tall, wide = -(-height // cells), -(-width // cells)
    size = ((cells + 1) * tall, (cells + 1) * wide)
    shifts = torch.rand(n, 2, generator=generator, device=generator.device)
    masks = []
    for grid, shift in zip(coarse, shifts.tolist(), strict=True):
        fine = interpolate(grid[None], size=size, mode="bilinear", align_corners=False)[0, 0]
        top, left = int(shift[0] * tall), int(shift[1] * wide)
        masks.append(fine[top : top + height, left : left + width])
    return torch.stack(masks)


def _balanced_bits(n: int, d: int, generator: torch.Generator) -> Tensor:
    """Draw bits of which each is one in half of the rows, as a Latin hypercube gives."""
    order = torch.rand(n, d, generator=generator, device=generator.device).argsort(dim=0)
    return (order < n // 2).float()


def _enlarged(indices: Tensor, cells: int, images: Tensor) -> Tensor:
    """Spread the cells' values over the image; (n, k, H, W)."""
    grid = indices.reshape(*indices.shape[:2], cells, cells)
    return interpolate(grid, size=images.shape[2:], mode="bilinear", align_corners=False)
