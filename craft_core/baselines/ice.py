"""ICE (Zhang et al. 2021): NMF of the activations at every position of whole images.

Letters are those of `craft_core.bank`.
"""

from typing import Literal

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops
from craft_core.errors import BackboneError
from craft_core.images import Images, batches_for, progress
from craft_core.memory import in_halves
from craft_core.nmf import fit_nmf


def ice_bank(
    found: ClassCrops,
    n_concepts: int,
    *,
    generator: torch.Generator,
    init: Literal["nndsvd", "random"] = "nndsvd",
    positions: Tensor | None = None,
) -> ConceptBank:
    """Factorise positions, and express the class's crops in what is found.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`, whose images are taken whole.
    n_concepts
        r.
    generator
        Draws where the factorisation starts.
    init
        Of `craft_core.nmf.fit_nmf`. Images and positions are the same whatever the crops, so that
        banks from different seeds differ by a random start alone.
    positions
        Of `ice_positions`, where several banks share them; None runs the network.

    Returns
    -------
    ConceptBank
        Whose crops are those of `found`, so that concepts of all methods are shown alike.

    Raises
    ------
    BackboneError
        If the layer has no positions.
    """
    if positions is None:
        positions = ice_positions(found.backbone, found.of.images)
    _, W = fit_nmf(positions, n_concepts, generator=generator, init=init)
    coder = Coder(W=W)
    return found.bank(coder, coder.coefficients(found.A), method="ice")


def ice_positions(backbone: Backbone, images: Images) -> Tensor:
    """Compute the activations at every position of some images.

    Parameters
    ----------
    backbone
        The network, cut at a layer.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.

    Returns
    -------
    Tensor
        (n positions, p), the positions of an image one after the other.

    Raises
    ------
    BackboneError
        If the layer has no positions.
    """
    if not backbone.is_spatial:
        raise BackboneError(f"layer must have positions for ICE; got {backbone.layer!r}.")
    loop = progress(batches_for(backbone, images), len(images), "positions")
    rows = []
    for batch in loop:
        with torch.no_grad():
            features = backbone.layout.on_grid(in_halves(backbone.encode, batch))  # (m, p, h, w)
        rows.append(features.flatten(2).mT.flatten(0, 1))
    return torch.cat(rows)
