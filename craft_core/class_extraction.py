"""One class of a configuration: from its images to its part of the concept store.

It is a task of its own, which can be sent to another process or machine.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from craft_core.attribution import concept_maps
from craft_core.backbones import Backbone, Probe
from craft_core.bank import ConceptBank
from craft_core.baselines.methods import SIGNED, bank_by
from craft_core.class_images import no_images_message
from craft_core.concepts import class_crops, fit_concepts
from craft_core.config import ExtractConfig
from craft_core.curation import curate
from craft_core.dataset import load_configured
from craft_core.errors import ClassError, CraftError, first_line
from craft_core.figures import IMAGES_SHOWN, class_figure, number_of_concepts_figure, save_figure
from craft_core.importance import concept_importance
from craft_core.map_figures import maps_figure
from craft_core.probe import with_probe
from craft_core.recursion import SplitProposal, propose_split, sham_split
from craft_core.store import save_bank
from craft_core.tree_figures import coherence_figure, tree_figure

LAST_WRITTEN = "figure.png"  # of a class's files: where it is there, the class is complete


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassTask:
    """What a class's concepts are made of.

    Attributes
    ----------
    config
        Of the file.
    folder
        Of the images.
    files
        Names of those that concepts may come from, all predicted as the class.
    labels
        Class of the folder of each.
    counts
        Class -> images for fitting that are predicted as it.
    name, class_id
        The class.
    probe
        In the place of the network's head, where there is one.
    out
        The store that is being made; the class's part goes into a folder of it.
    """

    config: ExtractConfig
    folder: Path
    files: tuple[str, ...]
    labels: tuple[int, ...]
    counts: Mapping[int, int]
    name: str
    class_id: int
    probe: Probe | None
    out: Path


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    name
        Of the class.
    error
        Why it failed, in one line; None where it did not.
    """

    name: str
    error: str | None = None


def run_task(task: ClassTask, backbone: Backbone | None = None) -> Outcome:
    """Find a class's concepts and write them; a failure is told, so that no other class is lost.

    Parameters
    ----------
    task
        The class.
    backbone
        The network, where it is at hand; else it is loaded, once a process.

    Returns
    -------
    Outcome
        With the error where there was one.
    """
    folder = task.out / task.name
    try:
        network = backbone or _load(task)
        bank, proposal = _find(task, network)
        save_bank(bank, folder)
        _draw(task, bank, proposal, folder)
    except CraftError as error:
        reason = str(error)
    except Exception as error:  # a network's own code may raise anything
        reason = f"{type(error).__name__}: {first_line(error)}"
    else:
        return Outcome(name=task.name)
    shutil.rmtree(folder, ignore_errors=True)  # of a failed class nothing is kept
    return Outcome(name=task.name, error=reason)


def class_generator(seed: int, class_id: int) -> torch.Generator:
    """Make a class's own generator, so that no class's result depends on the others.

    Parameters
    ----------
    seed
        Of the configuration.
    class_id
        The class.

    Returns
    -------
    torch.Generator
        On the CPU.
    """
    state = np.random.SeedSequence([seed, class_id]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) % 2**63)


def _find(task: ClassTask, backbone: Backbone) -> tuple[ConceptBank, SplitProposal | None]:
    """Find concepts, decide about them, weigh them, and split them."""
    generator = class_generator(task.config.seed, task.class_id)
    bank = _fitted(task, backbone, generator)
    concepts = task.config.concepts
    bank = curate(
        bank,
        names=concepts.names.get(task.name),
        exclude=concepts.exclude.get(task.name, ()),
        merge=concepts.merge.get(task.name, ()),
    )
    bank = _weighed(bank, task.config, generator)
    return bank, _split(bank, task.config, generator)


def _fitted(task: ClassTask, backbone: Backbone, generator: torch.Generator) -> ConceptBank:
    config = task.config
    is_right = task.class_id in task.labels
    if not task.files or (config.concepts.selection == "correct" and not is_right):
        raise ClassError(no_images_message(task.class_id, config.concepts.selection, task.counts))
    common = {
        "class_id": task.class_id,
        "class_name": task.name,
        "n_concepts": config.concepts.number,
        "crop_size": config.crops.size_px,
        "crops_per_image": config.crops.per_image,
        "strategy": config.crops.strategy,
        "selection": config.concepts.selection,
        "labels": task.labels,
        "predictions": torch.full((len(task.files),), task.class_id),
        "names": task.files,
        "generator": generator,
    }
    files = [task.folder / file for file in task.files]
    method, number = config.concepts.method, config.concepts.number
    if method == "craft":
        return fit_concepts(backbone, files, init=config.concepts.init, **common)  # type: ignore[arg-type]
    if not isinstance(number, int):
        raise CraftError(f"number must be one number for the method {method!r}; got {number}.")
    found = class_crops(backbone, files, signed=method in SIGNED, **common)  # type: ignore[arg-type]
    return bank_by(method, found, number, generator=generator)


def _weighed(bank: ConceptBank, config: ExtractConfig, generator: torch.Generator) -> ConceptBank:
    if bank.images is None:
        return bank
    importance = concept_importance(
        bank,
        bank.images,
        bank.class_id,
        config.importance.method,
        generator=generator,
        n_points=config.importance.points,
        n_scramblings=config.importance.scramblings,
        half_width=config.importance.half_width,
    )
    return replace(bank, importance=importance)


def _split(
    bank: ConceptBank, config: ExtractConfig, generator: torch.Generator
) -> SplitProposal | None:
    """Split the least coherent concepts level by level; return what spoke for the first level."""
    recursion = config.recursion
    if recursion is None:
        return None
    first = None
    level = [bank]
    for layer in recursion.layers:
        below = []
        for parent in level:
            proposal = propose_split(parent, layer=layer, generator=generator)
            first = first or proposal
            order = proposal.coherence.argsort(stable=True).tolist()
            for concept in order[: recursion.split]:
                child = parent.split(
                    concept,
                    layer=layer,
                    n_concepts=recursion.number,
                    percentile=recursion.percentile,
                    generator=generator,
                )
                below.append(child)
                for kind in recursion.shams:
                    sham_split(child, kind, generator=generator)
        level = below
    return first


def _draw(task: ClassTask, bank: ConceptBank, proposal: SplitProposal | None, folder: Path) -> None:
    """Save what a person looks at; without maps where the layer has no positions."""
    files = [task.folder / file for file in bank.files]
    if bank.number is not None:
        save_figure(number_of_concepts_figure(bank.number), folder / "number.png")
    if proposal is not None:
        save_figure(tree_figure(bank, files), folder / "tree.png")
        save_figure(coherence_figure(bank, proposal), folder / "coherence.png")
    shown = files[:IMAGES_SHOWN] if bank.backbone.is_spatial else []
    maps = concept_maps(bank, shown) if shown else torch.zeros(0)
    if shown:
        save_figure(maps_figure(bank, shown, maps), folder / "maps.png")
    save_figure(class_figure(bank, files, shown, maps), folder / LAST_WRITTEN)


def _load(task: ClassTask) -> Backbone:
    backbone = _load_once(task.config.model_dump_json(include={"network"}))
    if task.probe is None:
        return backbone
    return with_probe(backbone, task.probe).at(backbone.layer)


@lru_cache(maxsize=1)
def _load_once(described: str) -> Backbone:
    return load_configured(ExtractConfig.model_validate_json(described).network)
