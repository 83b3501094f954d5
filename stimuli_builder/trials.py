"""Make trials of images, with names that tell nothing, and keep them with their answers."""

import string
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from craft_core.figures import seen_square
from craft_core.images import read_picture
from stimuli_builder.bundle import Group, PictureSource, TestTrial, TrainingTrial, TrialAnswer
from stimuli_builder.config import StudyConfig
from stimuli_builder.errors import StimuliError
from stimuli_builder.orders import Candidate
from stimuli_builder.panels import CONDITIONS, PanelMaker
from stimuli_builder.practice import draw_landscape

TRIAL_DIGITS = 12


class TrialMaker:
    """Makes trials of images, with names that tell nothing; keeps them with their answers.

    Parameters
    ----------
    config
        Of the study.
    maker
        Of panels; holds the folder of the images and takes the pictures.
    licence
        Of the images.
    generator
        Draws trial names.
    """

    def __init__(
        self,
        config: StudyConfig,
        maker: PanelMaker,
        *,
        licence: str,
        generator: np.random.Generator,
    ) -> None:
        self._config = config
        self._maker = maker
        self._licence = licence
        self._generator = generator
        self._squares: dict[str, Image.Image] = {}
        self._trained: dict[str, str] = {}
        self._tested: dict[tuple[str, bool], str] = {}
        self.training_trials: dict[str, TrainingTrial] = {}
        self.test_trials: dict[str, TestTrial] = {}
        self.answers: dict[str, TrialAnswer] = {}
        self.sources: dict[str, PictureSource] = {}

    def training(self, image: Candidate, maps: Mapping[str, Sequence[Tensor]]) -> str:
        """Make a training trial with every condition's explanation; lists share it.

        Parameters
        ----------
        image
            What is shown.
        maps
            File -> its maps of the predicted class's shown concepts.

        Returns
        -------
        str
            Its name.
        """
        if image.file in self._trained:
            return self._trained[image.file]
        square = self._square(image)
        panels: dict[str, tuple[Group, ...]] = {
            name: CONDITIONS[name](self._maker, image.prediction, square, maps[image.file])
            for name in self._config.conditions
        }
        name = self._name(image, is_catch=False)
        self.training_trials[name] = TrainingTrial(
            image=self._whole(image), prediction=image.prediction, explanations=panels
        )
        self._trained[image.file] = name
        return name

    def test(self, image: Candidate, *, is_catch: bool = False) -> str:
        """Make a test trial; lists share it.

        Parameters
        ----------
        image
            What is shown.
        is_catch
            Whether it only tells who pays attention.

        Returns
        -------
        str
            Its name.
        """
        if (image.file, is_catch) in self._tested:
            return self._tested[image.file, is_catch]
        name = self._name(image, is_catch=is_catch)
        self.test_trials[name] = TestTrial(image=self._whole(image), options=())
        self._tested[image.file, is_catch] = name
        return name

    def practice(self, kind: str, *, is_test: bool) -> str:
        """Make a trial of the practice, with a drawn landscape.

        Parameters
        ----------
        kind
            ``day`` or ``night``.
        is_test
            Whether the participant has to say which it is.

        Returns
        -------
        str
            Its name.
        """
        picture = draw_landscape(kind, self._config.pictures.image_px, self._generator)
        shown = Candidate(file="", prediction=kind, label=kind, tie="")
        name, image = self._name(shown, is_catch=False), self._maker.media.add(picture)
        if is_test:
            self.test_trials[name] = TestTrial(image=image, options=())
        else:
            trial = TrainingTrial(image=image, prediction=kind, explanations={})
            self.training_trials[name] = trial
        return name

    def _name(self, image: Candidate, *, is_catch: bool) -> str:
        digits = self._generator.integers(0, 16, TRIAL_DIGITS)
        name = "".join(string.hexdigits[digit] for digit in digits)
        self.answers[name] = TrialAnswer(
            answer=image.prediction,
            label=image.label,
            is_catch=is_catch,
            tie=image.tie or None,
            source=image.file or None,
            concept=None,
            level=None,
            sham=None,
            difficulty=None,
        )
        return name

    def _whole(self, image: Candidate) -> str:
        """Return the media name of an image, and write down where it was taken from."""
        name = self._maker.media.add(self._square(image))
        self.sources[name] = PictureSource(file=image.file, box=None, licence=self._licence)
        return name

    def _square(self, image: Candidate) -> Image.Image:
        if image.file not in self._squares:
            picture = read_picture(self._maker.folder / image.file)
            if picture is None:
                raise StimuliError(f"image must be readable; got {image.file}.")
            self._squares[image.file] = seen_square(picture, self._config.pictures.image_px)
        return self._squares[image.file]
