"""Find the concepts of a class (section 3.1): choose its images, cut crops, factorise.

Letters are those of `craft_core.bank`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from craft_core.activations import pooled_activations
from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank, Selection
from craft_core.class_images import ClassImages, images_of_class
from craft_core.coders import Coder
from craft_core.crops import Crops, Strategy, crop_batches, image_sizes, place_crops
from craft_core.errors import ClassError
from craft_core.images import Images, progress
from craft_core.nmf import fit_nmf
from craft_core.stability import choose_n_concepts


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassCrops:
    """A class's crops and their activations, which any decomposition starts from.

    Attributes
    ----------
    backbone
        The network, cut at the layer.
    of
        The class and its images.
    crops
        n of them.
    A
        (n, p).
    """

    backbone: Backbone
    of: ClassImages
    crops: Crops
    A: Tensor

    def bank(self, coder: Coder, U: Tensor, *, method: str) -> ConceptBank:
        """Put a bank together.

        Parameters
        ----------
        coder
            The concepts.
        U
            (n, r).
        method
            That found them.

        Returns
        -------
        ConceptBank
            Without importance.
        """
        return ConceptBank(
            backbone=self.backbone,
            class_id=self.of.class_id,
            class_name=self.of.class_name,
            coder=coder,
            U=U,
            crops=self.crops,
            files=self.of.names,
            method=method,
            selection=self.of.selection,
            images=self.of.images,
        )


def fit_concepts(  # noqa: PLR0913 - each is a choice of the method, named in the paper
    backbone: Backbone,
    images: Images,
    *,
    class_id: int,
    n_concepts: int | Sequence[int],
    crop_size: int | Sequence[int],
    generator: torch.Generator,
    class_name: str = "",
    crops_per_image: int = 10,
    strategy: Strategy = "random",
    init: Literal["nndsvd", "random"] = "nndsvd",
    selection: Selection = "predicted",
    labels: Sequence[int] | None = None,
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
        Side of a crop, in pixels of an image whose shorter side is the network's input; or several.
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
    selection
        ``predicted``, the paper's, or ``correct`` alone, which needs `labels`.
    labels
        (n,). The true classes.
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
    CraftError
        If an argument is out of range.
    """
    found = class_crops(
        backbone,
        images,
        class_id=class_id,
        n_concepts=n_concepts,
        crop_size=crop_size,
        generator=generator,
        class_name=class_name,
        crops_per_image=crops_per_image,
        strategy=strategy,
        selection=selection,
        labels=labels,
        predictions=predictions,
        names=names,
    )
    number = None
    if not isinstance(n_concepts, int):
        number = choose_n_concepts(found.A, n_concepts, generator=generator)
        n_concepts = number.chosen
    U, W = fit_nmf(found.A, n_concepts, generator=generator, init=init)
    return replace(found.bank(Coder(W=W), U, method="craft"), number=number)


def class_crops(  # noqa: PLR0913 - what all ways to find concepts have in common
    backbone: Backbone,
    images: Images,
    *,
    class_id: int,
    n_concepts: int | Sequence[int],
    crop_size: int | Sequence[int],
    generator: torch.Generator,
    class_name: str = "",
    crops_per_image: int = 10,
    strategy: Strategy = "random",
    selection: Selection = "predicted",
    labels: Sequence[int] | None = None,
    predictions: Tensor | None = None,
    names: Sequence[str] | None = None,
    signed: bool = False,
) -> ClassCrops:
    """Choose a class's images, cut crops out of them, and compute their activations.

    Parameters
    ----------
    backbone
        As for `fit_concepts`.
    images
        As for `fit_concepts`.
    class_id
        As for `fit_concepts`.
    n_concepts
        As for `fit_concepts`; there must be as many crops.
    crop_size
        As for `fit_concepts`.
    generator
        Draws the crops.
    class_name
        As for `fit_concepts`.
    crops_per_image
        As for `fit_concepts`.
    strategy
        As for `fit_concepts`.
    selection
        As for `fit_concepts`.
    labels
        As for `fit_concepts`.
    predictions
        As for `fit_concepts`.
    names
        As for `fit_concepts`.
    signed
        Whether negative activations will do.

    Returns
    -------
    ClassCrops
        To be decomposed.

    Raises
    ------
    ClassError
        As for `fit_concepts`.
    CraftError
        If an argument is out of range.
    """
    chosen = images_of_class(
        backbone,
        images,
        class_id=class_id,
        class_name=class_name,
        selection=selection,
        labels=labels,
        predictions=predictions,
        names=names,
    )
    crops = place_crops(
        image_sizes(chosen.images),
        crop_size=crop_size,
        input_size=backbone.transform.size_px,
        per_image=crops_per_image,
        strategy=strategy,
        generator=generator,
    )
    check_crops(chosen, len(crops), n_concepts)
    A = crop_activations(backbone, chosen.images, crops, signed=signed)
    return ClassCrops(backbone=backbone, of=chosen, crops=crops, A=A)


def crop_activations(
    backbone: Backbone, images: Images, crops: Crops, *, signed: bool = False
) -> Tensor:
    """Compute the crops' pooled activations.

    Parameters
    ----------
    backbone
        The network, cut at a layer.
    images
        Which the crops count.
    crops
        n of them, in order of image.
    signed
        Whether negative activations will do.

    Returns
    -------
    Tensor
        A, (n, p).
    """
    cut = crop_batches(
        images, crops, backbone.transform, size=backbone.batch_size, device=backbone.device
    )
    return pooled_activations(backbone, progress(cut, len(crops), "crops"), signed=signed)


def check_crops(chosen: ClassImages, n_crops: int, n_concepts: int | Sequence[int]) -> None:
    """Refuse fewer crops than concepts.

    Parameters
    ----------
    chosen
        The class's images.
    n_crops
        Crops of them.
    n_concepts
        Wanted, or the numbers to choose from.

    Raises
    ------
    ClassError
        If there are fewer crops.
    """
    most = n_concepts if isinstance(n_concepts, int) else max(n_concepts, default=0)
    if n_crops < most:
        raise ClassError(
            f"class {chosen.class_name} must have at least n_concepts={most} crops; got "
            f"{n_crops} from {len(chosen.names)} images."
        )
