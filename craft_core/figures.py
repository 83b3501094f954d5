"""Figures of a class at a glance, and of a chosen number of concepts.

Letters: H x W pixels.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.pictures import (
    PALETTE,
    concept_color,
    crop_image,
    draw_map,
    picture_of,
    seen_square,
)
from craft_core.stability import NumberOfConcepts

CROPS_SHOWN = 6
IMAGES_SHOWN = 3
CROP_PX = 112


def class_figure(
    bank: ConceptBank, files: Sequence[Path], images: Sequence[Path], maps: Tensor
) -> Figure:
    """Show a class: importance with its interval, best crops, and images with their maps.

    Parameters
    ----------
    bank
        With importance.
    files
        Paths of the bank's `files`.
    images
        Pictures of the class to draw maps over; the first three are used. None where the layer has
        no positions.
    maps
        (images, r, H, W), of `craft_core.attribution.concept_maps`.

    Returns
    -------
    Figure
        One row a concept, the most important first.

    Raises
    ------
    CraftError
        If the bank has no importance yet.
    """
    if bank.importance is None:
        raise CraftError(f"bank {bank.class_name} must have importance to be drawn; got none.")
    shown = list(images)[:IMAGES_SHOWN]
    columns = 1 + CROPS_SHOWN + len(shown)
    close = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    size = (1.25 * columns + 1.2, 1.3 * bank.n_concepts + 0.7)
    figure = Figure(figsize=size, dpi=100, layout=close)
    axes = figure.subplots(
        bank.n_concepts, columns, squeeze=False, width_ratios=[2] + [1] * (columns - 1)
    )
    squares = [seen_square(picture_of(file), 2 * CROP_PX) for file in shown]
    for rank, concept in enumerate(bank.importance.ranking):
        row, color = axes[rank], concept_color(rank)
        _bar(row[0], bank, concept, color=color)
        _crops(row[1 : 1 + CROPS_SHOWN], bank, concept, files)
        for index, square in enumerate(squares):
            drawn = draw_map(square, maps[index, concept], color)
            _show(row[1 + CROPS_SHOWN + index], drawn)
    axes[0, 1].set_title("best crops", loc="left", fontsize=9)
    if shown:
        axes[0, 1 + CROPS_SHOWN].set_title("where it is", loc="left", fontsize=9)
    measure = "TCAV score" if bank.importance.method.startswith("tcav") else "total Sobol index"
    for row in axes[:-1]:
        row[0].tick_params(labelbottom=False)
    figure.suptitle(f"Concepts of “{bank.class_name}” ({measure})", fontsize=11)
    return figure


def number_of_concepts_figure(choice: NumberOfConcepts) -> Figure:
    """Draw the curves that a number of concepts was chosen from.

    Parameters
    ----------
    choice
        Of `craft_core.stability.choose_n_concepts`.

    Returns
    -------
    Figure
        Stability above error, the choice marked in both.
    """
    figure = Figure(figsize=(5.2, 4.4), dpi=150, layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    for axes, values, name in (
        (upper, choice.stabilities, "stability\n(mean matched cosine)"),
        (lower, choice.errors, "error\n(share of ‖A‖² left)"),
    ):
        axes.plot(choice.candidates, values, color=PALETTE[0], marker="o", markersize=4)
        axes.axvline(choice.chosen, color=PALETTE[1], linewidth=1)
        axes.set_ylabel(name, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    upper.axhline(choice.least_stability, color="grey", linewidth=0.8, linestyle=":")
    upper.set_title(f"{choice.chosen} concepts chosen", fontsize=10, color=PALETTE[1])
    lower.set_ylim(bottom=0)
    lower.set_xlabel("number of concepts", fontsize=9)
    lower.set_xticks(choice.candidates)
    return figure


def save_figure(figure: Figure, file: Path) -> None:
    """Write a figure as PNG, the same bytes for the same figure.

    Parameters
    ----------
    figure
        Any figure.
    file
        Its path.
    """
    figure.savefig(file, metadata={"Software": None})


def _bar(axes: Axes, bank: ConceptBank, concept: int, *, color: str) -> None:
    """Draw one importance with its interval."""
    if bank.importance is None:
        return
    importance = bank.importance
    value, low, high = (
        float(figure[concept]) for figure in (importance.values, importance.low, importance.high)
    )
    axes.barh([0], [value], color=color, height=0.5)
    axes.plot([low, high], [0, 0], color="black", linewidth=1.2)
    name = bank.concepts[concept].name
    end = 1.03 * max(1e-9, float(importance.high.max()))  # the longest interval ends inside
    axes.set(xlim=(0, end), ylim=(-0.9, 0.9), yticks=[])
    axes.set_title(f"{name}: {value:.2f} [{low:.2f}, {high:.2f}]", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _crops(row: Sequence[Axes], bank: ConceptBank, concept: int, files: Sequence[Path]) -> None:
    for axes in row:
        axes.axis("off")
    for axes, crop in zip(row, bank.best_crops(concept, len(row)), strict=False):
        _show(axes, crop_image(bank, crop, files, CROP_PX))


def _show(axes: Axes, image: Image.Image) -> None:
    axes.imshow(np.asarray(image))
    axes.axis("off")
