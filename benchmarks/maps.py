"""Do maps lie on what decides? Every method on a drawn scenario, whose truth is known."""

import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from craft_core.attribution import METHODS, attribution_maps, concept_maps
from craft_core.bank import ConceptBank
from craft_core.config import ExtractConfig, NetworkConfig, ProbeConfig
from craft_core.extraction import extract
from craft_core.map_quality import measure_maps
from craft_core.store import load_bank, read_images
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.husky_wolf import HUSKY_WOLF

N_IMAGES = 20
FIT_PER_CLASS, STUDY_PER_CELL = 40, 10
SHOWN = 3  # concepts, as a study shows
GRID = (7, 7)  # the head's positions
COLUMNS = ["energy", "shuffled", "best", "precision", "uniform", "shuffled", "best", "s/image"]
BACKGROUND = 0  # in the maps of parts: what decides, since the probe goes by the ground


def main() -> None:
    """Print one table."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        images, concepts = Path(scratch) / "images", Path(scratch) / "concepts"
        draw_scenario(
            HUSKY_WOLF,
            images,
            n_fit_per_class=FIT_PER_CLASS,
            n_study_per_cell=STUDY_PER_CELL,
            generator=np.random.default_rng(0),
        )
        config = ExtractConfig(network=NetworkConfig(), probe=ProbeConfig())
        extract(config, images, concepts)
        print_quality(images, concepts)


def print_quality(images: Path, concepts: Path) -> None:
    """Measure every method's maps of the images predicted as wolf, against the ground."""
    bank = load_bank(concepts / "wolf")
    rows = [row.file for row in read_images(concepts / "images.csv") if row.predicted == "wolf"]
    files = rows[-N_IMAGES:]
    masks = torch.stack([mask_of(images / "masks" / file) for file in files])
    paths = [images / file for file in files]
    print(
        f"\ndrawn Husky vs. Wolf, {len(files)} images predicted as wolf; what decides: the ground"
    )
    print(" " * 30 + "".join(f"{column:>10s}" for column in COLUMNS))
    for name in METHODS:
        if name != "positional":
            show(name, masks, partial(of_class, bank, paths, name))
    for name in METHODS:
        show(f"CRAFT, {name}", masks, partial(of_concepts, bank, paths, name))


def show(name: str, masks: Tensor, work: Callable[[], Tensor]) -> None:
    """Run a method once, and print a row."""
    start = time.perf_counter()
    maps = work()
    seconds = time.perf_counter() - start
    found = measure_maps(maps, masks, grid=GRID, generator=torch.Generator().manual_seed(0))
    figures = (
        *(found.energy, found.shuffled_energy, found.best_energy),
        *(found.precision, found.uniform_precision, found.shuffled_precision),
        *(found.best_precision, seconds / len(maps)),
    )
    print(f"{name:30s}" + "".join(f"{figure:10.2f}" for figure in figures))


def mask_of(file: Path) -> Tensor:
    """Tell where the ground is, in the map of parts."""
    return torch.from_numpy(np.array(Image.open(file)) == BACKGROUND)


def of_class(bank: ConceptBank, paths: list[Path], method: str) -> Tensor:
    """Explain the class's logit."""
    generator = torch.Generator().manual_seed(0)
    return attribution_maps(bank.backbone, paths, bank.class_id, method, generator=generator)


def of_concepts(bank: ConceptBank, paths: list[Path], method: str) -> Tensor:
    """Add up the maps of the shown concepts, each weighted by its importance."""
    generator = torch.Generator().manual_seed(0)
    shown = bank.importance.ranking[:SHOWN]
    maps = concept_maps(bank, paths, shown, method, generator=generator).clamp_min(0)
    peaks = maps.amax(dim=(2, 3), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)
    weights = bank.importance.values[shown].to(maps)
    return (maps / peaks * weights[None, :, None, None]).sum(dim=1)
