"""Figure S9 of the paper: concepts before and after a network's weights are drawn anew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from craft_core.bank import ConceptBank
from craft_core.pictures import PALETTE, crop_image
from craft_core.sanity import SanityCheck, SanityStep

CROPS, CROP_PX, GAP_PX = 6, 88, 4
SHOWN = 3  # concepts, as the paper shows


def sanity_figure(check: SanityCheck, files: Sequence[Path]) -> Figure:
    """Draw the strongest concepts of the trained and of the random network, and their likeness.

    Parameters
    ----------
    check
        Of `craft_core.sanity.sanity_check`.
    files
        Paths of the bank's `files`.

    Returns
    -------
    Figure
        Crops of three concepts a network, those with the largest share of the activations; and
        matched correlations beside the ceiling and chance.
    """
    last = check.steps[-1]
    figure = Figure(figsize=(10.2, 3.5), dpi=150, layout="constrained")
    grid = figure.add_gridspec(SHOWN, 3, width_ratios=[2.6, 2.6, 1.9])
    for column, (name, bank) in enumerate(
        [("trained network", check.trained), (f"{last.name} drawn anew", last.bank)]
    ):
        order = bank.shares.argsort(descending=True, stable=True).tolist()[:SHOWN]
        for row, concept in enumerate(order):
            axes = figure.add_subplot(grid[row, column])
            axes.imshow(_strip(bank, concept, files))
            axes.axis("off")
            if row == 0:
                axes.set_title(name, fontsize=10, loc="left")
    _draw_similarity(figure.add_subplot(grid[:, 2]), [check.ceiling, *check.steps])
    figure.suptitle(f"Concepts of “{check.trained.class_name}”", fontsize=10, x=0.01, ha="left")
    return figure


def _strip(bank: ConceptBank, concept: int, files: Sequence[Path]) -> np.ndarray:
    strip = np.ones((CROP_PX, CROPS * (CROP_PX + GAP_PX) - GAP_PX, 3))
    for place, crop in enumerate(bank.best_crops(concept, CROPS)):
        left = place * (CROP_PX + GAP_PX)
        pixels = np.asarray(crop_image(bank, crop, files, CROP_PX)) / 255
        strip[:, left : left + CROP_PX] = pixels
    return strip


def _draw_similarity(axes: Axes, steps: Sequence[SanityStep]) -> None:
    """Draw one row a state: its concepts as points, their mean as a bar, and chance as a line."""
    for row, step in enumerate(steps):
        color = PALETTE[0] if row == 0 else PALETTE[1]
        axes.barh(row, step.similarity, color=color, height=0.55, alpha=0.85)
        values = step.correlations.cpu().numpy()
        axes.plot(values, np.full(len(values), row), "|", color="black", markersize=5, alpha=0.6)
        axes.plot([step.by_chance] * 2, [row - 0.4, row + 0.4], color="#666666", linewidth=1.4)
    names = ["trained,\nanother start", *(_words(step) for step in steps[1:])]
    axes.set_yticks(range(len(steps)), names, fontsize=8)
    axes.invert_yaxis()
    lowest = min(float(step.correlations.min()) for step in steps)
    axes.set_xlim(min(0.0, lowest - 0.02), 1)
    axes.set_xlabel(
        "correlation of coefficients with the trained\n(grey: shuffled crops)", fontsize=8
    )
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _words(step: SanityStep) -> str:
    if step.name == "all weights":
        return "all weights\ndrawn anew"
    return f"last {step.n_layers} layers\ndrawn anew"
