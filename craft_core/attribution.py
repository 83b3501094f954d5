"""Where a concept is: concept attribution maps (section 3.4).

Letters: n images of H x W pixels, r concepts, p channels, h x w positions of the layer.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from craft_core.bank import ConceptBank
from craft_core.errors import BackboneError, CraftError
from craft_core.images import Images, batches_for, progress
from craft_core.implicit import active_systems, nnls_jacobian
from craft_core.nnls import nnls


def concept_maps(
    bank: ConceptBank,
    images: Images,
    concepts: Sequence[int] | None = None,
    method: Literal["grad_cam"] = "grad_cam",
) -> Tensor:
    """Locate concepts in images by differentiating through the NNLS.

    Grad-CAM (Selvaraju et al. 2017) with a concept's pooled coefficient in the place of a logit:
    each channel of the layer is weighted by the mean over positions of the coefficient's
    derivative, which the implicit function theorem gives, and the weighted sum is kept where it is
    positive. A concept that an image does not hold has derivative zero, hence an empty map.

    Parameters
    ----------
    bank
        Of r concepts, at a layer with positions.
    images
        (n, 3, H, W), transformed; or paths of readable pictures, whose maps cover the square that
        the network sees of them.
    concepts
        Those wanted, in order; None takes all.
    method
        ``grad_cam``.

    Returns
    -------
    Tensor
        (n, concepts, H, W), >= 0, in units of the coefficient: its share from each position.

    Raises
    ------
    CraftError
        If the method is unknown, or a concept is out of range.
    BackboneError
        If the layer has no positions.
    """
    wanted = list(range(bank.n_concepts)) if concepts is None else list(concepts)
    if method != "grad_cam":
        raise CraftError(f"method must be one of ['grad_cam']; got {method!r}.")
    if any(not 0 <= concept < bank.n_concepts for concept in wanted):
        raise CraftError(f"concepts must be in [0, {bank.n_concepts}); got {wanted}.")
    if not bank.backbone.is_spatial:
        raise BackboneError(f"layer must have positions for maps; got {bank.backbone.layer!r}.")
    loop = progress(batches_for(bank.backbone, images), len(images), "maps")
    return torch.cat([_grad_cam(bank, batch, wanted) for batch in loop])


def _grad_cam(bank: ConceptBank, images: Tensor, concepts: list[int]) -> Tensor:
    with torch.no_grad():
        backbone = bank.backbone
        activations = backbone.encode(images)
        U = nnls(backbone.pool(activations), bank.W)  # (n, r)
        features = backbone.layout.on_grid(activations, images.shape[2] / images.shape[3])
        systems = active_systems(bank.W, U)
        slopes = nnls_jacobian(bank.W, U, concepts, systems=systems)  # (n, concepts, p)
        coarse = weighted_channels(features, slopes)  # (n, concepts, h, w)
        return interpolate(coarse, size=images.shape[2:], mode="bilinear", align_corners=False)


def weighted_channels(features: Tensor, slopes: Tensor) -> Tensor:
    """Weight channels by the mean derivative at a position, and keep what is positive (Grad-CAM).

    Parameters
    ----------
    features
        (n, p, h, w).
    slopes
        (n, k, p). Derivatives of k scores with respect to the pooled features.

    Returns
    -------
    Tensor
        (n, k, h, w), >= 0.
    """
    n_positions = features.shape[2] * features.shape[3]
    return torch.einsum("nkp,nphw->nkhw", slopes / n_positions, features).clamp_min(0)
