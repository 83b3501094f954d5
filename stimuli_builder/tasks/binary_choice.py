"""Binary choices (appendix E.2): of a crop, a sub-concept's crops and its parent's.

A smaller cluster looks more alike than a larger one whatever it was made by, so that it would win
without any recursion. Shams of the same size are asked too: sub-clusters of a split at the parent's
own layer, and random ones. What is estimated is the share of recursive trials answered "the
sub-concept", minus that of shams.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from craft_core.bank import ConceptBank
from stimuli_builder.clusters import Cluster, coefficients, take_distinct
from stimuli_builder.config import BinaryChoiceConfig
from stimuli_builder.crop_draws import CropDraws
from stimuli_builder.tasks.questions import Asked, Kind

NEAR_RANKS: Final = 0.05  # of the parent's crops, up to which two ranks count as near
SHAMS: Final[dict[Kind, Literal["same_layer", "random"] | None]] = {
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
    asked: Sequence[Asked], *, config: BinaryChoiceConfig, draws: CropDraws
) -> list[ChoiceTrial]:
    """Make a trial of each crop in question; no group has any of these.

    Parameters
    ----------
    asked
        Of `stimuli_builder.tasks.questions.ask_questions`.
    config
        Rows and columns of a group.
    draws
        Of the study.

    Returns
    -------
    list[ChoiceTrial]
        In the same order; of the crops that fit, those shown least.
    """
    return [_trial(each, config.rows * config.columns, draws) for each in asked]


def _trial(asked: Asked, n: int, draws: CropDraws) -> ChoiceTrial:
    """Draw the sub-concept's group, then its parent's."""
    cluster, bank = asked.cluster, asked.cluster.bank
    parent, origin = bank.parent, bank.origin
    assert parent is not None
    assert origin is not None
    images = draws.images(bank)
    used = {int(images[asked.question])}
    fitting = draws.least_first(bank, draws.free(bank, asked.rows))
    members = take_distinct(fitting, images, n, without=used, what=asked.what)
    draws.show(bank, members)
    used |= set(images[members].tolist())
    pool = origin.rows.numpy()
    strength = coefficients(parent)[:, origin.concept]
    ranks = {int(row): rank for rank, row in enumerate(pool[np.argsort(-strength[pool])])}
    wanted = [ranks[int(row)] for row in pool[members]]
    of_parent = _matched(parent, ranks, wanted, without=used, draws=draws)
    draws.show(parent, of_parent)
    return ChoiceTrial(
        cluster=cluster,
        parent=parent,
        question=asked.question,
        of_cluster=tuple(members),
        of_parent=tuple(of_parent),
        kind=asked.kind,
        difficulty=_difficulty(cluster, members, of_parent, pool),
    )


def _matched(
    parent: ConceptBank,
    ranks: Mapping[int, int],
    wanted: Sequence[int],
    *,
    without: set[int],
    draws: CropDraws,
) -> list[int]:
    """For each rank in strength find a crop near it, shown least, of an image of its own."""
    # So neither group shows the parent's concept more strongly than the other.
    images, names = draws.images(parent), draws.free(parent, ranks)
    taken, chosen = set(without), []
    for rank in wanted:
        away = {row: abs(ranks[row] - rank) for row in names if int(images[row]) not in taken}
        near = max(NEAR_RANKS * len(ranks), min(away.values()))
        row = min(
            (row for row in away if away[row] <= near),
            key=lambda row: (*draws.times(parent, row), away[row], row),
        )
        chosen.append(row)
        taken.add(int(images[row]))
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
