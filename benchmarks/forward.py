"""How much of the time from crops to concept bank is the network's, and what does size cost?"""

import multiprocessing
import re
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.timing import seconds_in_turn
from craft_core.attribution import concept_maps
from craft_core.backbones import Backbone, load_backbone
from craft_core.concepts import class_crops, fit_concepts
from craft_core.nmf import fit_nmf

N_IMAGES, CROPS, CROP_PX, N_CONCEPTS = 60, 4, 64, 10
MAPPED = 20
SIZES = (1_000, 5_000, 20_000)  # crops
TIMES = (1, 2, 4, 8)


def main() -> None:
    """Print three tables."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        files = draw_photographs(Path(scratch), N_IMAGES)
        print_forward(files)
        print_scaling(files)
        print_memory(files)


def draw_photographs(folder: Path, n: int) -> list[Path]:
    """Write JPEGs of smooth noise, 300 by 400, which take as long to read as photographs."""
    rng = np.random.default_rng(0)
    files = []
    for index in range(n):
        coarse = rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC)
        files.append(folder / f"{index:03d}.jpg")
        picture.save(files[-1], quality=92)
    return files


def bank_of(backbone: Backbone, files: list[Path], per_image: int = CROPS) -> object:
    """From files to a concept bank."""
    return fit_concepts(
        backbone,
        files,
        class_id=0,
        n_concepts=N_CONCEPTS,
        crop_size=CROP_PX,
        crops_per_image=per_image,
        generator=torch.Generator().manual_seed(0),
        predictions=torch.zeros(len(files), dtype=torch.long),
    )


def print_forward(files: list[Path]) -> None:
    """Compare with bare forward passes over as many crops."""
    backbone = load_backbone("efficientnet_lite0")
    mixed = load_backbone("efficientnet_lite0", precision="mixed")
    n = len(files) * CROPS
    crops = torch.randn(n, 3, 224, 224, generator=torch.Generator().manual_seed(0))

    def bare(network: Backbone, *, channels_last: bool = True) -> None:
        with torch.no_grad():
            for batch in torch.split(crops, network.batch_size):
                if channels_last:
                    network.encode(batch)
                else:
                    network.module(batch.to(network.device))

    works = {
        "forward passes, contiguous, float32": lambda: bare(backbone, channels_last=False),
        "forward passes, channels last, float32": lambda: bare(backbone),
        "forward passes, channels last, bfloat16": lambda: bare(mixed),
        "files to concept bank, channels last, float32": lambda: bank_of(backbone, files),
    }
    taken = dict(zip(works, seconds_in_turn(*works.values()), strict=True))
    floor = taken["forward passes, channels last, float32"]
    print(f"\nEfficientNet-Lite0 on {backbone.device}, {n} crops: ms a crop, ratio to the second")
    for name, seconds in taken.items():
        print(f"{name:48s} {1000 * seconds / n:7.1f} {seconds / floor:6.2f}")
    bank = bank_of(backbone, files)
    (maps,) = seconds_in_turn(lambda: concept_maps(bank, files[:MAPPED]))
    each = 1000 * maps / MAPPED
    print(f"Grad-CAM maps of {N_CONCEPTS} concepts, {MAPPED} images: {each:.1f} ms an image")


def print_scaling(files: list[Path]) -> None:
    """Time more and more images."""
    backbone = load_backbone("efficientnet_lite0")
    print("\nfiles to concept bank: seconds, and seconds a time the images over the first")
    base = files[: N_IMAGES // 4]
    seconds = seconds_in_turn(*(partial(bank_of, backbone, base * times) for times in TIMES))
    for times, taken in zip(TIMES, seconds, strict=True):
        print(f"{times * len(base):5d} images {taken:7.2f} {taken / times / seconds[0]:6.2f}")


def print_memory(files: list[Path]) -> None:
    """Measure the peak of processes that do nothing else; the network's passes are left out."""
    print("\npeak memory of a process, MB: imports and network alone, and cropping and pooling")
    context = multiprocessing.get_context("spawn")
    for n_crops in (0, *SIZES):
        with context.Pool(1) as pool:
            peak = pool.apply(peak_mb, (files, n_crops))
        print(f"{n_crops:7d} crops {peak:8.0f}")


class Tiny(torch.nn.Module):
    """As many channels as EfficientNet-Lite0's last layer, at hardly any cost."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = torch.nn.Conv2d(3, 1280, 32, stride=32)
        self.rectify = torch.nn.ReLU()
        self.head = torch.nn.Linear(1280, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        logits: torch.Tensor = self.head(self.rectify(self.shrink(images)).mean((2, 3)))
        return logits


def peak_mb(files: list[Path], n_crops: int) -> float:
    """Cut crops, pool activations, factorise, and return the process's peak memory."""
    warnings.simplefilter("ignore")
    load_backbone("efficientnet_lite0")
    if n_crops:
        backbone = load_backbone(Tiny(), device="cpu")
        many = files * (n_crops // (10 * len(files)) + 1)
        found = class_crops(
            backbone,
            many,
            class_id=0,
            n_concepts=N_CONCEPTS,
            crop_size=CROP_PX,
            crops_per_image=10,
            generator=torch.Generator().manual_seed(0),
            predictions=torch.zeros(len(many), dtype=torch.long),
        )
        fit_nmf(found.A[:n_crops], N_CONCEPTS, generator=torch.Generator().manual_seed(0))
    status = Path("/proc/self/status").read_text()  # Linux; getrusage would count the parent's too
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(peak) / 1024
