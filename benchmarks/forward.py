"""How much of the time from crops to concept bank is the network's own forward pass?"""

import torch

from benchmarks.timing import seconds_in_turn
from craft_core.backbones import load_backbone
from craft_core.concepts import fit_concepts
from craft_core.transforms import Transform

N_IMAGES, CROPS = 20, 6


def main() -> None:
    """Print one table."""
    backbone = load_backbone("efficientnet_lite0", transform=Transform())
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(N_IMAGES, 3, 224, 224, generator=generator)
    crops = torch.randn(N_IMAGES * CROPS, 3, 224, 224, generator=generator)
    predictions = torch.zeros(N_IMAGES, dtype=torch.long)

    def bare() -> None:
        """Run the network on as many images as there are crops, in batches of the same size."""
        with torch.no_grad():
            for batch in torch.split(crops, backbone.batch_size):
                backbone.encode(batch)

    def contiguous() -> None:
        """Run the network in its usual memory layout, 32 at a time."""
        with torch.no_grad():
            for batch in torch.split(crops, 32):
                backbone.module(batch.to(backbone.device))

    def bank() -> None:
        fit_concepts(
            backbone,
            images,
            class_id=0,
            n_concepts=8,
            crop_size=64,
            crops_per_image=CROPS,
            generator=torch.Generator().manual_seed(0),
            predictions=predictions,
        )

    ours, floor, plain = seconds_in_turn(bank, bare, contiguous)
    n = N_IMAGES * CROPS
    print(f"\nEfficientNet-Lite0 on {backbone.device}, {n} crops: milliseconds a crop, ratio")
    print(f"forward pass, channels last, batches of {backbone.batch_size}: {1000 * floor / n:.1f}")
    print(f"forward pass, contiguous, batches of 32: {1000 * plain / n:.1f}, {plain / floor:.2f}")
    print(f"crops to concept bank: {1000 * ours / n:.1f}, {ours / floor:.2f}")
