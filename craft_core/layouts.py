"""Where the positions and the channels of a layer's activations lie.

Letters: n images, p channels, h x w positions, t tokens, m positions of whatever kind.

    vector          (n, p)
    channels_first  (n, p, h, w)
    channels_last   (n, h, w, p)
    tokens          (n, t, p), class and register tokens before the h w tokens of the image
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from craft_core.errors import BackboneError

Kind = Literal["vector", "channels_first", "channels_last", "tokens"]
Pooling = Literal["mean", "class_token"]

MOST_PREFIX_TOKENS = 8


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a layer's activations are to be read.

    Attributes
    ----------
    kind
        See the module's docstring.
    n_prefix
        Tokens before those of the image.
    """

    kind: Kind
    n_prefix: int = 0

    @property
    def channel_axis(self) -> int:
        """Axis of the channels, the batch being 0."""
        return 1 if self.kind in ("vector", "channels_first") else -1

    @property
    def is_spatial(self) -> bool:
        """Whether there are positions in the image."""
        return self.kind != "vector"

    def rows(self, activations: Tensor) -> Tensor:
        """List every position, tokens before the image's included.

        Parameters
        ----------
        activations
            (n, ...), of this layout.

        Returns
        -------
        Tensor
            (n, m, p); m is 1 without positions.
        """
        if self.kind == "vector":
            return activations[:, None]
        if self.kind == "channels_first":
            return activations.flatten(2).mT
        return activations.flatten(1, -2)

    def native(self, rows: Tensor, shape: tuple[int, ...]) -> Tensor:
        """Undo `rows`.

        Parameters
        ----------
        rows
            (n, m, p).
        shape
            Of one image's activations, as the layer gives them; its channels may differ.

        Returns
        -------
        Tensor
            (n, ...), of this layout.
        """
        n, _, p = rows.shape
        if self.kind == "vector":
            return rows[:, 0]
        if self.kind == "channels_first":
            return rows.reshape(n, *shape[1:], p).movedim(-1, 1)
        return rows.reshape(n, *shape[:-1], p)

    def on_grid(self, activations: Tensor, aspect: float = 1.0) -> Tensor:
        """Lay the image's positions out as they lie in it.

        Parameters
        ----------
        activations
            (n, ...), of this layout.
        aspect
            Height of the image over its width, which tokens do not tell.

        Returns
        -------
        Tensor
            (n, p, h, w); h and w are 1 without positions.
        """
        if self.kind == "vector":
            return activations[:, :, None, None]
        if self.kind == "channels_first":
            return activations
        if self.kind == "channels_last":
            return activations.movedim(-1, 1)
        tokens = activations[:, self.n_prefix :]
        height = max(1, round(math.sqrt(tokens.shape[1] * aspect)))
        return tokens.reshape(len(tokens), height, -1, tokens.shape[2]).movedim(-1, 1)

    def pool(self, activations: Tensor, pooling: Pooling = "mean") -> Tensor:
        """Make one vector an image (section 3.1 averages over positions).

        Parameters
        ----------
        activations
            (n, ...), of this layout.
        pooling
            ``mean`` over the image's positions, or the first token, ``class_token``.

        Returns
        -------
        Tensor
            (n, p).

        Raises
        ------
        BackboneError
            If a class token is asked for where there is none.
        """
        if pooling == "class_token":
            if self.n_prefix == 0:
                raise BackboneError(
                    f"pooling class_token must have a token before the image's; got {self.kind} "
                    f"with {self.n_prefix}."
                )
            return activations[:, 0]
        if self.kind == "vector":
            return activations
        if self.kind == "channels_first":
            return activations.mean(dim=(2, 3))
        return activations[:, self.n_prefix :].flatten(1, -2).mean(dim=1)


def layout_of(shape: tuple[int, ...]) -> Layout:
    """Recognise the layout of a square image's activations.

    Parameters
    ----------
    shape
        Without the batch.

    Returns
    -------
    Layout
        Of several axes the two equal ones are positions; of two, the first are tokens.

    Raises
    ------
    BackboneError
        If there are more than three axes, or tokens that lie on no square.

    Examples
    --------
    >>> layout_of((7, 7, 768)).kind, layout_of((197, 768)).n_prefix
    ('channels_last', 1)
    """
    if len(shape) == 1:
        return Layout(kind="vector")
    if len(shape) == 3:
        is_last = shape[0] == shape[1] != shape[2]
        return Layout(kind="channels_last" if is_last else "channels_first")
    if len(shape) == 2:
        for n_prefix in range(min(MOST_PREFIX_TOKENS, shape[0] - 1) + 1):
            side = math.isqrt(shape[0] - n_prefix)
            if side * side == shape[0] - n_prefix:
                return Layout(kind="tokens", n_prefix=n_prefix)
    raise BackboneError(
        f"activations must be vectors, maps or tokens of a square image; got shape {shape}."
    )


NegativePolicy = Literal["refuse", "rectify", "split"]


def without_negatives(activations: Tensor, layout: Layout, policy: NegativePolicy) -> Tensor:
    """Apply what was decided for activations below zero, which the NMF does not take.

    Parameters
    ----------
    activations
        (n, ...), of the layout.
    layout
        Where the channels lie.
    policy
        ``refuse``: leave them, to be refused where they are factorised. ``rectify``: set them to
        zero, which loses them. ``split``: give each channel a second one that holds what is below
        zero, which loses nothing.

    Returns
    -------
    Tensor
        (n, ...), with p or, split, 2 p channels: the positive parts first.
    """
    if policy == "rectify":
        return activations.clamp_min(0)
    if policy == "split":
        halves = [activations.clamp_min(0), (-activations).clamp_min(0)]
        return torch.cat(halves, dim=layout.channel_axis)
    return activations


def with_negatives(activations: Tensor, layout: Layout, policy: NegativePolicy) -> Tensor:
    """Undo `without_negatives`, as far as nothing was lost.

    Parameters
    ----------
    activations
        (n, ...), of the layout.
    layout
        Where the channels lie.
    policy
        That was applied.

    Returns
    -------
    Tensor
        (n, ...), as the layer gives them.
    """
    if policy != "split":
        return activations
    positive, negative = activations.chunk(2, dim=layout.channel_axis)
    return positive - negative
