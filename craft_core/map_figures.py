"""Images with the maps of several concepts at once, and a legend.

Colours alone do not tell 25 concepts apart. Each has a number, a colour that people with any colour
vision tell from its neighbours', and a line style; an image shows the outlines of the concepts that
are strongest in it, each with its number where the map is highest.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.pictures import OUTLINE_AT, PALETTE, concept_color, picture_of, seen_square

LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1, 1, 1)))
SHOWN_AT_ONCE = 5  # outlines in one image
IMAGE_PX, IMAGE_IN = 336, 3.0
LEGEND_ROWS = 13  # of a column


def concept_line(rank: int) -> tuple[str, Any]:
    """Choose a concept's colour and line style.

    Parameters
    ----------
    rank
        Place in the order of importance, from 0.

    Returns
    -------
    tuple[str, Any]
        ``#rrggbb``, and a style of matplotlib; thirty pairs before they come again.
    """
    return concept_color(rank), LINES[rank // len(PALETTE) % len(LINES)]


def maps_figure(bank: ConceptBank, images: Sequence[Path], maps: Tensor) -> Figure:
    """Draw images with their strongest concepts, and a legend of all.

    Parameters
    ----------
    bank
        With importance.
    images
        Pictures.
    maps
        (images, r, H, W), of `craft_core.attribution.concept_maps`.

    Returns
    -------
    Figure
        Images in a row, the legend beside them.

    Raises
    ------
    CraftError
        If the bank has no importance, or a picture can't be read.
    """
    if bank.importance is None:
        raise CraftError(f"bank {bank.class_name} must have importance to be drawn; got none.")
    ranking = bank.importance.ranking
    columns = -(-bank.n_concepts // LEGEND_ROWS)
    width = IMAGE_IN * len(images) + 1.9 * columns
    figure = Figure(figsize=(width, max(IMAGE_IN, 0.23 * min(LEGEND_ROWS, len(ranking)) + 0.4)))
    figure.set_dpi(110)
    share = 1.9 * columns / width
    each = (1 - share) / max(1, len(images))
    for place, (file, heat) in enumerate(zip(images, maps, strict=True)):
        axes = figure.add_axes((place * each + 0.004, 0.02, each - 0.008, 0.96))
        axes.imshow(np.asarray(seen_square(picture_of(file), IMAGE_PX)))
        axes.axis("off")
        outline_strongest(axes, heat, ranking)
    _legend(figure, bank, ranking, columns=columns, left=1 - share)
    return figure


def outline_strongest(axes: Axes, heat: Tensor, ranking: Sequence[int]) -> None:
    """Draw the outlines of the concepts with the largest maps, strongest last, with numbers.

    Parameters
    ----------
    axes
        Which show the image's square at 336 pixels.
    heat
        (r, H, W). Maps of all concepts in the image.
    ranking
        Concepts in the order of importance, which gives numbers and colours.
    """
    sizes = {concept: float(heat[concept].clamp_min(0).sum()) for concept in ranking}
    present = [concept for concept in ranking if sizes[concept] > 0]
    strongest = sorted(present, key=lambda concept: sizes[concept], reverse=True)[:SHOWN_AT_ONCE]
    scale = IMAGE_PX / heat.shape[-1]
    for concept in reversed(strongest):
        rank = ranking.index(concept)
        color, style = concept_line(rank)
        values = heat[concept].clamp_min(0).cpu().numpy()
        across = (np.arange(values.shape[1]) + 0.5) * scale - 0.5
        down = (np.arange(values.shape[0]) + 0.5) * scale - 0.5
        level = OUTLINE_AT * values.max()
        axes.contour(across, down, values, [level], colors="white", linewidths=3.2)
        axes.contour(
            across, down, values, [level], colors=color, linewidths=1.8, linestyles=[style]
        )
        y, x = np.unravel_index(values.argmax(), values.shape)
        _number(axes, across[x], down[y], rank, color)


def _number(axes: Axes, x: float, y: float, rank: int, color: str) -> None:
    edge = 0.06 * IMAGE_PX
    axes.text(
        float(np.clip(x, edge, IMAGE_PX - edge)),
        float(np.clip(y, edge, IMAGE_PX - edge)),
        str(rank + 1),
        color="white",
        fontsize=8,
        fontweight="bold",
        ha="center",
        va="center",
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": color, "edgecolor": "white"},
    )


def _legend(
    figure: Figure, bank: ConceptBank, ranking: Sequence[int], *, columns: int, left: float
) -> None:
    """List all concepts with number, line, name and importance."""
    if bank.importance is None:
        return
    handles, labels = [], []
    for rank, concept in enumerate(ranking):
        color, style = concept_line(rank)
        handles.append(Line2D([], [], color=color, linestyle=style, linewidth=2.4))
        value = float(bank.importance.values[concept])
        labels.append(f"{rank + 1}  {bank.concepts[concept].name} ({value:.2f})")
    figure.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(left, 0.5),
        ncols=columns,
        fontsize=7.5,
        frameon=False,
        handlelength=3.2,
        title=f"“{bank.class_name}” (importance)",
        title_fontsize=8,
        alignment="left",
    )
