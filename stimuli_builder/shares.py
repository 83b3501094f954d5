"""How many images of each kind the phases show, so that the shares asked for are met.

A share is met nearly: in every phase, over the sessions of a list and over all lists, and with less
weight for each predicted class. The numbers of images are chosen together, by improving two at a
time what the squared deviations sum to, from the same starts each time.

    U  sets of images, one for each session
    K  predicted classes
    B  blocks: as many lists as sessions show the sets in all orders with one class short, the
       next as many with another
    J  kinds of images
    F  shares asked for, of images that some of the kinds are
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

import numpy as np

REACH = 1.5  # images that a class's kind may be off its share
SHORTAGE = 1e6  # weighs an image that there is not above all shares
WEIGHTS = {"phase": 16, "list": 16, "all": 16, "class": 1, "class_list": 4, "class_all": 4}
STARTS = 8  # from which two quotas at a time are improved
MOST_STARTS = 24  # where none of these meets the shares
MANY = 24  # quotas, of which the first start that meets the shares is enough
NEIGHBOURS = 3  # sets whose quotas are improved together, or large designs would take minutes
SLACK = 1e-6  # of rounding
DIGITS = 6  # costs closer than this are equal, on any machine


@dataclass(frozen=True, kw_only=True)
class PhaseShares:
    """What one phase is to show.

    Attributes
    ----------
    counts
        (U, K, B). Images of each class in the phase.
    kinds
        (J,), summing to 1. Share of each kind.
    factors
        (F, J), 0 or 1. Kinds that each share asked for is of.
    weights
        (F,). How much each share matters.
    """

    counts: np.ndarray
    kinds: np.ndarray
    factors: np.ndarray
    weights: np.ndarray

    @cached_property
    def sizes(self) -> np.ndarray:
        """(U, K). Images of each class in a set, of which a list may leave out one."""
        sizes: np.ndarray = self.counts.max(axis=2)
        return sizes

    @cached_property
    def targets(self) -> np.ndarray:
        """(U, K, B, F). Images that each share is of."""
        targets: np.ndarray = self.counts[..., None] * (self.factors @ self.kinds)
        return targets


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Images of one class in one set of a phase.

    Attributes
    ----------
    kinds
        For each kind, how many.
    left_out
        The kind of the one that is left out where the class is one short; None where it never is.
    """

    kinds: tuple[int, ...]
    left_out: int | None


@dataclass(frozen=True, eq=False, kw_only=True)
class _Slot:
    """A phase's set and class, with the quotas to choose from."""

    place: tuple[int, int, int]  # phase, set, class
    quotas: list[Quota]
    kinds: np.ndarray  # (options, J)
    levels: np.ndarray  # (options, deviations)

    @property
    def label(self) -> int:
        return self.place[2]


@dataclass(eq=False, kw_only=True)
class _State:
    """Which quota each slot has, and what that comes to."""

    chosen: list[int]
    deviations: np.ndarray  # of all phases, weighted
    left: np.ndarray  # (K, J), images that no slot has

    def cost(self) -> float:
        lacking = (np.minimum(self.left, 0) ** 2).sum()
        return round(float((self.deviations**2).sum() + SHORTAGE * lacking), DIGITS)


def choose_quotas(
    phases: Sequence[PhaseShares], available: np.ndarray | None = None
) -> dict[tuple[int, int, int], Quota]:
    """Choose how many images of each kind every set has.

    Parameters
    ----------
    phases
        Of a session.
    available
        (K, J). Images that there are, which all sets share; None takes what is needed for granted.

    Returns
    -------
    dict[tuple[int, int, int], Quota]
        By phase, set and class. More than are available are asked for only where there is no other
        way.
    """
    slots = _slots(phases)
    targets = np.concatenate([_levels(phase, phase.targets) for phase in phases])
    size = phases[0].counts.shape[1], len(phases[0].kinds)
    limits = np.full(size, np.inf) if available is None else available
    pairs = [
        (one, other)
        for one, other in combinations(range(len(slots)), 2)
        if abs(slots[one].place[1] - slots[other].place[1]) < NEIGHBOURS
    ]
    states: list[_State] = []
    for number in range(MOST_STARTS):
        states.append(_start(slots, number, targets, limits))
        while sum(_improved(slots, states[-1], pair) for pair in pairs):
            pass  # every pair anew, until none is better otherwise
        quotas = _quotas(slots, min(states, key=_State.cost))
        if (len(slots) > MANY or number + 1 >= STARTS) and is_met(phases, quotas):
            break
    return quotas


def _quotas(slots: Sequence[_Slot], state: _State) -> dict[tuple[int, int, int], Quota]:
    return {slot.place: slot.quotas[o] for slot, o in zip(slots, state.chosen, strict=True)}


def is_met(phases: Sequence[PhaseShares], quotas: Mapping[tuple[int, int, int], Quota]) -> bool:
    """Say whether every phase, and every list, is at most one image off its shares.

    Parameters
    ----------
    phases
        What was asked for.
    quotas
        Of `choose_quotas`.

    Returns
    -------
    bool
        Of the shares that matter most.
    """
    for number, phase in enumerate(phases):
        shown = np.zeros(phase.targets.shape)
        for u, k in product(*map(range, phase.sizes.shape)):
            shown[u, k] = _shown(phase, (u, k), quotas[number, u, k])
        off = (shown - phase.targets)[..., phase.weights == phase.weights.max()].sum(axis=1)
        if max(np.abs(off).max(), np.abs(off.sum(axis=0)).max()) > 1 + SLACK:
            return False
    return True


def _slots(phases: Sequence[PhaseShares]) -> list[_Slot]:
    slots = []
    lengths = [len(_levels(phase, phase.targets)) for phase in phases]
    for number, phase in enumerate(phases):
        before, after = sum(lengths[:number]), sum(lengths[number + 1 :])
        for u, k in product(*map(range, phase.sizes.shape)):
            quotas = _options(phase, (u, k))
            alone = np.zeros((len(quotas), *phase.targets.shape))
            alone[:, u, k] = [_shown(phase, (u, k), quota) for quota in quotas]
            levels = np.pad(_levels(phase, alone), ((0, 0), (before, after)))
            kinds = np.array([quota.kinds for quota in quotas], dtype=float)
            slots.append(_Slot(place=(number, u, k), quotas=quotas, kinds=kinds, levels=levels))
    return slots


def _options(phase: PhaseShares, place: tuple[int, int]) -> list[Quota]:
    """List the quotas near the shares, the nearest first."""
    size = int(phase.sizes[place])
    expected = size * phase.kinds
    near = [
        [n for n in range(size + 1) if n == wanted or (wanted > 0 and abs(n - wanted) < REACH)]
        for wanted in expected
    ]
    kinds = [each for each in product(*near) if sum(each) == size]
    kinds.sort(key=lambda each: round(float(((np.array(each) - expected) ** 2).sum()), DIGITS))
    if phase.counts[place].min() == size:
        return [Quota(kinds=each, left_out=None) for each in kinds]
    return [
        Quota(kinds=each, left_out=j) for each in kinds for j in range(len(each)) if each[j] > 0
    ]


def _shown(phase: PhaseShares, place: tuple[int, int], quota: Quota) -> np.ndarray:
    """Count what each block shows of a class's set, (B, F)."""
    shown = np.tile(np.array(quota.kinds, dtype=float), (phase.counts.shape[2], 1))
    if quota.left_out is not None:
        shown[:, quota.left_out] -= phase.sizes[place] - phase.counts[place]
    counts: np.ndarray = shown @ phase.factors.T
    return counts


def _levels(phase: PhaseShares, counts: np.ndarray) -> np.ndarray:
    """Sum counts, (..., U, K, B, F), over what shares are met in, each weighted; (..., levels)."""
    weighted = counts * np.sqrt(phase.weights)
    sums = {
        "phase": weighted.sum(axis=-3),
        "list": weighted.sum(axis=(-4, -3)),
        "all": weighted.sum(axis=(-4, -3, -2)),
        "class": weighted,
        "class_list": weighted.sum(axis=-4),
        "class_all": weighted.sum(axis=(-4, -2)),
    }
    leading = counts.shape[:-4]
    return np.concatenate(
        [np.sqrt(WEIGHTS[name]) * each.reshape(*leading, -1) for name, each in sums.items()],
        axis=-1,
    )


def _start(
    slots: Sequence[_Slot], number: int, targets: np.ndarray, available: np.ndarray
) -> _State:
    """Choose where to begin: the first time with the quotas that are nearest by themselves."""
    generator = np.random.default_rng(number)
    chosen = [int(generator.integers(len(slot.quotas))) if number else 0 for slot in slots]
    state = _State(chosen=chosen, deviations=-targets, left=available.astype(float))
    for slot, option in zip(slots, chosen, strict=True):
        state.deviations = state.deviations + slot.levels[option]
        state.left[slot.label] -= slot.kinds[option]
    return state


def _improved(slots: Sequence[_Slot], state: _State, pair: tuple[int, int]) -> bool:
    """Choose the best quotas of two slots, the others as they are; say whether they are others."""
    first, second = (slots[index] for index in pair)
    now = (state.chosen[pair[0]], state.chosen[pair[1]])
    left = state.left.copy()
    for slot, option in zip((first, second), now, strict=True):
        left[slot.label] += slot.kinds[option]
    others = state.deviations - first.levels[now[0]] - second.levels[now[1]]
    both = others + first.levels
    costs = (both**2).sum(axis=1)[:, None] + (second.levels**2).sum(axis=1)
    costs = costs + 2 * both @ second.levels.T
    costs = (costs + SHORTAGE * _shortage(left, first, second)).round(DIGITS)
    best = divmod(int(costs.argmin()), costs.shape[1])
    if costs[best] >= costs[now]:
        return False
    for index, slot, option in zip(pair, (first, second), best, strict=True):
        state.chosen[index] = option
        left[slot.label] -= slot.kinds[option]
    state.left = left
    state.deviations = others + first.levels[best[0]] + second.levels[best[1]]
    return True


def _shortage(left: np.ndarray, first: _Slot, second: _Slot) -> np.ndarray:
    """Square how many more images two slots ask for than are left, (options, options)."""
    if first.label == second.label:
        both = first.kinds[:, None] + second.kinds
        return np.asarray((np.maximum(both - left[first.label], 0) ** 2).sum(axis=2))
    one, other = (
        (np.maximum(slot.kinds - left[slot.label], 0) ** 2).sum(axis=1) for slot in (first, second)
    )
    return np.asarray(one[:, None] + other)
