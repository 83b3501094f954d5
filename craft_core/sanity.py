"""Do concepts depend on what the network has learnt? (appendix G, figure S9).

Letters: n crops, r concepts.

Weights are drawn anew, all at once or layer by layer from the logits down (the cascade of Adebayo
et al. 2018), and the class's concepts are looked for again in the same crops. Channels of different
networks mean different things, so that cosines between their concepts mean nothing. What can be
compared is where concepts are found: the correlation, over the same crops, of each concept's
coefficients with those of its match. The ceiling is what two factorisations of the trained network
reach from different starts.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.checks import check_at_least, check_choice, check_shapes
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops, crop_activations
from craft_core.errors import BackboneError
from craft_core.nmf import fit_nmf

Scope = Literal["cascade", "full"]


@dataclass(frozen=True, eq=False, kw_only=True)
class SanityStep:
    """Concepts of one state of the network.

    Attributes
    ----------
    name
        What was drawn anew: ``another start`` (nothing), a layer, or ``all weights``.
    n_layers
        How many layers were drawn anew.
    similarity
        Mean over concepts of the matched correlations, in [-1, 1].
    correlations
        (r,). Of each of the trained network's concepts with its match.
    by_chance
        Mean matched correlation after the crops of the other coefficients were shuffled: what
        matching alone gives.
    bank
        Concepts found.
    """

    name: str
    n_layers: int
    similarity: float
    correlations: Tensor
    by_chance: float
    bank: ConceptBank


@dataclass(frozen=True, eq=False, kw_only=True)
class SanityCheck:
    """What became of a class's concepts as the network lost what it had learnt.

    Attributes
    ----------
    trained
        Concepts of the trained network.
    ceiling
        Of the trained network from another start.
    steps
        Of networks with weights drawn anew.
    """

    trained: ConceptBank
    ceiling: SanityStep
    steps: tuple[SanityStep, ...]


def sanity_check(
    found: ClassCrops,
    n_concepts: int,
    *,
    generator: torch.Generator,
    scope: Scope = "full",
    n_steps: int = 5,
) -> SanityCheck:
    """Randomise a network's weights and see whether its concepts survive.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`: crops that every network is shown.
    n_concepts
        r.
    generator
        Draws weights and the factorisations' starts.
    scope
        ``full`` draws all weights at once, as the paper does; ``cascade`` from the logits down.
    n_steps
        States of the cascade, the last with all weights drawn anew.

    Returns
    -------
    SanityCheck
        With the ceiling.

    Raises
    ------
    CraftError
        If the scope is unknown, or there is no step.
    BackboneError
        If the network has no weights.
    """
    check_choice("scope", scope, ["cascade", "full"])
    check_at_least("n_steps", n_steps, 1)
    trained = _bank(found, found.A, n_concepts, generator)
    again = _bank(found, found.A, n_concepts, generator)
    layers = layers_with_weights(found.backbone.module)
    if not layers:
        raise BackboneError(
            f"network must have layers with weights; got none in {found.backbone.name}."
        )
    counts = _counts(len(layers), n_steps) if scope == "cascade" else [len(layers)]
    seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
    steps = []
    for count in counts:
        module = randomised(found.backbone.module, layers[-count:], seed=seed)
        backbone = _with_module(found.backbone, module)
        A = crop_activations(backbone, found.of.images, found.crops)
        bank = _bank(replace(found, backbone=backbone), A, n_concepts, generator)
        name = "all weights" if count == len(layers) else layers[-count]
        steps.append(_compare(trained, bank, name, count, generator))
    return SanityCheck(
        trained=trained,
        ceiling=_compare(trained, again, "another start", 0, generator),
        steps=tuple(steps),
    )


def layers_with_weights(module: nn.Module) -> list[str]:
    """List the layers that hold weights of their own and can draw them anew.

    Parameters
    ----------
    module
        Any network.

    Returns
    -------
    list[str]
        In order of definition, which is that of use in feed-forward networks; the head is last.
    """
    return [
        name
        for name, part in module.named_modules()
        if next(part.parameters(recurse=False), None) is not None
    ]


def randomised(module: nn.Module, layers: Sequence[str], *, seed: int) -> nn.Module:
    """Draw the weights of some layers anew, in a copy.

    Layers draw as they do when they are made (`reset_parameters`), which puts batch normalisation
    back to the identity; a layer without that method gets normal weights of its own spread.
    A layer's draw does not depend on which others are drawn.

    Parameters
    ----------
    module
        Left as it is.
    layers
        As in `named_modules`.
    seed
        Of what is drawn.

    Returns
    -------
    nn.Module
        The copy, in evaluation mode.
    """
    drawn = copy.deepcopy(module).eval()
    order = {name: place for place, name in enumerate(layers_with_weights(module))}
    with torch.random.fork_rng(devices=[]):
        for name in layers:
            torch.manual_seed(seed + order[name])
            part = drawn.get_submodule(name)
            reset = getattr(part, "reset_parameters", None)
            if callable(reset):
                reset()
                continue
            with torch.no_grad():
                for weight in part.parameters(recurse=False):
                    weight.normal_(0, float(weight.std()) if weight.numel() > 1 else 1.0)
    return drawn


def matched_correlations(U: Tensor, other: Tensor) -> Tensor:
    """Correlate the coefficients of two banks over the same crops, concept with matched concept.

    Parameters
    ----------
    U
        (n, r).
    other
        (n, s), with s >= r.

    Returns
    -------
    Tensor
        (r,), in [-1, 1]: Pearson's correlations of the match whose sum is largest (Hungarian
        method); a concept that is the same in all crops correlates with none: zero.

    Examples
    --------
    >>> matched_correlations(torch.eye(3)[:, :2], torch.eye(3)[:, [1, 0]])
    tensor([1., 1.])
    """
    from scipy import optimize  # loads for a second

    check_shapes(U=(U, "n r"), other=(other, "n s"))
    correlations = _standard(U).T @ _standard(other)  # (r, s)
    rows, columns = optimize.linear_sum_assignment(-correlations.double().cpu().numpy())
    return correlations[torch.from_numpy(rows), torch.from_numpy(columns)].clamp(-1, 1)


def _bank(found: ClassCrops, A: Tensor, n_concepts: int, generator: torch.Generator) -> ConceptBank:
    """Factorise from a random start; crops without any activation hold no concept."""
    U, W = fit_nmf(A, n_concepts, generator=generator, init="random")
    return found.bank(Coder(W=W), U, method="craft")


def _compare(
    trained: ConceptBank, bank: ConceptBank, name: str, count: int, generator: torch.Generator
) -> SanityStep:
    found = matched_correlations(trained.U, bank.U)
    shuffled = torch.randperm(len(bank.U), generator=generator, device=generator.device)
    return SanityStep(
        name=name,
        n_layers=count,
        similarity=float(found.mean()),
        correlations=found,
        by_chance=float(matched_correlations(trained.U, bank.U[shuffled.to(bank.U.device)]).mean()),
        bank=bank,
    )


def _with_module(backbone: Backbone, module: nn.Module) -> Backbone:
    return replace(backbone, module=module, probe=None)


def _counts(n_layers: int, n_steps: int) -> list[int]:
    """Spread the states of a cascade evenly, the last with all layers."""
    counts = torch.linspace(n_layers / n_steps, n_layers, n_steps).round().int().tolist()
    return sorted({max(1, count) for count in counts})


def _standard(U: Tensor) -> Tensor:
    centred = U - U.mean(dim=0)
    lengths = centred.norm(dim=0)
    return centred / torch.where(lengths > 0, lengths, 1.0)
