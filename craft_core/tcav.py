"""TCAV (Kim et al. 2018): how often a class's logit rises along a concept.

Letters: n images, r concepts, p channels of the layer.

Behind a linear head the logit rises along a concept by the same amount in every image, so that each
score is 0 or 1 and concepts are tied; `Importance.ranks` averages ties. At earlier layers scores
tell concepts apart.
"""

import torch
from torch import Tensor

from craft_core.bank import ConceptBank, Importance
from craft_core.checks import check_at_least
from craft_core.images import Images, batches_for, progress
from craft_core.maps.targets import logit_target
from craft_core.memory import in_halves

N_RANDOM = 100  # counterparts of each concept: the smallest p-value is 1/101


def tcav_importance(
    bank: ConceptBank,
    images: Images,
    class_id: int,
    *,
    generator: torch.Generator,
    n_random: int = N_RANDOM,
    level: float = 0.95,
) -> Importance:
    """Count the images whose logit rises along each concept.

    The derivative is taken with respect to all positions at once, which is how a concept of pooled
    activations moves them. A concept's random counterparts are vectors with its own entries in
    another order, which keep its length and sparsity and lose what it stands for.

    Parameters
    ----------
    bank
        Of r concepts.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.
    generator
        Draws the counterparts.
    n_random
        Of each concept.
    level
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Importance
        Scores in [0, 1] with Wilson's intervals over images; effects are coefficients times
        derivatives, the first-order change of the logit; two-sided p-values, the rank of a score's
        distance from one half among its counterparts'.

    Raises
    ------
    CraftError
        If there are no counterparts.
    """
    from scipy import stats  # loads for a second

    check_at_least("n_random", n_random, 1)
    slopes = logit_slopes(bank, images, class_id)  # (n, p)
    along = slopes @ bank.W.T  # (n, r)
    scores = tcav_scores(slopes, bank.W)
    counts = (along > 0).sum(dim=0).tolist()
    intervals = [
        stats.binomtest(count, len(slopes)).proportion_ci(level, method="wilson")
        for count in counts
    ]
    return Importance(
        method="tcav" + (", 0 or 1 for a linear head" if bank.backbone.linear_head else ""),
        values=scores.double(),
        low=torch.tensor([interval.low for interval in intervals]).to(scores.double()),
        high=torch.tensor([interval.high for interval in intervals]).to(scores.double()),
        effects=(bank.encode(images) * along).mean(dim=0).double(),
        p_values=_p_values(slopes, bank.W, scores, n_random, generator),
    )


def logit_slopes(bank: ConceptBank, images: Images, class_id: int) -> Tensor:
    """Differentiate a logit with respect to the layer's activations, all positions moving alike.

    Parameters
    ----------
    bank
        At the layer.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    class_id
        Whose logit.

    Returns
    -------
    Tensor
        (n, p).
    """
    target = logit_target(bank.backbone, class_id)
    loop = progress(batches_for(bank.backbone, images), len(images), "derivatives")

    def slopes(batch: Tensor) -> Tensor:
        with torch.no_grad():
            activations = bank.backbone.encode(batch)
        return target.slopes(activations)[:, 0]

    return torch.cat([in_halves(slopes, batch) for batch in loop])


def tcav_scores(slopes: Tensor, directions: Tensor) -> Tensor:
    """Count rises.

    Parameters
    ----------
    slopes
        (n, p).
    directions
        (r, p).

    Returns
    -------
    Tensor
        (r,), in [0, 1]: share of images whose logit rises.
    """
    return (slopes @ directions.T > 0).to(slopes.dtype).mean(dim=0)


def _p_values(
    slopes: Tensor, W: Tensor, scores: Tensor, n_random: int, generator: torch.Generator
) -> Tensor:
    """Rank each concept among vectors with its entries in another order."""
    p_values = []
    for concept, score in zip(W, scores, strict=True):
        drawn = torch.rand(n_random, W.shape[1], generator=generator, device=generator.device)
        counterparts = concept[drawn.argsort(dim=1).to(W.device)]  # (n_random, p)
        distance = (tcav_scores(slopes, counterparts) - 0.5).abs()
        as_far = (distance >= (score - 0.5).abs() - 1e-6).sum()
        p_values.append((1 + as_far) / (1 + n_random))
    return torch.stack(p_values).double()
