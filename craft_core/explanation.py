"""Why one image was put into a class: what each concept adds, and the two that drove it (figure 1).

Letters: r concepts.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from craft_core.attribution import concept_maps
from craft_core.bank import ConceptBank
from craft_core.images import predict
from craft_core.masked_logits import masked_logits

DRIVERS = 2  # concepts that are shown, as in figure 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation:
    """One image in the concepts of a class.

    Attributes
    ----------
    file
        The image.
    bank
        Of the class that is explained.
    predicted
        The network's class of the image.
    logit, probability
        Of the bank's class, for the image itself.
    rebuilt
        Logit of what the concepts rebuild.
    effects
        (r,), float64. What the logit loses when a concept is taken away from all others.
    maps
        (r, H, W). Where each concept is; zero where the layer has no positions.
    """

    file: Path
    bank: ConceptBank
    predicted: int
    logit: float
    probability: float
    rebuilt: float
    effects: Tensor
    maps: Tensor

    @property
    def order(self) -> list[int]:
        """Concepts, what speaks most for the class first."""
        return self.effects.argsort(descending=True, stable=True).tolist()

    @property
    def drivers(self) -> list[int]:
        """The two concepts that speak most for the class, without those that speak against it."""
        return [c for c in self.order[:DRIVERS] if self.effects[c] > 0]

    @property
    def against(self) -> list[int]:
        """Concepts that speak against the class, the strongest first."""
        return [c for c in reversed(self.order) if self.effects[c] < 0]


def explain_image(bank: ConceptBank, file: Path) -> Explanation:
    """Say what each concept of a class adds to the class's logit in an image.

    The image may be any, and need not be predicted as the class.

    Parameters
    ----------
    bank
        Of r concepts.
    file
        A readable picture.

    Returns
    -------
    Explanation
        Of the bank's class.

    Raises
    ------
    ImageError
        If the picture can't be read.
    BackboneError
        If the layer can't be decoded.
    """
    logits = predict(bank.backbone, [file])[0].double()
    r = bank.n_concepts
    masks = torch.cat([torch.ones(1, r), 1 - torch.eye(r)])  # all; all but each
    found = masked_logits(bank, [file], bank.class_id, masks)[0]
    if bank.backbone.is_spatial:
        maps = concept_maps(bank, [file])[0].clamp_min(0).cpu()
    else:
        maps = torch.zeros(r, *[bank.backbone.transform.size_px] * 2)
    return Explanation(
        file=file,
        bank=bank,
        predicted=int(logits.argmax()),
        logit=float(logits[bank.class_id]),
        probability=float(logits.softmax(dim=0)[bank.class_id]),
        rebuilt=float(found[0]),
        effects=(found[0] - found[1:]).cpu(),
        maps=maps,
    )
