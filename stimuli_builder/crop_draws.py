"""Draw the crops of a recursivity study, those that were shown least first.

All lists of a study hold the same trials, so that what one participant sees, all see.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from craft_core.bank import ConceptBank

Crop = tuple[str, tuple[int, ...]]  # file and box, whatever bank it is a row of


class CropDraws:
    """Counts how often crops and images are shown, and keeps crops in question apart.

    Parameters
    ----------
    generator
        Draws.
    first_of_same
        Image file -> the first of those that a person would take for the same, which count as one;
        files that are not in it count by themselves.
    """

    def __init__(
        self, generator: np.random.Generator, first_of_same: Mapping[str, str] | None = None
    ) -> None:
        self.generator = generator
        self._first_of_same = first_of_same or {}
        self._numbers: dict[str, int] = {}
        self._crops: Counter[Crop] = Counter()
        self._images: Counter[str] = Counter()
        self._of_bank: dict[int, tuple[ConceptBank, list[Crop]]] = {}
        self.questions: set[Crop] = set()

    def crops(self, bank: ConceptBank) -> list[Crop]:
        """Name the crops of a bank.

        Parameters
        ----------
        bank
            Any bank.

        Returns
        -------
        list[Crop]
            One a row.
        """
        if id(bank) not in self._of_bank:
            files = [bank.files[image] for image in bank.crops.image.tolist()]
            boxes = [tuple(box) for box in bank.crops.boxes.tolist()]
            self._of_bank[id(bank)] = (bank, list(zip(files, boxes, strict=True)))
        return self._of_bank[id(bank)][1]

    def images(self, bank: ConceptBank) -> np.ndarray:
        """Give crops of one source image one number, and those of images that look the same.

        Parameters
        ----------
        bank
            Any bank.

        Returns
        -------
        np.ndarray
            (n,), the same numbers in every bank.
        """
        files = [self._first_of_same.get(file, file) for file in bank.files]
        numbers = [self._numbers.setdefault(file, len(self._numbers)) for file in files]
        found: np.ndarray = np.array(numbers)[bank.crops.image.numpy()]
        return found

    def ask(self, bank: ConceptBank, row: int) -> None:
        """Keep a crop as one in question: it is to be shown nowhere else.

        Parameters
        ----------
        bank
            Of the crop.
        row
            Of the bank.
        """
        self.questions.add(self.crops(bank)[row])
        self.show(bank, [row])

    def show(self, bank: ConceptBank, rows: Iterable[int]) -> None:
        """Count crops as shown once more.

        Parameters
        ----------
        bank
            Of the crops.
        rows
            Of the bank.
        """
        for row in rows:
            crop = self.crops(bank)[row]
            self._crops[crop] += 1
            self._images[self._image(crop)] += 1

    def times(self, bank: ConceptBank, row: int) -> tuple[int, int]:
        """Say how often a crop was shown, and how often its image was.

        Parameters
        ----------
        bank
            Of the crop.
        row
            Of the bank.

        Returns
        -------
        tuple[int, int]
            Of the crop, of the image.
        """
        crop = self.crops(bank)[row]
        return self._crops[crop], self._images[self._image(crop)]

    def _image(self, crop: Crop) -> str:
        return self._first_of_same.get(crop[0], crop[0])

    def free(
        self, bank: ConceptBank, rows: Iterable[int], without: Collection[Crop] = ()
    ) -> list[int]:
        """Leave out crops in question, and others.

        Parameters
        ----------
        bank
            Of the crops.
        rows
            Of the bank.
        without
            Crops that are left out too.

        Returns
        -------
        list[int]
            Rows, in the same order.
        """
        names = self.crops(bank)
        left_out = {*self.questions, *without}
        return [int(row) for row in rows if names[int(row)] not in left_out]

    def least_first(self, bank: ConceptBank, rows: Iterable[int]) -> list[int]:
        """Put crops that were shown least first, then those of images that were; else by lot.

        Parameters
        ----------
        bank
            Of the crops.
        rows
            Of the bank.

        Returns
        -------
        list[int]
            Rows.
        """
        drawn = [int(row) for row in self.generator.permutation(np.array(list(rows), dtype=int))]
        return sorted(drawn, key=lambda row: self.times(bank, row))
