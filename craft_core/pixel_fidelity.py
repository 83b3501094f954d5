"""Deletion and insertion of pixels in the order of an attribution map (Petsiuk et al. 2018).

The same question as `craft_core.fidelity` asks of concepts, asked of maps. Letters: n images of
H x W pixels, s steps.
"""

import torch
from torch import Tensor
from torchvision.transforms import v2

from craft_core.backbones import Backbone
from craft_core.checks import check_at_least, check_choice
from craft_core.errors import ClassError, ShapeError
from craft_core.fidelity import KINDS, Kind
from craft_core.memory import in_halves

BLUR_PX = 10.0  # standard deviation, at 224 pixels


def pixel_curves(
    backbone: Backbone,
    images: Tensor,
    maps: Tensor,
    class_id: int,
    kind: Kind,
    *,
    n_steps: int = 20,
) -> Tensor:
    """Replace pixels in the order of a map, and follow the class's logit.

    A deletion fills pixels with the transform's mean colour; an insertion uncovers pixels of a
    blurred image, as its authors do, since a grey one with sharp edges shows shapes of its own.
    Pixels that are equal in the map change together with their neighbours in reading order.

    Parameters
    ----------
    backbone
        The network.
    images
        (n, 3, H, W), transformed.
    maps
        (n, H, W), of `craft_core.attribution.attribution_maps`.
    class_id
        Whose logit.
    kind
        ``deletion`` or ``insertion``.
    n_steps
        s; each changes as many pixels.

    Returns
    -------
    Tensor
        (n, s + 1): logits. The ends are those of the image and of what replaces it.

    Raises
    ------
    ClassError
        If there is no image.
    ShapeError
        If there is not one map an image, of its size.
    CraftError
        If the kind is unknown, or there is no step.
    """
    check_choice("kind", kind, KINDS)
    check_at_least("n_steps", n_steps, 1)
    if not len(images):
        raise ClassError("images must be at least 1; got 0.")
    expected = (len(images), *images.shape[2:])
    if tuple(maps.shape) != expected:
        raise ShapeError(f"maps must have shape (n, H, W)={expected}; got {tuple(maps.shape)}.")
    curves = []
    for image, heat in zip(images, maps, strict=True):
        logits = [
            in_halves(backbone.predict, part)[:, class_id]
            for part in torch.split(_steps(image, heat, kind, n_steps), backbone.batch_size)
        ]
        curves.append(torch.cat(logits))
    return torch.stack(curves)


def blurred(images: Tensor) -> Tensor:
    """Take the details out of images.

    Parameters
    ----------
    images
        (..., 3, H, W).

    Returns
    -------
    Tensor
        Of the same shape.
    """
    side = min(images.shape[-2:])
    sigma = BLUR_PX * side / 224
    reach = min(int(4 * sigma), (side - 1) // 2)
    blurry: Tensor = v2.functional.gaussian_blur(
        images, [2 * reach + 1, 2 * reach + 1], [sigma, sigma]
    )
    return blurry


def _steps(image: Tensor, heat: Tensor, kind: Kind, n_steps: int) -> Tensor:
    """Draw an image at every step; (s + 1, 3, H, W)."""
    order = heat.flatten().argsort(descending=True, stable=True).to(image.device)
    place = order.argsort()  # of each pixel
    counts = torch.linspace(0, len(order), n_steps + 1).round().to(place)
    is_changed = (place < counts[:, None]).reshape(n_steps + 1, 1, *heat.shape)
    if kind == "deletion":
        return torch.where(is_changed, torch.zeros_like(image), image)
    return torch.where(is_changed, image, blurred(image))
