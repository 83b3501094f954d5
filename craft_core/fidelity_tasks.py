"""The fidelity of one class's banks: a task that can be sent to another process or machine.

A part of the grid is one class and one seed, and one file::

    PARTS/CLASS-SEED.safetensors   BANK/RANKING/KIND/curve (r + 1,) and .../areas (n,)
    PARTS/CLASS-pixels.safetensors METHOD/KIND/curve (s + 1,) and .../areas (n,)

Banks that fail, as ACE's where no cluster is shared, are named in the file's metadata.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from craft_core.activations import pooled_activations
from craft_core.attribution import METHODS, attribution_maps
from craft_core.backbones import Backbone, Probe
from craft_core.bank import ConceptBank
from craft_core.baselines.ace import cluster_segments, segment_activations
from craft_core.baselines.ice import ice_bank, ice_positions
from craft_core.baselines.methods import SIGNED, bank_by
from craft_core.class_extraction import Outcome, class_generator
from craft_core.coders import Coder
from craft_core.concepts import ClassCrops, class_crops
from craft_core.config import NetworkConfig
from craft_core.dataset import load_configured
from craft_core.errors import ClassError, CraftError
from craft_core.fidelity import KINDS, Kind, additive_curves, curve_areas, image_curves
from craft_core.fidelity_config import BANKS, FidelityConfig
from craft_core.images import batches, batches_for
from craft_core.masked_logits import additive_logits, pooled_head
from craft_core.nmf import fit_nmf
from craft_core.pixel_fidelity import pixel_curves
from craft_core.probe import with_probe
from craft_core.rankings import Ranked, best_of, ranking_of

PIXELS = "pixels"  # in the place of a seed


@dataclass(frozen=True, eq=False, kw_only=True)
class FidelityTask:
    """One class, and the seeds that are missing.

    Attributes
    ----------
    config
        Of the file.
    folder
        Of the images.
    fit_files, files
        Those that give concepts, and those whose logits are followed.
    name, class_id
        The class.
    seeds
        Parts to be made; `PIXELS` among them for the attribution methods.
    probe
        In the place of the network's head, where there is one.
    out
        Folder of the parts.
    """

    config: FidelityConfig
    folder: Path
    fit_files: tuple[str, ...]
    files: tuple[str, ...]
    name: str
    class_id: int
    seeds: tuple[int | str, ...]
    probe: Probe | None
    out: Path


@dataclass(frozen=True, eq=False, kw_only=True)
class _Class:
    """What all seeds of a class share."""

    task: FidelityTask
    backbone: Backbone
    A: Tensor | None  # (n, p), of the images whose logits are followed, behind a linear head
    found: ClassCrops | None  # where seeds do not draw crops
    segments: ClassCrops | None  # ACE's
    positions: Tensor | None  # (positions of all images, p), ICE's

    @property
    def files(self) -> list[Path]:
        return [self.task.folder / file for file in self.task.files]


def run_fidelity_task(task: FidelityTask, backbone: Backbone | None = None) -> Outcome:
    """Make a class's parts; a failure is told, so that no other class is lost.

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
    try:
        _run(task, backbone or _load(task))
    except CraftError as error:
        return Outcome(name=task.name, error=str(error))
    return Outcome(name=task.name)


def part_file(out: Path, name: str, seed: int | str) -> Path:
    """Name the file of a class and seed.

    Parameters
    ----------
    out
        Folder of the parts.
    name
        Of the class.
    seed
        Or `PIXELS`.

    Returns
    -------
    Path
        It exists when the part is complete.
    """
    return out / f"{name}-{seed}.safetensors"


def bank_curves(
    bank: ConceptBank, what: Ranked, config: FidelityConfig, generator: torch.Generator
) -> Iterator[tuple[str, Kind, Tensor]]:
    """Compute the curves of every ranking of a bank.

    Deletion and insertion follow one order, so that its ties are drawn once; ``best`` and ``worst``
    are found for each kind.

    Parameters
    ----------
    bank
        Of r concepts.
    what
        Images, class, and their logits where these are sums.
    config
        Says which rankings.
    generator
        Draws what rankings draw.

    Yields
    ------
    tuple[str, Kind, Tensor]
        Ranking, kind, and curves, (n, r + 1).
    """
    for name in config.grid.rankings:
        orders = _orders(name, what, config, generator)
        for kind, order in orders.items():
            if what.additive is not None:
                yield name, kind, additive_curves(what.additive, order, kind)
            else:
                yield name, kind, image_curves(bank, what.images, what.class_id, order, kind)


def _run(task: FidelityTask, backbone: Backbone) -> None:
    if not task.files or not task.fit_files:
        raise ClassError(
            f"class {task.name} must have images that the network predicts as it; got "
            f"{len(task.fit_files)} for concepts and {len(task.files)} for curves."
        )
    shared = _shared(task, backbone)
    for seed in task.seeds:
        failed: dict[str, str] = {}

        tensors = _part(shared, seed, failed) if isinstance(seed, int) else _pixel_part(shared)
        file = part_file(task.out, task.name, seed)
        unfinished = file.with_suffix(".unfinished")
        unfinished.write_bytes(save(tensors, metadata={"failed": json.dumps(failed)}))
        unfinished.rename(file)


def _shared(task: FidelityTask, backbone: Backbone) -> _Class:
    """Compute what no seed changes: activations, segments, positions, and crops where they stay."""
    files = [task.folder / file for file in task.files]
    banks = task.config.grid.banks
    is_linear = pooled_head(backbone, task.class_id) is not None
    seeded = any(isinstance(seed, int) for seed in task.seeds)
    found = _crops(task, backbone, task.config.seeds[0]) if seeded else None
    return _Class(
        task=task,
        backbone=backbone,
        A=pooled_activations(backbone, batches_for(backbone, files), signed=True)
        if is_linear and seeded
        else None,
        found=found,
        segments=segment_activations(found) if found is not None and "ace" in banks else None,
        positions=ice_positions(backbone, found.of.images)
        if found is not None and "ice" in banks and backbone.is_spatial
        else None,
    )


def _crops(task: FidelityTask, backbone: Backbone, seed: int) -> ClassCrops:
    config = task.config
    return class_crops(
        backbone,
        [task.folder / file for file in task.fit_files],
        class_id=task.class_id,
        class_name=task.name,
        n_concepts=config.grid.number,
        crop_size=config.crops.size_px,
        crops_per_image=config.crops.per_image,
        strategy=config.crops.strategy,
        predictions=torch.full((len(task.fit_files),), task.class_id),
        names=task.fit_files,
        signed=set(config.grid.banks) <= set(SIGNED),
        generator=class_generator(seed, task.class_id),
    )


def _part(shared: _Class, seed: int, failed: dict[str, str]) -> dict[str, Tensor]:
    """Make every bank of a seed, and follow its curves."""
    task, grid = shared.task, shared.task.config.grid
    found = shared.found
    if found is None or (grid.vary == "crops" and seed != task.config.seeds[0]):
        found = _crops(task, shared.backbone, seed)
    tensors: dict[str, Tensor] = {}
    for name in grid.banks:
        generator = _bank_generator(name, seed, task.class_id)
        try:
            bank = _bank(name, shared, found, generator)
        except (CraftError, ValueError) as error:  # scikit-learn's
            failed[name] = str(error).splitlines()[0]
            continue
        what = Ranked(
            bank=bank,
            images=shared.files,
            class_id=task.class_id,
            additive=additive_logits(bank, shared.files, task.class_id, A=shared.A),
        )
        for ranking, kind, curves in bank_curves(bank, what, task.config, generator):
            tensors[f"{name}/{ranking}/{kind}/curve"] = curves.mean(dim=0).cpu()
            tensors[f"{name}/{ranking}/{kind}/areas"] = curve_areas(curves).float().cpu()
    return tensors


def _bank_generator(name: str, seed: int, class_id: int) -> torch.Generator:
    """Make a bank's own generator, so that it does not matter which others are asked for."""
    spread = np.random.SeedSequence([seed, class_id, BANKS.index(name)])
    return torch.Generator().manual_seed(int(spread.generate_state(1, np.uint64)[0]) % 2**63)


def _bank(name: str, shared: _Class, found: ClassCrops, generator: torch.Generator) -> ConceptBank:
    grid = shared.task.config.grid
    if name == "ace" and shared.segments is not None:
        return cluster_segments(shared.segments, grid.number, generator=generator)
    if name == "ice":  # its whole images are the same for every seed, which draws the start
        positions = shared.positions
        return ice_bank(found, grid.number, generator=generator, init="random", positions=positions)
    if name == "craft" and grid.vary == "start":
        U, W = fit_nmf(found.A, grid.number, generator=generator, init="random")
        return found.bank(Coder(W=W), U, method=name)
    return bank_by(name, found, grid.number, generator=generator)


def _orders(
    name: str, what: Ranked, config: FidelityConfig, generator: torch.Generator
) -> dict[Kind, Tensor]:
    """Rank concepts once for both kinds, or for each where the order is the best one for it."""
    per_image = config.grid.per_image
    if name in ("best", "worst"):
        return {
            kind: best_of(what, kind, per_image=per_image, worst=name == "worst") for kind in KINDS
        }
    order = ranking_of(what, name, generator=generator, per_image=per_image or name == "random")
    return dict.fromkeys(KINDS, order)


def _pixel_part(shared: _Class) -> dict[str, Tensor]:
    """Follow the curves of attribution methods on some of the class's images."""
    task, pixels = shared.task, shared.task.config.pixels
    if pixels is None:
        return {}
    backbone = shared.backbone
    files = shared.files[: pixels.images]
    images = torch.cat(list(batches(files, backbone.transform))).to(backbone.device)
    tensors = {}
    for method in pixels.methods:
        maps = attribution_maps(
            backbone,
            images,
            task.class_id,
            method,
            generator=class_generator(task.config.seeds[0], task.class_id),
            n_samples=pixels.samples if "n_samples" in _parameters(method) else None,
        )
        for kind in KINDS:
            curves = pixel_curves(backbone, images, maps, task.class_id, kind, n_steps=pixels.steps)
            tensors[f"{method}/{kind}/curve"] = curves.double().mean(dim=0).cpu()
            tensors[f"{method}/{kind}/areas"] = curve_areas(curves).cpu()
    return tensors


def _parameters(method: str) -> tuple[str, ...]:
    code = METHODS[method].__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _load(task: FidelityTask) -> Backbone:
    backbone = _load_once(task.config.network.model_dump_json())
    if task.probe is None:
        return backbone
    return with_probe(backbone, task.probe).at(backbone.layer)


@lru_cache(maxsize=1)
def _load_once(described: str) -> Backbone:
    return load_configured(NetworkConfig.model_validate_json(described))
