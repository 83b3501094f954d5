"""Concepts of trained networks: the CRAFT method (Fel et al. 2023, arXiv:2211.10154)."""

from craft_core.attribution import concept_maps
from craft_core.backbones import Backbone, load_backbone
from craft_core.bank import ConceptBank, fit_concepts
from craft_core.importance import concept_importance
from craft_core.nmf import fit_nmf
from craft_core.nnls import nnls
from craft_core.sobol import total_sobol_indices
from craft_core.store import load_bank, save_bank

__all__ = [
    "Backbone",
    "ConceptBank",
    "concept_importance",
    "concept_maps",
    "fit_concepts",
    "fit_nmf",
    "load_backbone",
    "load_bank",
    "nnls",
    "save_bank",
    "total_sobol_indices",
]
