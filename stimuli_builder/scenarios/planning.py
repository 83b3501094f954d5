"""Lists the images of a scenario before any is drawn: cells, shared factors, own generators."""

from dataclasses import dataclass

import numpy as np

from stimuli_builder.scenarios.scenario import AGREE, TIES, Scenario

_DECK = 10  # study images among which each kind of exception occurs once


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One image before it is drawn.

    Attributes
    ----------
    label, split, tie
        Its class, ``fit`` or ``study``, and ``kept`` or ``broken``.
    cues
        ``agree``, or the kind of exception.
    factors
        All that the image shows.
    generator
        Its own; it depends on the cell and the place in it alone.
    """

    label: str
    split: str
    tie: str
    cues: str
    factors: dict[str, str]
    generator: np.random.Generator


def plan_images(
    scenario: Scenario,
    *,
    n_fit_per_class: int,
    n_study_per_cell: int,
    generator: np.random.Generator,
) -> list[Planned]:
    """List all images of a scenario.

    Parameters
    ----------
    scenario
        What is to be drawn.
    n_fit_per_class
        >= 1. Where ``fit`` has both ties, kept ones are half of them, or one more.
    n_study_per_cell
        >= 1. Images of each class and tie in ``study``.
    generator
        Source of all choices.

    Returns
    -------
    list[Planned]
        The images, cell by cell.
    """
    fit_rng, study_rng = generator.spawn(2)
    shares = [n_fit_per_class, 0]
    if len(scenario.fit_ties) == 2:
        shares = [(n_fit_per_class + 1) // 2, n_fit_per_class // 2]
    fit_counts = dict(zip(scenario.fit_ties, shares, strict=False))
    study_counts = dict.fromkeys(TIES, n_study_per_cell)
    return [
        *_plan_split(scenario, "fit", fit_counts, fit_rng),
        *_plan_split(scenario, "study", study_counts, study_rng),
    ]


def _plan_split(
    scenario: Scenario, split: str, counts: dict[str, int], generator: np.random.Generator
) -> list[Planned]:
    """List a split's images; the k-th of all cells share their factors and their cues."""
    cells = [(label, tie) for label in scenario.classes for tie in counts]
    factors_rng, *cell_rngs = generator.spawn(1 + len(cells))
    most = max(counts.values())
    factors = [scenario.choose_factors(child) for child in factors_rng.spawn(most)]
    cues = [AGREE] * most
    if split == "study" and scenario.exceptions:
        cues = _deal_cues(scenario, most, generator.spawn(1)[0])
    return [
        Planned(
            label=label,
            split=split,
            tie=tie,
            cues=cues[place],
            factors=scenario.shown(label, tie, cues[place]) | factors[place],
            generator=child,
        )
        for (label, tie), cell_rng in zip(cells, cell_rngs, strict=True)
        for place, child in enumerate(cell_rng.spawn(counts[tie]))
    ]


def _deal_cues(scenario: Scenario, n: int, generator: np.random.Generator) -> list[str]:
    """Deal kinds of cues from decks of ten, so that a share does not hang on chance."""
    deck = [*scenario.exceptions] + [AGREE] * (_DECK - len(scenario.exceptions))
    decks = [child.permutation(deck).tolist() for child in generator.spawn(-(-n // _DECK))]
    return [cues for dealt in decks for cues in dealt][:n]
