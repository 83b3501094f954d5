"""What a condition shows beside a training image.

A condition is one function here and one entry in `CONDITIONS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.figures import concept_color, crop_image, draw_map
from stimuli_builder.bundle import Group
from stimuli_builder.errors import StimuliError
from stimuli_builder.pictures import MediaCollector


@dataclass(frozen=True, eq=False, kw_only=True)
class PanelMaker:
    """What panels are made from.

    Attributes
    ----------
    banks
        Class -> its concepts.
    folder
        Of the images.
    n_concepts, n_crops
        Shown for each class, and for each concept.
    crop_px
        Side of a crop.
    media
        Takes the pictures.
    """

    banks: Mapping[str, ConceptBank]
    folder: Path
    n_concepts: int
    n_crops: int
    crop_px: int
    media: MediaCollector


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

    Raises
    ------
    StimuliError
        If the bank has no importance.
    """
    if bank.importance is None:
        raise StimuliError(f"bank {bank.class_name} must have importance; got none.")
    return bank.importance.ranking[:n_concepts]


def baseline_panel(
    maker: PanelMaker, prediction: str, image: Image.Image, maps: Sequence[Tensor]
) -> tuple[Group, ...]:
    """Show the prediction alone.

    Parameters
    ----------
    maker
        As in `craft_panel`, like the others; not used.
    prediction
        Not used.
    image
        Not used.
    maps
        Not used.

    Returns
    -------
    tuple[Group, ...]
        Empty.
    """
    return ()


def craft_panel(
    maker: PanelMaker, prediction: str, image: Image.Image, maps: Sequence[Tensor]
) -> tuple[Group, ...]:
    """Show the predicted class's most important concepts: example crops, and where they are.

    Parameters
    ----------
    maker
        Banks and sizes.
    prediction
        The network's class.
    image
        The training image as shown.
    maps
        (H, W) each: the shown concepts' maps of this image; one that is zero everywhere is left
        out, since the network does not find that concept there.

    Returns
    -------
    tuple[Group, ...]
        One group a concept, the most important first.

    Raises
    ------
    StimuliError
        If the bank has no importance.
    """
    bank = maker.banks[prediction]
    groups = []
    for rank, concept in enumerate(shown_concepts(bank, maker.n_concepts)):
        heat, color = maps[rank], concept_color(rank)
        drawn = maker.media.add(draw_map(image, heat, color)) if float(heat.max()) > 0 else None
        groups.append(
            Group(
                title=bank.names[concept] if bank.names else f"Concept {rank + 1}",
                color=color,
                importance=_importance(bank, concept),
                crops=tuple(_crops(maker, bank, concept)),
                map=drawn,
            )
        )
    return tuple(groups)


CONDITIONS: Mapping[
    str, Callable[[PanelMaker, str, Image.Image, Sequence[Tensor]], tuple[Group, ...]]
] = {"baseline": baseline_panel, "craft": craft_panel}


def _importance(bank: ConceptBank, concept: int) -> float:
    values = bank.importance.values if bank.importance is not None else bank.W[:, 0] * 0
    return round(float(values[concept]), 6)


def _crops(maker: PanelMaker, bank: ConceptBank, concept: int) -> list[str]:
    files = [maker.folder / file for file in bank.files]
    try:
        cut = [
            crop_image(bank, crop, files, maker.crop_px)
            for crop in bank.best_crops(concept, maker.n_crops)
        ]
    except CraftError as error:
        raise StimuliError(str(error)) from error
    return [maker.media.add(image) for image in cut]
