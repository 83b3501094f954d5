"""Services are tested on studies of panels, too."""

from tests.study_app.panels.conftest import (
    make_short_app,
    panel_app,
    prepared_short,
    prolific,
    short,
    short_apps,
)

__all__ = ["make_short_app", "panel_app", "prepared_short", "prolific", "short", "short_apps"]
