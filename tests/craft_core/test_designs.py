import pytest
import torch

from craft_core.designs import sobol_design
from craft_core.errors import CraftError


def test_each_block_differs_from_the_first_in_one_column(generator):
    masks = sobol_design(4, generator=generator, n_points=8).masks
    for concept in range(4):
        differs = (masks[:, concept + 1] != masks[:, 0]).any(dim=1)  # (S, r)
        assert differs[:, concept].all()
        assert differs.sum() == len(masks)


def test_masks_are_uniform(generator):
    masks = sobol_design(5, generator=generator, n_points=1024).masks
    assert masks.min() >= 0 and masks.max() < 1
    torch.testing.assert_close(masks.mean(), torch.tensor(0.5).double(), rtol=0, atol=1e-3)


def test_points_must_be_a_power_of_two(generator):
    with pytest.raises(CraftError, match=r"n_points must be a power of two; got 24"):
        sobol_design(3, generator=generator, n_points=24)


def test_one_scrambling_is_too_few(generator):
    with pytest.raises(CraftError, match=r"n_scramblings must be at least 2; got 1"):
        sobol_design(3, generator=generator, n_scramblings=1)
