"""Concept banks: the concepts of one class at one layer, and the crops that show them.

Letters are those of the CRAFT paper (Fel et al. 2023, arXiv:2211.10154):

    A  (n, p)  pooled activations of n crops over p channels
    U  (n, r)  how much of each concept is in each crop, >= 0
    W  (r, p)  concept bank, one concept of unit length per row
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from craft_core.activations import pooled_activations
from craft_core.backbones import Backbone
from craft_core.crops import Crops, Strategy, crop_batches, image_sizes, place_crops
from craft_core.errors import ClassError, CraftError
from craft_core.images import Images, batches_for, predict, progress
from craft_core.nmf import fit_nmf
from craft_core.nnls import nnls
from craft_core.stability import NumberOfConcepts, choose_n_concepts


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
    """

    method: str
    values: Tensor
    low: Tensor
    high: Tensor
    effects: Tensor

    @property
    def ranking(self) -> list[int]:
        """Concepts, the most important first."""
        return self.values.argsort(descending=True, stable=True).tolist()


@dataclass(frozen=True, eq=False, kw_only=True)
class ConceptBank:
    """The concepts of one class at one layer.

    Attributes
    ----------
    backbone
        The network, cut at the concepts' layer.
    class_id, class_name
        The class whose predictions are explained.
    W
        (r, p), on the backbone's device.
    U
        (n, r). Coefficients of the crops.
    crops
        Where the n crops lie.
    files
        Names of the source images, which `crops.image` counts.
    importance
        Once it was computed.
    number
        How r was chosen, where it was not given.
    """

    backbone: Backbone
    class_id: int
    class_name: str
    W: Tensor
    U: Tensor
    crops: Crops
    files: tuple[str, ...]
    importance: Importance | None = None
    number: NumberOfConcepts | None = None

    @property
    def n_concepts(self) -> int:
        """Return r."""
        return len(self.W)

    def encode(self, images: Images) -> Tensor:
        """Express whole images in concepts (the NNLS of section 3.1).

        Parameters
        ----------
        images
            (n, 3, H, W), transformed; or paths of readable pictures.

        Returns
        -------
        Tensor
            (n, r), >= 0: pooled coefficients.
        """
        loop = progress(batches_for(self.backbone, images), len(images), "coefficients")
        A = pooled_activations(self.backbone, loop)
        return nnls(A, self.W) if len(A) else self.W.new_zeros(0, self.n_concepts)

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
        if not 0 <= concept < self.n_concepts:
            raise CraftError(f"concept must be in [0, {self.n_concepts}); got {concept}.")
        coefficients = self.U[:, concept]
        owners = self.crops.image.tolist()
        best: dict[int, int] = {}  # image -> crop
        for crop in coefficients.argsort(descending=True, stable=True).tolist():
            if coefficients[crop] > 0 and len(best) < n:
                best.setdefault(owners[crop], crop)
        return list(best.values())


def fit_concepts(  # noqa: PLR0913 - each is a choice of the method, named in the paper
    backbone: Backbone,
    images: Images,
    *,
    class_id: int,
    n_concepts: int | Sequence[int],
    crop_size: int,
    generator: torch.Generator,
    class_name: str = "",
    crops_per_image: int = 10,
    strategy: Strategy = "random",
    init: Literal["nndsvd", "random"] = "nndsvd",
    predictions: Tensor | None = None,
    names: Sequence[str] | None = None,
) -> ConceptBank:
    """Find the concepts of a class (section 3.1).

    Takes the images that the network predicts as the class, its errors included, cuts crops out of
    them, and factorises the crops' pooled activations.

    Parameters
    ----------
    backbone
        The network, cut at the layer whose activations are factorised.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        The class.
    n_concepts
        r, or the numbers to choose from; see `craft_core.stability.choose_n_concepts`.
    crop_size
        Side of a crop, in pixels of an image whose shorter side is the network's input.
    generator
        Draws the crops, and the factorisation's start where it is random.
    class_name
        For people; the class's number where empty.
    crops_per_image
        For random crops.
    strategy
        Random crops, the paper's, or a grid that covers each image.
    init
        Start of the factorisation.
    predictions
        (n,), integer: the predicted classes, where they are known already.
    names
        Of the images; their paths or numbers where None.

    Returns
    -------
    ConceptBank
        Without importance; see `craft_core.importance.concept_importance`.

    Raises
    ------
    ClassError
        If the network predicts the class for no image, or for too few to give r crops.
    """
    if predictions is None:
        predictions = predict(backbone, images).argmax(dim=1)
    chosen = [index for index, found in enumerate(predictions.tolist()) if found == class_id]
    if not chosen:
        found = torch.bincount(predictions.cpu()).nonzero().flatten().tolist()
        raise ClassError(
            f"class_id must be predicted for an image; got {class_id}, not in {found}."
        )
    of_class = _take(images, chosen)
    crops = place_crops(
        image_sizes(of_class),
        crop_size=crop_size,
        input_size=backbone.transform.size_px,
        per_image=crops_per_image,
        strategy=strategy,
        generator=generator,
    )
    most = n_concepts if isinstance(n_concepts, int) else max(n_concepts, default=0)
    if len(crops) < most:
        raise ClassError(
            f"class {class_name or class_id} must have at least n_concepts={most} crops; got "
            f"{len(crops)} from {len(chosen)} images."
        )
    cut = crop_batches(of_class, crops, backbone.transform, backbone.batch_size)
    loop = progress(cut, len(crops), "crops")
    A = pooled_activations(backbone, loop)
    number = None
    if not isinstance(n_concepts, int):
        number = choose_n_concepts(A, n_concepts, generator=generator)
        n_concepts = number.chosen
    U, W = fit_nmf(A, n_concepts, generator=generator, init=init)
    labels = names if names is not None else _names(images)
    return ConceptBank(
        backbone=backbone,
        class_id=class_id,
        class_name=class_name or str(class_id),
        W=W,
        U=U,
        crops=crops,
        files=tuple(labels[index] for index in chosen),
        number=number,
    )


def _take(images: Images, chosen: list[int]) -> Images:
    if isinstance(images, Tensor):
        return images[chosen]
    return [images[index] for index in chosen]


def _names(images: Images) -> list[str]:
    if isinstance(images, Tensor):
        return [str(index) for index in range(len(images))]
    return [Path(file).as_posix() for file in images]
