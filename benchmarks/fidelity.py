"""How long does the fidelity grid of one class take, once activations are there?

Seven banks, three rankings, five seeds, 25 concepts, 200 images of the drawn scenario at the last
layer of EfficientNet-Lite0. The goal is five minutes on two cores. Activations of images and crops
are computed once and timed apart. ACE's segments, about 86 an image on photographs, are rows drawn
from the crops' with noise, as many as photographs would give, since cutting them is not the grid's.
"""

import tempfile
import time
import warnings
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from craft_core import fidelity_tasks
from craft_core.activations import pooled_activations
from craft_core.backbones import load_backbone
from craft_core.baselines.ice import ice_positions
from craft_core.concepts import ClassCrops, class_crops
from craft_core.fidelity_config import BANKS, FidelityConfig, GridConfig
from craft_core.fidelity_tasks import FidelityTask
from craft_core.images import batches_for
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.husky_wolf import HUSKY_WOLF

N_IMAGES, N_SEEDS, CROPS_PER_IMAGE, SEGMENTS_PER_IMAGE = 200, 5, 10, 86
CLASS = 281


def main() -> None:
    """Print one table."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "images"
        draw_scenario(
            HUSKY_WOLF,
            folder,
            n_fit_per_class=N_IMAGES // 2,
            n_study_per_cell=1,
            generator=np.random.default_rng(0),
        )
        shared, forward = prepare(sorted(folder.glob("*/*.png"))[:N_IMAGES], folder)
        print(
            f"\nfidelity grid of one class: {N_IMAGES} images, 25 concepts, 3 rankings, "
            f"{N_SEEDS} seeds"
        )
        n_crops = N_IMAGES * CROPS_PER_IMAGE
        print(f"activations of images, their positions and {n_crops} crops: {forward:.1f} s")
        taken: dict[str, float] = defaultdict(float)
        used: dict[str, float] = defaultdict(float)
        for name in BANKS:
            alone = with_banks(shared, [name])
            for seed in range(N_SEEDS):
                start, before = time.perf_counter(), time.process_time()
                fidelity_tasks._part(alone, seed, {})
                taken[name] += time.perf_counter() - start
                used[name] += time.process_time() - before
        print("bank     s for all seeds and rankings   s of processors")
        for name, seconds in taken.items():
            print(f"{name:8s} {seconds:29.1f} {used[name]:17.1f}")
        print(f"together {sum(taken.values()):29.1f} {sum(used.values()):17.1f}   (goal: 300)")


def prepare(files: list[Path], folder: Path) -> tuple[fidelity_tasks._Class, float]:
    """Compute what all seeds share; return it and the seconds."""
    backbone = load_backbone("efficientnet_lite0", layer="_swish:1")
    generator = torch.Generator().manual_seed(0)
    names = tuple(file.relative_to(folder).as_posix() for file in files)
    start = time.perf_counter()
    A = pooled_activations(backbone, batches_for(backbone, files))
    found = class_crops(
        backbone,
        files,
        class_id=CLASS,
        n_concepts=25,
        crop_size=80,
        crops_per_image=CROPS_PER_IMAGE,
        predictions=torch.full((len(files),), CLASS),
        names=names,
        generator=generator,
    )
    positions = ice_positions(backbone, files)
    forward = time.perf_counter() - start
    config = FidelityConfig(grid=GridConfig(vary="start"), seeds=list(range(N_SEEDS)))
    task = FidelityTask(
        config=config,
        folder=folder,
        fit_files=names,
        files=names,
        name="drawn",
        class_id=CLASS,
        seeds=tuple(config.seeds),
        probe=None,
        out=folder,
    )
    shared = fidelity_tasks._Class(
        task=task,
        backbone=backbone,
        A=A,
        found=found,
        segments=segments_like(found, generator),
        positions=positions,
    )
    return shared, forward


def segments_like(found: ClassCrops, generator: torch.Generator) -> ClassCrops:
    """Draw as many rows as photographs have segments."""
    n = N_IMAGES * SEGMENTS_PER_IMAGE
    rows = torch.randint(len(found.crops), (n,), generator=generator)
    noise = 0.05 * found.A.std() * torch.randn(n, found.A.shape[1], generator=generator)
    return replace(found, crops=found.crops.at(rows), A=found.A[rows] + noise)


def with_banks(shared: fidelity_tasks._Class, banks: list[str]) -> fidelity_tasks._Class:
    """Ask for some banks alone."""
    config = shared.task.config
    grid = config.grid.model_copy(update={"banks": banks})
    return replace(
        shared, task=replace(shared.task, config=config.model_copy(update={"grid": grid}))
    )
