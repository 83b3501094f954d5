"""Control: a map that looks like the others and tells nothing.

The paper names this condition and does not define it; this is a reading.
"""

import numpy as np

from stimuli_builder.bundle import Group
from stimuli_builder.conditions.attribution import MAP_TITLE
from stimuli_builder.conditions.condition import Condition, PanelMaker, Shown
from stimuli_builder.overlays import draw_heat


def control_panel(maker: PanelMaker, shown: Shown) -> tuple[Group, ...]:
    """Show a map with the values and the grain of a Grad-CAM map, in places drawn by lot.

    The map is of a training image drawn by lot, whatever its class, and its Fourier phases are
    drawn anew: neither where it is light nor how much of it depends on the image shown.

    Parameters
    ----------
    maker
        Maps.
    shown
        The training image.

    Returns
    -------
    tuple[Group, ...]
        One group, as an attribution method's.

    Raises
    ------
    StimuliError
        If Grad-CAM fails on the image drawn.
    """
    files = sorted(maker.heats.files)
    generator = np.random.default_rng([maker.seed, files.index(shown.file)])
    drawn_file = files[int(generator.integers(len(files)))]
    prediction = maker.heats.prediction_of(drawn_file)
    heat = maker.heats.of_class("grad_cam", prediction, drawn_file)
    field = scrambled(heat, generator)
    drawn = maker.media.draw(draw_heat, shown.square, field, width_px=maker.image_px)
    return (Group(title=MAP_TITLE, color="", importance=None, crops=(), map=drawn),)


def scrambled(heat: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw a map with the same values and the same power at each frequency.

    Parameters
    ----------
    heat
        (H, W), >= 0.
    generator
        Draws phases.

    Returns
    -------
    np.ndarray
        (H, W): exactly the values of `heat`, in the order of a field with its spectrum and random
        phases (a surrogate, as in Theiler et al. 1992).
    """
    noise = np.fft.fft2(generator.standard_normal(heat.shape))
    phases = noise / np.maximum(np.abs(noise), np.finfo(float).tiny)
    field = np.fft.ifft2(np.abs(np.fft.fft2(heat)) * phases).real
    ranks = field.ravel().argsort().argsort()
    return np.asarray(np.sort(heat.ravel())[ranks].reshape(heat.shape))


CONTROL = Condition(title="Control", panel=control_panel)
