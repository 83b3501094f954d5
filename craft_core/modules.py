"""Questions about any network, and its evaluation mode, without changing it."""

import contextlib
import hashlib
from collections.abc import Iterator

import torch
from torch import nn

from craft_core import graph
from craft_core.errors import BackboneError


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a network in evaluation mode, and every part back in its own mode afterwards.

    Parameters
    ----------
    module
        Any network.

    Yields
    ------
    None
        While in evaluation mode.
    """
    was_training = [part for part in module.modules() if part.training]
    for part in was_training:
        part.training = False
    try:
        yield
    finally:
        for part in was_training:
            part.training = True


def rectified_layers(module: nn.Module) -> list[str]:
    """List the layers whose activations can't be negative.

    Parameters
    ----------
    module
        Any network. For EfficientNet-Lite these are the head and each block's last rectifier.

    Returns
    -------
    list[str]
        In the order they are called, the deepest last.
    """
    try:
        with evaluating(module):
            calls = list(graph.trace(module).calls)
    except BackboneError:
        calls = [name for name, _ in module.named_modules() if name]
    rectified = [
        layer
        for layer in calls
        if isinstance(graph.submodule(module, layer), nn.ReLU | nn.ReLU6 | nn.Softplus)
    ]
    last_call = {graph.parse_layer(layer)[0]: layer for layer in rectified}
    return [layer for layer in rectified if layer in last_call.values()]


def weights_sha256(module: nn.Module) -> str:
    """Hash a network's parameters and buffers.

    Parameters
    ----------
    module
        Any network.

    Returns
    -------
    str
        SHA-256 over names, shapes and bytes, in order of name.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        content = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {content.dtype} {tuple(content.shape)}".encode())
        digest.update(content.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
