"""Exemplars: as many example crops as CRAFT shows, drawn by lot.

A control beyond the paper's: a participant who sees concepts also sees twelve more pieces of
images that the model calls by that class, and may learn from these alone.
"""

import zlib

import numpy as np

from craft_core.bank import ConceptBank
from craft_core.pictures import concept_color
from stimuli_builder.bundle import Group
from stimuli_builder.conditions.concepts import shown_concepts
from stimuli_builder.conditions.condition import Condition, PanelMaker, Shown


def exemplar_panel(maker: PanelMaker, shown: Shown) -> tuple[Group, ...]:
    """Show random crops of the predicted class in the layout of CRAFT's concepts.

    The crops are the same for every image of a class, as CRAFT's are.

    Parameters
    ----------
    maker
        Banks and sizes.
    shown
        The training image.

    Returns
    -------
    tuple[Group, ...]
        As many groups of as many crops as CRAFT shows, no two crops of a group from one image.

    Raises
    ------
    StimuliError
        If there is no store of the method ``craft``, or a picture can't be read.
    """
    bank = maker.bank("craft", shown.prediction)
    generator = np.random.default_rng([maker.seed, zlib.crc32(shown.prediction.encode())])
    left = list(generator.permutation(len(bank.crops)))
    groups = []
    for rank, concept in enumerate(shown_concepts(bank, maker.n_concepts)):
        chosen = _draw(bank, left, len(bank.best_crops(concept, maker.n_crops)))
        groups.append(
            Group(
                title=f"Examples {rank + 1}",
                color=concept_color(rank),
                importance=None,
                crops=maker.crops(bank, chosen),
                map=None,
            )
        )
    return tuple(groups)


def _draw(bank: ConceptBank, left: list[int], n_crops: int) -> list[int]:
    """Take the first crops that are of different images, out of those left."""
    chosen: dict[int, int] = {}
    for crop in left:
        if len(chosen) < n_crops:
            chosen.setdefault(int(bank.crops.image[crop]), int(crop))
    for crop in chosen.values():
        left.remove(crop)
    return list(chosen.values())


EXEMPLARS = Condition(title="Exemplars", panel=exemplar_panel, stores=("craft",))
