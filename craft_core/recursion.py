"""The recursion: sub-concepts of a concept at an earlier layer (section 3.2), and its controls.

Letters:

    A  (n, p)  pooled activations of the parent's crops at the earlier layer
    U  (n, r)  the parent's coefficients
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from craft_core.bank import ConceptBank, Origin, SplitKind
from craft_core.checks import check_choice
from craft_core.coders import Coder
from craft_core.concepts import crop_activations
from craft_core.errors import ClassError, CraftError
from craft_core.images import Images
from craft_core.nmf import fit_nmf

CROPS_COMPARED = 20  # of each concept: those that show it best


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitProposal:
    """Which concept to split, and the figures that speak for it.

    Attributes
    ----------
    concept
        The least coherent one.
    layer
        The earlier layer.
    coherence
        (r,), in [0, 1]. Mean cosine between the best crops' activations at the earlier layer, less
        that of crops drawn at random, over one less that.
    reference
        In [0, 1]. Mean cosine between crops drawn at random from the bank.
    """

    concept: int
    layer: str
    coherence: Tensor
    reference: float


def split_concept(  # noqa: PLR0913 - the step's own parameters
    bank: ConceptBank,
    concept: int,
    *,
    layer: str,
    n_concepts: int,
    generator: torch.Generator,
    percentile: float = 90.0,
    images: Images | None = None,
) -> ConceptBank:
    """Find the sub-concepts of a concept; see `ConceptBank.split`.

    Parameters
    ----------
    bank
        The parent.
    concept
        In [0, r).
    layer
        Of the same network, earlier than the parent's.
    n_concepts
        Sub-concepts wanted.
    generator
        Draws the factorisation's start where it is random.
    percentile
        In [0, 100): crops whose coefficient is above it are factorised again.
    images
        The parent's source images, where it has none.

    Returns
    -------
    ConceptBank
        Among the parent's `children`.

    Raises
    ------
    CraftError
        If the concept or the percentile is out of range, or there are no images.
    BackboneError
        If the layer does not come before the parent's.
    ClassError
        If too few crops hold the concept.
    """
    bank.backbone.check_earlier(layer)
    origin = origin_of(bank, concept, percentile=percentile)
    return _refactorised(
        bank, origin, layer=layer, n_concepts=n_concepts, generator=generator, images=images
    )


def sham_split(
    child: ConceptBank,
    kind: SplitKind,
    *,
    generator: torch.Generator,
    images: Images | None = None,
) -> ConceptBank:
    """Make a control for a split, with as many groups of as many crops.

    A study of recursion shows people a sub-concept's crops beside the parent's. A smaller group is
    more alike by its size alone, so that what a split gains has to be compared with a sham's.

    Parameters
    ----------
    child
        Of `ConceptBank.split`.
    kind
        ``same_layer``: the same crops factorised again at the parent's own layer, so that nothing
        but the earlier layer is missing. ``random_groups``: the child's coefficients dealt out to
        its crops at random, so that groups have the same sizes and nothing in common.
    generator
        Deals, or draws the factorisation's start.
    images
        The parent's source images, where it has none; for ``same_layer`` alone.

    Returns
    -------
    ConceptBank
        Among the parent's `children`, marked by `Origin.kind`.

    Raises
    ------
    CraftError
        If the kind is unknown, or the bank was split off from none.
    """
    check_choice("kind", kind, ["same_layer", "random_groups"])
    if child.parent is None or child.origin is None:
        raise CraftError("child must have a parent to have a sham; got a bank at the root.")
    origin = replace(child.origin, kind=kind)
    if kind == "same_layer":
        return _refactorised(
            child.parent,
            origin,
            layer=child.parent.backbone.layer,
            n_concepts=child.n_concepts,
            generator=generator,
            images=images,
        )
    order = torch.randperm(len(child.U), generator=generator, device=generator.device)
    sham = replace(
        child, U=child.U[order.to(child.U.device)], origin=origin, importance=None, children=[]
    )
    child.parent.children.append(sham)
    return sham


def propose_split(
    bank: ConceptBank,
    *,
    layer: str,
    generator: torch.Generator,
    images: Images | None = None,
    n_crops: int = CROPS_COMPARED,
) -> SplitProposal:
    """Find the concept whose best crops are least alike at an earlier layer.

    Crops that the network tells apart at an earlier layer and no more at the bank's hold concepts
    that were merged on the way (figure 3 of the paper, where people choose).

    Parameters
    ----------
    bank
        Any bank.
    layer
        Earlier than its own.
    generator
        Draws the crops that the best ones are compared with.
    images
        The bank's source images, where it has none.
    n_crops
        Best crops of each concept that are compared, no two of one image.

    Returns
    -------
    SplitProposal
        With the coherence of every concept; `craft_core.tree_figures.coherence_figure` draws it.

    Raises
    ------
    CraftError
        If the bank has fewer than two crops, or there are no images.
    BackboneError
        If the layer does not come before the bank's.
    """
    bank.backbone.check_earlier(layer)
    if len(bank.crops) < 2:
        raise CraftError(f"bank must have at least 2 crops; got {len(bank.crops)}.")
    A = crop_activations(bank.backbone.at(layer), _source(bank, images), bank.crops)
    A = torch.nn.functional.normalize(A)
    drawn = torch.randperm(len(A), generator=generator, device=generator.device)[: 10 * n_crops]
    reference = mean_cosine(A[drawn.to(A.device)])
    raw = torch.stack(
        [mean_cosine(A[bank.best_crops(index, n_crops)]) for index in range(bank.n_concepts)]
    )
    coherence = (raw - reference) / (1 - reference).clamp_min(torch.finfo(A.dtype).eps)
    return SplitProposal(
        concept=int(coherence.argmin()),
        layer=layer,
        coherence=coherence.clamp(0, 1),
        reference=float(reference),
    )


def mean_cosine(A: Tensor) -> Tensor:
    """Average the cosines between all pairs of rows.

    Parameters
    ----------
    A
        (n, p), rows of unit length.

    Returns
    -------
    Tensor
        (), in [-1, 1]; 1 where there are fewer than two rows.

    Examples
    --------
    >>> float(mean_cosine(torch.eye(3)))
    0.0
    """
    n = len(A)
    if n < 2:
        return A.new_ones(())
    return (A.sum(dim=0).square().sum() - A.square().sum()) / (n * (n - 1))


def origin_of(bank: ConceptBank, concept: int, *, percentile: float = 90.0) -> Origin:
    """Choose the crops that hold a concept most.

    Parameters
    ----------
    bank
        Any bank.
    concept
        In [0, r).
    percentile
        In [0, 100). Crops whose coefficient is above this percentile of all are taken (section 3.2
        takes the 90th).

    Returns
    -------
    Origin
        With the rows of these crops.

    Raises
    ------
    CraftError
        If the concept or the percentile is out of range.
    """
    bank.check_concepts([concept])
    if not 0 <= percentile < 100:
        raise CraftError(f"percentile must be in [0, 100); got {percentile}.")
    coefficients = bank.U[:, concept].double()
    threshold = torch.quantile(coefficients, percentile / 100)
    rows = (coefficients > threshold).nonzero().squeeze(1).cpu()
    return Origin(concept=concept, percentile=percentile, threshold=float(threshold), rows=rows)


def _refactorised(
    bank: ConceptBank,
    origin: Origin,
    *,
    layer: str,
    n_concepts: int,
    generator: torch.Generator,
    images: Images | None,
) -> ConceptBank:
    """Factorise some of a bank's crops at a layer, and hang the result under the bank."""
    if len(origin.rows) < n_concepts:
        raise ClassError(
            f"concept {origin.concept} must be in at least n_concepts={n_concepts} crops above the "
            f"percentile {origin.percentile}; got {len(origin.rows)} of {len(bank.crops)}."
        )
    backbone = bank.backbone.at(layer)
    crops = bank.crops.at(origin.rows)
    source = _source(bank, images)
    A = crop_activations(backbone, source, crops)
    U, W = fit_nmf(A, n_concepts, generator=generator)
    child = replace(
        bank,
        backbone=backbone,
        coder=Coder(W=W),
        U=U,
        crops=crops,
        images=source,
        names=None,
        importance=None,
        number=None,
        curation=None,
        parent=bank,
        origin=origin,
        children=[],
    )
    bank.children.append(child)
    return child


def _source(bank: ConceptBank, images: Images | None) -> Images:
    """Return the bank's source images, as many as its files."""
    source = bank.images if images is None else images
    if source is None:
        raise CraftError(
            f"images must be given for a bank that was loaded; got None. It has the files "
            f"{list(bank.files[:3])} and so on, in this order."
        )
    if len(source) != len(bank.files):
        raise CraftError(
            f"images must be the bank's {len(bank.files)} files, in this order; got {len(source)}."
        )
    return source
