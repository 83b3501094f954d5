"""Draw the report's figures: narrow enough for a phone, told apart without colour.

Every function takes tables and returns a matplotlib figure; none computes a statistic.
"""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.arm_figures import draw_odds_ratios, draw_raincloud, draw_shares
from analysis.findings import quoted_shares
from analysis.labels import STAGES, TIES, condition_label, percent, ratio
from analysis.shares import Values

OKABE_ITO: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS: Final = "osD^vP"
INK, GREY, FAINT = "#1b1f24", "#5b6470", "#c9ced6"
WIDTH_IN: Final = 5.0
NOTE_IN: Final = 0.26
LONG_NAME: Final = 15  # letters beyond which a condition's name takes two lines
MANY_DOTS: Final = 1000  # beyond it, dots are drawn as pixels and not as shapes
STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "analysis",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw_all(tables: dict[str, pd.DataFrame], *, has_utility: bool = True) -> dict[str, Figure]:
    """Draw every figure whose table has rows.

    Parameters
    ----------
    tables
        As in `results.Results`.
    has_utility
        Whether participants predicted the model; without it, the figures of accuracy and Utility,
        which have one half as guessing, are left out.

    Returns
    -------
    dict[str, Figure]
        Name -> figure.
    """
    with mpl.rc_context(STYLE):
        figures = {"flow": draw_flow(tables["flow"])}
        if len(quoted_shares(tables)):
            figures["recursivity"] = draw_shares(quoted_shares(tables))
        return figures | (_draw_accuracies_and_utility(tables) if has_utility else {})


def save_figures(figures: dict[str, Figure], folder: Path, *, note: str = "") -> list[str]:
    """Write each figure as SVG, the same bytes for the same figure.

    Parameters
    ----------
    figures
        Name -> figure.
    folder
        Exists; gets one file a figure.
    note
        Printed below each figure; nothing where empty.

    Returns
    -------
    list[str]
        File names, in the order of the figures.
    """
    files = []
    with mpl.rc_context(STYLE):
        for name, figure in figures.items():
            files.append(f"{name}.svg")
            if note:
                _add_note(figure, note)
            figure.savefig(folder / files[-1], format="svg", metadata={"Date": None})
    return files


def _add_note(figure: Figure, note: str) -> None:
    """Print a line below a figure, which grows by it."""
    height_in = figure.get_figheight() + NOTE_IN
    share = NOTE_IN / height_in
    figure.set_figheight(height_in)
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, share, 1, 1 - share))
    figure.text(0.5, 0.2 * share, note, ha="center", va="bottom", fontsize=9, color=GREY)


def draw_flow(flow: pd.DataFrame) -> Figure:
    """Draw who came how far, from consent to analysis.

    Parameters
    ----------
    flow
        As from `flow.flow_table`.

    Returns
    -------
    Figure
        One row of boxes a stage, then one a condition.
    """
    overall = flow[flow["condition"] == ""].set_index("stage")["participants"]
    arms = flow[flow["condition"] != ""]
    conditions = list(arms["condition"].unique())
    n_rows = 2 + len(conditions)
    figure, axes = _canvas(height_in=1.05 * n_rows + 0.2)
    axes.set(xlim=(0, 10), ylim=(-n_rows, 0))
    axes.axis("off")
    left = overall.drop(["started", "assigned", "analysed"])
    _box(axes, 1.75, -0.5, f"{overall['started']}\ngave consent")
    _box(axes, 5.4, -0.5, _losses(left), is_loss=True)
    _box(axes, 1.75, -1.5, f"{overall['assigned']}\nassigned")
    _line(axes, [1.75, 1.75], [-0.5, -1.5])
    _line(axes, [1.75, 5.4], [-0.5, -0.5])
    _line(axes, [1.75, 0.05, 0.05], [-1.5, -1.5, 0.5 - n_rows])
    for i, condition in enumerate(conditions):
        counts = arms[arms["condition"] == condition].set_index("stage")["participants"]
        height = -2.5 - i
        name = "\n".join(textwrap.wrap(condition_label(condition), LONG_NAME))
        _box(axes, 1.75, height, f"{counts['assigned']}\n{name}")
        _box(axes, 5.4, height, _losses(counts.drop(["assigned", "analysed"])), is_loss=True)
        _box(axes, 8.9, height, f"{counts['analysed']}\nanalysed", is_strong=True)
        _line(axes, [0.05, 8.9], [height, height])
    return figure


def draw_accuracies(each: pd.DataFrame, means: pd.DataFrame, by: str) -> Figure:
    """Draw every participant's accuracy as a dot, and the means as a line with intervals.

    Parameters
    ----------
    each
        ``condition``, `by`, ``accuracy``: one row a participant and `by`.
    means
        As from `accuracy.accuracy_by` over condition and `by`.
    by
        ``session`` or ``tie``: the horizontal axis.

    Returns
    -------
    Figure
        One panel a condition; the first one's means are repeated in the others, dashed.
    """
    conditions = list(means["condition"].unique())
    n_columns = min(2, len(conditions))
    n_rows = -(-len(conditions) // n_columns)
    figure = Figure(figsize=(WIDTH_IN, 3.3 * n_rows + 0.3), layout="constrained")
    panels = list(figure.subplots(n_rows, n_columns, sharey=True, sharex=True, squeeze=False).flat)
    ticks = list(dict.fromkeys(means[by]))
    for i, (condition, axes) in enumerate(zip(conditions, panels, strict=False)):
        dots = each[each["condition"] == condition]
        if i:
            _mean_line(axes, means[means["condition"] == conditions[0]], ticks, by)
        for x, tick in enumerate(ticks):
            _dots(axes, x, dots.loc[dots[by] == tick, "accuracy"].to_numpy(float), _color(i))
        rows = means[means["condition"] == condition]
        _mean_line(axes, rows, ticks, by, color=_color(i), marker=MARKERS[i % len(MARKERS)])
        axes.set_title(_titled(condition_label(condition), int(rows["n_participants"].max())))
        axes.axhline(0.5, color=FAINT, linewidth=1, zorder=0)
    _label_panels(panels, ticks)
    for axes in panels[len(conditions) :]:
        axes.axis("off")
    for axes in panels[max(len(conditions) - n_columns, 0) : len(conditions)]:
        axes.tick_params(axis="x", labelbottom=True)
        axes.set_xlabel("Session" if by == "session" else "")
    figure.supylabel("Accuracy", fontsize=11)
    return figure


def draw_utility(utility: pd.DataFrame) -> Figure:
    """Draw each condition's Utility with its interval, against 1.

    Parameters
    ----------
    utility
        As from `utility.utility_scores`, with intervals.

    Returns
    -------
    Figure
        A forest plot; an interval without bounds spans the axis.
    """
    figure, axes = _canvas(height_in=1.25 + 0.5 * len(utility))
    scores = utility[["utility", "ci_low", "ci_high"]].to_numpy(float)
    known = np.append(scores[np.isfinite(scores)], [0.9, 1.1])
    low, high = known.min() - 0.05, known.max() + 0.05
    for y, (score, ci_low, ci_high) in enumerate(scores):
        bounds = np.clip([ci_low, ci_high], low, high)
        color, marker = _color(y + 1), MARKERS[(y + 1) % len(MARKERS)]
        axes.plot(bounds, [y, y], color=color, linewidth=2.5, solid_capstyle="butt")
        axes.plot(score, y, marker, color=color, markersize=9)
        text = f"{ratio(score)} [{ratio(ci_low)}, {ratio(ci_high)}]"
        axes.annotate(
            text, (score, y), (0, 9), textcoords="offset points", ha="center", fontsize=10,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5}, zorder=1,
        )  # fmt: skip
    axes.axvline(1, color=GREY, linewidth=1.2, linestyle="--", zorder=0)
    axes.set(xlim=(low, high), ylim=(len(utility) - 0.3, -0.7))
    axes.set_yticks(range(len(utility)), [condition_label(name) for name in utility["condition"]])
    axes.set_xlabel("Utility (1 = no help)")
    return figure


def draw_kinds(kinds: pd.DataFrame) -> Figure:
    """Draw each simulated kind's accuracy by condition, against one half.

    Parameters
    ----------
    kinds
        As from `simulated.kind_table`.

    Returns
    -------
    Figure
        One row a kind; one marker a condition.
    """
    rows = kinds[kinds["finished"] > 0]
    names = list(rows["simulated_kind"].unique())
    conditions = list(rows["condition"].unique())
    figure, axes = _canvas(height_in=1.5 + 0.62 * len(names))
    for i, condition in enumerate(conditions):
        chosen = rows[rows["condition"] == condition]
        y = [
            names.index(kind) + 0.24 * (i - (len(conditions) - 1) / 2)
            for kind in chosen["simulated_kind"]
        ]
        means = chosen["accuracy"].to_numpy(float)
        axes.errorbar(
            means, y, xerr=_errors(chosen), fmt=MARKERS[i % len(MARKERS)], color=_color(i),
            markersize=8, elinewidth=2, label=condition_label(condition),
        )  # fmt: skip
    axes.axvline(0.5, color=GREY, linewidth=1.2, linestyle="--", zorder=0)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6))
    axes.set_yticks(range(len(names)), names)
    axes.xaxis.set_major_formatter(_percent_tick())
    axes.set_xlabel("Accuracy (one half = guessing)")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def _draw_accuracies_and_utility(tables: dict[str, pd.DataFrame]) -> dict[str, Figure]:
    """Draw what has one half as guessing, or stands on it."""
    figures = {}
    if len(tables["accuracy_by_session"]):
        figures["accuracy"] = draw_accuracies(
            tables["session_accuracies"], tables["accuracy_by_session"], "session"
        )
    if len(tables["accuracy_by_condition"]):
        figures["raincloud"] = draw_raincloud(
            tables["session_accuracies"], tables["accuracy_by_condition"]
        )
    if "odds_ratios" in tables and tables["odds_ratios"]["p"].notna().any():
        figures["odds_ratios"] = draw_odds_ratios(tables["odds_ratios"])
    if len(tables["utility"]):
        figures["utility"] = draw_utility(tables["utility"])
    if len(tables["accuracy_by_tie"]):
        figures["tie"] = draw_accuracies(tables["tie_accuracies"], tables["accuracy_by_tie"], "tie")
    if "simulated_kinds" in tables and tables["simulated_kinds"]["finished"].any():
        figures["simulated_kinds"] = draw_kinds(tables["simulated_kinds"])
    return figures


def _canvas(height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    return figure, figure.subplots()


def _color(i: int) -> str:
    return OKABE_ITO[i % len(OKABE_ITO)]


def _losses(counts: pd.Series) -> str:
    lines = [f"{count} {STAGES.get(str(stage), stage)}" for stage, count in counts.items() if count]
    return "\n".join(lines) or "nobody left"


def _box(
    axes: Axes, x: float, y: float, text: str, *, is_loss: bool = False, is_strong: bool = False
) -> None:
    edge, face = (FAINT, "#ffffff") if is_loss else (GREY, "#e8f1f8" if is_strong else "#f4f5f7")
    style = {"boxstyle": "round,pad=0.4", "facecolor": face, "edgecolor": edge, "linewidth": 1.2}
    size = 9.5 if is_loss else 10.5
    axes.text(x, y, text, ha="center", va="center", bbox=style, fontsize=size, zorder=2)


def _line(axes: Axes, x: list[float], y: list[float]) -> None:
    axes.plot(x, y, color=GREY, linewidth=1.2, zorder=1)


def _dots(axes: Axes, x: float, values: Values, color: str) -> None:
    """Spread equal values sideways, so that each participant is a dot of its own."""
    heights, counts = np.unique(np.round(values, 6), return_counts=True)
    step = min(0.055, 0.7 / max(counts.max(initial=1), 1))
    offsets = [step * (np.arange(count) - (count - 1) / 2) for count in counts]
    axes.plot(
        x + np.concatenate(offsets) if len(offsets) else [],
        np.repeat(heights, counts),
        "o",
        color=color,
        alpha=0.35,
        markersize=4,
        markeredgewidth=0,
        rasterized=len(values) > MANY_DOTS,
        zorder=1,
    )


def _mean_line(
    axes: Axes,
    rows: pd.DataFrame,
    ticks: list[object],
    by: str,
    *,
    color: str = "",
    marker: str = "",
) -> None:
    """Join the means; without a colour, as the dashed line of another condition."""
    x = [ticks.index(tick) for tick in rows[by]]
    means = rows["accuracy"].to_numpy(float)
    if not color:
        axes.plot(x, means, "--", color=GREY, linewidth=1.5, zorder=2)
        return
    axes.errorbar(
        x, means, yerr=_errors(rows), fmt=f"{marker}-", color=INK, markerfacecolor=color,
        markersize=9, linewidth=1.8, elinewidth=2, capsize=4, zorder=3,
    )  # fmt: skip
    for place, value in zip(x, means, strict=True):
        axes.text(place, 1.05, percent(value, 0), ha="center", va="bottom", fontsize=10.5)


def _errors(rows: pd.DataFrame) -> Values:
    """Distances from mean to bounds, (2, n); none where there is no interval."""
    low = rows["accuracy"] - rows["ci_low"]
    high = rows["ci_high"] - rows["accuracy"]
    distances: Values = np.nan_to_num(np.array([low, high], dtype=np.float64))
    return distances


def _titled(label: str, n: int) -> str:
    """Put the number of participants below a long name, or beside a short one."""
    return f"{label}{chr(10) if len(label) > LONG_NAME else ' '}(n = {n})"


def _label_panels(panels: list[Axes], ticks: list[object]) -> None:
    names = [TIES.get(str(tick), str(tick)) for tick in ticks]
    for axes in panels:
        axes.set(xlim=(-0.5, len(ticks) - 0.5), ylim=(-0.03, 1.14))
        axes.set_xticks(range(len(ticks)), names)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.yaxis.set_major_formatter(_percent_tick())


def _percent_tick() -> Callable[[float, float], str]:
    return lambda value, _: percent(value, 0)
