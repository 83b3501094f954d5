"""The curve of power over sizes."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.labels import percent


def draw_power(curve: pd.DataFrame, target: float = 0.8) -> Figure:
    """Draw simulated power with its interval, and the closed form beside it.

    Parameters
    ----------
    curve
        As from `power.power_curve`.
    target
        Power that is wanted, drawn as a dashed line.

    Returns
    -------
    Figure
        One panel; told apart without colour.
    """
    rows = curve.sort_values("per_arm")
    figure = Figure(figsize=(5.0, 3.6), layout="constrained")
    axes = figure.subplots()
    x, power = rows["per_arm"], rows["power"]
    errors = [power - rows["ci_low"], rows["ci_high"] - power]
    axes.errorbar(
        x, power, yerr=errors, fmt="o-", color="#0072B2", capsize=4, label="simulated, 95 %"
    )
    if rows["closed_form"].notna().any():
        axes.plot(x, rows["closed_form"], "s--", color="#5b6470", label="closed form")
    axes.axhline(target, color="#5b6470", linewidth=1, linestyle=":")
    axes.annotate(
        f"wanted: {percent(target, 0)}", (x.min(), target), (0, 4), textcoords="offset points",
        fontsize=9,
    )  # fmt: skip
    axes.set(ylim=(-0.02, 1.04), xlabel="Recruited in an arm", ylabel="Power")
    axes.set_xticks(list(x))
    axes.legend(frameon=False, loc="lower right")
    return figure
