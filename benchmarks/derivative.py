"""What does the derivative of the NNLS cost beside the network's own backward pass?"""

import torch

from benchmarks.timing import seconds_in_turn
from craft_core.backbones import load_backbone
from craft_core.implicit import active_systems, nnls_jacobian
from craft_core.nnls import nnls
from craft_core.transforms import Transform

N_CONCEPTS, N_IMAGES = 10, 16


def main() -> None:
    """Print one table."""
    backbone = load_backbone("efficientnet_lite0", transform=Transform())
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(N_IMAGES, 3, 224, 224, generator=generator).to(backbone.device)
    with torch.no_grad():
        A = backbone.pool(backbone.encode(images))
    W = (torch.rand(N_CONCEPTS, A.shape[1], generator=generator) ** 4).to(A)

    def network() -> None:
        """Differentiate one logit of each image down to the pixels."""
        pixels = images.clone().requires_grad_()
        logits = backbone.decode(backbone.encode(pixels))
        torch.autograd.grad(logits[:, 0].sum(), pixels)

    def forward() -> None:
        pixels = images.clone().requires_grad_()
        backbone.decode(backbone.encode(pixels))

    def ours() -> None:
        """Solve, and differentiate every concept's coefficient one after the other."""
        activations = A.clone().requires_grad_()
        U = nnls(activations, W)
        for concept in range(N_CONCEPTS):
            torch.autograd.grad(U[:, concept].sum(), activations, retain_graph=True)

    def at_once() -> None:
        U = nnls(A, W)
        nnls_jacobian(W, U, range(N_CONCEPTS), systems=active_systems(W, U))

    both, ahead, one_by_one, jacobian = seconds_in_turn(network, forward, ours, at_once)
    backward = both - ahead
    print(
        f"\nderivative of {N_CONCEPTS} concepts, EfficientNet-Lite0, {N_IMAGES} images: ms, share"
    )
    print(f"network's own backward pass, one logit      {1000 * backward:8.1f}")
    for name, taken in (("nnls and its backward passes", one_by_one), ("at once", jacobian)):
        print(f"{name:43s} {1000 * taken:8.1f}   {taken / backward:.3f}")
