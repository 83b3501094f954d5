"""Cut a network at a layer: what comes before it, and what comes after it.

A layer is named as in `named_modules`; a module that is called several times is addressed
``name:call``, the first call being 0. Both cuts leave the module as it was found.
"""

import operator
from typing import Any

import torch
from torch import Tensor, fx, nn

from craft_core.errors import BackboneError

SHAPE_READERS = {"size", "dim", "numel"}


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
    try:
        return module.get_submodule(parse_layer(layer)[0])
    except AttributeError:
        names = [name for name, child in module.named_modules() if name and _is_leaf(child)]
        raise BackboneError(f"layer must be one of {names}; got {layer!r}.") from None


def trace(module: nn.Module) -> fx.GraphModule:
    """Record a network's graph; its layers are shared, not copied.

    Parameters
    ----------
    module
        In evaluation mode.

    Returns
    -------
    fx.GraphModule
        With one node a call.

    Raises
    ------
    BackboneError
        If the network's control flow depends on its input.
    """
    try:
        return fx.symbolic_trace(module)
    except Exception as error:  # tracing runs the network's own code, which may raise anything
        raise BackboneError(
            f"network must have a graph that torch.fx can trace; got {type(error).__name__}: "
            f"{str(error).splitlines()[0]}"
        ) from error


def call_nodes(graph: fx.Graph) -> dict[str, fx.Node]:
    """List the calls of layers in the order they are made.

    Parameters
    ----------
    graph
        Of `trace`.

    Returns
    -------
    dict[str, fx.Node]
        Layer, with ``:call`` where its module is called several times -> node.
    """
    nodes = [node for node in graph.nodes if node.op == "call_module"]
    totals: dict[str, int] = {}
    for node in nodes:
        totals[node.target] = totals.get(node.target, 0) + 1
    seen: dict[str, int] = {}
    named = {}
    for node in nodes:
        call = seen.get(node.target, 0)
        seen[node.target] = call + 1
        named[f"{node.target}:{call}" if totals[node.target] > 1 else node.target] = node
    return named


def find_node(graph: fx.Graph, layer: str) -> fx.Node:
    """Find a layer's call.

    Parameters
    ----------
    graph
        Of `trace`.
    layer
        See the module's docstring.

    Returns
    -------
    fx.Node
        The call.

    Raises
    ------
    BackboneError
        If there is none; the message lists those there are.
    """
    nodes = call_nodes(graph)
    name, call = parse_layer(layer)
    for spelling in (layer, name, f"{name}:{call}"):
        if spelling in nodes and (call == 0 or ":" in spelling):
            return nodes[spelling]
    raise BackboneError(f"layer must be one of {list(nodes)}; got {layer!r}.")


def tail(module: nn.Module, layer: str) -> fx.GraphModule | None:
    """Cut off what comes after a layer.

    Parameters
    ----------
    module
        In evaluation mode.
    layer
        See the module's docstring.

    Returns
    -------
    fx.GraphModule or None
        From the layer's output to the network's; None where a skip connection passes the layer by,
        so that its output alone does not determine the network's.
    """
    traced = trace(module)
    graph = traced.graph
    node = find_node(graph, layer)
    images = next(other for other in graph.nodes if other.op == "placeholder")
    with graph.inserting_before(images):
        start = graph.placeholder("activations")
    node.replace_all_uses_with(start)
    _read_batch_size_from(start, images)
    graph.eliminate_dead_code()
    if images.users:
        return None
    graph.erase_node(images)
    return fx.GraphModule(traced, graph)


def with_head(module: nn.Module, layer: str, head: nn.Module) -> fx.GraphModule:
    """Put another head on a network, from a layer on.

    Parameters
    ----------
    module
        In evaluation mode; it is left as it was, its layers are shared.
    layer
        See the module's docstring.
    head
        Takes the layer's output; becomes the new network's submodule ``head``.

    Returns
    -------
    fx.GraphModule
        Whose layers before the head keep their names.
    """
    traced = trace(module)
    graph = traced.graph
    node = find_node(graph, layer)
    traced.add_module("head", head)
    with graph.inserting_after(node):
        call = graph.call_module("head", (node,))
    with graph.inserting_after(call):
        output = graph.output(call)
    for later in reversed(list(graph.nodes)):
        if later is output:
            break
        graph.erase_node(later)
    graph.eliminate_dead_code()
    headed = fx.GraphModule(traced, graph)
    headed.delete_all_unused_submodules()
    return headed


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


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None


def linear_head(tail_graph: fx.GraphModule) -> nn.Linear | None:
    """Recognise a tail that is global average pooling and one linear layer.

    Parameters
    ----------
    tail_graph
        Of `tail`.

    Returns
    -------
    nn.Linear or None
        The linear layer, where nothing but pooling, flattening and dropout comes before it. Whether
        pooling does its inputs tell: one a channel.
    """
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
