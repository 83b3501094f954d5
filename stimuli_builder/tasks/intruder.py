"""Intruder trials (appendix E.2): five crops of a class, four of one concept, one of another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from skimage.color import rgb2lab

from craft_core.bank import ConceptBank
from craft_core.pictures import picture_of
from stimuli_builder.clusters import (
    Cluster,
    clusters_of,
    coefficients,
    crop_shares,
    take_distinct,
)
from stimuli_builder.config import IntruderConfig
from stimuli_builder.crop_draws import Crop, CropDraws
from stimuli_builder.errors import SelectionError

Level = Literal["concept", "sub_concept"]
SAME_SIZE = 0.02  # difference of two crops' shares of their images, up to which they match
ATTEMPTS = 50  # draws of four crops before a concept is given up


@dataclass(frozen=True, eq=False, kw_only=True)
class IntruderTrial:
    """One trial.

    Attributes
    ----------
    cluster
        The concept that all but one of the crops belong to.
    members
        Its crops shown, rows of the cluster's bank.
    intruder_bank
        Where the intruder comes from: the same bank, or its parent.
    intruder
        Row of that bank.
    level
        Whether the concept is a sub-concept.
    difficulty
        In [0, 1]: the intruder's coefficient of the concept, over the weakest member's. 0 where
        the network finds nothing of the concept in the intruder.
    """

    cluster: Cluster
    members: tuple[int, ...]
    intruder_bank: ConceptBank
    intruder: int
    level: Level
    difficulty: float


def intruder_trials(
    clusters: Sequence[Cluster],
    n_trials: int,
    *,
    level: Level,
    config: IntruderConfig,
    colours: "CropColours",
    draws: CropDraws,
) -> list[IntruderTrial]:
    """Make trials, as many of each concept as possible.

    Parameters
    ----------
    clusters
        The concepts that are asked about.
    n_trials
        In all.
    level
        Of the concepts.
    config
        Crops a trial, where intruders come from, and what they are matched in.
    colours
        Of crops, where they are matched.
    draws
        Of the study; knows the crops in question of its choices, which come in no trial.

    Returns
    -------
    list[IntruderTrial]
        The concepts in turn; no crop is shown twice, as a member or as an intruder.

    Raises
    ------
    SelectionError
        If no concept has crops for another trial.
    """
    maker = _Maker(config, level, colours, draws)
    trials: list[IntruderTrial] = []
    able = list(clusters)
    problem = SelectionError(f"intruder trials must have a {level}; got none.")
    while len(trials) < n_trials:
        if not able:
            raise SelectionError(
                f"{level} intruder trials must be {n_trials}; got {len(trials)}: {problem}"
            )
        cluster = able.pop(0)
        try:
            trials.append(maker.trial(cluster))
        except SelectionError as error:
            problem = error
            continue
        able.append(cluster)
    return trials


class CropColours:
    """Measures the mean colour of crops, each once.

    Parameters
    ----------
    folder
        Of the images.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lab: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}

    def mean_lab(self, bank: ConceptBank, row: int) -> np.ndarray:
        """Average a crop's colour.

        Parameters
        ----------
        bank
            Of the crop.
        row
            Of the bank.

        Returns
        -------
        np.ndarray
            (3,), CIELAB: lightness, green to red, blue to yellow.
        """
        file = bank.files[int(bank.crops.image[row])]
        box = tuple(bank.crops.boxes[row].tolist())
        if (file, box) not in self._lab:
            left, top, right, bottom = box
            pixels = picture_of(self._folder / file)[:, top:bottom, left:right]
            shown = pixels.permute(1, 2, 0).numpy() / 255
            self._lab[file, box] = rgb2lab(shown).mean(axis=(0, 1))
        return self._lab[file, box]


class _Maker:
    """Makes trials of one level, and remembers which crops they show."""

    def __init__(
        self, config: IntruderConfig, level: Level, colours: CropColours, draws: CropDraws
    ) -> None:
        self._config = config
        self._level = level
        self._colours = colours
        self._draws = draws
        self._shown: set[Crop] = set()

    def trial(self, cluster: Cluster) -> IntruderTrial:
        """Draw members, then an intruder that fits them."""
        bank = cluster.bank
        left = self._draws.free(bank, cluster.rows, self._shown)
        problem = SelectionError(f"concept {cluster.path} must have an intruder; got none.")
        for attempt in range(ATTEMPTS):
            order = self._draws.least_first(bank, left)
            if attempt:  # by lot alone: no intruder fitted those shown least
                self._draws.generator.shuffle(order)
            members = take_distinct(
                order,
                self._draws.images(bank),
                self._config.crops - 1,
                without=set(),
                what=f"concept {cluster.path}",
            )
            try:
                found = self._with_intruder(cluster, members)
            except SelectionError as error:
                problem = error
                continue
            self._keep(found)
            return found
        raise problem

    def _keep(self, trial: IntruderTrial) -> None:
        shown = [(trial.cluster.bank, list(trial.members)), (trial.intruder_bank, [trial.intruder])]
        for bank, rows in shown:
            self._draws.show(bank, rows)
            self._shown |= {self._draws.crops(bank)[row] for row in rows}

    def _with_intruder(self, cluster: Cluster, members: list[int]) -> IntruderTrial:
        """Choose an intruder among the crops of other concepts."""
        other = self._other(cluster)
        bank = other.bank
        concept, strength = self._reference(cluster, members, bank)
        U, images, shares = coefficients(bank), self._draws.images(bank), crop_shares(bank)
        size = crop_shares(cluster.bank)[members].mean()
        taken = set(self._draws.images(cluster.bank)[members].tolist())
        weakest = float(strength.min())
        fitting = [
            row
            for row in self._draws.free(bank, other.rows, self._shown)
            if int(images[row]) not in taken
            and U[row, concept] < weakest
            and abs(shares[row] - size) <= SAME_SIZE
        ]
        if not fitting:
            raise SelectionError(
                f"concept {cluster.path} must have an intruder of another concept, of the same "
                "size and another image, that is shown nowhere else; got none."
            )
        intruder = self._choose(cluster, members, bank, fitting)
        share = float(U[intruder, concept]) / max(weakest, 1e-12)
        return IntruderTrial(
            cluster=cluster,
            members=tuple(members),
            intruder_bank=bank,
            intruder=intruder,
            level=self._level,
            difficulty=round(min(1.0, max(0.0, share)), 6),
        )

    def _other(self, cluster: Cluster) -> Cluster:
        """Draw the concept that an intruder comes from: a sibling, or one of the parent's."""
        bank, left_out = cluster.bank, cluster.concept
        parent, origin = bank.parent, bank.origin
        if self._config.sub_concept_intruder == "concept" and parent and origin:
            bank, left_out = parent, origin.concept
        found = clusters_of(bank, self._config.percentile)
        others = [each for each in found if each.concept != left_out and len(each.rows)]
        if not others:
            raise SelectionError(
                f"concept {cluster.path} must have others beside it; got none with crops."
            )
        return others[int(self._draws.generator.integers(len(others)))]

    def _reference(
        self, cluster: Cluster, members: list[int], bank: ConceptBank
    ) -> tuple[int, np.ndarray]:
        """Say which of a bank's concepts the members have, and how much of it."""
        origin = cluster.bank.origin
        if bank is cluster.bank or origin is None:
            return cluster.concept, coefficients(bank)[members, cluster.concept]
        rows = origin.rows.numpy()[members]
        return origin.concept, coefficients(bank)[rows, origin.concept]

    def _choose(
        self, cluster: Cluster, members: list[int], bank: ConceptBank, fitting: list[int]
    ) -> int:
        """Take one that was shown least, or, where colours are matched, the nearest to members."""
        if not self._config.match_colour:
            return self._draws.least_first(bank, fitting)[0]
        wanted = np.mean([self._colours.mean_lab(cluster.bank, m) for m in members], axis=0)
        distances = [
            float(np.linalg.norm(self._colours.mean_lab(bank, row) - wanted)) for row in fitting
        ]
        return fitting[int(np.argmin(distances))]
