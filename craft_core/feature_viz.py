r"""Images that show what a concept stands for, found by optimisation (appendix B.3).

Letters:

    x    image of S x S pixels, in the network's units
    g(x) pooled activations, (p,)
    w    concept, (p,): a row of W
    R    regularisation

The appendix prints the objective, after the "dot-cosim" of Olah et al. (2017), as

    <g(x), w> * <g(x), w>^2 / (|g(x)| |w|) - R(x)

with norms that are not squared; it then grows with the square of the activations' length. Common
code (lucid's ``dot_compare``, Xplique's) takes

    <g(x), w> * (<g(x), w> / (|g(x)| |w|))^q,   q = 2 in the square of the cosine,

where both norms come with the cosine's power, so that it grows with the length alone. ``printed``
and ``dot_cosine`` offer both; ``dot_cosine`` is the default, since the other's steps depend on the
scale of the activations. The appendix's R are "the default regularisations in Xplique", which are
penalties on the pixels (total variation, and the L1 and L-infinity norms); here total variation
with a weight of the caller's, zero unless given, and transformations before every step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.checks import check_at_least, check_choice
from craft_core.errors import CraftError
from craft_core.image_parameters import FourierImages, MagnitudeConstrainedImages, Parametrisation
from craft_core.images import progress

Method = Literal["fourier", "maco"]
Objective = Literal["dot_cosine", "printed"]
Score = Callable[[Tensor, Tensor, Tensor], Tensor]  # of g(x), W and x, one an image
# Of Adam; appendix B.3. MaCo's authors take 1.0 and boxes of 0.1 to 0.35 for thousands of steps;
# within 96 steps that left the cosine with a concept at 0.13 to 0.33 (EfficientNet-Lite0, cats),
# and these reach 0.74 to 0.77 within 120.
LEARNING_RATE = {"fourier": 0.1, "maco": 0.1}
MACO_NOISE, MACO_BOX = (0.05, 0.0), (1.0, 0.6)  # of the first step and of the last
JITTER_PX, SCALES, ANGLE_DEG = 16, (0.9, 1.1), 8.0


@dataclass(frozen=True, eq=False, kw_only=True)
class FeatureImages:
    """Images found for some concepts.

    Attributes
    ----------
    pictures
        (k, 3, S, S), in [0, 1].
    opacity
        (k, S, S), in [0, 1]: how much each pixel mattered on the way (MaCo's transparency); ones
        for the method ``fourier``.
    scores
        (steps, k). The objective at each step.
    cosines
        (k,). Of the found images' activations with their concepts.
    concepts
        k of them.
    """

    pictures: Tensor
    opacity: Tensor
    scores: Tensor
    cosines: Tensor
    concepts: tuple[int, ...]


def visualise_concepts(  # noqa: PLR0913 - each is a choice of the method
    bank: ConceptBank,
    concepts: Sequence[int] | None = None,
    method: Method = "fourier",
    *,
    generator: torch.Generator,
    objective: Objective = "dot_cosine",
    total_variation: float = 0.0,
    n_steps: int = 128,
) -> FeatureImages:
    """Optimise an image for each concept, all of them together.

    ``fourier`` optimises the image's spectrum with frequencies weighted by ``f^-0.8`` and Adam at
    0.1; before each step the image is moved, turned and scaled at random, so that what is found
    does not hang on single pixels (Olah et al. 2017). ``maco`` (Fel et al. 2023, arXiv:2306.06805)
    keeps the spectrum's magnitude fixed and optimises the phase alone; its magnitude is the mean of
    natural images' there, and here ``1/f``, which that mean follows, since no photographs come with
    the project.

    Parameters
    ----------
    bank
        Of r concepts.
    concepts
        Those wanted; None takes all.
    method
        ``fourier`` or ``maco``.
    generator
        Draws the starts and the transformations.
    objective
        ``dot_cosine`` or ``printed``; see the module.
    total_variation
        >= 0. Weight of the sum of absolute differences between neighbouring pixels, which is taken
        off the objective; pictures are in [0, 1].
    n_steps
        Of Adam.

    Returns
    -------
    FeatureImages
        One image a concept; the same for the same generator.

    Raises
    ------
    CraftError
        If a concept is out of range, a choice is unknown, the weight is negative, or there is no
        step.
    """
    wanted = tuple(range(bank.n_concepts) if concepts is None else concepts)
    bank.check_concepts(wanted)
    check_choice("method", method, list(LEARNING_RATE))
    check_choice("objective", objective, list(OBJECTIVES))
    check_at_least("n_steps", n_steps, 1)
    if not total_variation >= 0:
        raise CraftError(f"total_variation must be at least 0; got {total_variation}.")
    if not wanted:
        raise CraftError("concepts must be at least 1; got [].")

    def score(found: Tensor, W: Tensor, pictures: Tensor) -> Tensor:
        return OBJECTIVES[objective](found, W) - total_variation * variation(pictures)

    parts = [
        _optimise(bank, part, method, generator, score, n_steps)
        for part in _batches(wanted, bank.backbone.batch_size)
    ]
    return FeatureImages(
        pictures=torch.cat([part.pictures for part in parts]),
        opacity=torch.cat([part.opacity for part in parts]),
        scores=torch.cat([part.scores for part in parts], dim=1),
        cosines=torch.cat([part.cosines for part in parts]),
        concepts=wanted,
    )


def dot_cosine(found: Tensor, W: Tensor) -> Tensor:
    """Multiply the product with a concept by the square of the cosine, as common code does.

    Parameters
    ----------
    found
        g(x), (k, p).
    W
        (k, p). A concept an image.

    Returns
    -------
    Tensor
        (k,).
    """
    product = (found * W).sum(dim=1)
    return product * (product / _lengths(found, W)).square()


def printed(found: Tensor, W: Tensor) -> Tensor:
    """Compute the objective as appendix B.3 prints it: the norms are not squared.

    Parameters
    ----------
    found
        g(x), (k, p).
    W
        (k, p). A concept an image.

    Returns
    -------
    Tensor
        (k,).
    """
    product = (found * W).sum(dim=1)
    return product * product.square() / _lengths(found, W)


def variation(pictures: Tensor) -> Tensor:
    """Sum the absolute differences between neighbouring pixels (total variation).

    Parameters
    ----------
    pictures
        (k, 3, S, S).

    Returns
    -------
    Tensor
        (k,).

    Examples
    --------
    >>> variation(torch.eye(2).expand(1, 3, 2, 2))
    tensor([12.])
    """
    down, across = pictures.diff(dim=2).abs(), pictures.diff(dim=3).abs()
    return down.sum(dim=(1, 2, 3)) + across.sum(dim=(1, 2, 3))


OBJECTIVES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dot_cosine": dot_cosine,
    "printed": printed,
}


def transformed(pictures: Tensor, *, generator: torch.Generator) -> Tensor:
    """Move, turn and scale pictures a little, each in its own way; differentiable.

    Parameters
    ----------
    pictures
        (k, 3, S, S).
    generator
        Draws.

    Returns
    -------
    Tensor
        Of the same shape; what comes in from outside mirrors the inside.
    """
    k, side = len(pictures), pictures.shape[-1]
    drawn = torch.rand(k, 4, generator=generator, device=generator.device).to(pictures) * 2 - 1
    angle = drawn[:, 0] * ANGLE_DEG * torch.pi / 180
    low, high = SCALES
    scale = 1 / ((low + high) / 2 + drawn[:, 1] * (high - low) / 2)
    shift = drawn[:, 2:] * 2 * JITTER_PX / 224  # the sampling grid runs from -1 to 1
    across = torch.stack([scale * angle.cos(), -scale * angle.sin(), shift[:, 0]], dim=1)
    down = torch.stack([scale * angle.sin(), scale * angle.cos(), shift[:, 1]], dim=1)
    grid = torch.nn.functional.affine_grid(
        torch.stack([across, down], dim=1), [k, 3, side, side], align_corners=False
    )
    moved: Tensor = torch.nn.functional.grid_sample(
        pictures, grid, padding_mode="reflection", align_corners=False
    )
    return moved


def boxes(pictures: Tensor, share: float, noise: float, *, generator: torch.Generator) -> Tensor:
    """Cut a random box out of each picture, scale it up, and add noise, as MaCo does.

    Parameters
    ----------
    pictures
        (k, 3, S, S).
    share
        Mean side of the boxes over S.
    noise
        Standard deviation of what is added.
    generator
        Draws.

    Returns
    -------
    Tensor
        Of the same shape.
    """
    k, side = len(pictures), pictures.shape[-1]
    drawn = torch.randn(k, generator=generator, device=generator.device).to(pictures)
    scale = (share + 0.05 * drawn).clamp(0.05, 1.0)
    centre = torch.rand(k, 2, generator=generator, device=generator.device).to(pictures) * 2 - 1
    shift = centre * (1 - scale)[:, None]
    none = torch.zeros_like(scale)
    across = torch.stack([scale, none, shift[:, 0]], dim=1)
    down = torch.stack([none, scale, shift[:, 1]], dim=1)
    grid = torch.nn.functional.affine_grid(
        torch.stack([across, down], dim=1), [k, 3, side, side], align_corners=False
    )
    cut = torch.nn.functional.grid_sample(pictures, grid, align_corners=False)
    added = torch.randn(cut.shape, generator=generator, device=generator.device).to(cut)
    return cut + noise * added


def _optimise(
    bank: ConceptBank,
    concepts: Sequence[int],
    method: Method,
    generator: torch.Generator,
    score: Score,
    n_steps: int,
) -> FeatureImages:
    backbone = bank.backbone
    W = bank.W[list(concepts)].detach()
    images = _parametrisation(method, len(concepts), backbone, generator)
    optimiser = torch.optim.Adam([images.parameters], lr=LEARNING_RATE[method])
    scores = []
    opacity = torch.zeros(len(concepts), *[backbone.transform.size_px] * 2).to(W)
    for part in progress(iter(torch.arange(n_steps)[:, None]), n_steps, "steps of images"):
        step = int(part)
        pictures = images.pictures()
        pictures.retain_grad()
        shown = _shown(pictures, method, step / max(1, n_steps - 1), generator)
        found = score(backbone.pool(backbone.encode(_normalised(backbone, shown))), W, pictures)
        optimiser.zero_grad()
        (-found.sum()).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        scores.append(found.detach())
        if pictures.grad is not None:  # never, but its type says so
            opacity += pictures.grad.abs().mean(dim=1)
    with torch.no_grad():
        pictures = images.pictures()
        last = backbone.pool(backbone.encode(_normalised(backbone, pictures)))
    top = opacity.flatten(1).quantile(0.98, dim=1)[:, None, None]
    return FeatureImages(
        pictures=pictures,
        opacity=(opacity / torch.where(top > 0, top, 1)).clamp(0, 1)
        if method == "maco"
        else torch.ones_like(opacity),
        scores=torch.stack(scores),
        cosines=torch.nn.functional.cosine_similarity(last, W),
        concepts=tuple(concepts),
    )


def _parametrisation(
    method: Method, k: int, backbone: Backbone, generator: torch.Generator
) -> Parametrisation:
    make = FourierImages if method == "fourier" else MagnitudeConstrainedImages
    return make(k, backbone.transform.size_px, generator=generator, device=backbone.device)


def _shown(pictures: Tensor, method: Method, way: float, generator: torch.Generator) -> Tensor:
    """Change pictures before a step, so that they do not fit one view of them alone."""
    if method == "fourier":
        return transformed(pictures, generator=generator)
    share, noise = (first + way * (last - first) for first, last in (MACO_BOX, MACO_NOISE))
    return boxes(pictures, share, noise, generator=generator)


def _normalised(backbone: Backbone, pictures: Tensor) -> Tensor:
    mean, std = (
        torch.tensor(values).to(pictures)[:, None, None]
        for values in (backbone.transform.mean, backbone.transform.std)
    )
    normalised: Tensor = (pictures - mean) / std
    return normalised


def _batches(concepts: Sequence[int], size: int) -> list[tuple[int, ...]]:
    return [tuple(concepts[start : start + size]) for start in range(0, len(concepts), size)]


def _lengths(found: Tensor, W: Tensor) -> Tensor:
    lengths: Tensor = found.norm(dim=1) * W.norm(dim=1)
    return lengths.clamp_min(torch.finfo(found.dtype).tiny ** 0.5)
