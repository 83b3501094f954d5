"""The panel of one study: settings that fit its bundle."""

from pathlib import Path

from stimuli_builder.bundle import Bundle
from study_app.errors import SetupError
from study_app.panels.settings import SHIPPED, Panel, read_panel


def panel_for(setting: str, bundle: Bundle) -> Panel | None:
    """Read the panel that a server is set up with, and compare it with the study.

    Parameters
    ----------
    setting
        A TOML file, a name of shipped settings, or an empty string.
    bundle
        The study.

    Returns
    -------
    Panel | None
        None where the setting is empty: every link begins a participation then.

    Raises
    ------
    SetupError
        If the settings are wrong, lie in the bundle, or want a question that the study lacks.
    """
    if not setting:
        return None
    if setting not in SHIPPED and Path(setting).resolve().is_relative_to(bundle.path.resolve()):
        raise SetupError(f"panel file must lie outside the bundle, as it is secret; got {setting}.")
    panel = read_panel(setting)
    if panel.needs_audience and bundle.manifest.recruitment.audience is None:
        raise SetupError(
            "recruitment.audience of the study must name the question that tells audiences apart, "
            "for a panel with needs_audience; got nothing."
        )
    return panel
