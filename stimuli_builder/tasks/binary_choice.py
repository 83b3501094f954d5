"""Binary choices (appendix E.2): of a crop, a sub-concept's crops and its parent's.

A smaller cluster looks more alike than a larger one whatever it was made by, so that it would win
without any recursion. Shams of the same size are asked too: sub-clusters of a split at the parent's
own layer, and random ones. What is estimated is the share of recursive trials answered "the
sub-concept", minus that of shams.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from craft_core.bank import ConceptBank
from stimuli_builder.clusters import Cluster, coefficients, draw_distinct, owners
from stimuli_builder.config import BinaryChoiceConfig
from stimuli_builder.errors import SelectionError

Kind = Literal["split", "same_layer", "random_groups"]
SHAMS: dict[Kind, Literal["same_layer", "random"] | None] = {
    "split": None,
    "same_layer": "same_layer",
    "random_groups": "random",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class ChoiceTrial:
    """One trial.

    Attributes
    ----------
    cluster
        The sub-concept, or a sham's part.
    parent
        Bank of the parent.
    question
        The crop in question, a row of the cluster's bank.
    of_cluster
        Rows of the cluster's bank.
    of_parent
        Rows of the parent's bank.
    kind
        How the cluster was made.
    difficulty
        In [0, 1]: how alike the two groups are in the sub-concept's mean coefficient, 1 for no
        difference.
    """

    cluster: Cluster
    parent: ConceptBank
    question: int
    of_cluster: tuple[int, ...]
    of_parent: tuple[int, ...]
    kind: Kind
    difficulty: float


def choice_trials(
    banks: Sequence[ConceptBank], *, config: BinaryChoiceConfig, generator: np.random.Generator
) -> list[ChoiceTrial]:
    """Make trials of every kind, as many of each sub-concept as possible.

    Parameters
    ----------
    banks
        Of the classes, split, with the shams that the configuration asks for.
    config
        Numbers of trials, and rows and columns of a group.
    generator
        Draws.

    Returns
    -------
    list[ChoiceTrial]
        Recursive ones, then shams.

    Raises
    ------
    SelectionError
        If there is no split or sham of a kind, or too few images.
    """
    counts: dict[Kind, int] = {
        "split": config.trials - config.same_layer - config.random,
        "same_layer": config.same_layer,
        "random_groups": config.random,
    }
    size = _common_size(banks, [kind for kind, n in counts.items() if n], config)
    trials = []
    for kind, n in counts.items():
        if n:
            trials += _of_kind(banks, kind, n, size=size, config=config, generator=generator)
    return trials


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
        Class by class, in turn over the splits of each.
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


def _common_size(
    banks: Sequence[ConceptBank], kinds: Sequence[Kind], config: BinaryChoiceConfig
) -> int:
    """Count the crops of the smallest part that is asked about, so that all count as many."""
    parts = [each for kind in kinds for each in sub_clusters(banks, kind)]
    least = config.rows * config.columns + 1  # images, for a group and the crop in question
    sizes = [len(p.rows) for p in parts if len(set(owners(p.bank)[p.rows].tolist())) >= least]
    return min(sizes, default=least)


def _best(cluster: Cluster, size: int) -> np.ndarray:
    """Take a part's crops, the best of every image before the second of any."""
    images = owners(cluster.bank)[cluster.rows].tolist()
    before = [images[:place].count(image) for place, image in enumerate(images)]
    rows: np.ndarray = cluster.rows[np.argsort(before, kind="stable")][:size]
    return rows


def _of_kind(
    banks: Sequence[ConceptBank],
    kind: Kind,
    n_trials: int,
    *,
    size: int,
    config: BinaryChoiceConfig,
    generator: np.random.Generator,
) -> list[ChoiceTrial]:
    able = sub_clusters(banks, kind)
    trials: list[ChoiceTrial] = []
    asked: set[tuple[str, int]] = set()
    problem = SelectionError(
        f"concepts must be split with kind {kind!r}; got none. Extract with [recursion]"
        + (f' shams = ["{kind}"].' if kind != "split" else ".")
    )
    while len(trials) < n_trials:
        if not able:
            raise SelectionError(
                f"binary choices of kind {kind!r} must be {n_trials}; got {len(trials)}: {problem}"
            )
        cluster = able.pop(0)
        try:
            trials.append(_trial(cluster, kind, size, config, asked, generator))
        except SelectionError as error:
            problem = error
            continue
        able.append(cluster)
    return trials


def _trial(
    cluster: Cluster,
    kind: Kind,
    size: int,
    config: BinaryChoiceConfig,
    asked: set[tuple[str, int]],
    generator: np.random.Generator,
) -> ChoiceTrial:
    """Draw the crop in question, then its cluster's group, then its parent's."""
    bank = cluster.bank
    parent, origin = bank.parent, bank.origin
    assert parent is not None
    assert origin is not None
    rows = _best(cluster, size)
    fresh = np.array([r for r in rows if (cluster.path + kind, int(r)) not in asked], dtype=int)
    what = f"sub-concept {cluster.path} ({kind})"
    n = config.rows * config.columns
    (question,) = draw_distinct(
        fresh, owners(bank), 1, without=set(), generator=generator, what=what
    )
    used = {int(owners(bank)[question])}
    members = draw_distinct(rows, owners(bank), n, without=used, generator=generator, what=what)
    used |= set(owners(bank)[members].tolist())
    pool = origin.rows.numpy()
    strength = coefficients(parent)[:, origin.concept]
    of_parent = _matched(owners(parent), strength, pool, pool[members], without=used)
    if len(of_parent) < n:
        raise SelectionError(
            f"parent of {what} must have crops of {n - len(of_parent)} more images; got "
            f"{len(of_parent)} of {n}."
        )
    asked.add((cluster.path + kind, question))
    return ChoiceTrial(
        cluster=cluster,
        parent=parent,
        question=question,
        of_cluster=tuple(members),
        of_parent=tuple(of_parent),
        kind=kind,
        difficulty=_difficulty(cluster, members, of_parent, pool),
    )


def _matched(
    images: np.ndarray,
    strength: np.ndarray,
    pool: np.ndarray,
    members: np.ndarray,
    *,
    without: set[int],
) -> list[int]:
    """For each member find a crop of the pool whose rank in strength is nearest."""
    # So neither group shows the parent's concept more strongly than the other.
    ranks = {int(row): rank for rank, row in enumerate(pool[np.argsort(-strength[pool])])}
    taken, chosen = set(without), []
    for member in members:
        free = [int(row) for row in pool if int(images[row]) not in taken]
        if not free:
            break
        nearest = min(free, key=lambda row: (abs(ranks[row] - ranks[int(member)]), row))
        chosen.append(nearest)
        taken.add(int(images[nearest]))
    return chosen


def _difficulty(
    cluster: Cluster, members: list[int], of_parent: list[int], rows: np.ndarray
) -> float:
    """Compare the groups' mean coefficients of the sub-concept."""
    U = coefficients(cluster.bank)[:, cluster.concept]
    place = {int(row): index for index, row in enumerate(rows)}
    inside = float(U[members].mean())
    beside = float(U[[place[row] for row in of_parent]].mean())
    return round(min(1.0, beside / inside), 6) if inside > 0 else 1.0
