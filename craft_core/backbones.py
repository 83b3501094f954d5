"""Networks, cut at a layer: activations before it, logits after it.

Letters: n images, p channels of the layer, and its positions as `craft_core.layouts` lists them.
"""

import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, fx, nn

from craft_core import graph
from craft_core.affine import SplitTail, split_affine
from craft_core.checks import check_choice
from craft_core.errors import BackboneError, first_line
from craft_core.layouts import (
    Layout,
    NegativePolicy,
    Pooling,
    layout_of,
    with_negatives,
    without_negatives,
)
from craft_core.modules import evaluating, rectified_layers, weights_sha256
from craft_core.networks import Network, build_network
from craft_core.replay import Replay
from craft_core.transforms import Transform

CPU_BATCH, GPU_BATCH = 16, 128

Precision = Literal["float32", "mixed"]


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
class LinearHead:
    """What comes after a layer, where that is pooling and one linear layer.

    Attributes
    ----------
    weight
        (classes, p), for the backbone's pooled activations.
    bias
        (classes,).
    """

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
    negatives
        What is done with activations below zero; see `craft_core.layouts.without_negatives`.
    pooling
        How an image's positions become one vector; see `craft_core.layouts.Layout.pool`.
    precision
        ``float32``, or ``mixed``: the network's own forward passes in bfloat16 where torch's
        autocast says so. Activations and logits are float32 in any case, and so are the numerics
        after them.
    probe
        In the place of the network's own head, where there is one.
    """

    module: nn.Module
    name: str
    layer: str
    device: torch.device
    transform: Transform = field(default_factory=Transform)
    licence: str = "unknown"
    negatives: NegativePolicy = "refuse"
    pooling: Pooling = "mean"
    precision: Precision = "float32"
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
            (n, ...), of `layout`: (n, p, h, w) for convolutions.
        """
        return without_negatives(self._raw(images), self.layout, self.negatives)

    def decode(self, activations: Tensor) -> Tensor:
        """Compute logits from the layer's activations; differentiable.

        Parameters
        ----------
        activations
            (n, ...), as `encode` gives them; or (n, p): pooled ones, which are put everywhere.

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
        if activations.ndim == 2 and self.is_spatial:
            n_positions = (
                self._zero_image.flatten().numel()
                // self._zero_image.shape[self.layout.channel_axis]
            )
            rows = activations[:, None].expand(-1, n_positions, -1)
            activations = self.layout.native(rows, tuple(self._zero_image.shape[1:]))
        given = with_negatives(activations.to(self.device), self.layout, self.negatives)
        with evaluating(self.module):
            return tail(given.clone())  # an operation in place must not reach the caller's tensor

    def predict(self, images: Tensor) -> Tensor:
        """Compute logits, without derivatives.

        Parameters
        ----------
        images
            (n, 3, H, W), transformed.

        Returns
        -------
        Tensor
            (n, classes).

        Raises
        ------
        BackboneError
            If the network returns something else.
        """
        with torch.no_grad():
            return self.logits(images)

    def logits(self, images: Tensor) -> Tensor:
        """Compute logits; differentiable.

        Parameters
        ----------
        images
            (n, 3, H, W), transformed.

        Returns
        -------
        Tensor
            (n, classes).

        Raises
        ------
        BackboneError
            If the network returns something else.
        """
        with evaluating(self.module), self._in_precision():
            logits = self.module(self._placed(images))
        if not isinstance(logits, Tensor) or logits.ndim != 2:
            got = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
            raise BackboneError(f"network must return logits (n, classes); got {got}.")
        return logits.float() if self.precision == "mixed" else logits

    def pool(self, activations: Tensor) -> Tensor:
        """Make one vector an image (section 3.1).

        Parameters
        ----------
        activations
            (n, ...), as `encode` gives them.

        Returns
        -------
        Tensor
            (n, p).
        """
        return self.layout.pool(activations, self.pooling)

    def at(self, layer: str) -> "Backbone":
        """Cut the same network elsewhere.

        Parameters
        ----------
        layer
            One of `layers`, or any other.

        Returns
        -------
        Backbone
            Which shares the network.
        """
        graph.submodule(self.module, layer)
        return replace(self, layer=layer)

    def check_earlier(self, layer: str) -> None:
        """Refuse a layer that does not come before this one, where the network's graph tells.

        Parameters
        ----------
        layer
            As in `named_modules`.

        Raises
        ------
        BackboneError
            If it does not come before, or does not exist.
        """
        graph.submodule(self.module, layer)
        before = graph.layers_before(self.module, self.layer)
        if before is not None and layer not in before:
            raise BackboneError(
                f"layer must come before {self.layer!r}; got {layer!r}. Layers before it: {before}."
            )

    @property
    def batch_size(self) -> int:
        """Images that are computed at once: few on a CPU, whose caches are small."""
        return CPU_BATCH if self.device.type == "cpu" else GPU_BATCH

    @cached_property
    def layers(self) -> list[str]:
        """Layers whose activations can't be negative, the deepest last."""
        return rectified_layers(self.module)

    @cached_property
    def layout(self) -> Layout:
        """Where positions and channels of the layer's activations lie."""
        return layout_of(tuple(self._zero_image.shape[1:]))

    @cached_property
    def activation_shape(self) -> tuple[int, ...]:
        """Shape of one square image's activations, as `encode` gives them."""
        zero = without_negatives(self._zero_image, self.layout, self.negatives)
        return tuple(zero.shape[1:])

    @property
    def n_channels(self) -> int:
        """Return p."""
        return self.activation_shape[self.layout.channel_axis - (self.layout.channel_axis > 0)]

    @property
    def is_spatial(self) -> bool:
        """Whether the layer's activations have positions."""
        return self.layout.is_spatial

    @cached_property
    def linear_head(self) -> LinearHead | None:
        """What comes after the layer, where it is the pooling of this backbone and a linear layer.

        Returns
        -------
        LinearHead or None
            Checked on activations drawn at random, since a linear layer may also read one position.
        """
        linear = None if self._tail is None else graph.linear_layer(self._tail)
        if linear is None:
            return None
        weight = linear.weight.detach()
        if self.negatives == "split":
            weight = torch.cat([weight, -weight], dim=1)
        if weight.shape[1] != self.n_channels:
            return None
        generator = torch.Generator().manual_seed(0)
        drawn = torch.rand((2, *self.activation_shape), generator=generator).to(weight)
        bias = weight.new_zeros(len(weight)) if linear.bias is None else linear.bias.detach()
        expected = self.pool(drawn) @ weight.T + bias
        with torch.no_grad():
            is_pooled = torch.allclose(self.decode(drawn), expected, rtol=1e-3, atol=1e-3)
        return LinearHead(weight=weight, bias=bias) if is_pooled else None

    @cached_property
    def split_tail(self) -> SplitTail:
        """What comes after the layer, its affine beginning first.

        Returns
        -------
        SplitTail
            Both parts; they take activations as the layer gives them.

        Raises
        ------
        BackboneError
            As `decode` does.
        """
        tail = self._decodable_tail()
        return (
            split_affine(tail)
            if isinstance(tail, fx.GraphModule)
            else SplitTail(affine=None, rest=tail)
        )

    @cached_property
    def weights_sha256(self) -> str:
        """Of all parameters and buffers, by name."""
        return weights_sha256(self.module)

    @cached_property
    def _zero_image(self) -> Tensor:
        """Activations of an image of zeros, as the layer gives them."""
        side = self.transform.size_px
        with torch.no_grad():
            return self._raw(torch.zeros(1, 3, side, side))

    def _raw(self, images: Tensor) -> Tensor:
        with evaluating(self.module), self._in_precision():
            raw = graph.run_to_layer(self.module, self.layer, self._placed(images))
        return raw.float() if self.precision == "mixed" else raw

    def _in_precision(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.precision == "mixed"
        )

    def _placed(self, images: Tensor) -> Tensor:
        """Bring images to the device, channels last, which convolutions take half the time for."""
        return images.to(self.device, memory_format=torch.channels_last)

    def _decodable_tail(self) -> graph.Tail:
        if self._tail is None:
            able = [layer for layer in self.layers if _tail_of(self.module, layer) is not None]
            raise BackboneError(
                f"layer must not be passed by a skip connection to be decoded; got "
                f"{self.layer!r}. Layers that would do: {able}."
            )
        return self._tail

    @cached_property
    def _tail(self) -> graph.Tail | None:
        tail = _tail_of(self.module, self.layer)
        if not isinstance(tail, Replay):
            return tail
        sized = replace(tail, size_px=self.transform.size_px)
        with evaluating(self.module):
            return sized if sized.is_determined(self._zero_image) else None


def load_backbone(  # noqa: PLR0913 - each is a choice of the caller's
    network: str | nn.Module,
    *,
    layer: str | None = None,
    device: str = "auto",
    checkpoint: Path | str | None = None,
    transform: Transform | None = None,
    negatives: NegativePolicy = "refuse",
    pooling: Pooling = "mean",
    precision: Precision | Literal["auto"] = "float32",
) -> Backbone:
    """Load a network and cut it at a layer; nothing is downloaded.

    Parameters
    ----------
    network
        A name of `craft_core.networks`, or a module, which is left as it was found.
    layer
        As in `named_modules`, ``name:call`` for a module called several times; None takes the
        deepest layer whose activations can't be negative.
    device
        ``auto`` takes the first CUDA device where there is one.
    checkpoint
        A state dictionary saved by torch, read with ``weights_only``, or a ``.safetensors`` file.
    transform
        How pictures become the network's input; None takes the network's own, or ImageNet's.
    negatives
        What is done with activations below zero; see `craft_core.layouts.without_negatives`.
    pooling
        How an image's positions become one vector; see `craft_core.layouts.Layout.pool`.
    precision
        Of the forward passes; ``auto`` takes ``mixed`` on a CUDA device that has bfloat16. A CPU
        without bfloat16 is ten times slower by it (`docs/benchmarks.md`).

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
        built = Network(module=network, transform=Transform(), licence="unknown")
    else:
        built = build_network(network, checkpoint)
    module = built.module
    if any(parameter.device != chosen for parameter in module.parameters()):
        module = copy.deepcopy(module).to(chosen)
    cut = layer if layer is not None else _deepest(module)
    graph.submodule(module, cut)
    return Backbone(
        module=module,
        name=network if isinstance(network, str) else "module",
        layer=cut,
        device=chosen,
        transform=transform or built.transform,
        licence=built.licence,
        negatives=negatives,
        pooling=pooling,
        precision=_choose_precision(precision, chosen),
    )


def _choose_precision(precision: Precision | Literal["auto"], device: torch.device) -> Precision:
    if precision != "auto":
        check_choice("precision", precision, ["auto", "float32", "mixed"])
        return precision
    gains = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return "mixed" if gains else "float32"


def _tail_of(module: nn.Module, layer: str) -> graph.Tail | None:
    with evaluating(module):
        return graph.tail(module, layer)


def _deepest(module: nn.Module) -> str:
    layers = rectified_layers(module)
    if not layers:
        raise BackboneError(
            f"network must have a layer whose activations can't be negative; got none in "
            f"{type(module).__name__}. Name a layer, and rectify or split its activations."
        )
    return layers[-1]


def _choose_device(device: str) -> torch.device:
    if device == "auto":
        device = "cuda:0" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise BackboneError(f"device must be auto, cpu or cuda; got {device!r}.") from error
    try:
        torch.zeros(0, device=chosen)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        raise BackboneError(
            f"device must be one that this machine has; got {device!r}: {first_line(error)}"
        ) from error
    return chosen
