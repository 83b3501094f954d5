"""Which images come in which phase of which list, and in what order.

Each session has a superset for each phase: as many images of each predicted class as the larger
share needs. Lists show these supersets in rotated order (a cyclic Latin square), so that what is
learnt from session to session and how hard a set of images is do not mix. A list leaves out what is
over, another class in turn; of which kind (of tie, or of right and wrong) that one is, and how many
images of each kind a superset has, is chosen so that the shares asked for are met as nearly as
whole images allow, in every phase and over the sessions and lists (`stimuli_builder.shares`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from stimuli_builder.errors import SelectionError
from stimuli_builder.shares import PhaseShares, Quota, choose_quotas, is_met

Tie = Literal["kept", "broken", ""]
TIES: tuple[Tie, Tie] = ("kept", "broken")
RESULTS = ("right", "wrong")
Kind = tuple[str, str]  # tie and result, each empty where it does not matter
WORDS = {
    "": "",
    "kept": " with the tie kept",
    "broken": " with the tie broken",
    "right": " rightly",
    "wrong": " wrongly",
}
BOTH_WEIGHT = 0.25  # of how errors are shared out over ties, beside that of either share


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
        Where ties are known, they are shared out alike over images with the tie kept and broken.
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
        Session, phase, image: for each class ``ceil(n_images / classes)`` images, the one that a
        list leaves out last.

    Raises
    ------
    SelectionError
        If the network never predicts a class, or the pool has too few images of a predicted class
        and kind.
    """
    ties_known = bool(pool) and bool(pool[0].tie)
    _check_pool(pool, classes, phases)
    kinds = _kinds(phases, ties_known=ties_known)
    waiting: dict[tuple[str, Kind], list[Candidate]] = {key: [] for key in product(classes, kinds)}
    for index in generator.permutation(len(pool)):
        candidate = pool[index]
        key = candidate.prediction, _kind(candidate, kinds)
        if key in waiting:
            waiting[key].append(candidate)
    shares = [
        _shares(phase, number, kinds, n_classes=len(classes), n_sessions=n_sessions)
        for number, phase in enumerate(phases)
    ]
    quotas = _feasible(shares, waiting, classes, kinds)
    return [
        [
            [
                image
                for k, name in enumerate(classes)
                for image in _take(waiting, name, kinds, quotas[phase, session, k])
            ]
            for phase in range(len(phases))
        ]
        for session in range(n_sessions)
    ]


def superset_of(session: int, trial_list: int, n_sessions: int) -> tuple[int, int]:
    """Say which superset a list shows in a session, and which class is short by one.

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
        Of `superset_of`, plus the number of the phase: says which class is short by one. Its last
        image is left out.
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
        kept += [candidate for candidate in superset if candidate.prediction == name][:count]
    return [kept[index] for index in generator.permutation(len(kept))]


def _check_pool(
    pool: Sequence[Candidate], classes: Sequence[str], phases: Sequence[PhaseDesign]
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


def _kinds(phases: Sequence[PhaseDesign], *, ties_known: bool) -> list[Kind]:
    by_error = any(phase.error_share is not None for phase in phases)
    return list(product(TIES if ties_known else ("",), RESULTS if by_error else ("",)))


def _kind(candidate: Candidate, kinds: Sequence[Kind]) -> Kind:
    result = RESULTS[candidate.prediction != candidate.label]
    return candidate.tie, result if kinds[0][1] else ""


def _shares(
    phase: PhaseDesign, number: int, kinds: Sequence[Kind], *, n_classes: int, n_sessions: int
) -> PhaseShares:
    """Say what a phase is to show; errors alike over ties."""
    counts = np.array(
        [
            [counts_per_class(phase.n_images, n_classes, u + b + number) for b in range(n_classes)]
            for u in range(n_sessions)
        ]
    )  # (sets, blocks, classes)
    of_tie = {"": 1.0, "kept": 1 - phase.tie_broken_share, "broken": phase.tie_broken_share}
    error_share = phase.error_share or 0.0
    of_result = {"": 1.0, "right": 1 - error_share, "wrong": error_share}
    factors = np.array([[tie == "broken", result == "wrong"] for tie, result in kinds]).T
    return PhaseShares(
        counts=counts.transpose(0, 2, 1),
        kinds=np.array([of_tie[tie] * of_result[result] for tie, result in kinds]),
        factors=np.vstack([factors, factors.all(axis=0)]).astype(float),
        weights=np.array([1, 1, BOTH_WEIGHT]),
    )


def _feasible(
    shares: Sequence[PhaseShares],
    waiting: dict[tuple[str, Kind], list[Candidate]],
    classes: Sequence[str],
    kinds: Sequence[Kind],
) -> dict[tuple[int, int, int], Quota]:
    """Choose quotas that the images suffice for, or say of what there are too few."""
    available = np.array([[len(waiting[name, kind]) for kind in kinds] for name in classes])
    quotas = choose_quotas(shares, available)
    if not is_met(shares, quotas):
        quotas = choose_quotas(shares)
    needed: Counter[tuple[str, Kind]] = Counter()
    for (_, _, k), quota in quotas.items():
        needed.update({(classes[k], kind): n for kind, n in zip(kinds, quota.kinds, strict=True)})
    lacking = {key: n - len(waiting[key]) for key, n in needed.items() if n > len(waiting[key])}
    if lacking:
        name, (tie, result) = most = max(lacking, key=lambda key: lacking[key])
        raise SelectionError(
            f"images predicted {name!r}{WORDS[result]}{WORDS[tie]} must be at least "
            f"{lacking[most]} more for the design; got {len(waiting[most])} of the {needed[most]} "
            "it needs. Give more images of the split study."
        )
    return quotas


def _take(
    waiting: dict[tuple[str, Kind], list[Candidate]], name: str, kinds: Sequence[Kind], quota: Quota
) -> list[Candidate]:
    """Take a class's images of a superset, last the one that is left out where it is short."""
    taken: list[Candidate] = []
    order = sorted(range(len(kinds)), key=lambda j: j == quota.left_out)
    for j in order:
        left = waiting[name, kinds[j]]
        taken += left[: quota.kinds[j]]
        waiting[name, kinds[j]] = left[quota.kinds[j] :]
    return taken
