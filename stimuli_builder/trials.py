"""Make trials of images, with names that tell nothing, and keep their answers."""

import string
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from craft_core.figures import seen_square
from craft_core.images import read_picture
from stimuli_builder.bundle import Group, TestTrial, TrainingTrial, TrialAnswer
from stimuli_builder.config import StudyConfig
from stimuli_builder.errors import StimuliError
from stimuli_builder.orders import Candidate
from stimuli_builder.panels import CONDITIONS, PanelMaker
from stimuli_builder.practice import draw_landscape

TRIAL_DIGITS = 12


class TrialMaker:
    """Makes trials of images, with names that tell nothing, and keeps their answers.

    Parameters
    ----------
    config
        Of the study.
    maker
        Of panels; holds the folder of the images and takes the pictures.
    generator
        Draws trial names.
    """

    def __init__(
        self, config: StudyConfig, maker: PanelMaker, generator: np.random.Generator
    ) -> None:
        self._config = config
        self._maker = maker
        self._generator = generator
        self._squares: dict[str, Image.Image] = {}
        self.answers: dict[str, TrialAnswer] = {}

    def training(self, image: Candidate, maps: Mapping[str, Sequence[Tensor]]) -> TrainingTrial:
        """Make a training trial with every condition's explanation.

        Parameters
        ----------
        image
            What is shown.
        maps
            File -> its maps of the predicted class's shown concepts.

        Returns
        -------
        TrainingTrial
            Whose answer is kept.
        """
        square = self._square(image)
        panels: dict[str, tuple[Group, ...]] = {
            name: CONDITIONS[name](self._maker, image.prediction, square, maps[image.file])
            for name in self._config.conditions
        }
        return TrainingTrial(
            trial=self._name(image, is_catch=False),
            image=self._maker.media.add(square),
            prediction=image.prediction,
            explanations=panels,
        )

    def test(self, image: Candidate, *, is_catch: bool = False) -> TestTrial:
        """Make a test trial.

        Parameters
        ----------
        image
            What is shown.
        is_catch
            Whether it only tells who pays attention.

        Returns
        -------
        TestTrial
            Whose answer is kept.
        """
        name = self._name(image, is_catch=is_catch)
        return TestTrial(trial=name, image=self._maker.media.add(self._square(image)), options=())

    def landscape(self, kind: str) -> tuple[str, str]:
        """Make a picture of the practice.

        Parameters
        ----------
        kind
            ``day`` or ``night``.

        Returns
        -------
        tuple[str, str]
            Trial and media name.
        """
        picture = draw_landscape(kind, self._config.pictures.image_px, self._generator)
        shown = Candidate(file="", prediction=kind, label=kind, tie="")
        return self._name(shown, is_catch=False), self._maker.media.add(picture)

    def _name(self, image: Candidate, *, is_catch: bool) -> str:
        digits = self._generator.integers(0, 16, TRIAL_DIGITS)
        name = "".join(string.hexdigits[digit] for digit in digits)
        self.answers[name] = TrialAnswer(
            answer=image.prediction,
            label=image.label,
            is_catch=is_catch,
            tie=image.tie or None,
            source=image.file or None,
            level=None,
            is_sham=False,
        )
        return name

    def _square(self, image: Candidate) -> Image.Image:
        if image.file not in self._squares:
            picture = read_picture(self._maker.folder / image.file)
            if picture is None:
                raise StimuliError(f"image must be readable; got {image.file}.")
            self._squares[image.file] = seen_square(picture, self._config.pictures.image_px)
        return self._squares[image.file]
