"""A bank of concepts whose crops are known, with pictures that show them."""

from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.bank import ConceptBank, Importance, Origin
from craft_core.coders import Coder
from craft_core.crops import Crops
from craft_core.transforms import Transform

COLOURS = [(200, 40, 40), (40, 160, 60), (50, 80, 210), (220, 190, 40)]
SIDE, CROP = 64, 24
N_IMAGES, PER_IMAGE = 40, 8
PARTS = 2


class Small(nn.Module):
    """Four channels, then two classes."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(3, 4, 8, stride=8)
        self.rectify = nn.ReLU()
        self.head = nn.Linear(4, 2)

    def forward(self, images):
        return self.head(self.rectify(self.filters(images)).mean((2, 3)))


def planted_bank(
    folder, *, kinds=("split", "same_layer", "random_groups"), n_images=N_IMAGES, name="wolf"
):
    """Make a bank of four concepts; crop i of an image shows concept i % 4, its colour.

    Each concept is split in two by each of `kinds`.
    """
    (folder / name).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    files, images, boxes, U = [], [], [], []
    for number in range(n_images):
        picture = np.full((SIDE, SIDE * 2, 3), 128, dtype=np.uint8)
        for crop in range(PER_IMAGE):
            concept = crop % len(COLOURS)
            left, top = 2 + 31 * (crop % 4), 4 + 32 * (crop // 4)
            noise = rng.integers(-30, 30, (CROP, CROP, 3))
            shown = np.clip(np.array(COLOURS[concept]) + noise, 0, 255).astype(np.uint8)
            picture[top : top + CROP, left : left + CROP] = shown
            images.append(number)
            boxes.append([left, top, left + CROP, top + CROP])
            row = rng.uniform(0, 0.2, len(COLOURS))
            row[concept] = rng.uniform(1, 2)
            U.append(row)
        files.append(f"{name}/{number:03d}.png")
        Image.fromarray(picture).save(folder / files[-1])
    torch.manual_seed(0)
    backbone = load_backbone(Small(), device="cpu", transform=Transform(size_px=SIDE))
    values = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    bank = ConceptBank(
        backbone=backbone,
        class_id=0,
        class_name=name,
        coder=Coder(W=torch.eye(4)),
        U=torch.tensor(np.array(U), dtype=torch.float32),
        crops=Crops(image=torch.tensor(images), boxes=torch.tensor(boxes)),
        files=tuple(files),
        importance=Importance(
            method="planted", values=values, low=values, high=values, effects=values
        ),
    )
    for concept in range(len(COLOURS)):
        for kind in kinds:
            bank.children.append(planted_child(bank, concept, kind, rng))
    return bank


def planted_child(bank, concept, kind, rng):
    """Split a concept's crops in two halves."""
    rows = torch.nonzero(bank.U[:, concept] > 1).flatten()
    U = torch.full((len(rows), PARTS), 0.05)
    U[torch.arange(len(rows)), torch.arange(len(rows)) % PARTS] = torch.tensor(
        rng.uniform(1, 2, len(rows)), dtype=torch.float32
    )
    return replace(
        bank,
        coder=Coder(W=torch.eye(4)[:PARTS]),
        U=U,
        crops=bank.crops.at(rows),
        importance=None,
        parent=bank,
        origin=Origin(concept=concept, percentile=0.0, threshold=1.0, rows=rows, kind=kind),
        children=[],
    )
