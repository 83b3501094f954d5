"""Says whether a network has learnt a drawn scenario: by pairs that differ in one factor.

Each pair is an image as the training set has them and its counterpart: the same individual in the
same place, drawn from the same seed, with one factor changed.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.errors import CraftError
from craft_core.images import predict
from craft_core.opened_store import open_store
from stimuli_builder.errors import StimuliError
from stimuli_builder.scenarios.scenario import Scenario

SCHEMA_VERSION = 1
LEAST_DECIDING = 0.9
MOST_NUISANCE = 0.1
CHANCE = "chance"  # all that no factor names: the individual, the place


@dataclass(frozen=True, kw_only=True)
class LearntReport:
    """What flipping each factor does to a network's predictions; shares in [0, 1].

    Attributes
    ----------
    scenario
        Its name.
    n_pairs
        Pairs for each factor.
    decides
        The factors that decide, flipped together.
    accuracy_kept, accuracy_flipped
        Share of predictions that are the first image's class, before and after that flip.
    flips_deciding
        Share of predictions that it changes.
    flips_single
        The same for each deciding factor alone, where there are several.
    flips_nuisance
        The same for each factor that does not decide, and for ``chance``: another individual in
        another place.
    """

    scenario: str
    n_pairs: int
    decides: tuple[str, ...]
    accuracy_kept: float
    accuracy_flipped: float
    flips_deciding: float
    flips_single: dict[str, float]
    flips_nuisance: dict[str, float]

    @property
    def is_learnt(self) -> bool:
        """Whether the deciding factors flip at least 0.9, and each nuisance at most 0.1."""
        return (
            self.flips_deciding >= LEAST_DECIDING
            and max(self.flips_nuisance.values()) <= MOST_NUISANCE
        )

    @property
    def bias_index(self) -> float:
        """Accuracy with the deciding factors kept minus flipped: 1 where nothing else counts."""
        return self.accuracy_kept - self.accuracy_flipped

    def as_dict(self) -> dict[str, Any]:
        """Return what ``learnt.json`` holds.

        Returns
        -------
        dict[str, Any]
            Schema, fields and properties.
        """
        derived = {"is_learnt": self.is_learnt, "bias_index": self.bias_index}
        schema = {"schema": "learnt", "schema_version": SCHEMA_VERSION}
        return schema | asdict(self) | {"decides": list(self.decides)} | derived

    def as_table(self) -> str:
        """Return the report as lines of text.

        Returns
        -------
        str
            One line a factor.
        """
        together = " + ".join(self.decides)
        lines = [("decides", together, self.flips_deciding)]
        lines += [("decides, alone", name, share) for name, share in self.flips_single.items()]
        lines += [("nuisance", name, share) for name, share in self.flips_nuisance.items()]
        width = max(len(name) for _, name, _ in lines)
        head = f"{'':<14}  {'factor':<{width}}  flips"
        rows = [f"{kind:<14}  {name:<{width}}  {share:5.2f}" for kind, name, share in lines]
        verdict = "learnt" if self.is_learnt else "not learnt"
        accuracies = f"accuracy {self.accuracy_kept:.2f} kept, {self.accuracy_flipped:.2f} flipped"
        return "\n".join([head, *rows, f"{self.scenario}: {verdict}; {accuracies}"])


@dataclass(frozen=True, kw_only=True)
class _Original:
    """The first image of each pair: what it shows, and what it is drawn from."""

    label: str
    factors: dict[str, str]
    seed: int


def learnt_report(
    scenario: Scenario,
    backbone: Backbone,
    classes: Mapping[str, int],
    *,
    generator: np.random.Generator,
    n_pairs: int = 40,
    report: Callable[[int, int], None] | None = None,
) -> LearntReport:
    """Draw pairs for each factor of a scenario and count the predictions that change.

    Parameters
    ----------
    scenario
        Drawn.
    backbone
        With its probe.
    classes
        Class name -> the network's class.
    generator
        Source of the pairs.
    n_pairs
        >= 4. For each factor; classes and ties of the training set take turns.
    report
        Called with the number of factors done and of all, after each.

    Returns
    -------
    LearntReport
        The shares of changed predictions.

    Raises
    ------
    StimuliError
        If `n_pairs` is below 4, or the network does not know the scenario's classes.
    """
    if n_pairs < 4:
        raise StimuliError(f"n_pairs must be at least 4; got {n_pairs}.")
    unknown = sorted(set(scenario.classes) - set(classes))
    if unknown:
        raise StimuliError(f"the network must know the classes {unknown}; got {sorted(classes)}.")
    originals = _originals(scenario, n_pairs, generator)
    groups = _groups(scenario)
    before = _predictions(scenario, backbone, [(each.factors, each.seed) for each in originals])
    after = {}
    for name, factors in groups.items():
        counterparts = [_counterpart(scenario, each, factors, generator) for each in originals]
        after[name] = _predictions(scenario, backbone, counterparts)
        if report is not None:
            report(len(after), len(groups))
    labels = torch.tensor([classes[each.label] for each in originals], device=before.device)
    flips = {name: _share(predicted != before) for name, predicted in after.items()}
    together = _together(scenario)
    return LearntReport(
        scenario=scenario.name,
        n_pairs=n_pairs,
        decides=scenario.decides,
        accuracy_kept=_share(before == labels),
        accuracy_flipped=_share(after[together] == labels),
        flips_deciding=flips[together],
        flips_single={name: flips[name] for name in scenario.decides if name != together},
        flips_nuisance={name: flips[name] for name in (*scenario.nuisances, CHANCE)},
    )


def read_network(store: Path, checkpoint: Path | None = None) -> tuple[Backbone, dict[str, int]]:
    """Read the network of a concept store, with its probe.

    Parameters
    ----------
    store
        Its folder.
    checkpoint
        File of the network's weights; None takes the one that the store's configuration names.

    Returns
    -------
    tuple[Backbone, dict[str, int]]
        The network, and its class for each class's name.

    Raises
    ------
    StimuliError
        If a part of the store is missing or was altered.
    """
    try:
        opened = open_store(store, checkpoint)
        return opened.backbone, opened.classes
    except CraftError as error:
        raise StimuliError(str(error)) from error


def bias_index(model: Mapping[str, float]) -> float | None:
    """Say how far a network goes by a tie, where no pairs can be drawn: on photographs.

    Parameters
    ----------
    model
        Accuracies, from a concept store's ``store.json``.

    Returns
    -------
    float | None
        Accuracy where the tie is kept minus where it is broken, in [-1, 1]; none where either is
        not known.

    Examples
    --------
    >>> bias_index({"accuracy": 0.75, "accuracy_tie_kept": 1.0, "accuracy_tie_broken": 0.25})
    0.75
    """
    kept, broken = (model.get(f"accuracy_tie_{tie}") for tie in ("kept", "broken"))
    return None if kept is None or broken is None else kept - broken


def _together(scenario: Scenario) -> str:
    return "+".join(scenario.decides)


def _groups(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Name the sets of factors that are flipped together."""
    single = {name: (name,) for name in (*scenario.decides, *scenario.nuisances)}
    return {_together(scenario): scenario.decides} | single | {CHANCE: ()}


def _originals(scenario: Scenario, n: int, generator: np.random.Generator) -> list[_Original]:
    """Choose images as the training set has them, cell by cell in turn."""
    cells = [(label, tie) for tie in scenario.fit_ties for label in scenario.classes]
    return [
        _Original(
            label=label,
            factors=scenario.shown(label, tie) | scenario.choose_factors(generator),
            seed=int(generator.integers(2**62)),
        )
        for label, tie in (cells[place % len(cells)] for place in range(n))
    ]


def _counterpart(
    scenario: Scenario,
    original: _Original,
    names: tuple[str, ...],
    generator: np.random.Generator,
) -> tuple[dict[str, str], int]:
    """Give other values to some factors, or another seed where none is named."""
    seed = original.seed if names else int(generator.integers(2**62))
    return scenario.flipped(original.factors, names, generator=generator), seed


def _predictions(
    scenario: Scenario, backbone: Backbone, drawn: list[tuple[dict[str, str], int]]
) -> Tensor:
    """Draw images and predict their classes, (n,)."""
    pictures = [
        _as_input(scenario.draw(factors, generator=np.random.default_rng(seed)).image, backbone)
        for factors, seed in drawn
    ]
    return predict(backbone, torch.stack(pictures)).argmax(dim=1)


def _as_input(image: Image.Image, backbone: Backbone) -> Tensor:
    picture = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    return backbone.transform.whole(picture)


def _share(is_so: Tensor) -> float:
    return float(is_so.double().mean())
