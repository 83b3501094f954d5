"""Batches that do not fit a device's memory."""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from craft_core.errors import BackboneError, MemoryWarning, first_line


def in_halves(compute: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
    """Compute a batch, in halves where the device has no memory for all of it.

    Parameters
    ----------
    compute
        From (n, ...) to (n, ...), row by row.
    batch
        (n, ...).

    Returns
    -------
    Tensor
        (n, ...), as if computed at once.

    Raises
    ------
    BackboneError
        If there is no memory for a single row.

    Warns
    -----
    MemoryWarning
        Each time a batch is halved.
    """
    try:
        return compute(batch)
    except torch.OutOfMemoryError as error:
        if len(batch) <= 1:
            raise BackboneError(
                f"device {batch.device} must have memory for one image; got {first_line(error)}"
            ) from error
    if batch.device.type == "cuda":
        torch.cuda.empty_cache()
    half = len(batch) // 2
    warnings.warn(
        f"batch of {len(batch)} does not fit the device's memory; it is computed in halves of "
        f"{half}.",
        MemoryWarning,
        stacklevel=2,
    )
    return torch.cat([in_halves(compute, batch[:half]), in_halves(compute, batch[half:])])
