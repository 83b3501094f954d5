"""Split a network's tail in what is affine in the activations, and the rest.

What masks do to an affine map need not be computed mask by mask: with base ``f(0)`` and one
difference ``f(x_k) - f(0)`` a concept, the output for any masks is the base plus their weighted
sum. The first operations after a rectifier are affine (convolution, batch normalisation, pooling),
and so is the whole tail where the head is linear.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import fx, nn
from torch.nn import functional

AFFINE_MODULES = (
    nn.AdaptiveAvgPool2d,
    nn.AvgPool2d,
    nn.Conv1d,
    nn.Conv2d,
    nn.Dropout,
    nn.Flatten,
    nn.Identity,
    nn.Linear,
    nn.ZeroPad2d,
)
AFFINE_FUNCTIONS = {  # in their first argument, the others being constant
    functional.adaptive_avg_pool2d,
    functional.avg_pool2d,
    functional.conv2d,
    functional.linear,
    operator.getitem,
    torch.conv2d,
    torch.flatten,
    torch.mean,
}
SUMS = {operator.add, operator.iadd, operator.sub, torch.add, torch.sub}
AFFINE_METHODS = {"contiguous", "flatten", "mean", "permute", "reshape", "transpose", "view"}
SHAPE_READERS = {"size", "dim", "numel"}


@dataclass(frozen=True, eq=False, kw_only=True)
class SplitTail:
    """A tail in two parts.

    Attributes
    ----------
    affine
        From activations to a tuple of tensors; None where nothing affine comes first.
    rest
        From these tensors to logits; None where the whole tail is affine, whose one tensor is the
        logits then.
    """

    affine: fx.GraphModule | None
    rest: Callable[..., torch.Tensor] | None


def split_affine(tail: fx.GraphModule) -> SplitTail:
    """Split a tail behind its affine operations.

    Parameters
    ----------
    tail
        Of `craft_core.graph.tail`, in evaluation mode.

    Returns
    -------
    SplitTail
        Whose parts, one after the other, compute what the tail computes, and share its layers.
    """
    affine = _affine_nodes(tail)
    start = next(node for node in tail.graph.nodes if node.op == "placeholder")
    cut = [node for node in affine if any(_needs_value(user, affine) for user in node.users)]
    if cut == [start] or not cut or _reads_other_sizes(affine, cut):
        return SplitTail(affine=None, rest=tail)
    first = _lean(tail, _first_graph(tail, cut))
    (output,) = (node for node in tail.graph.nodes if node.op == "output")
    if cut == [output.args[0]]:
        return SplitTail(affine=first, rest=None)
    return SplitTail(affine=first, rest=_lean(tail, _rest_graph(tail, affine, cut)))


def _affine_nodes(tail: fx.GraphModule) -> list[fx.Node]:
    """List the nodes whose values are affine in the activations, in their order."""
    found: dict[fx.Node, None] = {}
    varying: set[fx.Node] = set()  # depend on the activations' values in whatever way
    for node in tail.graph.nodes:
        inputs = [other for other in node.all_input_nodes if other in varying]
        if node.op == "placeholder" or (inputs and not _reads_shape(node)):
            varying.add(node)
        is_new = node in varying and all(other in found for other in inputs)
        if is_new and (node.op == "placeholder" or _is_affine(tail, node, inputs)):
            found[node] = None
    return list(found)


def _is_affine(tail: fx.GraphModule, node: fx.Node, inputs: list[fx.Node]) -> bool:
    """Say whether a node is affine in those of its inputs that vary."""
    if node.op == "call_module":
        module = tail.get_submodule(str(node.target))
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            return module.running_mean is not None
        return isinstance(module, AFFINE_MODULES)
    if node.op == "call_function" and node.target in SUMS:
        return True
    if inputs != [node.args[0]]:
        return False
    if node.op == "call_method":
        return node.target in AFFINE_METHODS
    return node.op == "call_function" and node.target in AFFINE_FUNCTIONS


def _reads_shape(node: fx.Node) -> bool:
    if node.op == "call_method":
        return node.target in SHAPE_READERS
    return node.op == "call_function" and node.target is getattr


def _needs_value(user: fx.Node, affine: list[fx.Node]) -> bool:
    return user not in affine and not _reads_shape(user)


def _reads_other_sizes(affine: list[fx.Node], cut: list[fx.Node]) -> bool:
    """Say whether the rest asks what comes before the cut for more than the size of its batch."""
    readers = [
        (node, user)
        for node in affine
        if node not in cut
        for user in node.users
        if _reads_shape(user) and not set(user.users) <= set(affine)
    ]
    return any(reader.op != "call_method" or reader.args != (node, 0) for node, reader in readers)


def _first_graph(tail: fx.GraphModule, cut: list[fx.Node]) -> fx.Graph:
    """Copy what leads to the cut."""
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in tail.graph.nodes:
        if node.op != "output":
            copies[node] = graph.node_copy(node, copies.__getitem__)
    graph.output(tuple(copies[node] for node in cut))
    return graph


def _rest_graph(tail: fx.GraphModule, affine: list[fx.Node], cut: list[fx.Node]) -> fx.Graph:
    """Copy what follows the cut; sizes that it reads of what came before are those of the cut."""
    graph = fx.Graph()
    copies = {node: graph.placeholder(f"cut_{place}") for place, node in enumerate(cut)}
    for node in affine:
        copies.setdefault(node, copies[cut[0]])
    for node in tail.graph.nodes:
        if node not in copies:
            copies[node] = graph.node_copy(node, copies.__getitem__)
    return graph


def _lean(tail: fx.GraphModule, graph: fx.Graph) -> fx.GraphModule:
    """Make a module of a graph, without what it does not use."""
    module = fx.GraphModule(tail, graph)
    module.graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()
    return module
