"""Which images come in which phase of which list, and in what order.

Each session has a superset for each phase: as many images of each predicted class as the larger
share needs. A list leaves out what is over, another class and tie in turn, so that over sessions
and lists the extra one of an odd number is counterbalanced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stimuli_builder.errors import SelectionError

Tie = Literal["kept", "broken", ""]
TIES: tuple[Tie, Tie] = ("kept", "broken")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An image that participants may see.

    Attributes
    ----------
    file
        Path relative to the image folder.
    prediction
        The network's class.
    label
        Class of its folder.
    tie
        ``kept``, ``broken``, or empty where that is not known.
    """

    file: str
    prediction: str
    label: str
    tie: Tie


@dataclass(frozen=True, kw_only=True)
class PhaseDesign:
    """One phase of a session.

    Attributes
    ----------
    n_images
        Shown in it, catch trials not counted.
    tie_broken_share
        Of them, in [0, 1]; not used where ties are not known.
    """

    n_images: int
    tie_broken_share: float


def draw_supersets(
    pool: Sequence[Candidate],
    classes: Sequence[str],
    phases: Sequence[PhaseDesign],
    *,
    n_sessions: int,
    generator: np.random.Generator,
) -> list[list[list[Candidate]]]:
    """Draw the images of every session and phase, none of them twice.

    Parameters
    ----------
    pool
        Images to draw from.
    classes
        What the network predicts.
    phases
        Of a session, in order.
    n_sessions
        At least 1.
    generator
        Draws.

    Returns
    -------
    list[list[list[Candidate]]]
        Session, phase, image: for each class ``ceil(n_images / classes)`` images.

    Raises
    ------
    SelectionError
        If the pool has too few images of a predicted class and tie.
    """
    waiting: dict[tuple[str, str], list[Candidate]] = {
        key: _shuffled([c for c in pool if (c.prediction, c.tie) == key], generator)
        for key in sorted({(candidate.prediction, candidate.tie) for candidate in pool})
    }
    ties_known = all(candidate.tie for candidate in pool)
    sessions = []
    for _ in range(n_sessions):
        drawn = []
        for phase in phases:
            needs = _needs(phase, classes, ties_known=ties_known)
            drawn.append([image for key, n in needs.items() for image in _take(waiting, key, n)])
        sessions.append(drawn)
    return sessions


def counts_per_class(n_images: int, n_classes: int, turn: int) -> list[int]:
    """Share a phase's images out over the classes, at most one apart.

    Parameters
    ----------
    n_images
        At least 1.
    n_classes
        At least 1.
    turn
        Which class gets the first extra one, counted round.

    Returns
    -------
    list[int]
        One count a class, summing to `n_images`.

    Examples
    --------
    >>> counts_per_class(5, 2, turn=0), counts_per_class(5, 2, turn=1)
    ([3, 2], [2, 3])
    """
    each, extra = divmod(n_images, n_classes)
    return [each + ((index - turn) % n_classes < extra) for index in range(n_classes)]


def choose_for_list(
    superset: Sequence[Candidate],
    classes: Sequence[str],
    n_images: int,
    *,
    turn: int,
    generator: np.random.Generator,
) -> list[Candidate]:
    """Leave out what is over in a superset, then shuffle.

    Parameters
    ----------
    superset
        Of one session and phase, the same for every list.
    classes
        What the network predicts.
    n_images
        To keep.
    turn
        Session plus list: says which class is short by one, and which tie that one has.
    generator
        Draws the order.

    Returns
    -------
    list[Candidate]
        In the order shown.
    """
    kept = []
    counts = counts_per_class(n_images, len(classes), turn)
    for name, count in zip(classes, counts, strict=True):
        of_class = [candidate for candidate in superset if candidate.prediction == name]
        dropped_tie = TIES[(turn // len(classes) + turn) % 2]
        of_class.sort(key=lambda candidate: candidate.tie == dropped_tie)
        kept += of_class[:count]
    return _shuffled(kept, generator)


def place_catch(n_test: int, *, generator: np.random.Generator) -> int:
    """Choose the place of a catch trial, neither first nor last.

    Parameters
    ----------
    n_test
        Scored trials of the phase.
    generator
        Draws.

    Returns
    -------
    int
        Place among the ``n_test + 1`` trials, from 0.
    """
    return int(generator.integers(1, n_test)) if n_test > 1 else n_test


def _needs(
    phase: PhaseDesign, classes: Sequence[str], *, ties_known: bool
) -> dict[tuple[str, str], int]:
    """Count the images of each predicted class and tie in a superset."""
    per_class = -(-phase.n_images // len(classes))
    n_broken = round(phase.tie_broken_share * per_class)
    counts = {"kept": per_class - n_broken, "broken": n_broken} if ties_known else {"": per_class}
    return {(name, tie): n for name in classes for tie, n in counts.items()}


def _take(
    waiting: dict[tuple[str, str], list[Candidate]], key: tuple[str, str], n: int
) -> list[Candidate]:
    left = waiting.get(key, [])
    if len(left) < n:
        prediction, tie = key
        known = f" with the tie {tie}" if tie else ""
        raise SelectionError(
            f"images predicted {prediction!r}{known} must be at least {n} more for the design; "
            f"got {len(left)}. Give more images of the split study."
        )
    taken, waiting[key] = left[:n], left[n:]
    return taken


def _shuffled(candidates: Sequence[Candidate], generator: np.random.Generator) -> list[Candidate]:
    return [candidates[index] for index in generator.permutation(len(candidates))]
