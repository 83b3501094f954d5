"""How fast is importance beside a plain loop over images and masks?

Both begin with the layer's activations; the forward pass that makes them is a column of its own.
The plain reference takes one image at a time, solves for its coefficients with scikit-learn,
rebuilds the activations under every mask of one design (32 points, blocks A, B and each column
exchanged), and runs the rest of the network on them, in the same precision, memory layout and batch
size as ours.
"""

import time
import warnings
from dataclasses import fields

import numpy as np
import torch
from sklearn.decomposition import NMF

from benchmarks.timing import seconds_in_turn
from craft_core.backbones import Backbone, load_backbone
from craft_core.bank import ConceptBank
from craft_core.coders import Coder
from craft_core.crops import Crops
from craft_core.importance import concept_importance
from craft_core.sobol import jansen_total
from craft_core.transforms import Transform

N_POINTS = 32
LAST = "_swish:1"
MIDDLE = ("_blocks.15._swish:1", "_blocks.11._swish:1", "_blocks.8._swish:1")


def main() -> None:
    """Print one table."""
    warnings.simplefilter("ignore")
    print(f"\nimportance, EfficientNet-Lite0, 224 px, {N_POINTS} points of a design: ms an image")
    print("layer                  r  images | forward |    ours     plain  times faster")
    for layer, r, n in [(LAST, 10, 60), (LAST, 25, 60)]:
        print(row(layer, r, n))
    for layer in MIDDLE:
        for r in (10, 25):
            print(row(layer, r, 4))


class Known(Backbone):
    """A network whose activations are known: an image is its number."""

    def encode(self, images: torch.Tensor) -> torch.Tensor:
        """Look activations up."""
        known: torch.Tensor = self.__dict__["known"]
        return known[images[:, 0, 0, 0].long()]


def row(layer: str, r: int, n: int) -> str:
    """Time both on the same images, bank and number of masks."""
    network = load_backbone("efficientnet_lite0", layer=layer, transform=Transform())
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(n, 3, 224, 224, generator=generator)
    with torch.no_grad():
        start = time.perf_counter()
        parts = [network.encode(batch) for batch in torch.split(pictures, network.batch_size)]
        forward = time.perf_counter() - start
    backbone = Known(**{field.name: getattr(network, field.name) for field in fields(network)})
    backbone.__dict__["known"] = torch.cat(parts)
    images = torch.arange(n).float().reshape(n, 1, 1, 1)
    W = torch.rand(r, backbone.activation_shape[0], generator=generator) ** 4
    W = (W / W.norm(dim=1, keepdim=True)).to(backbone.device)
    bank = ConceptBank(
        backbone=backbone,
        class_id=0,
        class_name="",
        coder=Coder(W=W),
        U=W[:0],
        crops=Crops(image=torch.zeros(0), boxes=torch.zeros(0, 4)),
        files=(),
    )

    def ours() -> None:
        concept_importance(
            bank,
            images,
            0,
            generator=torch.Generator().manual_seed(0),
            n_points=N_POINTS // 8,  # times 8 scramblings
        )

    taken, plain = seconds_in_turn(ours, lambda: plain_importance(backbone, images, W), rounds=1)
    each = [1000 * seconds / n for seconds in (forward, taken, plain)]
    return (
        f"{layer:20s} {r:3d} {n:7d} | {each[0]:7.1f} | {each[1]:7.2f} {each[2]:9.1f}  "
        f"{plain / taken:10.1f}"
    )


def plain_importance(backbone: Backbone, images: torch.Tensor, W: torch.Tensor) -> torch.Tensor:
    """Estimate Jansen's total indices image by image."""
    r = len(W)
    solver = NMF(r, init="random", max_iter=200)
    solver.components_, solver.n_components_, solver._n_components = W.cpu().numpy(), r, r
    solver.n_features_in_ = W.shape[1]
    blocks = np.random.default_rng(0).random((2, N_POINTS, r))
    masks = [blocks[0], blocks[1]]
    for concept in range(r):
        mixed = blocks[0].copy()
        mixed[:, concept] = blocks[1][:, concept]
        masks.append(mixed)
    M = torch.from_numpy(np.concatenate(masks)).float().to(W)
    return torch.stack([_plain_indices(backbone, image[None], W, solver, M) for image in images])


def _plain_indices(
    backbone: Backbone, image: torch.Tensor, W: torch.Tensor, solver: NMF, M: torch.Tensor
) -> torch.Tensor:
    with torch.no_grad():
        activations = backbone.encode(image)[0]  # (p, h, w)
        p, h, w = activations.shape
        rows = activations.permute(1, 2, 0).reshape(-1, p)
        U = torch.from_numpy(solver.transform(rows.cpu().numpy())).to(W)
        outputs = []
        for masks in torch.split(M, backbone.batch_size):
            rebuilt = (U[None] * masks[:, None]) @ W  # (b, h w, p)
            spatial = rebuilt.reshape(-1, h, w, p).permute(0, 3, 1, 2)  # channels last
            outputs.append(backbone.decode(spatial)[:, 0])
    values = torch.cat(outputs).reshape(-1, N_POINTS)
    used = torch.cat([values[:1], values[2:]])[None]  # block B is computed and not used
    return jansen_total(used)[0] / values.var()
