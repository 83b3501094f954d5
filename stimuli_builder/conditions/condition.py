"""What a condition is made of, and what it can use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from craft_core.bank import ConceptBank
from craft_core.errors import CraftError
from craft_core.pictures import crop_image
from stimuli_builder.bundle import Group, PictureSource
from stimuli_builder.errors import StimuliError
from stimuli_builder.heats import HeatMaker
from stimuli_builder.pictures import MediaCollector, drawn_px


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A training image as participants see it.

    Attributes
    ----------
    file
        Path in the folder of images.
    prediction
        The network's class.
    square
        The picture.
    """

    file: str
    prediction: str
    square: Image.Image


@dataclass(frozen=True, eq=False, kw_only=True)
class PanelMaker:
    """What panels are made from.

    Attributes
    ----------
    banks
        Method of a concept store, such as ``craft`` -> class -> its concepts.
    folder
        Of the images.
    heats
        Maps of the training images.
    n_concepts, n_crops
        Shown for each class, and for each concept.
    image_px, crop_px
        Sides of an image and of a crop.
    dense
        Times as many pixels as dense screens are given, where the images have them.
    media
        Takes the pictures.
    licence, licences
        Of the images; and file -> its own, where it has one.
    sources
        Media name -> where it was taken from; filled as crops are cut.
    seed
        Of what a condition draws by lot.
    """

    banks: Mapping[str, Mapping[str, ConceptBank]]
    folder: Path
    heats: HeatMaker
    n_concepts: int
    n_crops: int
    image_px: int
    crop_px: int
    dense: int
    media: MediaCollector
    licence: str
    sources: dict[str, PictureSource]
    seed: int
    licences: Mapping[str, str] = field(default_factory=dict)
    _cut: dict[tuple[int, int], str] = field(default_factory=dict, init=False)  # bank, crop -> name

    def bank(self, method: str, prediction: str) -> ConceptBank:
        """Find the concepts of a class.

        Parameters
        ----------
        method
            Of the concept store.
        prediction
            The class.

        Returns
        -------
        ConceptBank
            With importance.

        Raises
        ------
        StimuliError
            If no store of that method was given, it lacks the class, or it has no importance.
        """
        if method not in self.banks:
            raise StimuliError(
                f"a concept store of the method {method!r} must be given for its condition; got "
                f'{sorted(self.banks)}. Extract one with [concepts] method = "{method}".'
            )
        if prediction not in self.banks[method]:
            raise StimuliError(
                f"concept store of the method {method!r} must have the class {prediction!r}; got "
                f"{sorted(self.banks[method])}."
            )
        bank = self.banks[method][prediction]
        if bank.importance is None:
            raise StimuliError(f"bank {prediction} of {method} must have importance; got none.")
        return bank

    def crops(self, bank: ConceptBank, chosen: list[int]) -> tuple[str, ...]:
        """Cut crops out of their pictures.

        Parameters
        ----------
        bank
            Whose crops they are.
        chosen
            Numbers of crops.

        Returns
        -------
        tuple[str, ...]
            Media names.

        Raises
        ------
        StimuliError
            If a picture can't be read.
        """
        for crop in chosen:
            if (id(bank), crop) not in self._cut:
                self._cut[id(bank), crop] = self._crop(bank, crop)
        return tuple(self._cut[id(bank), crop] for crop in chosen)

    def _crop(self, bank: ConceptBank, crop: int) -> str:
        files = [self.folder / file for file in bank.files]
        left, _, right, _ = bank.crops.boxes[crop].tolist()
        side_px = drawn_px(self.crop_px, right - left, self.dense)
        try:
            name = self.media.add(crop_image(bank, crop, files, side_px), self.crop_px)
        except CraftError as error:
            raise StimuliError(str(error)) from error
        file = bank.files[int(bank.crops.image[crop])]
        self.sources[name] = PictureSource(
            file=file,
            box=tuple(bank.crops.boxes[crop].tolist()),
            licence=self.licences.get(file, self.licence),
        )
        return name


@dataclass(frozen=True, kw_only=True)
class Condition:
    """An arm of a study.

    Attributes
    ----------
    title
        For reports and previews.
    panel
        Makes what is shown beside a training image; an empty tuple shows nothing.
    stores
        Methods of the concept stores that it needs.
    """

    title: str
    panel: Callable[[PanelMaker, Shown], tuple[Group, ...]]
    stores: tuple[str, ...] = ()
