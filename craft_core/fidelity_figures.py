"""Figures 6 and S8 of the paper: curves of deletion and insertion, with bands over seeds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from craft_core.fidelity import KINDS
from craft_core.fidelity_tables import Curve
from craft_core.pictures import PALETTE

RANKING_STYLES = {  # colour, dash, and name; dashes tell lines apart in print
    "sobol": (PALETTE[0], "-", "Sobol"),
    "tcav": (PALETTE[1], (0, (5, 2)), "TCAV"),
    "gradient_input": (PALETTE[2], (0, (4, 1.5, 1, 1.5)), "gradient × input"),
    "random": ("#666666", (0, (1, 1.5)), "random"),
    "best": ("#000000", "-", "best order"),
    "worst": ("#000000", (0, (2, 2)), "worst order"),
}
BANK_NAMES = {
    "craft": "NMF (CRAFT)",
    "pca": "PCA",
    "ica": "ICA",
    "rca": "RCA",
    "kmeans": "KMeans",
    "ace": "ACE",
    "ice": "ICE",
}
MEANINGS = {"deletion": "Deletion (lower is better)", "insertion": "Insertion (higher is better)"}
FORMATS = ("png", "pdf", "svg")


def fidelity_figure(curves: Sequence[Curve], banks: Sequence[str]) -> Figure:
    """Draw curves, one row a bank, deletion on the left and insertion on the right.

    Parameters
    ----------
    curves
        Of any classes, seeds and rankings.
    banks
        Those to be drawn.

    Returns
    -------
    Figure
        Lines are means over classes and seeds, bands one standard deviation over seeds. Banks of
        different numbers of concepts share an axis of shares.
    """
    height = 2.1 * len(banks) + 0.7
    figure = Figure(figsize=(7.2, height), dpi=150, layout="constrained")
    grid = figure.subplots(len(banks), 2, squeeze=False, sharex=True)
    for row, bank in zip(grid, banks, strict=True):
        for axes, kind in zip(row, KINDS, strict=True):
            _draw(axes, [c for c in curves if c.bank == bank and c.kind == kind])
        low = min(axes.get_ylim()[0] for axes in row)
        high = max(axes.get_ylim()[1] for axes in row)
        for axes in row:
            axes.set_ylim(low, high)
        row[0].set_ylabel(f"{BANK_NAMES.get(bank, bank)}\nlogit", fontsize=9)
    for axes, kind in zip(grid[0], KINDS, strict=True):
        axes.set_title(MEANINGS[kind], fontsize=10, loc="left")
    for axes, word in zip(grid[-1], ("removed", "kept"), strict=True):
        axes.set_xlabel(f"share of concepts {word}", fontsize=9)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=8.5, frameon=False)
    return figure


def save_figures(curves: Sequence[Curve], folder: Path) -> None:
    """Write ``figure_6`` and ``figure_s8`` as PNG, PDF and SVG.

    Parameters
    ----------
    curves
        Of `craft_core.fidelity_tables.read_curves`.
    folder
        Where.
    """
    banks = list(dict.fromkeys(curve.bank for curve in curves))
    first = "craft" if "craft" in banks else banks[0]
    for name, shown in (("figure_6", [first]), ("figure_s8", banks)):
        save_publication(fidelity_figure(curves, shown), folder / name)


def save_publication(figure: Figure, stem: Path, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write a figure in several formats, the same bytes for the same figure.

    Parameters
    ----------
    figure
        Any figure.
    stem
        Path without an ending.
    formats
        Of matplotlib's: ``png``, ``pdf``, ``svg``.

    Returns
    -------
    list[Path]
        The files.
    """
    import matplotlib as mpl

    undated = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "svg": {"Date": None, "Creator": None},
    }
    files = [stem.with_name(f"{stem.name}.{ending}") for ending in formats]
    with mpl.rc_context({"svg.hashsalt": "craft", "pdf.fonttype": 42}):
        for file, ending in zip(files, formats, strict=True):
            figure.savefig(file, metadata=undated[ending])
    return files


def mean_and_spread(curves: Sequence[Curve]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average curves over classes, then over seeds.

    Parameters
    ----------
    curves
        Of one bank, ranking and kind.

    Returns
    -------
    tuple[np.ndarray, np.ndarray, np.ndarray]
        Shares of concepts, from 0 to 1: the points of all curves, between which each is straight.
        Mean and standard deviation over seeds there; the latter is zero with one seed.
    """
    own = [np.arange(len(curve.logits)) / (len(curve.logits) - 1) for curve in curves]
    points = np.unique(np.concatenate(own))
    by_seed: dict[int, list[np.ndarray]] = {}
    for curve, shares in zip(curves, own, strict=True):
        heights = np.interp(points, shares, curve.logits.numpy())
        by_seed.setdefault(curve.seed, []).append(heights)
    means = np.stack([np.mean(heights, axis=0) for heights in by_seed.values()])
    spread = means.std(axis=0, ddof=1) if len(means) > 1 else np.zeros_like(points)
    return points, means.mean(axis=0), spread


def _draw(axes: Axes, curves: Sequence[Curve]) -> None:
    present = {curve.ranking for curve in curves}
    for ranking, (color, dash, name) in RANKING_STYLES.items():
        if ranking not in present:
            continue
        points, mean, spread = mean_and_spread([c for c in curves if c.ranking == ranking])
        axes.fill_between(points, mean - spread, mean + spread, color=color, alpha=0.2, linewidth=0)
        axes.plot(points, mean, color=color, linestyle=dash, linewidth=1.6, label=name)
    axes.set_xlim(0, 1)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
