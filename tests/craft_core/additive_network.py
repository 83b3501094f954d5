"""A network whose logits are sums over concepts, and a bank for it."""

import torch
from torch import nn

from craft_core.backbones import load_backbone
from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.crops import Crops
from craft_core.transforms import Transform

CHANNELS = 8


def additive_bank(*, signed, n_concepts=5, layer="1", coder=None):
    """Build a bank at the last rectifier, or at the one before it (layer ``0.1``)."""
    drawn = torch.Generator().manual_seed(3)
    first = nn.Conv2d(3, CHANNELS, 1)
    last = nn.Conv2d(CHANNELS, CHANNELS, 1)
    head = nn.Linear(CHANNELS, 2)
    network = nn.Sequential(
        nn.Sequential(first, nn.ReLU(), last),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        head,
    )
    with torch.no_grad():
        for part in (first, last, head):
            part.weight.copy_(torch.rand(part.weight.shape, generator=drawn))
            part.bias.copy_(torch.rand(part.bias.shape, generator=drawn))
        if signed:
            head.weight[0] *= torch.tensor([1.0, -1.0]).repeat(CHANNELS // 2)
            last.weight.sub_(0.5)
    backbone = load_backbone(network, layer=layer, device="cpu", transform=Transform(size_px=8))
    W = torch.rand(n_concepts, CHANNELS, generator=drawn) ** 3
    return ConceptBank(
        backbone=backbone,
        class_id=0,
        class_name="first",
        coder=coder or Coder(W=W / W.norm(dim=1, keepdim=True)),
        U=W.new_zeros(0, n_concepts),
        crops=Crops(image=torch.zeros(0, dtype=torch.long), boxes=torch.zeros(0, 4)),
        files=(),
    )


def noise_images(n, generator):
    """Draw images, each of its own colours."""
    return torch.rand(n, 3, 8, 8, generator=generator) * torch.rand(n, 3, 1, 1, generator=generator)
