"""Concepts of trained networks: the CRAFT method (Fel et al. 2023, arXiv:2211.10154)."""

from craft_core.attribution import attribution_maps, concept_maps, maps_in_pictures
from craft_core.backbones import Backbone, load_backbone
from craft_core.bank import ConceptBank
from craft_core.concepts import fit_concepts
from craft_core.fidelity import deletion_curve, insertion_curve
from craft_core.importance import concept_importance
from craft_core.nmf import fit_nmf
from craft_core.nnls import nnls
from craft_core.sobol import total_sobol_indices
from craft_core.store import load_bank, save_bank

__all__ = [
    "Backbone",
    "ConceptBank",
    "attribution_maps",
    "concept_importance",
    "concept_maps",
    "deletion_curve",
    "fit_concepts",
    "fit_nmf",
    "insertion_curve",
    "load_backbone",
    "load_bank",
    "maps_in_pictures",
    "nnls",
    "save_bank",
    "total_sobol_indices",
]
