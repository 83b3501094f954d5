"""Figures of whole arms: a raincloud of participants, and a forest of odds ratios."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from scipy import stats

from analysis.labels import condition_label, percent, ratio
from analysis.shares import Values

WIDTH_IN: Final = 5.0
CLOUD: Final = 0.42  # height of a cloud, in rows
GREY, FAINT, INK, BLUE = "#5b6470", "#c9ced6", "#1b1f24", "#0072B2"
LEAST_CLOUD: Final = 5  # participants below which no density is drawn


def draw_raincloud(accuracies: pd.DataFrame, means: pd.DataFrame) -> Figure:
    """Draw each participant's accuracy by condition: density, dots, mean with its interval.

    Parameters
    ----------
    accuracies
        As from `scoring.session_accuracies`.
    means
        As from `accuracy.accuracy_by` over conditions.

    Returns
    -------
    Figure
        One row a condition; the density stands above the dots, the mean between.
    """
    each = accuracies.groupby(["condition", "participant"], sort=False)["accuracy"].mean()
    figure = Figure(figsize=(WIDTH_IN, 1.0 + 0.95 * len(means)), layout="constrained")
    axes = figure.subplots()
    for y, row in enumerate(means.to_dict("records")):
        values = each[row["condition"]].to_numpy(float)
        _cloud(axes, y, values)
        _rain(axes, y + 0.24, values)
        bounds = [row["ci_low"], row["ci_high"]]
        axes.plot(bounds, [y, y], color=INK, linewidth=2.2, solid_capstyle="butt", zorder=4)
        axes.plot(row["accuracy"], y, "D", color=INK, markersize=6.5, zorder=5)
        axes.annotate(
            percent(row["accuracy"], 0), (1.03, y), va="center", fontsize=10, annotation_clip=False
        )
    axes.axvline(0.5, color=GREY, linewidth=1.2, linestyle="--", zorder=0)
    names = [
        f"{condition_label(row['condition'])}\nn = {row['n_participants']}"
        for row in means.to_dict("records")
    ]
    axes.set(xlim=(-0.01, 1.01), ylim=(len(means) - 0.45, -0.6))
    axes.set_yticks(range(len(means)), names)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.set_xlabel("Accuracy of a participant (dashed: guessing)")
    axes.tick_params(axis="y", length=0)
    return figure


def draw_odds_ratios(odds: pd.DataFrame) -> Figure:
    """Draw odds ratios with their intervals on a logarithmic axis, against 1.

    Parameters
    ----------
    odds
        As from `odds.marginal_odds_ratios`; rows without a finite ratio show their bound only.

    Returns
    -------
    Figure
        A forest plot, one row a comparison.
    """
    rows = odds[odds["p"].notna()].to_dict("records")
    figure = Figure(figsize=(WIDTH_IN, 1.0 + 0.55 * len(rows)), layout="constrained")
    axes = figure.subplots()
    known = odds[["odds_ratio", "ci_low", "ci_high"]].to_numpy(float)
    known = known[np.isfinite(known) & (known > 0)]
    low, high = min(known.min(initial=0.8), 0.8) / 1.1, max(known.max(initial=1.25), 1.25) * 1.1
    for y, row in enumerate(rows):
        bounds = np.clip([row["ci_low"], row["ci_high"]], low, high)
        axes.plot(bounds, [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        for value, edge, marker in zip(bounds, (low, high), "<>", strict=True):
            if value == edge:
                axes.plot(edge, y, marker, color=INK, markersize=7, clip_on=False)
        if low < row["odds_ratio"] < high:
            axes.plot(row["odds_ratio"], y, "s", color=INK, markersize=6.5)
        text = f"{ratio(row['odds_ratio'])} [{ratio(row['ci_low'])}, {ratio(row['ci_high'])}]"
        axes.annotate(text, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=9)
    axes.axvline(1, color=GREY, linewidth=1.2, linestyle="--", zorder=0)
    axes.set(xscale="log", xlim=(low, high), ylim=(len(rows) - 0.5, -0.6))
    axes.set_yticks(
        range(len(rows)),
        [f"{condition_label(r['condition'])} –\n{condition_label(r['reference'])}" for r in rows],
        fontsize=9,
    )
    ticks = [tick for tick in (0.1, 0.25, 0.5, 1, 2, 4, 10, 30, 100) if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set_xlabel("Odds ratio of a right answer (1 = no difference)")
    return figure


def draw_shares(findings: pd.DataFrame) -> Figure:
    """Draw shares of right answers with their intervals, each against guessing.

    Parameters
    ----------
    findings
        As from `findings.quoted_shares`.

    Returns
    -------
    Figure
        One row a share; a cross marks the share by guessing.
    """
    figure = Figure(figsize=(WIDTH_IN, 1.0 + 0.62 * len(findings)), layout="constrained")
    axes = figure.subplots()
    rows = findings.to_dict("records")
    for y, row in enumerate(rows):
        bounds = [row["ci_low"], row["ci_high"]]
        axes.plot(bounds, [y, y], color=BLUE, linewidth=2.5, solid_capstyle="butt")
        axes.plot(row["estimate"], y, "s", color=BLUE, markersize=8)
        axes.plot(row["null"], y, "x", color=INK, markersize=8, markeredgewidth=2)
        axes.annotate(
            percent(row["estimate"], 0), (1.03, y), va="center", fontsize=10, annotation_clip=False
        )
    names = [
        "\n".join(filter(None, (row["test"].split(" against ")[0], row["group"]))) for row in rows
    ]
    axes.set(xlim=(-0.01, 1.01), ylim=(len(rows) - 0.45, -0.6))
    axes.set_yticks(range(len(rows)), names)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.set_xlabel("Right answers (cross: guessing)")
    axes.tick_params(axis="y", length=0)
    return figure


def _cloud(axes: Axes, y: float, values: Values) -> None:
    """Draw the density above a row, cut at the outermost participants."""
    if len(values) < LEAST_CLOUD or np.ptp(values) < 1e-9:
        return
    grid = np.linspace(values.min(), values.max(), 80)
    density = stats.gaussian_kde(values)(grid)
    top = y - 0.08 - CLOUD * density / density.max()
    axes.fill_between(grid, y - 0.08, top, color=FAINT, linewidth=0, zorder=1)
    axes.plot(grid, top, color=GREY, linewidth=1, zorder=2)


def _rain(axes: Axes, y: float, values: Values) -> None:
    """Draw one dot a participant; equal ones are stacked downwards."""
    heights, counts = np.unique(np.round(values, 6), return_counts=True)
    step = min(0.07, 0.26 / max(counts.max(initial=1) - 1, 1))
    x = np.repeat(heights, counts)
    drops = np.concatenate([np.arange(count) * step for count in counts]) if len(counts) else x
    axes.plot(
        x, y + drops - 0.12, "o", color=BLUE, markersize=3.6, alpha=0.65, markeredgewidth=0,
        rasterized=len(values) > 1000, zorder=3,
    )  # fmt: skip
