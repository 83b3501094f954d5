"""What comes after a layer of a network that can't be traced: the network itself, run again.

The network runs on images of zeros, and a hook puts the activations in the place of the layer's
output. Whatever came before the layer is computed in vain, so that this takes as long as the whole
network; and where a skip connection passes the layer by, what it carries is that of an image of
zeros, which `Replay.is_determined` notices.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

SEED = 0  # of the images that are compared: any two that differ will do


@dataclass(frozen=True, eq=False)
class Replay:
    """From a layer's output to the network's.

    Attributes
    ----------
    module
        The network, in evaluation mode while it is called.
    layer
        Name of the module, and its call.
    size_px
        Side of the images of zeros.
    """

    module: nn.Module
    layer: tuple[str, int]
    size_px: int = 224

    def __call__(self, activations: Tensor) -> Tensor:
        """Compute the network's output.

        Parameters
        ----------
        activations
            (n, ...), as the layer gives them.

        Returns
        -------
        Tensor
            (n, classes).
        """
        side = self.size_px
        return self._run(activations, activations.new_zeros(len(activations), 3, side, side))

    def is_determined(self, activations: Tensor) -> bool:
        """Say whether the layer's output alone determines the network's.

        Parameters
        ----------
        activations
            (n, ...), of any images.

        Returns
        -------
        bool
            Whether other images change nothing.
        """
        generator = torch.Generator().manual_seed(SEED)
        shape = (len(activations), 3, self.size_px, self.size_px)
        images = torch.randn(shape, generator=generator).to(activations)
        with torch.no_grad():
            return torch.allclose(self(activations), self._run(activations, images), atol=1e-5)

    def _run(self, activations: Tensor, images: Tensor) -> Tensor:
        """Run the network on images, with the layer's output exchanged."""
        name, call = self.layer
        count = 0

        def exchange(_module: nn.Module, _inputs: Any, _output: Any) -> Tensor | None:  # noqa: ANN401
            nonlocal count
            count += 1
            # an operation in place must not reach the caller's tensor
            return activations.clone() if count == call + 1 else None

        handle = self.module.get_submodule(name).register_forward_hook(exchange)
        try:
            logits: Tensor = self.module(images)
        finally:
            handle.remove()
        return logits
