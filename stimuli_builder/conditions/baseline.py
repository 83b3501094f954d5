"""Baseline: the model's answer alone."""

from stimuli_builder.bundle import Group
from stimuli_builder.conditions.condition import Condition, PanelMaker, Shown


def baseline_panel(maker: PanelMaker, shown: Shown) -> tuple[Group, ...]:
    """Show nothing but what every condition shows.

    Parameters
    ----------
    maker
        Not used.
    shown
        Not used.

    Returns
    -------
    tuple[Group, ...]
        Empty.
    """
    return ()


BASELINE = Condition(title="Baseline", panel=baseline_panel)
