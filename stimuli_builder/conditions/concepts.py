"""Panels of concepts: CRAFT with and without maps, and ACE in the same layout."""

from functools import partial

from craft_core.bank import ConceptBank
from craft_core.figures import concept_color
from stimuli_builder.bundle import Group
from stimuli_builder.conditions.condition import Condition, PanelMaker, Shown
from stimuli_builder.overlays import draw_concept


def shown_concepts(bank: ConceptBank, n_concepts: int) -> list[int]:
    """Choose a class's most important concepts.

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
    return [] if bank.importance is None else bank.importance.ranking[:n_concepts]


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
