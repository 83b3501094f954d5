"""Mask designs for Sobol indices: which concepts are kept, by how much, in each evaluation.

Letters: r concepts, N points of a sequence, S independent scramblings of it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from craft_core.checks import check_at_least
from craft_core.errors import CraftError

LEAST_SCRAMBLINGS = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class SobolDesign:
    """Points for Sobol indices: block A, A with one column taken from block B, and perhaps B.

    Attributes
    ----------
    masks
        (S, r + 1, N, r), or (S, r + 2, N, r) with first order; in [0, 1). Block 0 is A; block i + 1
        is A with column i from B. Block r + 1 is B, which Jansen's estimator of total indices does
        not use, so that it is there only where first-order indices are wanted.
    """

    masks: Tensor

    @property
    def has_first_order(self) -> bool:
        """Say whether block B is there."""
        return self.masks.shape[1] == self.masks.shape[3] + 2

    @property
    def n_concepts(self) -> int:
        """Return r."""
        return self.masks.shape[3]


def sobol_design(
    n_concepts: int,
    *,
    generator: torch.Generator,
    n_points: int = 32,
    n_scramblings: int = LEAST_SCRAMBLINGS,
    first_order: bool = False,
) -> SobolDesign:
    """Draw masks from scrambled Sobol' sequences (appendix D).

    Parameters
    ----------
    n_concepts
        r, at least 1.
    generator
        Seeds the scramblings, which are independent of each other.
    n_points
        N, a power of two: points of each sequence.
    n_scramblings
        S, at least 8, since intervals rest on Student's t over them.
    first_order
        Whether block B is evaluated too.

    Returns
    -------
    SobolDesign
        Of S (r + 1) N masks, or S (r + 2) N, on the generator's device, float64.

    Raises
    ------
    CraftError
        If `n_points` is no power of two, or a number is too small.
    """
    check_at_least("n_concepts", n_concepts, 1)
    check_at_least("n_scramblings", n_scramblings, LEAST_SCRAMBLINGS)
    if n_points < 1 or n_points & (n_points - 1):
        raise CraftError(f"n_points must be a power of two; got {n_points}.")
    seeds = torch.randint(
        2**31, (n_scramblings,), generator=generator, device=generator.device
    ).tolist()
    drawn = [_scrambled(2 * n_concepts, n_points, seed) for seed in seeds]
    both = torch.from_numpy(np.stack(drawn)).to(generator.device)  # (S, N, 2 r)
    block_a, block_b = torch.split(both, n_concepts, dim=2)
    each = torch.eye(n_concepts, dtype=torch.bool, device=both.device)[:, None, :]  # (r, 1, r)
    mixed = torch.where(each, block_b[:, None], block_a[:, None])  # (S, r, N, r)
    blocks = [block_a[:, None], mixed] + ([block_b[:, None]] if first_order else [])
    return SobolDesign(masks=torch.cat(blocks, dim=1))


def _scrambled(dimension: int, n_points: int, seed: int) -> np.ndarray:
    from scipy.stats import qmc  # loads for a second

    sequence = qmc.Sobol(d=dimension, scramble=True, rng=np.random.default_rng(seed))
    points: np.ndarray = sequence.random(n_points)
    return points
