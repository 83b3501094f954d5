"""What a researcher decides about concepts: names, merges, and those to be dropped.

Letters as in `craft_core.bank`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.errors import CraftError


@dataclass(frozen=True, kw_only=True)
class Curation:
    """What was done to a bank after it was found.

    Attributes
    ----------
    members
        For each concept now, the concepts it was: several where they were merged.
    excluded
        Concepts that were dropped, by their old numbers.
    error_before, error_after
        In [0, 1]. Share of the squared mixes of the old concepts that the old, and the new ones
        leave: the price of merging and dropping.
    """

    members: tuple[tuple[int, ...], ...]
    excluded: tuple[int, ...]
    error_before: float
    error_after: float


def curate(
    bank: ConceptBank,
    *,
    names: Mapping[int, str] | None = None,
    exclude: Sequence[int] = (),
    merge: Sequence[Sequence[int]] = (),
) -> ConceptBank:
    """Name, merge and drop concepts; all numbers are the bank's own, before anything is done.

    Merged concepts become one: the mean of what they are in the crops. A dropped concept is one no
    more, so that the others take over what they can of it. Coefficients are solved again.

    Parameters
    ----------
    bank
        Without children, of non-negative concepts.
    names
        Concept -> its name; a merged one is named by any of its members.
    exclude
        Concepts to drop.
    merge
        Groups of concepts to merge.

    Returns
    -------
    ConceptBank
        In the old order, merged concepts at their first member's place; without importance where
        anything but names has changed.

    Raises
    ------
    CraftError
        If a number is out of range or in two groups, nothing would be left, two names meet in a
        merge, or the bank has children.
    """
    named = dict(names or {})
    groups = [list(group) for group in merge]
    _check(bank, named, list(exclude), groups)
    first_of = {member: group[0] for group in groups for member in group}
    members: dict[int, list[int]] = {}
    for concept in range(bank.n_concepts):
        if concept not in exclude:
            members.setdefault(first_of.get(concept, concept), []).append(concept)
    if not (named or exclude or groups):
        return bank
    labels = _names(bank, members.values(), named)
    if not exclude and not groups:
        return replace(bank, names=labels)
    W = torch.stack([_merged(bank, group) for group in members.values()])
    coder = replace(bank.coder, W=W)
    mixes = bank.coder.rebuild(bank.U)
    U = coder.coefficients(mixes)
    return replace(
        bank,
        coder=coder,
        U=U,
        names=labels,
        importance=None,
        curation=Curation(
            members=tuple(tuple(group) for group in members.values()),
            excluded=tuple(sorted(exclude)),
            error_before=_error(mixes, bank.coder, bank.U),
            error_after=_error(mixes, coder, U),
        ),
    )


def _merged(bank: ConceptBank, group: Sequence[int]) -> Tensor:
    """Mix concepts as the crops do on average, at unit length."""
    weights = bank.U[:, list(group)].mean(dim=0)
    weights = torch.where(weights.sum() > 0, weights, torch.ones_like(weights))
    mixed = weights @ bank.W[list(group)]
    return torch.nn.functional.normalize(mixed, dim=0)


def _error(mixes: Tensor, coder: Coder, U: Tensor) -> float:
    squares = mixes.square().sum().clamp_min(torch.finfo(mixes.dtype).tiny)
    return float((mixes - coder.rebuild(U)).square().sum() / squares)


def _names(
    bank: ConceptBank, groups: Iterable[list[int]], named: Mapping[int, str]
) -> tuple[str, ...]:
    old = [concept.name for concept in bank.concepts]
    labels = []
    for group in groups:
        given = {named[member] for member in group if member in named}
        if len(given) > 1:
            raise CraftError(
                f"names of merged concepts must agree; got {sorted(given)} for {group}."
            )
        labels.append(given.pop() if given else " + ".join(old[member] for member in group))
    return tuple(labels)


def _check(
    bank: ConceptBank, names: Mapping[int, str], exclude: list[int], groups: list[list[int]]
) -> None:
    if bank.children:
        raise CraftError(
            f"bank must be curated before it is split; got {len(bank.children)} children."
        )
    if bank.coder.kind not in ("nnls", "nearest") and (exclude or groups):
        raise CraftError(
            f"concepts must be non-negative to be merged or dropped; got kind {bank.coder.kind!r}."
        )
    used = [*exclude, *(member for group in groups for member in group)]
    for concept in [*names, *used]:
        bank.check_concepts([concept])
    twice = sorted({concept for concept in used if used.count(concept) > 1})
    if twice:
        raise CraftError(f"concepts must be merged or dropped once; got {twice} twice.")
    if len(exclude) >= bank.n_concepts:
        raise CraftError(f"exclude must leave a concept; got all {bank.n_concepts} of them.")
