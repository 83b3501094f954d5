"""The crops that binary choices ask about: of every class and split in turn, none twice.

A *parent* is a concept that was split; its *parts* are its sub-concepts, and those of its shams.
Recursive choices and shams each go through the classes in turn, and through the parents of a class,
so that both are about the same concepts as far as their numbers allow. All crops in question are
chosen before any other crop is shown, since they are shown nowhere else.
"""

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from craft_core.bank import ConceptBank
from stimuli_builder.clusters import Cluster, coefficients
from stimuli_builder.config import BinaryChoiceConfig
from stimuli_builder.crop_draws import Crop, CropDraws
from stimuli_builder.errors import BalanceWarning, SelectionError

Kind = Literal["split", "same_layer", "random_groups"]
ADVICE: Final = "Give more images, more crops an image, or a lower percentile."


@dataclass(frozen=True, eq=False, kw_only=True)
class Asked:
    """A crop in question.

    Attributes
    ----------
    cluster
        The part that it is of.
    kind
        How the part was made.
    rows
        The crops of the part that count, rows of the cluster's bank.
    question
        One of them.
    """

    cluster: Cluster
    kind: Kind
    rows: np.ndarray
    question: int

    @property
    def what(self) -> str:
        """Its part, for messages."""
        return f"sub-concept {self.cluster.path} ({self.kind})"


@dataclass(frozen=True, eq=False, kw_only=True)
class _Parent:
    """A split concept, and its parts that have enough images."""

    path: str
    class_name: str
    parts: dict[Kind, list[Cluster]] = field(default_factory=dict)


class _UnableError(SelectionError):
    """A parent cannot be asked about once."""

    def __init__(self, parent: _Parent, problem: SelectionError) -> None:
        super().__init__(str(problem))
        self.parent = parent


def ask_questions(
    banks: Sequence[ConceptBank], *, config: BinaryChoiceConfig, draws: CropDraws
) -> list[Asked]:
    """Choose the crops in question, and keep them from being shown elsewhere.

    Parameters
    ----------
    banks
        Of the classes, split, with the shams that the configuration asks for.
    config
        Numbers of trials, and rows and columns of a group.
    draws
        Of the study.

    Returns
    -------
    list[Asked]
        Recursive ones, then shams; there are images for both groups of each.

    Raises
    ------
    SelectionError
        If there is no split or sham of a kind, or too few images.

    Warns
    -----
    BalanceWarning
        If nothing of a class can be asked about.
    """
    counts: dict[Kind, int] = {
        "split": config.trials - config.same_layer - config.random,
        "same_layer": config.same_layer,
        "random_groups": config.random,
    }
    counts = {kind: n for kind, n in counts.items() if n}
    _check_splits(banks, counts)
    parents, problem = _parents(banks, list(counts), config)
    while parents:
        try:
            asked = _Planner(parents, config, draws).plan(counts)
        except _UnableError as error:
            parents.remove(error.parent)
            problem = error
            continue
        _warn_of_classes(banks, parents, problem)
        for each in asked:
            draws.ask(each.cluster.bank, each.question)
        return asked
    kind, n = next(iter(counts.items()))
    raise SelectionError(f"binary choices of kind {kind!r} must be {n}; got 0: {problem}")


def sub_clusters(banks: Sequence[ConceptBank], kind: Kind) -> list[Cluster]:
    """Find the parts of every split concept; each of its crops is in one of them.

    Parameters
    ----------
    banks
        Of the classes.
    kind
        Of the split.

    Returns
    -------
    list[Cluster]
        Class by class, split by split.
    """
    found = []
    for child in (child for bank in banks for child in _descendants(bank)):
        if child.origin is None or child.origin.kind != kind:
            continue
        U = coefficients(child)
        shares = U / np.maximum(U.max(axis=0, keepdims=True), np.finfo(float).tiny)
        first = np.where(U.max(axis=1) > 0, shares.argmax(axis=1), -1)
        for concept in range(child.n_concepts):
            rows = np.flatnonzero(first == concept)
            order = rows[np.argsort(-U[rows, concept], kind="stable")]
            found.append(Cluster(bank=child, concept=concept, rows=order))
    return found


def _descendants(bank: ConceptBank) -> Iterator[ConceptBank]:
    for child in bank.children:
        yield child
        yield from _descendants(child)


def _check_splits(banks: Sequence[ConceptBank], counts: dict[Kind, int]) -> None:
    for kind, n in counts.items():
        if not sub_clusters(banks, kind):
            how = "." if kind == "split" else f' shams = ["{kind}"].'
            raise SelectionError(
                f"binary choices of kind {kind!r} must be {n}; got 0: concepts must be split with "
                f"kind {kind!r}; got none. Extract with [recursion]{how}"
            )


def _parents(
    banks: Sequence[ConceptBank], kinds: Sequence[Kind], config: BinaryChoiceConfig
) -> tuple[list[_Parent], SelectionError]:
    """Find the parents that have a part of each kind, and say what the nearest other lacks."""
    least = config.rows * config.columns + 1  # images, for a group and the crop in question
    found: dict[str, _Parent] = {}
    most, nearest = -1, ""
    for kind in kinds:
        for part in sub_clusters(banks, kind):
            n_images = len(set(part.images.tolist()))
            path = part.path.rsplit("/", 1)[0]
            parent = found.setdefault(path, _Parent(path=path, class_name=part.bank.class_name))
            if n_images >= least:
                parent.parts.setdefault(kind, []).append(part)
            elif n_images > most:
                most, nearest = n_images, f"sub-concept {part.path} ({kind})"
    problem = SelectionError(
        f"{nearest} must have crops of {least - most} more images for the design; got {most} of "
        f"{least}. {ADVICE}"
        if nearest
        else "concepts must be split in every kind; got none."
    )
    return [each for each in found.values() if len(each.parts) == len(kinds)], problem


def _warn_of_classes(
    banks: Sequence[ConceptBank], parents: Sequence[_Parent], problem: SelectionError
) -> None:
    missing = sorted({bank.class_name for bank in banks} - {each.class_name for each in parents})
    if missing:
        warnings.warn(
            f"binary choices must be of every class; got none of {missing}: {problem}",
            BalanceWarning,
            stacklevel=4,
        )


@dataclass(kw_only=True)
class _Turns:
    """Whose turn it is: classes in turn, and of each its parents."""

    at: list[int]
    number: int = 0

    def class_number(self) -> int:
        """Go on to the next class."""
        self.number += 1
        return (self.number - 1) % len(self.at)

    def parent_number(self, of_class: int) -> int:
        """Go on to the next parent of a class, counting on after the last one."""
        self.at[of_class] += 1
        return self.at[of_class] - 1


class _Planner:
    """Chooses crops in question one by one, and keeps images for the groups of all so far."""

    def __init__(
        self, parents: Sequence[_Parent], config: BinaryChoiceConfig, draws: CropDraws
    ) -> None:
        classes = dict.fromkeys(each.class_name for each in parents)
        self._of_class = [[p for p in parents if p.class_name == name] for name in classes]
        self._group = config.rows * config.columns
        self._draws = draws
        self._asked: list[Asked] = []
        parts = [part for each in parents for kind in each.parts.values() for part in kind]
        self._size = min(len(part.rows) for part in parts)  # of which all parts count as many

    def plan(self, counts: dict[Kind, int]) -> list[Asked]:
        """Ask as often as each kind says; the shams go on where those before them stopped."""
        recursive, shams = (_Turns(at=[0] * len(self._of_class)) for _ in range(2))
        for kind, n in counts.items():
            turns = recursive if kind == "split" else shams
            for number in range(n):
                try:
                    self._asked.append(self._next(kind, turns))
                except _UnableError:
                    raise
                except SelectionError as error:
                    raise SelectionError(
                        f"binary choices of kind {kind!r} must be {n}; got {number}: {error}"
                    ) from error
        return self._asked

    def _next(self, kind: Kind, turns: _Turns) -> Asked:
        """Ask about the next parent of the next class; pass over one that has nothing left."""
        number = turns.class_number()
        parents = self._of_class[number]
        problem = SelectionError(f"concepts must be split with kind {kind!r}; got none.")
        for _ in parents:
            turn, place = divmod(turns.parent_number(number), len(parents))
            try:
                return self._of_parent(parents[place], kind, place + turn)
            except SelectionError as error:
                if not self._has_asked(parents[place], kind):
                    raise _UnableError(parents[place], error) from error
                problem = error
        raise problem

    def _has_asked(self, parent: _Parent, kind: Kind) -> bool:
        return any(
            each.kind == kind and each.cluster.path.rsplit("/", 1)[0] == parent.path
            for each in self._asked
        )

    def _of_parent(self, parent: _Parent, kind: Kind, first: int) -> Asked:
        """Ask about a part, another one each time, or about the next that can be."""
        parts = parent.parts[kind]
        problem: SelectionError | None = None
        for step in range(len(parts)):
            try:
                return self._of_part(parts[(first + step) % len(parts)], kind)
            except SelectionError as error:
                problem = problem or error
        assert problem is not None
        raise problem

    def _of_part(self, part: Cluster, kind: Kind) -> Asked:
        """Draw a crop of an image that is in question least, and that leaves images for groups."""
        rows = _best(part, self._size)
        names = self._draws.crops(part.bank)
        files = [file for file, _ in self._questions(self._asked)]
        drawn = self._draws.generator.permutation(rows).tolist()
        problem = SelectionError(
            f"sub-concept {part.path} ({kind}) must have a crop that is not in question yet; got "
            f"none. {ADVICE}"
        )
        for row in sorted(drawn, key=lambda row: files.count(names[row][0])):
            asked = Asked(cluster=part, kind=kind, rows=rows, question=row)
            if names[row] in self._questions(self._asked):
                continue
            try:
                self._check_groups([*self._asked, asked])
            except SelectionError as error:
                problem = error
                continue
            return asked
        raise problem

    def _questions(self, asked: Sequence[Asked]) -> set[Crop]:
        return {self._draws.crops(each.cluster.bank)[each.question] for each in asked}

    def _check_groups(self, asked: Sequence[Asked]) -> None:
        """Require images for both groups of each, without any crop in question."""
        questions = self._questions(asked)
        for each in asked:
            bank, n = each.cluster.bank, self._group
            assert bank.parent is not None
            assert bank.origin is not None
            own = int(self._draws.images(bank)[each.question])
            inside = self._images(bank, each.rows, questions) - {own}
            around = self._images(bank.parent, bank.origin.rows.numpy(), questions) - {own}
            if len(inside) < n:
                raise SelectionError(
                    f"{each.what} must have crops of {n - len(inside)} more images for the design; "
                    f"got {len(inside)} of {n}. {ADVICE}"
                )
            if len(around) < 2 * n:
                raise SelectionError(
                    f"parent of {each.what} must have crops of {2 * n - len(around)} more images; "
                    f"got {max(0, len(around) - n)} of {n}. {ADVICE}"
                )

    def _images(self, bank: ConceptBank, rows: np.ndarray, without: Collection[Crop]) -> set[int]:
        return set(self._draws.images(bank)[self._draws.free(bank, rows, without)].tolist())


def _best(cluster: Cluster, size: int) -> np.ndarray:
    """Take a part's crops, the best of every image before the second of any."""
    images = cluster.images.tolist()
    before = [images[:place].count(image) for place, image in enumerate(images)]
    rows: np.ndarray = cluster.rows[np.argsort(before, kind="stable")][:size]
    return rows
