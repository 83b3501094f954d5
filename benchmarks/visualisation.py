"""How long does it take to make an image for each of ten concepts?

EfficientNet-Lite0 at 224 pixels, last layer, Fourier spectra, 128 steps. The goal is five minutes
on two cores. Beside it a step for all concepts together and ten steps one by one.
"""

import time
import warnings

import torch

from benchmarks.timing import seconds_in_turn
from craft_core.backbones import load_backbone
from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.crops import Crops
from craft_core.feature_viz import visualise_concepts

N_CONCEPTS, N_STEPS = 10, 128


def main() -> None:
    """Print three lines."""
    warnings.simplefilter("ignore")
    bank = random_bank()
    start, before = time.perf_counter(), time.process_time()
    seen = visualise_concepts(bank, generator=torch.Generator().manual_seed(0), n_steps=N_STEPS)
    taken, used = time.perf_counter() - start, time.process_time() - before
    together, alone = seconds_in_turn(
        lambda: steps(bank, [list(range(N_CONCEPTS))]),
        lambda: steps(bank, [[concept] for concept in range(N_CONCEPTS)]),
        rounds=1,
    )
    print(f"\nfeature visualisation, {N_CONCEPTS} concepts, 224 px, {N_STEPS} steps")
    print(f"all concepts together: {taken:.0f} s (goal: 300), {used:.0f} s of processors")
    print(f"two steps: together {together:.2f} s, one concept after the other {alone:.2f} s")
    print(f"mean cosine of what is found with its concept: {float(seen.cosines.mean()):.2f}")


def steps(bank: ConceptBank, groups: list[list[int]]) -> None:
    """Take two steps for each group."""
    for group in groups:
        visualise_concepts(bank, group, generator=torch.Generator().manual_seed(0), n_steps=2)


def random_bank() -> ConceptBank:
    """Draw sparse concepts at the last layer."""
    backbone = load_backbone("efficientnet_lite0", layer="_swish:1")
    generator = torch.Generator().manual_seed(0)
    W = torch.rand(N_CONCEPTS, backbone.n_channels, generator=generator) ** 8
    return ConceptBank(
        backbone=backbone,
        class_id=0,
        class_name="",
        coder=Coder(W=(W / W.norm(dim=1, keepdim=True)).to(backbone.device)),
        U=W[:0, :0],
        crops=Crops(image=torch.zeros(0, dtype=torch.long), boxes=torch.zeros(0, 4)),
        files=(),
    )
