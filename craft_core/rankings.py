"""Orders of concepts, the one that is said to matter most first (section 4.3).

Letters: n images, r concepts.

    sobol           total Sobol index; blind to whether a concept speaks for or against the class
    tcav            share of images whose logit rises along the concept; ties are broken at random
    gradient_input  signed: coefficient times derivative, what the concept adds at first order
    random          what any ranking must beat
    best            the order of the best area, by trying every set of concepts; small r alone

Behind a linear head ``gradient_input`` is what a concept adds to the logit, and no order is better.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.checks import check_choice
from craft_core.designs import sobol_design
from craft_core.errors import CraftError
from craft_core.fidelity import KINDS, Kind
from craft_core.images import Images, batches_for, progress
from craft_core.importance import positional_coefficients, shares_of_variance
from craft_core.masked_logits import AdditiveLogits, additive_logits, masked_logits, pooled_head
from craft_core.sobol import total_sobol_indices
from craft_core.tcav import logit_slopes, tcav_scores

MOST_CONCEPTS = 12  # of the brute force: 4,096 sets of concepts


@dataclass(frozen=True, eq=False, kw_only=True)
class Ranked:
    """What concepts are ranked for.

    Attributes
    ----------
    bank
        Of r concepts.
    images
        n of them.
    class_id
        Whose logit.
    additive
        The images' logits, where they are sums; see `craft_core.masked_logits`.
    """

    bank: ConceptBank
    images: Images
    class_id: int
    additive: AdditiveLogits | None


def rank_concepts(
    bank: ConceptBank,
    images: Images,
    class_id: int,
    method: str,
    *,
    generator: torch.Generator,
    per_image: bool = False,
) -> Tensor:
    """Rank a bank's concepts, for the class or for each image.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    method
        One of `RANKINGS`.
    generator
        Draws random orders, the order of ties, and the masks of sampled Sobol indices.
    per_image
        Whether each image gets an order of its own; else their scores are averaged.

    Returns
    -------
    Tensor
        (r,) or (n, r), integer: concepts, the first first.

    Raises
    ------
    CraftError
        If the method is unknown.
    ClassError
        If there is no image.
    """
    what = Ranked(
        bank=bank,
        images=images,
        class_id=class_id,
        additive=additive_logits(bank, images, class_id),
    )
    return ranking_of(what, method, generator=generator, per_image=per_image)


def ranking_of(
    what: Ranked, method: str, *, generator: torch.Generator, per_image: bool = False
) -> Tensor:
    """Rank concepts where what is known of the images is at hand.

    Parameters
    ----------
    what
        Bank, images and class.
    method
        One of `RANKINGS`.
    generator
        As for `rank_concepts`.
    per_image
        As for `rank_concepts`.

    Returns
    -------
    Tensor
        (r,) or (n, r), integer.

    Raises
    ------
    CraftError
        If the method is unknown.
    """
    check_choice("ranking", method, list(RANKINGS))
    scores = RANKINGS[method](what, generator).double().cpu()  # (n, r)
    if not per_image:
        # a concept's random scores are summed over images into another random order
        scores = scores.mean(dim=0)
    shuffled = torch.rand(scores.shape, generator=generator, device=generator.device).cpu()
    by_chance = shuffled.argsort(dim=-1)  # ties keep this order
    ordered = scores.gather(-1, by_chance).argsort(dim=-1, descending=True, stable=True)
    return by_chance.gather(-1, ordered)


def best_ranking(
    bank: ConceptBank,
    images: Images,
    class_id: int,
    kind: Kind,
    *,
    per_image: bool = False,
    worst: bool = False,
) -> Tensor:
    """Find the order whose curve has the best area, among all r factorial orders.

    The logit of every set of concepts is computed; the best order is then the best path from no
    concept to all of them, one concept a step, found set by set.

    Parameters
    ----------
    bank
        Of at most 12 concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    kind
        ``deletion``, whose best area is the smallest, or ``insertion``, whose best is the largest.
    per_image
        Whether each image gets an order of its own; else one order serves the mean curve.
    worst
        Whether the worst order is wanted.

    Returns
    -------
    Tensor
        (r,) or (n, r), integer.

    Raises
    ------
    CraftError
        If there are too many concepts; the message says the limit.
    """
    what = Ranked(
        bank=bank,
        images=images,
        class_id=class_id,
        additive=additive_logits(bank, images, class_id),
    )
    return best_of(what, kind, per_image=per_image, worst=worst)


def best_of(what: Ranked, kind: Kind, *, per_image: bool = False, worst: bool = False) -> Tensor:
    """Find the best order where what is known of the images is at hand.

    Parameters
    ----------
    what
        Bank, images and class.
    kind
        As for `best_ranking`.
    per_image
        As for `best_ranking`.
    worst
        As for `best_ranking`.

    Returns
    -------
    Tensor
        (r,) or (n, r), integer.

    Raises
    ------
    CraftError
        If there are too many concepts.
    """
    r = what.bank.n_concepts
    if r > MOST_CONCEPTS:
        raise CraftError(
            f"n_concepts must be at most {MOST_CONCEPTS} for the best ranking by brute force "
            f"(2^r sets of concepts); got {r}."
        )
    check_choice("kind", kind, KINDS)
    subsets = torch.arange(2**r)
    is_in = (subsets[:, None] >> torch.arange(r)) & 1  # (2^r, r)
    kept = (is_in if kind == "insertion" else 1 - is_in).double()
    if what.additive is None:
        heights = masked_logits(what.bank, what.images, what.class_id, kept).cpu()  # (n, 2^r)
    else:
        heights = what.additive.at(kept).cpu()
    if not per_image:
        heights = heights.mean(dim=0, keepdim=True)
    lowest = (kind == "deletion") != worst
    orders = lowest_paths(heights if lowest else -heights)
    return orders if per_image else orders[0]


def lowest_paths(heights: Tensor) -> Tensor:
    """Find the order of joining whose heights have the smallest sum.

    Parameters
    ----------
    heights
        (n, 2^r). Of each set, whose number's bits say who is in it.

    Returns
    -------
    Tensor
        (n, r), integer: who joins first, first; of equal orders, one.
    """
    n, n_sets = heights.shape
    r = n_sets.bit_length() - 1
    sets = torch.arange(n_sets)
    sizes = ((sets[:, None] >> torch.arange(r)) & 1).sum(dim=1)
    cost = heights.double().clone()
    last = torch.zeros(n, n_sets, dtype=torch.long)
    for size in range(1, r + 1):
        here = sets[sizes == size]
        is_in = (here[:, None] >> torch.arange(r)) & 1 == 1  # (sets of this size, r)
        before = cost[:, here[:, None] ^ (1 << torch.arange(r))]  # (n, sets, r)
        cheapest, joined = before.masked_fill(~is_in, torch.inf).min(dim=2)
        cost[:, here] += cheapest
        last[:, here] = joined
    orders = torch.zeros(n, r, dtype=torch.long)
    current = torch.full((n, 1), n_sets - 1)
    for step in reversed(range(r)):
        joined = last.gather(1, current)
        orders[:, step] = joined[:, 0]
        current = current ^ (1 << joined)
    return orders


def _sobol(what: Ranked, generator: torch.Generator) -> Tensor:
    """Compute every image's total indices, exactly where logits are sums."""
    if what.additive is not None:
        return shares_of_variance(what.additive.contributions)
    design = sobol_design(what.bank.n_concepts, generator=generator)
    masks = design.masks.flatten(0, 2)
    outputs = masked_logits(what.bank, what.images, what.class_id, masks)  # (n, K)
    stacked = outputs.T.reshape(*design.masks.shape[:3], -1)
    return total_sobol_indices(stacked.to(design.masks), design).by_scrambling.mean(dim=0)


def _tcav(what: Ranked, _: torch.Generator) -> Tensor:
    """Say for each image whether its logit rises along each concept."""
    head = pooled_head(what.bank.backbone, what.class_id)
    if head is not None:  # the slope is the same in every image
        scores = tcav_scores(head[0][None].to(what.bank.W), what.bank.W)
        return scores.expand(len(what.images), -1)
    slopes = logit_slopes(what.bank, what.images, what.class_id)
    return (slopes @ what.bank.W.T > 0).to(slopes)


def _gradient_input(what: Ranked, _: torch.Generator) -> Tensor:
    """Differentiate the logit of all concepts with respect to the mask, at one."""
    if what.additive is not None:
        return what.additive.contributions
    backbone, coder = what.bank.backbone, what.bank.coder
    found = []
    for batch in progress(batches_for(backbone, what.images), len(what.images), "derivatives"):
        U, shape = positional_coefficients(what.bank, batch)  # (m, positions, r)
        rebuilt = coder.rebuild(U.flatten(0, 1)).reshape(*U.shape[:2], -1)
        leaf = backbone.layout.native(rebuilt, shape).detach().requires_grad_()
        with torch.enable_grad():
            logit = backbone.decode(leaf)[:, what.class_id].sum()
            (slope,) = torch.autograd.grad(logit, leaf)
        found.append((U * (backbone.layout.rows(slope) @ coder.W.T)).sum(dim=1))
    return torch.cat(found)


def _random(what: Ranked, generator: torch.Generator) -> Tensor:
    shape = len(what.images), what.bank.n_concepts
    return torch.rand(shape, generator=generator, device=generator.device)


RANKINGS: dict[str, Callable[[Ranked, torch.Generator], Tensor]] = {
    "sobol": _sobol,
    "tcav": _tcav,
    "gradient_input": _gradient_input,
    "random": _random,
}
