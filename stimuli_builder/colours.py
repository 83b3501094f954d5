"""The colours of concepts in panels: as many as a panel can have."""

from typing import Final

PANEL_COLOURS: Final = (  # the first six are those of craft_core's figures
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#1b1b1b",
    "#7a4b1f",
    "#5e3c99",
    "#8a8d00",
)
