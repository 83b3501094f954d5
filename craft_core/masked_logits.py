"""A class's logit of what masks leave of images' concepts (section 4.3).

Letters are those of `craft_core.masked_decoding`, and n images, K masks:

    U  (n, r)  pooled coefficients
    W  (r, p)  concept bank
    m  (p,)    the coder's mean, which no mask takes away; zero for non-negative banks
    c  (n, r)  what each concept adds to the logit, where that is a sum
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.checks import check_shapes
from craft_core.errors import ClassError, CraftError, ShapeError
from craft_core.images import Images, batches_for, progress
from craft_core.importance import positional_coefficients
from craft_core.masked_decoding import FoldedConcepts, contributions, decode_masks, fold_concepts
from craft_core.memory import in_halves


@dataclass(frozen=True, eq=False, kw_only=True)
class AdditiveLogits:
    """Logits that are a sum over concepts, as behind average pooling and a linear layer.

    Attributes
    ----------
    bases
        (n,), float64. Logits of no concept: h(0), or h(m) where the coder has a mean.
    contributions
        c, (n, r), float64.
    """

    bases: Tensor
    contributions: Tensor

    def at(self, masks: Tensor) -> Tensor:
        """Add up what masks leave.

        Parameters
        ----------
        masks
            (K, r), the same for all images, or (n, K, r).

        Returns
        -------
        Tensor
            (n, K), float64.
        """
        kept = masks.to(self.contributions)
        if kept.ndim == 2:
            return self.bases[:, None] + self.contributions @ kept.T
        return self.bases[:, None] + (kept @ self.contributions[:, :, None])[:, :, 0]


def additive_logits(
    bank: ConceptBank, images: Images, class_id: int, *, A: Tensor | None = None
) -> AdditiveLogits | None:
    """Read off what each concept adds to the logit of each image, where that is a sum.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    A
        (n, p). The images' pooled activations, where they are known; behind a linear head the
        network does not run then.

    Returns
    -------
    AdditiveLogits or None
        None where what follows the layer is not affine.

    Raises
    ------
    ClassError
        If there is no image.
    CraftError
        If the network has no such class.
    ShapeError
        If the bank's concepts are not of the layer's width.
    """
    _check(bank, images)
    head = pooled_head(bank.backbone, class_id)
    if head is not None:
        slope, base = head
        with torch.no_grad():
            U = bank.encode(images) if A is None else bank.coder.coefficients(A)
            if bank.coder.mean is not None:
                base = base + bank.coder.mean.double() @ slope
            each = U.double() * (bank.W.double() @ slope)
        return AdditiveLogits(bases=base.expand(len(U)), contributions=each)
    if bank.backbone.split_tail.rest is not None:
        return None
    bases, changes = [], []
    for folded in _folded_images(bank, images):
        check_class(class_id, folded.bases[0].shape[1])
        changes.append(contributions(folded, class_id))
        bases.append(folded.bases[0][0, class_id].double())
    return AdditiveLogits(
        bases=torch.stack(bases),
        contributions=torch.stack([change for change in changes if change is not None]),
    )


def pooled_head(backbone: Backbone, class_id: int) -> tuple[Tensor, Tensor] | None:
    """Read off a logit as a linear function of pooled activations, where it is one.

    Beside pooling and a linear layer (`Backbone.linear_head`) this sees heads of another make, as a
    convolution of one pixel before or after the pooling, by their derivative.

    Parameters
    ----------
    backbone
        The network, cut at a layer.
    class_id
        Whose logit.

    Returns
    -------
    tuple[Tensor, Tensor] or None
        Slope, (p,), and the logit of nothing, (), float64; None where there is no such function.

    Raises
    ------
    CraftError
        If the network has no such class.
    """
    head = backbone.linear_head
    if head is not None:
        check_class(class_id, len(head.weight))
        return head.weight[class_id].double(), head.bias[class_id].double()
    if backbone.pooling != "mean" or backbone.split_tail.rest is not None:
        return None
    leaf = torch.zeros((1, *backbone.activation_shape), device=backbone.device, requires_grad=True)
    with torch.enable_grad():
        logits = backbone.decode(leaf)
        check_class(class_id, logits.shape[1])
        (slope,) = torch.autograd.grad(logits[0, class_id], leaf)
    rows = backbone.layout.rows(slope)[0].double()  # (positions, p)
    if not torch.allclose(rows, rows[:1].expand_as(rows), rtol=1e-4, atol=1e-7):
        return None
    return rows.sum(dim=0), logits[0, class_id].detach().double()


def masked_logits(bank: ConceptBank, images: Images, class_id: int, masks: Tensor) -> Tensor:
    """Compute a class's logit of each image under each mask: in closed form, or by decoding.

    Where what follows the layer is affine, the logit is a sum over concepts and masks are added up.
    Elsewhere the NNLS is solved at every position, a mask's value scales a concept at all of them,
    and the rest of the network runs once a mask.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    masks
        (K, r), the same for all images, or (n, K, r). How much of each concept is kept, in [0, 1].

    Returns
    -------
    Tensor
        (n, K), float64.

    Raises
    ------
    ClassError
        If there is no image.
    CraftError
        If the network has no such class.
    ShapeError
        If masks do not fit the bank or the images.
    BackboneError
        If the layer can't be decoded.
    """
    _check(bank, images)
    check_masks(masks, len(images), bank.n_concepts)
    additive = additive_logits(bank, images, class_id)
    if additive is not None:
        return additive.at(masks)
    shared = masks.ndim == 2
    rows = []
    for index, folded in enumerate(_folded_images(bank, images)):
        of_image = (masks if shared else masks[index]).to(bank.W)
        parts = [
            in_halves(partial(decode_masks, bank.backbone, folded), part)
            for part in torch.split(of_image, bank.backbone.batch_size)
        ]
        check_class(class_id, parts[0].shape[1])
        rows.append(torch.cat([part[:, class_id] for part in parts]).double())
    return torch.stack(rows)


def check_masks(masks: Tensor, n_images: int, r: int) -> None:
    """Refuse masks of another shape.

    Parameters
    ----------
    masks
        (K, r) or (n, K, r).
    n_images
        n.
    r
        Concepts.

    Raises
    ------
    ShapeError
        If they have not one value a concept, or are not for each image.
    """
    if masks.ndim == 3 and masks.shape[0] == n_images and masks.shape[2] == r:
        return
    if masks.ndim != 2 or masks.shape[1] != r:
        raise ShapeError(
            f"masks must have shape (K, r={r}) or (n={n_images}, K, r={r}); got "
            f"{tuple(masks.shape)}."
        )


def check_class(class_id: int, n_classes: int) -> None:
    """Refuse a class that the network does not have.

    Parameters
    ----------
    class_id
        The class.
    n_classes
        Of the network.

    Raises
    ------
    CraftError
        If it is not in [0, n_classes).
    """
    if not 0 <= class_id < n_classes:
        raise CraftError(f"class_id must be in [0, {n_classes}); got {class_id}.")


def _check(bank: ConceptBank, images: Images) -> None:
    """Refuse no image, and a bank of another network or layer."""
    if not len(images):
        raise ClassError(f"images of class {bank.class_name} must be at least 1; got 0.")
    p = bank.backbone.n_channels
    if check_shapes(W=(bank.W, "r p"))["p"] != p:
        raise ShapeError(
            f"W must have shape (r, p={p}) at layer {bank.backbone.layer!r} of "
            f"{bank.backbone.name}; got {tuple(bank.W.shape)}. The bank is of another network or "
            "layer."
        )


def _folded_images(bank: ConceptBank, images: Images) -> Iterator[FoldedConcepts]:
    """Fold the concepts of one image after the other."""
    for batch in progress(batches_for(bank.backbone, images), len(images), "masked logits"):
        U, shape = positional_coefficients(bank, batch)
        for coefficients in U:
            yield fold_concepts(bank.backbone, coefficients, bank.coder, shape)
