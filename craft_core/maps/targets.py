"""What maps explain: scores of images, of concepts or of logits.

Letters: n images of H x W pixels, k scores.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.errors import ClassError
from craft_core.memory import in_halves

if TYPE_CHECKING:
    from craft_core.bank import ConceptBank


@dataclass(frozen=True, eq=False, kw_only=True)
class Target:
    """Scores that are explained together, since one forward pass gives them all.

    Attributes
    ----------
    backbone
        The network, cut at the layer that Grad-CAM looks at.
    score
        From images, (n, 3, H, W), to scores, (n, k); differentiable.
    slopes
        From the layer's activations to the scores' derivatives with respect to these, averaged over
        positions and times their number, (n, k, p).
    positions
        From the layer's activations at one position, (m, p), to scores there, (m, k); None where
        scores have no meaning at a position.
    n_scores
        k.
    """

    backbone: Backbone
    score: Callable[[Tensor], Tensor]
    slopes: Callable[[Tensor], Tensor]
    positions: Callable[[Tensor], Tensor] | None
    n_scores: int

    def values(self, images: Tensor) -> Tensor:
        """Compute scores in batches of the network, without derivatives.

        Parameters
        ----------
        images
            (n, 3, H, W).

        Returns
        -------
        Tensor
            (n, k).
        """
        with torch.no_grad():
            parts = torch.split(images, self.backbone.batch_size)
            return torch.cat([in_halves(self.score, part) for part in parts])


def concept_target(bank: "ConceptBank", concepts: Sequence[int]) -> Target:
    """Explain the pooled coefficients of some concepts, through the implicit layer.

    Parameters
    ----------
    bank
        Any bank.
    concepts
        k of them.

    Returns
    -------
    Target
        Of k scores.
    """
    backbone, coder, chosen = bank.backbone, bank.coder, list(concepts)

    def score(images: Tensor) -> Tensor:
        return coder.coefficients(backbone.pool(backbone.encode(images)))[:, chosen]

    def slopes(activations: Tensor) -> Tensor:
        A = backbone.pool(activations)
        return coder.jacobian(A, coder.coefficients(A), chosen)

    def positions(rows: Tensor) -> Tensor:
        return coder.coefficients(rows)[:, chosen]

    return Target(
        backbone=backbone,
        score=score,
        slopes=slopes,
        positions=positions,
        n_scores=len(chosen),
    )


def logit_target(backbone: Backbone, class_id: int) -> Target:
    """Explain the logit of a class.

    Parameters
    ----------
    backbone
        The network.
    class_id
        The class.

    Returns
    -------
    Target
        Of one score.
    """

    def score(images: Tensor) -> Tensor:
        return _logit(backbone.logits(images), class_id)[:, None]

    def slopes(activations: Tensor) -> Tensor:
        with torch.enable_grad():
            leaf = activations.detach().requires_grad_()
            logit = _logit(backbone.decode(leaf), class_id).sum()
            (slope,) = torch.autograd.grad(logit, leaf)
        return backbone.layout.on_grid(slope).sum(dim=(2, 3))[:, None]  # (n, 1, p)

    return Target(backbone=backbone, score=score, slopes=slopes, positions=None, n_scores=1)


def _logit(logits: Tensor, class_id: int) -> Tensor:
    """Take a class's logit, (n,)."""
    n_classes = logits.shape[1]
    if not 0 <= class_id < n_classes:
        raise ClassError(f"class_id must be in [0, {n_classes}); got {class_id}.")
    return logits[:, class_id]


class Recorded:
    """A score whose columns are asked for one after the other by the same sequence of images.

    Libraries explain one score at a time. Where what they show the network does not depend on the
    answers, the first pass records all scores and the others read them.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.record: list[Tensor] = []
        self.column, self.place = 0, 0

    def rewind(self, column: int) -> None:
        """Go back to the first image, to read another column.

        Parameters
        ----------
        column
            In [0, k).
        """
        self.column, self.place = column, 0

    def __call__(self, images: Tensor) -> Tensor:
        """Compute or read one column.

        Parameters
        ----------
        images
            (n, 3, H, W).

        Returns
        -------
        Tensor
            (n,).
        """
        if self.place == len(self.record):
            self.record.append(self.target.values(images))
        self.place += 1
        return self.record[self.place - 1][:, self.column]


@contextmanager
def seeded(generator: torch.Generator, device: torch.device) -> Iterator[int]:
    """Let a library that draws from torch's own generators draw what a generator says.

    Parameters
    ----------
    generator
        Gives the seed, and is otherwise left alone.
    device
        Where the library draws.

    Yields
    ------
    int
        The seed; what was drawn before is drawn after, as if nothing had been.
    """
    seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield seed
