"""Make trials of images, with names that tell nothing, and keep them with their answers."""

import string
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from craft_core.images import read_picture
from craft_core.pictures import seen_square
from stimuli_builder.answers import TrialAnswer
from stimuli_builder.bundle import Group, Option, PictureSource, TestTrial, TrainingTrial
from stimuli_builder.conditions.condition import PanelMaker, Shown
from stimuli_builder.conditions.registry import CONDITIONS
from stimuli_builder.errors import StimuliError
from stimuli_builder.failures import reason_of
from stimuli_builder.orders import Candidate
from stimuli_builder.pictures import drawn_px
from stimuli_builder.practice import draw_landscape

TRIAL_DIGITS = 12
MAX_REDRAWN = 100  # names in which a class or a condition, such as "ace", occurs by chance
BLANK = TrialAnswer(  # of which every answer differs in what is known of it
    answer="",
    label="",
    is_catch=False,
    tie=None,
    source=None,
    concept=None,
    level=None,
    sham=None,
    difficulty=None,
)


class TrialMaker:
    """Makes trials of images, with names that tell nothing; keeps them with their answers.

    Parameters
    ----------
    maker
        Of panels; holds the folder of the images and takes the pictures.
    conditions
        Of the study.
    classes
        Of the study.
    generator
        Draws trial names.
    """

    def __init__(
        self,
        maker: PanelMaker,
        *,
        conditions: Sequence[str],
        classes: Sequence[str],
        generator: np.random.Generator,
    ) -> None:
        self._maker = maker
        self._conditions = conditions
        self._telling = [word.lower() for word in (*classes, *conditions)]
        self._generator = generator
        self._squares: dict[str, Image.Image] = {}
        self._trained: dict[str, str] = {}
        self._tested: dict[tuple[str, bool], str] = {}
        self.training_trials: dict[str, TrainingTrial] = {}
        self.test_trials: dict[str, TestTrial] = {}
        self.answers: dict[str, TrialAnswer] = {}

    def training(self, image: Candidate) -> str:
        """Make a training trial with every condition's explanation; lists share it.

        Parameters
        ----------
        image
            What is shown.

        Returns
        -------
        str
            Its name.

        Raises
        ------
        StimuliError
            If a condition fails on the image.
        """
        if image.file in self._trained:
            return self._trained[image.file]
        shown = Shown(file=image.file, prediction=image.prediction, square=self._square(image))
        panels = {name: self._panel(name, shown) for name in self._conditions}
        name = self._keep(_answer_of(image, is_catch=False))
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
        name = self._keep(_answer_of(image, is_catch=is_catch))
        self.test_trials[name] = TestTrial(image=self._whole(image), options=())
        self._tested[image.file, is_catch] = name
        return name

    def choice(
        self, options: Sequence[Sequence[str]], answer: TrialAnswer, *, image: str | None = None
    ) -> str:
        """Make a trial in which one of several pictures, or groups of pictures, is chosen.

        Parameters
        ----------
        options
            Media names.
        answer
            With the place of the right option.
        image
            Media name of the picture in question, where there is one.

        Returns
        -------
        str
            Its name.
        """
        name = self._keep(answer)
        shown = tuple(Option(pictures=tuple(pictures)) for pictures in options)
        self.test_trials[name] = TestTrial(image=image, options=shown)
        return name

    def practice_prediction(self, kind: str, *, is_test: bool) -> str:
        """Make a trial of a utility study's practice, with a drawn landscape.

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
        image = self._landscape(kind)
        name = self._keep(replace(BLANK, answer=kind, label=kind))
        if is_test:
            self.test_trials[name] = TestTrial(image=image, options=())
        else:
            trial = TrainingTrial(image=image, prediction=kind, explanations={})
            self.training_trials[name] = trial
        return name

    def practice_intruder(self, n_options: int) -> str:
        """Make an intruder trial of the practice: a night among days, or a day among nights.

        Parameters
        ----------
        n_options
            Pictures.

        Returns
        -------
        str
            Its name.
        """
        kinds = ["day", "night"]
        self._generator.shuffle(kinds)
        place = int(self._generator.integers(n_options))
        options = [[self._landscape(kinds[index == place])] for index in range(n_options)]
        answer = replace(BLANK, answer=str(place), label="practice", level="concept")
        return self.choice(options, answer)

    def _panel(self, condition: str, shown: Shown) -> tuple[Group, ...]:
        try:
            return CONDITIONS[condition].panel(self._maker, shown)
        except Exception as error:  # a network's own code may raise anything
            reason = reason_of(error)
            raise StimuliError(f"condition {condition} on image {shown.file}: {reason}") from error

    def _landscape(self, kind: str) -> str:
        return self._maker.media.add(draw_landscape(kind, self._maker.image_px, self._generator))

    def _keep(self, answer: TrialAnswer) -> str:
        name = self._draw_name()
        for _ in range(MAX_REDRAWN):
            if name not in self.answers and not any(word in name for word in self._telling):
                break
            name = self._draw_name()
        self.answers[name] = answer
        return name

    def _draw_name(self) -> str:
        digits = self._generator.integers(0, 16, TRIAL_DIGITS)
        return "".join(string.hexdigits[digit] for digit in digits)

    def _whole(self, image: Candidate) -> str:
        """Return the media name of an image, and write down where it was taken from."""
        name = self._maker.media.add(self._square(image), self._maker.image_px)
        licence = self._maker.licences.get(image.file, self._maker.licence)
        source = PictureSource(file=image.file, box=None, licence=licence)
        self._maker.sources[name] = source
        return name

    def _square(self, image: Candidate) -> Image.Image:
        if image.file not in self._squares:
            picture = read_picture(self._maker.folder / image.file)
            if picture is None:
                raise StimuliError(f"image must be readable; got {image.file}.")
            side_px = drawn_px(self._maker.image_px, min(picture.shape[1:]), self._maker.dense)
            self._squares[image.file] = seen_square(picture, side_px)
        return self._squares[image.file]


def _answer_of(image: Candidate, *, is_catch: bool) -> TrialAnswer:
    return replace(
        BLANK,
        answer=image.prediction,
        label=image.label,
        is_catch=is_catch,
        tie=image.tie or None,
        source=image.file,
    )
