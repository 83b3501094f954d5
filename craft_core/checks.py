"""Guards for tensor arguments: the one place their messages are worded."""

from collections.abc import Sequence

from torch import Tensor

from craft_core.errors import ActivationError, CraftError, ShapeError


def check_shapes(**named: tuple[Tensor, str]) -> dict[str, int]:
    """Match tensors against shapes given as letters; a letter has one size everywhere.

    Parameters
    ----------
    **named
        Tensor and its shape, as in ``A=(A, "n p"), W=(W, "r p")``.

    Returns
    -------
    dict[str, int]
        Size of each letter.

    Raises
    ------
    ShapeError
        If a rank is wrong, or a letter would need two sizes.
    """
    sizes: dict[str, int] = {}
    for name, (tensor, letters) in named.items():
        axes = letters.split()
        expected = ", ".join(f"{axis}={sizes[axis]}" if axis in sizes else axis for axis in axes)
        fits = tensor.ndim == len(axes) and all(
            sizes.setdefault(axis, size) == size
            for axis, size in zip(axes, tensor.shape, strict=True)
        )
        if not fits:
            raise ShapeError(f"{name} must have shape ({expected}); got {tuple(tensor.shape)}.")
    return sizes


def check_floating(**named: Tensor) -> None:
    """Refuse integers and complex numbers.

    Parameters
    ----------
    **named
        Tensors under the names that messages use.

    Raises
    ------
    ActivationError
        If a tensor is not of a floating type.
    """
    for name, tensor in named.items():
        if not tensor.is_floating_point():
            raise ActivationError(f"{name} must be of a floating type; got {tensor.dtype}.")


def check_finite(**named: Tensor) -> None:
    """Refuse integers, NaN and infinity.

    Parameters
    ----------
    **named
        Tensors under the names that messages use.

    Raises
    ------
    ActivationError
        If a tensor is not of a floating type, or has an entry that is not finite.
    """
    check_floating(**named)
    for name, tensor in named.items():
        if tensor.sum().isfinite():  # one pass, no copy: else a large sum, or an entry that is not
            continue
        n_odd = int((~tensor.isfinite()).sum())
        if n_odd:
            raise ActivationError(f"{name} must be finite; got {n_odd} entries that are not.")


def check_non_negative(**named: Tensor) -> None:
    """Refuse entries below zero.

    Parameters
    ----------
    **named
        Tensors under the names that messages use.

    Raises
    ------
    ActivationError
        If a tensor has a negative entry.
    """
    for name, tensor in named.items():
        lowest = tensor.min() if tensor.numel() else 0.0
        if lowest < 0:
            raise ActivationError(f"{name} must be >= 0; got a minimum of {lowest:.3g}.")


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is none of several names.

    Parameters
    ----------
    name
        Name that the message uses.
    value
        What was chosen.
    choices
        What may be chosen.

    Raises
    ------
    CraftError
        If `value` is none of `choices`.
    """
    if value not in choices:
        raise CraftError(f"{name} must be one of {list(choices)}; got {value!r}.")


def check_at_least(name: str, value: int, least: int) -> None:
    """Refuse a count below its least value.

    Parameters
    ----------
    name
        Name that the message uses.
    value
        The count.
    least
        Its least value.

    Raises
    ------
    CraftError
        If `value` is below `least`.
    """
    if value < least:
        raise CraftError(f"{name} must be at least {least}; got {value}.")


def check_share(name: str, value: float) -> None:
    """Refuse what is not in (0, 1].

    Parameters
    ----------
    name
        Name that the message uses.
    value
        The share.

    Raises
    ------
    CraftError
        If `value` is not in (0, 1].
    """
    if not 0 < value <= 1:
        raise CraftError(f"{name} must be in (0, 1]; got {value}. Give a share, not a percentage.")
