"""How activations are expressed in concepts, and rebuilt from them.

Letters:

    A  (n, p)  activations
    W  (r, p)  concept bank, one concept per row
    U  (n, r)  coefficients
    m  (p,)    what is added to every mix of concepts, zero for non-negative banks
    V  (p, r)  linear map from activations to coefficients, where there is one

    nnls        U = argmin ||A - U W||, U >= 0            NMF, ICE, arrays without an encoder
    projection  U = (A - m) V                             PCA, ICA, random components
    rectified   U = max(0, (A - m) V + b)                 sparse autoencoders
    nearest     U_k = <a, w_k> / ||w_k||^2 for the nearest concept alone, >= 0   KMeans, ACE

Every mix rebuilds ``A ~ U W + m``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from craft_core.checks import check_choice, check_finite, check_shapes
from craft_core.errors import ShapeError
from craft_core.implicit import active_systems, nnls_jacobian
from craft_core.nnls import nnls

CoderKind = Literal["nnls", "projection", "rectified", "nearest"]
KINDS = ("nnls", "projection", "rectified", "nearest")


@dataclass(frozen=True, eq=False, kw_only=True)
class Coder:
    """A concept bank and the way into it.

    Attributes
    ----------
    W
        (r, p).
    kind
        See the module's docstring.
    mean
        m, (p,); None is zero.
    encoder
        V, (p, r), of the kinds ``projection`` and ``rectified``.
    bias
        b, (r,), of the kind ``rectified``; None is zero.
    """

    W: Tensor
    kind: CoderKind = "nnls"
    mean: Tensor | None = None
    encoder: Tensor | None = None
    bias: Tensor | None = None

    def __post_init__(self) -> None:
        """Refuse parts that do not fit.

        Raises
        ------
        ShapeError
            If shapes do not match, or a linear map is missing.
        CraftError
            If the kind is unknown.
        """
        check_choice("kind", self.kind, KINDS)
        named = {"W": (self.W, "r p")}
        if self.mean is not None:
            named["mean"] = (self.mean, "p")
        if self.encoder is not None:
            named["encoder"] = (self.encoder, "p r")
        if self.bias is not None:
            named["bias"] = (self.bias, "r")
        check_shapes(**named)
        check_finite(**{name: tensor for name, (tensor, _) in named.items()})
        if self.kind in ("projection", "rectified") and self.encoder is None:
            raise ShapeError(f"encoder must be given for the kind {self.kind!r}; got None.")

    def coefficients(self, A: Tensor) -> Tensor:
        """Express activations in concepts; differentiable with respect to them.

        Parameters
        ----------
        A
            (n, p), finite.

        Returns
        -------
        Tensor
            U, (n, r).
        """
        if self.kind == "nnls":
            return nnls(A if self.mean is None else A - self.mean, self.W)
        centred = A if self.mean is None else A - self.mean
        if self.encoder is None:
            return self._nearest(A)
        U = centred @ self.encoder
        if self.kind == "projection":
            return U
        return (U if self.bias is None else U + self.bias).clamp_min(0)

    def jacobian(self, A: Tensor, U: Tensor, concepts: Sequence[int]) -> Tensor:
        """Differentiate some coefficients with respect to the activations.

        Parameters
        ----------
        A
            (n, p).
        U
            (n, r), of `coefficients`.
        concepts
            k of them.

        Returns
        -------
        Tensor
            (n, k, p).
        """
        chosen = list(concepts)
        if self.kind == "nnls":
            return nnls_jacobian(self.W, U, chosen, systems=active_systems(self.W, U))
        if self.encoder is not None:
            slopes = self.encoder.T[chosen].expand(len(A), -1, -1)  # (n, k, p)
        else:
            slopes = _over_squares(self.W)[chosen].expand(len(A), -1, -1)
        if self.kind == "projection":
            return slopes
        return slopes * (U[:, chosen] > 0)[:, :, None]

    def rebuild(self, U: Tensor) -> Tensor:
        """Mix concepts.

        Parameters
        ----------
        U
            (n, r).

        Returns
        -------
        Tensor
            (n, p).
        """
        mixed = U @ self.W
        return mixed if self.mean is None else mixed + self.mean

    def _nearest(self, A: Tensor) -> Tensor:
        """Give the nearest concept the coefficient that fits best, and the others none."""
        nearest = torch.cdist(A.detach(), self.W).argmin(dim=1)  # (n,)
        along = (A @ _over_squares(self.W).T).clamp_min(0)  # (n, r)
        each = torch.arange(len(self.W), device=A.device)
        return torch.where(nearest[:, None] == each, along, 0.0)


def _over_squares(W: Tensor) -> Tensor:
    squares = W.square().sum(dim=1, keepdim=True)
    return W / torch.where(squares == 0, 1.0, squares)
