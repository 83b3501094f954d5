"""Which images come in which phase of which list, and in what order.

Each session has a superset for each phase: as many images of each predicted class as the larger
share needs. Lists show these supersets in rotated order (a cyclic Latin square), so that what is
learnt from session to session and how hard a set of images is do not mix. A list leaves out what is
over, another class and another kind (of tie, or of right and wrong) in turn, so that over sessions
and lists the extra one of an odd number is counterbalanced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stimuli_builder.errors import SelectionError

Tie = Literal["kept", "broken", ""]
TIES: tuple[Tie, Tie] = ("kept", "broken")
KINDS = {
    "": "",
    "kept": " with the tie kept",
    "broken": " with the tie broken",
    "right": " rightly",
    "wrong": " wrongly",
}


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
    error_share
        Of them, in [0, 1]: images that the network gets wrong; None takes them as they come.
        Where ties are known it must be None, since there a broken tie is what makes the errors.
    """

    n_images: int
    tie_broken_share: float
    error_share: float | None = None


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
        If the network never predicts a class, or the pool has too few images of a predicted class
        and kind.
    """
    ties_known = bool(pool) and bool(pool[0].tie)
    _check_pool(pool, classes, phases, ties_known=ties_known)
    by_error = any(phase.error_share is not None for phase in phases)
    waiting: dict[tuple[str, str], list[Candidate]] = {}
    for index in generator.permutation(len(pool)):
        candidate = pool[index]
        kind = _kind(candidate, by_error=by_error)
        waiting.setdefault((candidate.prediction, kind), []).append(candidate)
    sessions = []
    for session in range(n_sessions):
        drawn = []
        for phase in phases:
            turned = [classes[(session + index) % len(classes)] for index in range(len(classes))]
            needs = _needs(phase, turned if by_error else classes, ties_known=ties_known)
            drawn.append([image for key, n in needs.items() for image in _take(waiting, key, n)])
        sessions.append(drawn)
    return sessions


def superset_of(session: int, trial_list: int, n_sessions: int) -> tuple[int, int]:
    """Say which superset a list shows in a session, and which class and tie is short by one.

    Parameters
    ----------
    session
        From 0.
    trial_list
        From 0.
    n_sessions
        At least 1.

    Returns
    -------
    tuple[int, int]
        Number of the superset, and the turn for `choose_for_list`. Over 2 n_sessions lists every
        superset comes in every session under both turns.

    Examples
    --------
    >>> [superset_of(session, 1, 3)[0] for session in range(3)]
    [1, 2, 0]
    """
    superset = (session + trial_list) % n_sessions
    return superset, superset + trial_list // n_sessions


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
    error_share: float | None = None,
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
    error_share
        As the phase asks for it; over turns, as many of those left out are errors as bring it near.

    Returns
    -------
    list[Candidate]
        In the order shown.
    """
    kept = []
    counts = counts_per_class(n_images, len(classes), turn)
    dropped = _dropped_kind(superset, n_images, turn // len(classes) + turn, error_share)
    by_error = error_share is not None
    for name, count in zip(classes, counts, strict=True):
        of_class = [candidate for candidate in superset if candidate.prediction == name]
        of_class.sort(key=lambda each: _kind(each, by_error=by_error) == dropped)
        kept += of_class[:count]
    return _shuffled(kept, generator)


def _dropped_kind(
    superset: Sequence[Candidate], n_images: int, round_number: int, error_share: float | None
) -> str:
    """Say which kind a class that is short by one lacks: another one in turn."""
    if error_share is None:
        return TIES[round_number % 2]
    n_wrong = sum(each.prediction != each.label for each in superset)
    over = max(len(superset) - n_images, 1)
    share = min(max((n_wrong - error_share * n_images) / over, 0.0), 1.0)  # of the left-out ones
    is_wrong = int((round_number + 1) * share + 1e-9) > int(round_number * share + 1e-9)
    return "wrong" if is_wrong else "right"


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


def _check_pool(
    pool: Sequence[Candidate],
    classes: Sequence[str],
    phases: Sequence[PhaseDesign],
    *,
    ties_known: bool,
) -> None:
    predicted = {name: sum(c.prediction == name for c in pool) for name in classes}
    for name, count in predicted.items():
        if not count:
            raise SelectionError(
                f"every class must be predicted for some image; the network never predicts "
                f"{name!r}, among {predicted}."
            )
    blank = [candidate.file for candidate in pool if not candidate.tie]
    if blank and len(blank) < len(pool):
        raise SelectionError(
            "tie of every image of the split study must be kept or broken, or of none; got another "
            f"for {len(blank)} of {len(pool)}, such as {blank[0]}."
        )
    if len({phase.error_share is None for phase in phases}) > 1:
        raise SelectionError(
            "error_share must be given for every phase or for none; got "
            f"{[phase.error_share for phase in phases]}."
        )
    if ties_known and any(phase.error_share is not None for phase in phases):
        raise SelectionError(
            "error_share must not be given where images.csv names ties; got both. Give "
            "tie_broken_share alone: broken ties are what makes the errors."
        )


def _kind(candidate: Candidate, *, by_error: bool) -> str:
    if candidate.tie:
        return candidate.tie
    if by_error:
        return "right" if candidate.prediction == candidate.label else "wrong"
    return ""


def _needs(
    phase: PhaseDesign, classes: Sequence[str], *, ties_known: bool
) -> dict[tuple[str, str], int]:
    """Count the images of each predicted class and kind in a superset."""
    per_class = -(-phase.n_images // len(classes))
    n_broken = round(phase.tie_broken_share * per_class)
    needs: dict[tuple[str, str], int] = {}
    before = 0
    for place, name in enumerate(classes, start=1):
        if ties_known:
            needs |= {(name, "kept"): per_class - n_broken, (name, "broken"): n_broken}
        elif phase.error_share is not None:
            # Rounded over all classes so far, so that together they have their share.
            until = int(place * phase.error_share * per_class + 0.5)
            needs |= {
                (name, "right"): per_class - (until - before),
                (name, "wrong"): until - before,
            }
            before = until
        else:
            needs[name, ""] = per_class
    return needs


def _take(
    waiting: dict[tuple[str, str], list[Candidate]], key: tuple[str, str], n: int
) -> list[Candidate]:
    left = waiting.get(key, [])
    if len(left) < n:
        prediction, kind = key
        raise SelectionError(
            f"images predicted {prediction!r}{KINDS[kind]} must be at least {n - len(left)} more "
            f"for the design; got {len(left)} for a phase that needs {n}. Give more images of the "
            "split study."
        )
    taken, waiting[key] = left[:n], left[n:]
    return taken


def _shuffled(candidates: Sequence[Candidate], generator: np.random.Generator) -> list[Candidate]:
    return [candidates[index] for index in generator.permutation(len(candidates))]
