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


def test_fewer_than_eight_scramblings_are_too_few(generator):
    with pytest.raises(CraftError, match=r"n_scramblings must be at least 8; got 7"):
        sobol_design(3, generator=generator, n_scramblings=7)


def test_block_b_is_there_for_first_order_alone(generator):
    total = sobol_design(5, generator=generator, n_points=16)
    both = sobol_design(5, generator=generator, n_points=16, first_order=True)
    assert total.masks.shape == (8, 6, 16, 5) and not total.has_first_order
    assert both.masks.shape == (8, 7, 16, 5) and both.has_first_order
    for concept in range(5):
        same = both.masks[:, 6, :, concept] == both.masks[:, concept + 1, :, concept]
        assert same.all()


def test_every_stretch_of_a_scrambling_holds_one_point(generator):
    """A (0, 1)-sequence in each dimension: N points lie in N equal stretches, one in each."""
    masks = sobol_design(4, generator=generator, n_points=64).masks[:, 0]  # (8, 64, 4)
    stretches = (masks * 64).long().sort(dim=1).values
    assert (stretches == torch.arange(64)[None, :, None]).all()
