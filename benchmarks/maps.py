"""Do maps lie on what decides? Every method on the drawn scenarios, whose truth is known."""

import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from craft_core.attribution import METHODS, attribution_maps, concept_maps
from craft_core.bank import ConceptBank
from craft_core.config import read_config
from craft_core.extraction import extract
from craft_core.map_quality import measure_maps
from craft_core.store import load_bank, read_images
from stimuli_builder.conditions.control import scrambled
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.registry import SCENARIOS
from stimuli_builder.scenarios.scenario import Scenario

PER_CLASS = 3  # images that the network puts into each class
FIT_PER_CLASS, STUDY_PER_CELL = 60, 10
SHOWN = 3  # concepts, as a study shows
MAP_PX = 224  # the network's input
GRID = (7, 7)  # the head's positions
COLUMNS = ["energy", "shuffled", "best", "precision", "uniform", "shuffled", "best", "s/image"]
OF_CONCEPTS = ("grad_cam", "positional", "saliency", "gradient_input", "occlusion")
CONFIGS = Path(__file__).parent.parent / "configs"


def main() -> None:
    """Print one table for each scenario."""
    warnings.simplefilter("ignore")
    for scenario in SCENARIOS.values():
        with tempfile.TemporaryDirectory() as scratch:
            images, concepts = Path(scratch) / "images", Path(scratch) / "concepts"
            draw_scenario(
                scenario,
                images,
                n_fit_per_class=FIT_PER_CLASS,
                n_study_per_cell=STUDY_PER_CELL,
                generator=np.random.default_rng(0),
            )
            extract(read_config(CONFIGS / f"{scenario.name}.toml"), images, concepts)
            print_quality(scenario, images, concepts)


def print_quality(scenario: Scenario, images: Path, concepts: Path) -> None:
    """Measure every method's maps of the predicted class, against the parts that decide."""
    banks = [load_bank(concepts / name) for name in scenario.classes]
    rows = read_images(concepts / "images.csv")
    files = [
        [row.file for row in rows if row.predicted == name][-PER_CLASS:]
        for name in scenario.classes
    ]
    masks = torch.stack([mask_of(scenario, images, file) for each in files for file in each])
    groups = [
        (bank, [images / file for file in each]) for bank, each in zip(banks, files, strict=True)
    ]
    print(
        f"\ndrawn {scenario.name}, {len(masks)} images; what decides: "
        f"{' and '.join(scenario.deciding_parts)}, {masks.double().mean():.3f} of the area"
    )
    print(" " * 30 + "".join(f"{column:>10s}" for column in COLUMNS))
    show("control", masks, lambda: control_maps(over(groups, of_class, "grad_cam")))
    for name in METHODS:
        if name != "positional":
            show(name, masks, partial(over, groups, of_class, name))
    for name in OF_CONCEPTS:
        show(f"CRAFT, {name}", masks, partial(over, groups, of_concepts, name))


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
    print(f"{name:30s}" + "".join(f"{figure:10.2f}" for figure in figures), flush=True)


def mask_of(scenario: Scenario, images: Path, file: str) -> Tensor:
    """Tell where the parts that decide are seen."""
    labels = Image.open(images / "masks" / file)
    parts = np.array(labels.resize((MAP_PX, MAP_PX), Image.Resampling.NEAREST))
    deciding = [scenario.parts[part] for part in scenario.deciding_parts]
    return torch.from_numpy(np.isin(parts, deciding))


def over(
    groups: Sequence[tuple[ConceptBank, list[Path]]],
    make: Callable[[ConceptBank, list[Path], str], Tensor],
    method: str,
) -> Tensor:
    """Make the maps of each class's images."""
    return torch.cat([make(bank, paths, method) for bank, paths in groups])


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


def control_maps(maps: Tensor) -> Tensor:
    """Draw maps as the condition Control shows them."""
    generator = np.random.default_rng(0)
    drawn = [scrambled(each.clamp_min(0).cpu().numpy(), generator) for each in maps]
    return torch.from_numpy(np.stack(drawn))
