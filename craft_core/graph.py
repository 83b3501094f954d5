"""Cut a network at a layer: what comes before it, and what comes after it.

A layer is named as in `named_modules`; a module that is called several times is addressed
``name:call``, the first call being 0. Any module will do, one that holds others too. Both cuts
leave the module as it was found. What comes after is a graph of torch.fx where the network can be
traced, and the network itself with the layer's output exchanged (`craft_core.replay`) elsewhere.
"""

import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from craft_core.errors import BackboneError, first_line
from craft_core.replay import Replay

SHAPE_READERS = {"size", "dim", "numel"}
CHECKS = {"_assert", "_assert_is_none"}  # what tracing and networks make sure of

Tail = Callable[[Tensor], Tensor]


class _Reached(Exception):  # noqa: N818 - a way out of the forward pass, not an error
    """Raised by the hook at the layer, so that nothing after it is computed."""

    def __init__(self, value: Tensor) -> None:
        self.value = value


def parse_layer(layer: str) -> tuple[str, int]:
    """Split ``name:call`` into its name and call.

    Parameters
    ----------
    layer
        With or without a call.

    Returns
    -------
    tuple[str, int]
        Module name, and call from 0.

    Examples
    --------
    >>> parse_layer("_swish:1")
    ('_swish', 1)
    """
    name, _, call = layer.partition(":")
    return name, int(call or 0)


def run_to_layer(module: nn.Module, layer: str, images: Tensor) -> Tensor:
    """Compute a layer's output, and nothing after it.

    Parameters
    ----------
    module
        Any network.
    layer
        See the module's docstring.
    images
        (n, 3, H, W). What the network takes.

    Returns
    -------
    Tensor
        The layer's output.

    Raises
    ------
    BackboneError
        If the network has no such layer or never calls it, or its output is no tensor.
    """
    name, call = parse_layer(layer)
    calls = iter(range(call + 1))

    def leave(_module: nn.Module, _inputs: Any, output: object) -> None:  # noqa: ANN401
        if next(calls) == call:
            if not isinstance(output, Tensor):
                kind = type(output).__name__
                raise BackboneError(f"layer {layer!r} must return one tensor; got {kind}.")
            raise _Reached(output)

    handle = submodule(module, layer).register_forward_hook(leave)
    try:
        module(images)
    except _Reached as reached:
        return reached.value
    finally:
        handle.remove()
    raise BackboneError(f"layer {name!r} must be called more than {call} times; it is not.")


def submodule(module: nn.Module, layer: str) -> nn.Module:
    """Find a layer by name.

    Parameters
    ----------
    module
        Any network.
    layer
        See the module's docstring.

    Returns
    -------
    nn.Module
        The layer.

    Raises
    ------
    BackboneError
        If there is none of that name; the message lists those there are.
    """
    name = parse_layer(layer)[0]
    names = [other for other, _ in module.named_modules() if other]
    if name not in names:
        raise BackboneError(f"layer must be one of {names}; got {layer!r}.")
    return module.get_submodule(name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace:
    """A network's graph; its layers are shared, not copied.

    Attributes
    ----------
    module
        With one node a call of a leaf.
    calls
        Layer, with ``:call`` where its module is called several times -> the node of its output,
        in the order in which they are done.
    """

    module: fx.GraphModule
    calls: dict[str, fx.Node]

    def node(self, layer: str) -> fx.Node:
        """Find a layer's output.

        Parameters
        ----------
        layer
            See the module's docstring.

        Returns
        -------
        fx.Node
            Of the graph.

        Raises
        ------
        BackboneError
            If there is none; the message lists those there are.
        """
        name, call = parse_layer(layer)
        for spelling in (layer, name, f"{name}:{call}"):
            if spelling in self.calls and (call == 0 or ":" in spelling):
                return self.calls[spelling]
        raise BackboneError(f"layer must be one of {list(self.calls)}; got {layer!r}.")


class _Recorder(fx.Tracer):
    """Traces a network, and notes the output of every module, of those that hold others too."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: list[tuple[str, fx.Node]] = []

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # noqa: ANN401
        result = super().call_module(m, forward, args, kwargs)
        if isinstance(result, fx.Proxy):
            self.outputs.append((self.path_of_module(m), result.node))
        return result


def trace(module: nn.Module) -> Trace:
    """Record a network's graph.

    Parameters
    ----------
    module
        In evaluation mode.

    Returns
    -------
    Trace
        The graph and the layers' places in it.

    Raises
    ------
    BackboneError
        If the network's control flow depends on its input, or it changes a tensor in place and goes
        on with that tensor, of which a graph knows nothing.
    """
    recorder = _Recorder()
    try:
        graph = recorder.trace(module, concrete_args=_options(module))
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        raise BackboneError(
            f"network must have a graph that torch.fx can trace; got {type(error).__name__}: "
            f"{first_line(error)}"
        ) from error
    _check_in_place(module, graph)
    _without_options(graph)
    totals: dict[str, int] = {}
    for name, _ in recorder.outputs:
        totals[name] = totals.get(name, 0) + 1
    seen: dict[str, int] = {}
    calls = {}
    for name, node in recorder.outputs:
        call = seen.get(name, 0)
        seen[name] = call + 1
        calls[f"{name}:{call}" if totals[name] > 1 else name] = node
    return Trace(module=fx.GraphModule(module, graph), calls=calls)


def _check_in_place(module: nn.Module, graph: fx.Graph) -> None:
    """Refuse operations in place whose results are not used, which look as if they did nothing."""
    for node in graph.nodes:
        name = getattr(node.target, "__name__", str(node.target))
        changes = name.endswith("_") and not name.endswith("__")
        if node.op == "call_module":
            changes = bool(getattr(module.get_submodule(name), "inplace", False))
        if not node.users and (changes or node.kwargs.get("inplace") is True):
            raise BackboneError(
                f"network must have a graph that torch.fx can trace; got {node.name}, which works "
                "in place and whose result is not used."
            )


def _options(module: nn.Module) -> dict[str, Any]:
    """List what a network's forward takes beside images, with the values it has by itself."""
    _, *others = inspect.signature(module.forward).parameters.values()
    return {other.name: other.default for other in others if other.default is not other.empty}


def _without_options(graph: fx.Graph) -> None:
    """Take out what the network takes beside images, which has its usual value, and checks."""
    for check in [node for node in graph.nodes if getattr(node.target, "__name__", "") in CHECKS]:
        graph.erase_node(check)
    for node in reversed(list(graph.nodes)):
        if node.op != "output" and not node.users and node.op != "call_module":
            is_images = node.op == "placeholder" and node is next(iter(graph.nodes))
            if not is_images:
                graph.erase_node(node)


def tail(module: nn.Module, layer: str) -> Tail | None:
    """Cut off what comes after a layer.

    Parameters
    ----------
    module
        In evaluation mode.
    layer
        See the module's docstring.

    Returns
    -------
    Tail or None
        From the layer's output to the network's; None where a skip connection passes the layer by,
        so that its output alone does not determine the network's.

    Raises
    ------
    BackboneError
        If the layer is the network's output, or does not exist.
    """
    submodule(module, layer)
    try:
        traced = trace(module)
    except BackboneError:
        return Replay(module=module, layer=parse_layer(layer))
    graph = traced.module.graph
    node = traced.node(layer)
    (output,) = (other for other in graph.nodes if other.op == "output")
    if output.args[0] is node:
        raise BackboneError(
            f"layer must come before the network's output; got {layer!r}. Layers before it: "
            f"{[name for name, other in traced.calls.items() if other is not node]}."
        )
    images = next(other for other in graph.nodes if other.op == "placeholder")
    with graph.inserting_before(images):
        start = graph.placeholder("activations")
    node.replace_all_uses_with(start)
    _read_batch_size_from(start, images)
    graph.eliminate_dead_code()
    if images.users:
        return None
    graph.erase_node(images)
    return fx.GraphModule(traced.module, graph)


def layers_before(module: nn.Module, layer: str) -> list[str] | None:
    """List the layers that are done before another one.

    Parameters
    ----------
    module
        Any network.
    layer
        See the module's docstring.

    Returns
    -------
    list[str] or None
        In their order, each under all the names it goes by; None where the network can't be traced.
    """
    try:
        traced = trace(module)
    except BackboneError:
        return None
    order = list(traced.module.graph.nodes)
    end = order.index(traced.node(layer))
    return [name for name, node in traced.calls.items() if order.index(node) < end]


def with_head(module: nn.Module, layer: str, head: nn.Module) -> nn.Module:
    """Put another head on a network, from a layer on.

    Parameters
    ----------
    module
        In evaluation mode; it is left as it was, its layers are shared.
    layer
        See the module's docstring.
    head
        Takes the layer's output; becomes the new network's submodule ``head``, or ``probe`` where
        the layer lies in a module of that name.

    Returns
    -------
    nn.Module
        Whose layers before the head keep their names.
    """
    submodule(module, layer)
    name = _free_name(module, parse_layer(layer)[0])
    try:
        traced = trace(module)
    except BackboneError:
        return _Headed(module, layer, head, name=name)
    graph = traced.module.graph
    node = traced.node(layer)
    traced.module.add_module(name, head)
    with graph.inserting_after(node):
        call = graph.call_module(name, (node,))
    with graph.inserting_after(call):
        output = graph.output(call)
    for later in reversed(list(graph.nodes)):
        if later is output:
            break
        graph.erase_node(later)
    graph.eliminate_dead_code()
    headed = fx.GraphModule(traced.module, graph)
    headed.delete_all_unused_submodules()
    return headed


def _free_name(module: nn.Module, layer: str) -> str:
    """Choose a new head's name, which must leave the layer there."""
    if layer.split(".")[0] != "head":
        return "head"
    name = "probe"
    while hasattr(module, name):
        name += "_"
    return name


class _Headed(nn.Module):
    """A network that can't be traced, up to a layer, and a head."""

    def __init__(self, module: nn.Module, layer: str, head: nn.Module, *, name: str) -> None:
        super().__init__()
        for own, child in module.named_children():
            self.add_module(own, child)
        for own, parameter in module.named_parameters(recurse=False):
            self.register_parameter(own, parameter)
        for own, buffer in module.named_buffers(recurse=False):
            self.register_buffer(own, buffer)
        self.add_module(name, head)
        self.layer, self.name = layer, name
        self.whole = [module]  # in a list, so that its layers are not counted twice

    def forward(self, images: Tensor) -> Tensor:
        activations = run_to_layer(self.whole[0], self.layer, images)
        logits: Tensor = self.get_submodule(self.name)(activations)
        return logits


def _read_batch_size_from(start: fx.Node, images: fx.Node) -> None:
    """Let ``images.size(0)`` and its like ask the activations, whose batch is the same."""
    for reader in list(images.users):
        is_shape = reader.op == "call_method" and reader.target in SHAPE_READERS
        is_attribute = reader.target is getattr and reader.args[1] in ("shape", "device", "dtype")
        reads_batch = reader.args[1:] == (0,) or all(
            user.target is operator.getitem and user.args[1] == 0 for user in reader.users
        )
        if (is_shape or is_attribute) and (reads_batch or is_attribute):
            reader.replace_input_with(images, start)


def linear_layer(tail_graph: Tail) -> nn.Linear | None:
    """Find the linear layer of a tail that may be pooling and one linear layer.

    Parameters
    ----------
    tail_graph
        Of `tail`.

    Returns
    -------
    nn.Linear or None
        The linear layer, where nothing but pooling, flattening, selecting and dropout comes before
        it. What is pooled or selected this does not tell.
    """
    if not isinstance(tail_graph, fx.GraphModule):
        return None
    steps = [node for node in tail_graph.graph.nodes if node.op == "call_module"]
    modules = [tail_graph.get_submodule(str(node.target)) for node in steps]
    leaves = [leaf for module in modules for leaf in module.modules() if _is_leaf(leaf)]
    plain = (nn.AdaptiveAvgPool2d, nn.Flatten, nn.Dropout, nn.Identity)
    functions = {
        node.target
        for node in tail_graph.graph.nodes
        if node.op in ("call_function", "call_method")
    }
    harmless = {"view", "flatten", "size", "reshape", torch.flatten, operator.getitem, getattr}
    harmless |= {"mean", torch.mean, nn.functional.adaptive_avg_pool2d}
    if functions - harmless or not leaves or not isinstance(leaves[-1], nn.Linear):
        return None
    return leaves[-1] if all(isinstance(leaf, plain) for leaf in leaves[:-1]) else None


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None
