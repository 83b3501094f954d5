"""How good is a bank? One row of figures for any bank, so that banks can be compared.

Letters: n images or crops, r concepts, p channels.

    error       ||A - U W - m||^2 / ||A||^2 over the images' pooled activations; 0 is best
    sparsity    share of the bank's concepts that an image leaves out (|u| below a thousandth of the
                image's largest), in [0, 1]
    coherence   how alike a concept's ten best crops are: mean cosine of their activations, less
                that of crops drawn at random, over one minus it; 1 all alike, 0 as any crops
    overlap     mean cosine of each concept with the one most like it; lower is better
    explained   how much of the logit's variation over images comes back: 1 - Var(h(A) - h(U W + m))
                / Var(h(A)); 1 is best, below 0 worse than a constant
    logit_error mean |h(A) - h(U W + m)|, logits
    stability   mean matched cosine with banks of other seeds, where these are given
    mask_energy of the concept whose map fits the masks best: share of the map in the mask, over the
                mask's share of the image, where masks are given
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from craft_core.activations import pooled_activations
from craft_core.attribution import concept_maps
from craft_core.bank import ConceptBank
from craft_core.checks import check_shapes
from craft_core.concepts import crop_activations
from craft_core.errors import ClassError, CraftError, ShapeError
from craft_core.images import Images, batches_for, predict
from craft_core.map_quality import energy_ratio
from craft_core.masked_logits import masked_logits
from craft_core.stability import match_concepts

USED_ABOVE = 1e-3  # of an image's largest coefficient
BEST_CROPS = 10


@dataclass(frozen=True, kw_only=True)
class BankQuality:
    """A row of the table; see the module for what each figure says.

    Attributes
    ----------
    name
        Of the bank.
    n_concepts
        r.
    error, sparsity, coherence, overlap, explained, logit_error
        See the module.
    stability, mask_energy
        None where nothing was given to measure them.
    """

    name: str
    n_concepts: int
    error: float
    sparsity: float
    coherence: float
    overlap: float
    explained: float
    logit_error: float
    stability: float | None = None
    mask_energy: float | None = None


def bank_quality(
    bank: ConceptBank,
    images: Images,
    *,
    generator: torch.Generator,
    others: Sequence[ConceptBank] = (),
    masks: Tensor | None = None,
    name: str | None = None,
) -> BankQuality:
    """Measure a bank of any method, also one made of two arrays.

    Parameters
    ----------
    bank
        Of r concepts, with its source images where coherence is wanted on crops.
    images
        (n, 3, H, W), transformed; or paths of readable pictures, on which the bank is measured.
    generator
        Draws the crops that best crops are compared with.
    others
        Banks of the same method and network with other seeds, for the stability.
    masks
        (n, H, W), boolean, in the pixels of the images: what a concept should point at.
    name
        For people; None takes the bank's method.

    Returns
    -------
    BankQuality
        One row.

    Raises
    ------
    ClassError
        If there is no image.
    CraftError
        If the bank has no source images.
    ShapeError
        If there is not one mask an image.
    """
    if not len(images):
        raise ClassError(f"images of class {bank.class_name} must be at least 1; got 0.")
    if masks is not None and len(masks) != len(images):
        raise ShapeError(f"masks must be n={len(images)}, one an image; got {len(masks)}.")
    A = pooled_activations(bank.backbone, batches_for(bank.backbone, images), signed=True)
    U = bank.coder.coefficients(A)
    ours = masked_logits(bank, images, bank.class_id, torch.ones(1, bank.n_concepts))[:, 0]
    true = predict(bank.backbone, images)[:, bank.class_id].to(ours)
    return BankQuality(
        name=name or bank.method,
        n_concepts=bank.n_concepts,
        error=float((A - bank.coder.rebuild(U)).square().sum() / A.square().sum()),
        sparsity=sparsity(U),
        coherence=coherence(bank, generator=generator),
        overlap=overlap(bank.W),
        explained=float(1 - (true - ours).var() / true.var()) if len(true) > 1 else float("nan"),
        logit_error=float((true - ours).abs().mean()),
        stability=_stability(bank, others),
        mask_energy=None if masks is None else _mask_energy(bank, images, masks),
    )


def quality_table(rows: Sequence[BankQuality]) -> list[Mapping[str, object]]:
    """Turn rows into records for a data frame or a CSV.

    Parameters
    ----------
    rows
        Of `bank_quality`.

    Returns
    -------
    list[Mapping[str, object]]
        One a bank; ``pandas.DataFrame`` takes it as it is.
    """
    return [asdict(row) for row in rows]


def sparsity(U: Tensor) -> float:
    """Count the concepts that images leave out.

    Parameters
    ----------
    U
        (n, r).

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> sparsity(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    0.5
    """
    check_shapes(U=(U, "n r"))
    sizes = U.abs()
    return float((sizes <= USED_ABOVE * sizes.amax(dim=1, keepdim=True)).double().mean())


def overlap(W: Tensor) -> float:
    """Average each concept's cosine with the one most like it.

    Parameters
    ----------
    W
        (r, p).

    Returns
    -------
    float
        In [-1, 1]; zero for a single concept. A sign that a method leaves open counts for nothing:
        of opposite concepts the cosine is 1.

    Examples
    --------
    >>> overlap(torch.eye(3))
    0.0
    """
    check_shapes(W=(W, "r p"))
    if len(W) == 1:
        return 0.0
    unit = torch.nn.functional.normalize(W.double(), dim=1)
    cosines = (unit @ unit.T).abs().fill_diagonal_(-1)
    return float(cosines.amax(dim=1).mean())


def coherence(bank: ConceptBank, *, generator: torch.Generator, n_best: int = BEST_CROPS) -> float:
    """Measure how alike the crops are that show a concept best.

    Parameters
    ----------
    bank
        With its source images.
    generator
        Draws the crops that they are compared with.
    n_best
        Crops a concept, each from another image.

    Returns
    -------
    float
        Mean over concepts with two crops at least; at most 1. NaN where no concept has them.

    Raises
    ------
    CraftError
        If the bank has no source images.
    """
    if bank.images is None:
        raise CraftError(
            f"bank {bank.class_name} must have its source images to measure coherence; got none."
        )
    best = [bank.best_crops(concept, n_best) for concept in range(bank.n_concepts)]
    order = torch.randperm(len(bank.crops), generator=generator, device=generator.device).cpu()
    wanted = sorted({crop for crops in best for crop in crops} | set(order[:100].tolist()))
    rows = crop_activations(
        bank.backbone, bank.images, bank.crops.at(torch.tensor(wanted)), signed=True
    )
    unit = torch.nn.functional.normalize(rows.double(), dim=1).cpu()
    place = {crop: index for index, crop in enumerate(wanted)}
    chance = _mean_cosine(unit[[place[crop] for crop in order[:100].tolist()]])
    found = [
        _mean_cosine(unit[[place[crop] for crop in crops]]) for crops in best if len(crops) > 1
    ]
    if not found:
        return float("nan")
    return float((sum(found) / len(found) - chance) / (1 - chance))


def _mean_cosine(unit: Tensor) -> float:
    n = len(unit)
    return float(((unit @ unit.T).sum() - n) / (n * (n - 1))) if n > 1 else 1.0


def _stability(bank: ConceptBank, others: Sequence[ConceptBank]) -> float | None:
    """Match concepts with those of other seeds, whatever their signs."""
    if not others:
        return None
    found = []
    for other in others:
        small, large = sorted((bank.W, other.W), key=len)
        both = torch.cat([large, -large])  # a sign that a method leaves open is no difference
        found.append(match_concepts(small, both)[1].mean())
    return float(torch.stack(found).mean())


def _mask_energy(bank: ConceptBank, images: Images, masks: Tensor) -> float:
    """Measure the concept whose maps lie best in the masks."""
    told = masks.flatten(1).any(dim=1)
    if not told.any():
        raise CraftError("masks must cover a part of an image; got none that do.")
    maps = concept_maps(bank, images).clamp_min(0).cpu()[told]  # (n, r, H, W)
    each = [
        energy_ratio(maps[:, concept], masks[told].cpu()).mean()
        for concept in range(bank.n_concepts)
    ]
    return float(torch.stack(each).max())
