"""Every way to find concepts, by name."""

import torch

from craft_core.bank import ConceptBank
from craft_core.baselines.ace import ace_bank
from craft_core.baselines.decompositions import DECOMPOSITIONS, decompose
from craft_core.baselines.ice import ice_bank
from craft_core.checks import check_choice
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops
from craft_core.nmf import fit_nmf

METHODS = ("craft", *DECOMPOSITIONS, "ice", "ace")
SIGNED = ("pca", "ica", "rca", "kmeans", "ace")  # do with activations below zero


def bank_by(
    method: str, found: ClassCrops, n_concepts: int, *, generator: torch.Generator
) -> ConceptBank:
    """Find the concepts of a class's crops by any method.

    Parameters
    ----------
    method
        One of `METHODS`.
    found
        Of `craft_core.concepts.class_crops`.
    n_concepts
        r.
    generator
        Draws what the method draws.

    Returns
    -------
    ConceptBank
        Of that method.

    Raises
    ------
    CraftError
        If the method is unknown, or can't be applied.
    """
    check_choice("method", method, METHODS)
    if method == "craft":
        U, W = fit_nmf(found.A, n_concepts, generator=generator)
        return found.bank(Coder(W=W), U, method=method)
    if method == "ice":
        return ice_bank(found, n_concepts, generator=generator)
    if method == "ace":
        return ace_bank(found, n_concepts, generator=generator)
    seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
    return decompose(found, method, n_concepts, seed)
