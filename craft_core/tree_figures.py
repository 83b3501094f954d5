"""Pictures of the recursion: the tree of concepts, and what speaks for a split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch

from craft_core.bank import ConceptBank
from craft_core.pictures import PALETTE, concept_color, crop_image
from craft_core.recursion import SplitProposal

CROPS_OF_A_NODE, NODE_PX = 4, 96
NODE_IN = (2.7, 0.92)  # width and height of a node, inches
GAP_IN = 0.6  # between levels


@dataclass(frozen=True, kw_only=True)
class Node:
    """A concept in the tree.

    Attributes
    ----------
    bank, concept
        Which it is.
    rank
        Of its bank's concepts, from 0.
    depth
        Column, from 0.
    row
        Place of its middle, in rows.
    below
        Sub-concepts.
    """

    bank: ConceptBank
    concept: int
    rank: int
    depth: int
    row: float
    below: "tuple[Node, ...]"


def lay_out(bank: ConceptBank) -> list[Node]:
    """Give every concept of a tree a place; shams are left out.

    Parameters
    ----------
    bank
        At the root.

    Returns
    -------
    list[Node]
        Concepts of the root, the most important first, each in the middle of its sub-concepts.
    """
    nodes, _ = _rows(bank, 0, 0)
    return nodes


def tree_figure(bank: ConceptBank, files: Sequence[Path]) -> Figure:
    """Draw the tree of concepts and sub-concepts, each by its best crops.

    Parameters
    ----------
    bank
        At the root.
    files
        Paths of its `files`.

    Returns
    -------
    Figure
        One column a level.
    """
    nodes = lay_out(bank)
    every = _flat(nodes)
    depth = 1 + max(node.depth for node in every)
    rows = 1 + max(node.row for node in every)
    width = depth * (NODE_IN[0] + GAP_IN)
    height = (rows + 0.5) * NODE_IN[1]
    figure = Figure(figsize=(width, height), dpi=100)
    for node in every:
        _draw_node(figure, node, files, size=(width, height))
    figure.text(
        0.01,
        1 - 0.12 / height,
        f"Concepts and sub-concepts of “{bank.class_name}”",
        fontsize=10,
        va="top",
    )
    return figure


def coherence_figure(bank: ConceptBank, proposal: SplitProposal) -> Figure:
    """Draw how coherent each concept's crops are at an earlier layer.

    Parameters
    ----------
    bank
        Which was looked at.
    proposal
        Of `craft_core.recursion.propose_split`.

    Returns
    -------
    Figure
        One bar a concept, the one to be split marked.
    """
    figure = Figure(figsize=(5.2, 0.34 * bank.n_concepts + 1.1), dpi=150, layout="constrained")
    axes = figure.subplots()
    order = proposal.coherence.argsort(descending=True).tolist()
    names = [bank.concepts[concept].name for concept in order]
    values = [float(proposal.coherence[concept]) for concept in order]
    colors = [PALETTE[1] if concept == proposal.concept else PALETTE[0] for concept in order]
    axes.barh(names, values, color=colors, height=0.6)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(
        f"coherence of the best crops at {proposal.layer}\n"
        "(0: as unlike as crops drawn at random, 1: all alike)",
        fontsize=8,
    )
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        f"{bank.concepts[proposal.concept].name} is the least coherent",
        fontsize=9,
        color=PALETTE[1],
        loc="left",
    )
    return figure


def _rows(bank: ConceptBank, depth: int, start: float) -> tuple[list[Node], float]:
    """Place a bank's concepts from a row on; return them and the first free row."""
    order = range(bank.n_concepts) if bank.importance is None else bank.importance.ranking
    nodes = []
    for rank, concept in enumerate(order):
        children = [
            child
            for child in bank.children
            if child.origin is not None
            and child.origin.kind == "split"
            and child.origin.concept == concept
        ]
        below: list[Node] = []
        end = start
        for child in children:
            placed, end = _rows(child, depth + 1, end)
            below += placed
        row = (below[0].row + below[-1].row) / 2 if below else start
        nodes.append(
            Node(bank=bank, concept=concept, rank=rank, depth=depth, row=row, below=tuple(below))
        )
        start = max(end, start + 1)
    return nodes, start


def _flat(nodes: Sequence[Node]) -> list[Node]:
    return [each for node in nodes for each in (node, *_flat(node.below))]


def _draw_node(
    figure: Figure, node: Node, files: Sequence[Path], *, size: tuple[float, float]
) -> None:
    """Draw a concept's crops, its name, and lines to its sub-concepts."""
    left, bottom = _corner(node, size)
    axes = figure.add_axes((left, bottom, NODE_IN[0] / size[0], 0.72 * NODE_IN[1] / size[1]))
    strip = np.ones((NODE_PX, CROPS_OF_A_NODE * (NODE_PX + 4), 3))
    for place, crop in enumerate(node.bank.best_crops(node.concept, CROPS_OF_A_NODE)):
        start = place * (NODE_PX + 4)
        strip[:, start : start + NODE_PX] = (
            np.asarray(crop_image(node.bank, crop, files, NODE_PX)) / 255
        )
    axes.imshow(strip, aspect="auto")
    axes.set(xticks=[], yticks=[])
    color = concept_color(node.rank)
    axes.spines[:].set(visible=True, color=color, linewidth=1.5)
    axes.set_title(_title(node), fontsize=7.5, loc="left", pad=2)
    for lower in node.below:
        _link(figure, node, lower, size, color)


def _title(node: Node) -> str:
    concept = node.bank.concepts[node.concept]
    if concept.share is not None:
        return f"{concept.name}: {concept.share:.0%} of its parent"
    if concept.importance is not None:
        return f"{concept.name}: importance {concept.importance:.2f}"
    return concept.name


def _corner(node: Node, size: tuple[float, float]) -> tuple[float, float]:
    left = (0.08 + node.depth * (NODE_IN[0] + GAP_IN)) / size[0]
    return left, 1 - (node.row + 1.42) * NODE_IN[1] / size[1]


def _link(figure: Figure, upper: Node, lower: Node, size: tuple[float, float], color: str) -> None:
    left, bottom = _corner(upper, size)
    middle = 0.36 * NODE_IN[1] / size[1]
    end = _corner(lower, size)
    figure.add_artist(
        ConnectionPatch(
            (left + NODE_IN[0] / size[0], bottom + middle),
            (end[0], end[1] + middle),
            coordsA=figure.transFigure,
            coordsB=figure.transFigure,
            color=color,
            linewidth=1.2,
        )
    )
