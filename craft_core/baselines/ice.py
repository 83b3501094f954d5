"""ICE (Zhang et al. 2021): NMF of the activations at every position of whole images.

Letters are those of `craft_core.bank`.
"""

import torch

from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops
from craft_core.errors import BackboneError
from craft_core.images import batches_for, progress
from craft_core.nmf import fit_nmf


def ice_bank(found: ClassCrops, n_concepts: int, *, generator: torch.Generator) -> ConceptBank:
    """Factorise positions, and express the class's crops in what is found.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`, whose images are taken whole.
    n_concepts
        r.
    generator
        Draws where the factorisation starts.

    Returns
    -------
    ConceptBank
        Whose crops are those of `found`, so that concepts of all methods are shown alike.

    Raises
    ------
    BackboneError
        If the layer has no positions.
    """
    backbone = found.backbone
    if not backbone.is_spatial:
        raise BackboneError(f"layer must have positions for ICE; got {backbone.layer!r}.")
    images = found.of.images
    loop = progress(batches_for(backbone, images), len(images), "positions")
    rows = []
    for batch in loop:
        with torch.no_grad():
            features = backbone.layout.on_grid(backbone.encode(batch))  # (m, p, h, w)
        rows.append(features.flatten(2).mT.flatten(0, 1))
    _, W = fit_nmf(torch.cat(rows), n_concepts, generator=generator)
    coder = Coder(W=W)
    return found.bank(coder, coder.coefficients(found.A), method="ice")
