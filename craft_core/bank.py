"""Concept banks: the concepts of one class at one layer, and the crops that show them.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  pooled activations of n crops over p channels
    U  (n, r)  how much of each concept is in each crop
    W  (r, p)  concept bank, one concept per row; of unit length where it is an NMF's
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from craft_core.activations import pooled_activations
from craft_core.backbones import Backbone
from craft_core.coders import Coder
from craft_core.crops import Crops
from craft_core.errors import CraftError
from craft_core.images import Images, batches_for, progress
from craft_core.stability import NumberOfConcepts

if TYPE_CHECKING:
    from craft_core.curation import Curation

Selection = Literal["predicted", "correct"]
SplitKind = Literal["split", "same_layer", "random_groups"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Importance:
    """How much each concept matters to the class's logit.

    Attributes
    ----------
    method
        How it was computed, in words.
    values, low, high
        (r,). Means over images, and the bounds of their intervals.
    effects
        (r,). What the concept adds to the logit when it goes from absent to whole, mean over masks
        and images. Below zero it speaks against the class.
    p_values
        (r,). Of a test against random counterparts, where the method has one.
    """

    method: str
    values: Tensor
    low: Tensor
    high: Tensor
    effects: Tensor
    p_values: Tensor | None = None

    @property
    def ranking(self) -> list[int]:
        """Concepts, the most important first; of equal ones the larger effect, then the earlier."""
        by_effect = self.effects.argsort(descending=True, stable=True)
        return by_effect[self.values[by_effect].argsort(descending=True, stable=True)].tolist()

    @property
    def ranks(self) -> list[float]:
        """Rank of each concept, 1 for the most important; equal ones share the mean of theirs."""
        from scipy import stats  # loads for a second

        ranks: list[float] = stats.rankdata(-self.values.cpu().numpy()).tolist()
        return ranks


@dataclass(frozen=True, kw_only=True)
class Concept:
    """One concept, as people speak of it.

    Attributes
    ----------
    index
        Row of W.
    name
        Given by a researcher, else ``concept 3``.
    importance, low, high, effect
        See `Importance`; None before it is computed.
    share
        Of its parent, in [0, 1], where it is a sub-concept.
    """

    index: int
    name: str
    importance: float | None = None
    low: float | None = None
    high: float | None = None
    effect: float | None = None
    share: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Origin:
    """Where the crops of a bank of sub-concepts come from (section 3.2).

    Attributes
    ----------
    concept
        Of the parent.
    percentile
        In [0, 100): crops whose coefficient is above it were taken.
    threshold
        That percentile of the coefficients.
    rows
        (n,), integer. Which of the parent's crops they are.
    kind
        ``split``; or a sham that controls for one: ``same_layer`` as the parent's, or
        ``random_groups`` of the same sizes.
    """

    concept: int
    percentile: float
    threshold: float
    rows: Tensor
    kind: SplitKind = "split"


@dataclass(frozen=True, eq=False, kw_only=True)
class ConceptBank:
    """The concepts of one class at one layer.

    Attributes
    ----------
    backbone
        The network, cut at the concepts' layer.
    class_id, class_name
        The class whose predictions are explained.
    coder
        The concepts, and how activations are expressed in them.
    U
        (n, r). Coefficients of the crops.
    crops
        Where the n crops lie.
    files
        Names of the source images, which `crops.image` counts.
    method
        That found the concepts: ``craft``, or a baseline's name.
    selection
        Which of the class's images they come from: those predicted as it, errors included, or those
        that are right.
    images
        The source images, where they are at hand; a bank that was loaded has none.
    names
        Of the concepts, given by a researcher; None where there are none.
    importance
        Once it was computed.
    number
        How r was chosen, where it was not given.
    curation
        What was merged and dropped, where something was.
    parent, origin
        Of a bank of sub-concepts.
    children
        Banks of sub-concepts, in the order in which they were split off.
    """

    backbone: Backbone
    class_id: int
    class_name: str
    coder: Coder
    U: Tensor
    crops: Crops
    files: tuple[str, ...]
    method: str = "craft"
    selection: Selection = "predicted"
    images: Images | None = None
    names: tuple[str, ...] | None = None
    importance: Importance | None = None
    number: NumberOfConcepts | None = None
    curation: "Curation | None" = None
    parent: "ConceptBank | None" = None
    origin: Origin | None = None
    children: list["ConceptBank"] = field(default_factory=list)

    @property
    def W(self) -> Tensor:  # noqa: N802 - the paper's letter
        """The concepts, (r, p)."""
        return self.coder.W

    @property
    def n_concepts(self) -> int:
        """Return r."""
        return len(self.W)

    @property
    def concepts(self) -> list[Concept]:
        """Return the concepts with what is known of each."""
        kept = self.importance
        figures = None if kept is None else (kept.values, kept.low, kept.high, kept.effects)
        columns = [figure.tolist() for figure in figures or ()] or [[None] * self.n_concepts] * 4
        shares = [None] * self.n_concepts if self.parent is None else self.shares.tolist()
        return [
            Concept(
                index=index,
                name=self.names[index] if self.names else f"concept {index}",
                importance=columns[0][index],
                low=columns[1][index],
                high=columns[2][index],
                effect=columns[3][index],
                share=shares[index],
            )
            for index in range(self.n_concepts)
        ]

    @property
    def depth(self) -> int:
        """Return how many splits lie above: 0 at the root."""
        return 0 if self.parent is None else 1 + self.parent.depth

    @property
    def shares(self) -> Tensor:
        """Each concept's share of the crops' activation, weighted by the parent's coefficient.

        Returns
        -------
        Tensor
            (r,), summing to 1: means over the crops of ``|U_ik| ||W_k||`` over its sum.
        """
        sizes = self.U.abs() * self.W.norm(dim=1)  # (n, r)
        each = sizes / sizes.sum(dim=1, keepdim=True).clamp_min(torch.finfo(sizes.dtype).tiny)
        if self.parent is None or self.origin is None:
            weights = torch.ones_like(each[:, 0])
        else:
            weights = self.parent.U[self.origin.rows, self.origin.concept]
        shares: Tensor = (weights[:, None] * each).sum(dim=0) / weights.sum()
        return shares

    def encode(self, images: Images) -> Tensor:
        """Express whole images in concepts (the NNLS of section 3.1).

        Activations below zero will do where the coder is no NNLS: for PCA, ICA, random components,
        KMeans, ACE, and autoencoders.

        Parameters
        ----------
        images
            (n, 3, H, W), transformed; or paths of readable pictures.

        Returns
        -------
        Tensor
            (n, r): pooled coefficients.
        """
        loop = progress(batches_for(self.backbone, images), len(images), "coefficients")
        A = pooled_activations(self.backbone, loop, signed=self.coder.kind != "nnls")
        return self.coder.coefficients(A) if len(A) else self.W.new_zeros(0, self.n_concepts)

    def best_crops(self, concept: int, n: int) -> list[int]:
        """Choose the crops that show a concept best, no two from one image.

        Parameters
        ----------
        concept
            In [0, r).
        n
            How many; fewer are returned where fewer images hold the concept.

        Returns
        -------
        list[int]
            Indices of crops, the highest coefficient first.

        Raises
        ------
        CraftError
            If there is no such concept.
        """
        self.check_concepts([concept])
        coefficients, owners = self.U[:, concept], self.crops.image.tolist()
        holding = int((coefficients > 0).sum())
        best: dict[int, int] = {}  # image -> crop
        for crop in coefficients.argsort(descending=True, stable=True)[:holding].tolist():
            if len(best) == n:
                break
            best.setdefault(owners[crop], crop)
        return list(best.values())

    def split(
        self,
        concept: int,
        *,
        layer: str,
        n_concepts: int,
        generator: torch.Generator,
        percentile: float = 90.0,
        images: Images | None = None,
    ) -> "ConceptBank":
        """Find the sub-concepts of a concept at an earlier layer (section 3.2).

        Parameters
        ----------
        concept
            In [0, r).
        layer
            Of the same network, earlier than this bank's.
        n_concepts
            Sub-concepts wanted.
        generator
            Draws the factorisation's start where it is random.
        percentile
            In [0, 100): crops whose coefficient is above it are factorised again.
        images
            The bank's source images, which a bank that was loaded does not have.

        Returns
        -------
        ConceptBank
            Whose `parent` is this bank, and which is among its `children`.

        Raises
        ------
        CraftError
            If the concept or the percentile is out of range, or there are no images.
        ClassError
            If too few crops hold the concept.
        """
        from craft_core.recursion import split_concept  # which needs this module

        return split_concept(
            self,
            concept,
            layer=layer,
            n_concepts=n_concepts,
            generator=generator,
            percentile=percentile,
            images=images,
        )

    def check_concepts(self, concepts: Sequence[int]) -> None:
        """Refuse concepts that this bank does not have.

        Parameters
        ----------
        concepts
            Each in [0, r).

        Raises
        ------
        CraftError
            If one is out of range.
        """
        if any(not 0 <= concept < self.n_concepts for concept in concepts):
            got = concepts[0] if len(concepts) == 1 else list(concepts)
            noun = "concept" if len(concepts) == 1 else "concepts"
            raise CraftError(f"{noun} must be in [0, {self.n_concepts}); got {got}.")
