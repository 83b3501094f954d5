from craft_core.figures import PALETTE
from stimuli_builder.colours import PANEL_COLOURS


def test_panels_go_on_where_figures_begin_again():
    assert PANEL_COLOURS[: len(PALETTE)] == PALETTE
    assert len(set(PANEL_COLOURS)) == len(PANEL_COLOURS) == 10
