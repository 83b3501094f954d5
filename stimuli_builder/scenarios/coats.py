"""Coats and markings, the same for every species: they must not tell one from the other."""

from dataclasses import dataclass

import numpy as np

from stimuli_builder.scenarios.painting import Colour, Floats, gradient


@dataclass(frozen=True, kw_only=True)
class Coat:
    """Fur colours from the belly to the back, and the darknesses between which each blends."""

    pale: Colour
    middle: Colour
    dark: Colour
    bounds: tuple[float, float, float, float] = (0.26, 0.46, 0.66, 0.84)


COATS = {
    "grey": Coat(pale=(232, 228, 220), middle=(150, 148, 146), dark=(78, 79, 86)),
    "black": Coat(pale=(226, 223, 218), middle=(88, 88, 94), dark=(42, 43, 50)),
    "brown": Coat(pale=(230, 220, 206), middle=(138, 114, 96), dark=(84, 67, 57)),
    "tawny": Coat(pale=(232, 216, 188), middle=(166, 138, 104), dark=(76, 62, 52)),
    "cream": Coat(pale=(240, 234, 222), middle=(212, 196, 170), dark=(166, 146, 120)),
}

_FOX_BOUNDS = (0.22, 0.36, 0.90, 1.0)

FOX_COATS = {
    "rust": Coat(
        pale=(246, 238, 228), middle=(200, 106, 54), dark=(44, 32, 30), bounds=_FOX_BOUNDS
    ),
    "sand": Coat(
        pale=(246, 238, 228), middle=(190, 158, 116), dark=(44, 32, 30), bounds=_FOX_BOUNDS
    ),
}

EYES: dict[str, Colour] = {"amber": (206, 154, 62), "brown": (122, 84, 52), "blue": (128, 178, 214)}

MARKINGS = {"saddle": 0.10, "even": 0.0, "pale": -0.12}


def fur_colours(coat: Coat, marking: str) -> Floats:
    """Tabulate a coat's colour for every darkness of fur.

    Parameters
    ----------
    coat
        Colours of the fur.
    marking
        One of `MARKINGS`: how far down the dark fur of the back reaches.

    Returns
    -------
    Floats
        (256, 3). RGB in [0, 255] for a darkness from 0, the belly, to 255, the back.
    """
    shift = MARKINGS[marking]
    pale, first, last, dark = coat.bounds
    stops = [
        (pale - shift, coat.pale),
        (first - shift, coat.middle),
        (last - shift, coat.middle),
        (dark - shift, coat.dark),
    ]
    return gradient(stops, np.linspace(0, 1, 256))
