"""What a scenario is: the classes, what decides between them, and what varies alike in both.

A new scenario is one file that makes a `Scenario`, and one line in `registry.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from PIL import Image

AGREE = "agree"
TIES = ("kept", "broken")

Factors = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """An image and the map of its parts.

    Attributes
    ----------
    image
        RGB.
    labels
        Greyscale, as large as `image`: the value of the part that is seen at each pixel.
    """

    image: Image.Image
    labels: Image.Image


class DrawImage(Protocol):
    """Draws one image of a scenario; all chance comes from the generator."""

    def __call__(self, factors: Factors, *, generator: np.random.Generator) -> Drawing:
        """Draw the image that the factors describe.

        The same generator with one other factor gives the same individual in the same place.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Two classes, the factors that decide between them, and those that do not.

    Attributes
    ----------
    name
        As given at the command line.
    classes
        What each of the two classes shows: factors and their values.
    tied
        The factor of the tie that a person would guess by.
    ties
        Its value for each class where the tie is kept; broken, the classes swap values.
    decides
        The factors a network that has learnt the scenario goes by, flipped together.
    deciding_parts
        The parts of the maps that show them.
    parts
        Value of each part in the maps; ``background`` is 0.
    varies
        Values of each factor that is chosen alike for all classes and ties.
    fit_ties
        The ties of images that train a classifier: ``("kept",)`` makes a bias, both of `TIES` do
        not.
    exceptions
        Kinds of study images whose cues do not agree: what each class shows in place of its own.
        One image in ten is of each kind.
    draw
        Draws the image that factors describe; a function of a module.
    """

    name: str
    classes: Mapping[str, Factors]
    tied: str
    ties: Mapping[str, str]
    decides: tuple[str, ...]
    deciding_parts: tuple[str, ...]
    parts: Mapping[str, int]
    varies: Mapping[str, Sequence[str]]
    fit_ties: tuple[str, ...]
    draw: DrawImage
    exceptions: Mapping[str, Mapping[str, Factors]] = field(default_factory=dict)

    @property
    def nuisances(self) -> tuple[str, ...]:
        """The factors that do not decide, the tied one and those of the class among them."""
        return tuple(name for name in self.values if name not in self.decides)

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The values of each factor, without those that exceptions alone show."""
        shown = [*self.classes.values()]
        of_classes = {name: tuple(each[name] for each in shown) for name in shown[0]}
        varying = {name: tuple(values) for name, values in self.varies.items()}
        return {self.tied: tuple(self.ties.values())} | of_classes | varying

    def shown(self, label: str, tie: str, cues: str = AGREE) -> dict[str, str]:
        """Say what an image shows because of its cell.

        Parameters
        ----------
        label
            Its class.
        tie
            ``kept`` or ``broken``.
        cues
            ``agree``, or one of `exceptions`.

        Returns
        -------
        dict[str, str]
            Values of the tied factor and of the class's factors.
        """
        other = next(each for each in self.ties if each != label)
        tied = {self.tied: self.ties[label if tie == "kept" else other]}
        exception = {} if cues == AGREE else self.exceptions[cues][label]
        return tied | dict(self.classes[label]) | dict(exception)

    def choose_factors(self, generator: np.random.Generator) -> dict[str, str]:
        """Choose what varies from image to image, whatever its class and tie.

        Parameters
        ----------
        generator
            Source of the choices.

        Returns
        -------
        dict[str, str]
            Value of each of `varies`.
        """
        return {name: str(generator.choice([*values])) for name, values in self.varies.items()}

    def flipped(
        self, factors: Factors, names: Sequence[str], *, generator: np.random.Generator
    ) -> dict[str, str]:
        """Give other values to some factors, and leave the rest.

        Parameters
        ----------
        factors
            Of an image.
        names
            Factors to change.
        generator
            Chooses among several other values.

        Returns
        -------
        dict[str, str]
            All factors of the counterpart.
        """
        values = self.values
        changed = {
            name: str(generator.choice([each for each in values[name] if each != factors[name]]))
            for name in names
        }
        return dict(factors) | changed
