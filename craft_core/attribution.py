"""Where a concept is, and where a logit comes from (section 3.4).

Letters: n images of H x W pixels, r concepts.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.checks import check_choice
from craft_core.errors import BackboneError, CraftError, ShapeError
from craft_core.images import Images, batches_for, picture_size, progress
from craft_core.maps import cam, gradients, perturbations, superpixels
from craft_core.maps.targets import Target, concept_target, logit_target
from craft_core.memory import in_halves
from craft_core.transforms import Transform

METHODS: dict[str, Callable[..., Tensor]] = {
    "saliency": gradients.saliency,
    "gradient_input": gradients.gradient_input,
    "integrated_gradients": gradients.integrated_gradients,
    "smoothgrad": gradients.smoothgrad,
    "grad_cam": cam.grad_cam,
    "occlusion": perturbations.occlusion,
    "rise": perturbations.rise,
    "sobol": perturbations.sobol,
    "hsic": perturbations.hsic,
    "lime": superpixels.lime,
    "kernel_shap": superpixels.kernel_shap,
    "positional": cam.positional,
}
AT_POSITIONS = ("grad_cam", "positional")


def concept_maps(
    bank: ConceptBank,
    images: Images,
    concepts: Sequence[int] | None = None,
    method: str = "grad_cam",
    *,
    generator: torch.Generator | None = None,
    n_samples: int | None = None,
) -> Tensor:
    """Locate concepts in images by any attribution method, through the implicit layer.

    The score that is explained is a concept's pooled coefficient, whose derivative with respect to
    the activations the implicit function theorem gives. A concept that an image does not hold has
    derivative zero, hence an empty Grad-CAM map.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures, whose maps cover the square that
        the network sees of them (`maps_in_pictures` brings them into the pictures' pixels).
    concepts
        Those wanted, in order; None takes all.
    method
        One of `METHODS`: those of section 3.4, and ``positional``, the coefficients at every
        position, which the paper's public code shows.
    generator
        For methods that draw.
    n_samples
        Of methods that sample; None takes the method's own number.

    Returns
    -------
    Tensor
        (n, concepts, H, W), aligned to the pixels of the images given, or of what the network sees
        of a file.

    Raises
    ------
    CraftError
        If the method is unknown or lacks a generator, or a concept is out of range.
    BackboneError
        If the layer has no positions, for methods that look at these.
    """
    wanted = list(range(bank.n_concepts)) if concepts is None else list(concepts)
    bank.check_concepts(wanted)
    target = concept_target(bank, wanted)
    return _maps(target, images, method, generator=generator, n_samples=n_samples)


def attribution_maps(
    backbone: Backbone,
    images: Images,
    class_id: int,
    method: str = "grad_cam",
    *,
    generator: torch.Generator | None = None,
    n_samples: int | None = None,
) -> Tensor:
    """Locate what a class's logit comes from.

    Parameters
    ----------
    backbone
        The network; Grad-CAM looks at its layer.
    images
        As for `concept_maps`.
    class_id
        The class.
    method
        One of `METHODS`, without ``positional``.
    generator
        For methods that draw.
    n_samples
        Of methods that sample; None takes the method's own number.

    Returns
    -------
    Tensor
        (n, H, W), aligned as for `concept_maps`.

    Raises
    ------
    CraftError
        If the method is unknown or lacks a generator.
    ClassError
        If the network has no such class.
    BackboneError
        If the layer has no positions or can't be decoded, for Grad-CAM.
    """
    target = logit_target(backbone, class_id)
    return _maps(target, images, method, generator=generator, n_samples=n_samples)[:, 0]


def maps_in_pictures(
    maps: Tensor, files: Sequence[Path], transform: Transform, *, outside: float = 0.0
) -> list[Tensor]:
    """Bring maps of files into the pixels of the pictures, each of its own size and shape.

    The network sees the centre square of a file, scaled; maps of files cover that square.

    Parameters
    ----------
    maps
        (n, ..., size_px, size_px), of `concept_maps` or `attribution_maps` for these files.
    files
        n readable pictures.
    transform
        Of the network: ``backbone.transform``.
    outside
        Value of the pixels that the network does not see; NaN where zero would be taken for a
        finding.

    Returns
    -------
    list[Tensor]
        (..., H, W) each, aligned to the pixels of the picture held upright.

    Raises
    ------
    ShapeError
        If there are not as many maps as files, or they are not of the network's input.
    ImageError
        If a file's header can't be read.
    """
    side = transform.size_px
    if len(maps) != len(files) or tuple(maps.shape[-2:]) != (side, side):
        raise ShapeError(
            f"maps must have shape (n={len(files)}, ..., {side}, {side}); got {tuple(maps.shape)}."
        )
    return [
        transform.to_picture(each, *picture_size(file), outside=outside)
        for each, file in zip(maps, files, strict=True)
    ]


def _maps(
    target: Target,
    images: Images,
    method: str,
    *,
    generator: torch.Generator | None,
    n_samples: int | None,
) -> Tensor:
    """Explain batch by batch; (n, k, H, W)."""
    check_choice("method", method, list(METHODS))
    backbone = target.backbone
    if method in AT_POSITIONS and not backbone.is_spatial:
        raise BackboneError(f"layer must have positions for maps; got {backbone.layer!r}.")
    compute = METHODS[method]
    options = _options(compute, method, generator=generator, n_samples=n_samples)
    loop = progress(batches_for(backbone, images), len(images), "maps")
    explain = partial(compute, target, **options)
    parts = []
    for batch in loop:
        placed = batch.to(backbone.device)
        # halves of a method that draws would draw other masks; `Target.values` halves its batches
        parts.append(explain(placed) if "generator" in options else in_halves(explain, placed))
    if not parts:
        side = backbone.transform.size_px
        return torch.zeros(0, target.n_scores, side, side, device=backbone.device)
    return torch.cat(parts)


def _options(
    compute: Callable[..., Tensor],
    method: str,
    *,
    generator: torch.Generator | None,
    n_samples: int | None,
) -> dict[str, Any]:
    """Choose what a method takes of what was given."""
    taken = inspect.signature(compute).parameters
    options: dict[str, Any] = {}
    if "generator" in taken:
        if generator is None:
            raise CraftError(f"generator must be given for the method {method!r}; got None.")
        options["generator"] = generator
    if n_samples is not None:
        if "n_samples" not in taken:
            raise CraftError(f"n_samples must be None for the method {method!r}; got {n_samples}.")
        options["n_samples"] = n_samples
    return options
