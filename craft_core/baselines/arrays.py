"""A bank from arrays made elsewhere, such as a sparse autoencoder's.

Letters are those of `craft_core.coders`.
"""

from torch import Tensor

from craft_core.bank import ConceptBank
from craft_core.coders import Coder, CoderKind
from craft_core.concepts import ClassCrops
from craft_core.errors import ShapeError


def bank_from_arrays(  # noqa: PLR0913 - the arrays of an autoencoder
    found: ClassCrops,
    W: Tensor,
    encoder: Tensor | None = None,
    *,
    bias: Tensor | None = None,
    mean: Tensor | None = None,
    kind: CoderKind | None = None,
    method: str = "arrays",
) -> ConceptBank:
    """Express a class's crops in concepts that were found elsewhere.

    Parameters
    ----------
    found
        Of `craft_core.concepts.class_crops`.
    W
        (r, p). The decoder: one concept per row.
    encoder
        (p, r). None solves the NNLS instead.
    bias
        (r,), of the encoder.
    mean
        (p,). Taken away before the encoder and added after the decoder.
    kind
        Of `craft_core.coders`; None takes ``rectified`` with an encoder, as sparse autoencoders
        have, and ``nnls`` without.
    method
        What the arrays come from, for people.

    Returns
    -------
    ConceptBank
        With these concepts.

    Raises
    ------
    ShapeError
        If the arrays do not fit each other, or the layer.
    """
    p = found.A.shape[1]
    if W.ndim != 2 or W.shape[1] != p:
        raise ShapeError(
            f"W must have shape (r, p={p}) at layer {found.backbone.layer!r}; got {tuple(W.shape)}."
        )
    chosen: CoderKind = kind or ("nnls" if encoder is None else "rectified")
    parts = {"encoder": encoder, "bias": bias, "mean": mean}
    placed = {name: None if part is None else part.to(found.A) for name, part in parts.items()}
    coder = Coder(W=W.to(found.A), kind=chosen, **placed)
    return found.bank(coder, coder.coefficients(found.A), method=method)
