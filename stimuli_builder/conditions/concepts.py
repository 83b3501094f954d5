"""Panels of concepts: CRAFT with and without maps, and ACE in the same layout."""

import warnings
from collections.abc import Mapping
from functools import partial

from craft_core.bank import ConceptBank
from craft_core.pictures import concept_color
from stimuli_builder.bundle import Group
from stimuli_builder.conditions.condition import Condition, PanelMaker, Shown
from stimuli_builder.errors import UnimportantWarning
from stimuli_builder.overlays import draw_concept


def shown_concepts(bank: ConceptBank, n_concepts: int) -> list[int]:
    """Choose a class's most important concepts.

    Equal ones are told apart by their effect on the logit, then by their share of the crops'
    activation: behind a coder that gives an image its nearest concepts alone, most have neither
    importance nor effect.

    Parameters
    ----------
    bank
        With importance.
    n_concepts
        At most this many.

    Returns
    -------
    list[int]
        The most important first.
    """
    kept = bank.importance
    if kept is None:
        return []
    columns = (kept.values.tolist(), kept.effects.tolist(), bank.shares.tolist())
    merits = list(zip(*columns, strict=True))
    return sorted(range(bank.n_concepts), key=lambda concept: merits[concept], reverse=True)[
        :n_concepts
    ]


def warn_of_unimportant(banks: Mapping[str, Mapping[str, ConceptBank]], n_concepts: int) -> None:
    """Say which classes are explained with concepts that have no importance.

    Parameters
    ----------
    banks
        Method of a concept store -> class -> its concepts.
    n_concepts
        Shown of each class.

    Warns
    -----
    UnimportantWarning
        For each class and method with such a concept.
    """
    for method, of_class in banks.items():
        for name, bank in of_class.items():
            values = [
                bank.concepts[concept].importance for concept in shown_concepts(bank, n_concepts)
            ]
            important = sum(value is not None and value > 0 for value in values)
            if important < len(values):
                warnings.warn(
                    f"concepts shown of {name} ({method}) must have importance; got none for "
                    f"{len(values) - important} of {len(values)}. Show fewer with "
                    f"[explanation] concepts = {max(important, 1)}.",
                    UnimportantWarning,
                    stacklevel=2,
                )


def concept_panel(
    maker: PanelMaker, shown: Shown, *, method: str, has_maps: bool
) -> tuple[Group, ...]:
    """Show the predicted class's most important concepts: example crops, and where they are.

    A map that is zero everywhere is left out, since the network does not find that concept in the
    image.

    Parameters
    ----------
    maker
        Banks and sizes.
    shown
        The training image.
    method
        Of the concept store.
    has_maps
        Whether each concept's map of the image is shown beside its crops.

    Returns
    -------
    tuple[Group, ...]
        One group a concept, the most important first.

    Raises
    ------
    StimuliError
        If there is no such store or class, or a picture can't be read.
    """
    bank = maker.bank(method, shown.prediction)
    groups = []
    for rank, concept in enumerate(shown_concepts(bank, maker.n_concepts)):
        color = concept_color(rank)
        drawn = None
        if has_maps:
            heat = maker.heats.of_concept(bank, concept, shown.file)
            drawn = (
                maker.media.draw(draw_concept, shown.square, heat, color, width_px=maker.image_px)
                if heat.any()
                else None
            )
        groups.append(
            Group(
                title=bank.names[concept] if bank.names else f"Concept {rank + 1}",
                color=color,
                importance=bank.concepts[concept].importance,
                crops=maker.crops(bank, bank.best_crops(concept, maker.n_crops)),
                map=drawn,
            )
        )
    return tuple(groups)


CRAFT = Condition(
    title="CRAFT",
    panel=partial(concept_panel, method="craft", has_maps=True),
    stores=("craft",),
)
CRAFT_CONCEPTS = Condition(
    title="CRAFT concepts only",
    panel=partial(concept_panel, method="craft", has_maps=False),
    stores=("craft",),
)
ACE = Condition(
    title="ACE", panel=partial(concept_panel, method="ace", has_maps=False), stores=("ace",)
)
