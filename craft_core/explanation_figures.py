"""Figure 1 of the paper: an image, and the two concepts that drove its prediction."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from craft_core.bank import ConceptBank
from craft_core.explanation import Explanation
from craft_core.pictures import concept_color, crop_image, draw_map, picture_of, seen_square

IMAGE_PX, CROP_PX, CROPS = 300, 96, 4
EFFECTS = 6  # bars


def explanation_figure(
    explanation: Explanation, files: Sequence[Path], *, true_class: str = ""
) -> Figure:
    """Draw an image, its drivers with their best crops, and what every concept adds.

    Parameters
    ----------
    explanation
        Of `craft_core.explanation.explain_image`.
    files
        Paths of the bank's `files`; none draws no crops.
    true_class
        Name of the image's own class, where it is known.

    Returns
    -------
    Figure
        In one row.
    """
    bank = explanation.bank
    drivers = explanation.drivers
    figure = Figure(figsize=(3.1 * (2 + len(drivers)), 3.6), dpi=150, layout="constrained")
    row = figure.subplots(1, 2 + len(drivers), squeeze=False)[0]
    _picture(row[0], seen_square(picture_of(explanation.file), IMAGE_PX))
    said = f"predicted “{bank.class_name}”" if explanation.predicted == bank.class_id else "not so"
    truth = f", is “{true_class}”" if true_class and true_class != bank.class_name else ""
    row[0].set_title(f"{said} ({explanation.probability:.0%}){truth}", fontsize=9)
    for axes, concept in zip(row[1:], drivers, strict=False):
        _picture(axes, driver_picture(explanation, concept, files))
        effect = float(explanation.effects[concept])
        axes.set_title(f"{bank.concepts[concept].name}: {effect:+.2f} logits", fontsize=9)
    _bars(row[-1], explanation)
    return figure


def driver_picture(
    explanation: Explanation, concept: int, files: Sequence[Path], *, size_px: int = IMAGE_PX
) -> Image.Image:
    """Draw where a concept is in the image, and below it the crops that show what it is.

    Parameters
    ----------
    explanation
        Of the image.
    concept
        One of the bank's.
    files
        Paths of the bank's `files`; none draws no crops.
    size_px
        Width of the picture.

    Returns
    -------
    Image.Image
        Higher than wide where there are crops.
    """
    bank = explanation.bank
    color = concept_color(rank_of(bank, concept))
    square = seen_square(picture_of(explanation.file), size_px)
    drawn = draw_map(square, explanation.maps[concept], color)
    crops = bank.best_crops(concept, CROPS) if files else []
    if not crops:
        return drawn
    each = (size_px - 4 * (CROPS - 1)) // CROPS
    whole = Image.new("RGB", (size_px, size_px + 6 + each), "white")
    whole.paste(drawn, (0, 0))
    for place, crop in enumerate(crops):
        cut = crop_image(bank, crop, files, each)
        whole.paste(cut, (place * (each + 4), size_px + 6))
    return whole


def rank_of(bank: ConceptBank, concept: int) -> int:
    """Say which place a concept has in the order of importance.

    Parameters
    ----------
    bank
        Any bank.
    concept
        One of its.

    Returns
    -------
    int
        From 0; the concept's number where there is no importance.
    """
    return concept if bank.importance is None else bank.importance.ranking.index(concept)


def _picture(axes: Axes, image: Image.Image) -> None:
    axes.imshow(np.asarray(image))
    axes.axis("off")


def _bars(axes: Axes, explanation: Explanation) -> None:
    """Draw what the strongest concepts add, whatever their sign."""
    bank = explanation.bank
    by_size = explanation.effects.abs().argsort(descending=True, stable=True).tolist()[:EFFECTS]
    shown = sorted(by_size, key=lambda concept: float(explanation.effects[concept]))
    values = [float(explanation.effects[concept]) for concept in shown]
    colors = [concept_color(rank_of(bank, concept)) for concept in shown]
    axes.barh(range(len(shown)), values, color=colors, height=0.6)
    axes.set_yticks(range(len(shown)), [bank.concepts[c].name for c in shown], fontsize=8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(f"added to the logit of “{bank.class_name}”", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
