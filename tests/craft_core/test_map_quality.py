import pytest
import torch
from sklearn.metrics import average_precision_score

from craft_core.errors import CraftError, ShapeError
from craft_core.map_quality import energy_ratio, measure_maps, pixel_precision


@pytest.fixture
def masks():
    masks = torch.zeros(3, 48, 48, dtype=torch.bool)
    masks[0, :20, :20] = masks[1, 10:30, 15:35] = masks[2, :, :5] = True
    return masks


def test_perfect_maps_have_the_most_that_can_be(masks, generator):
    found = measure_maps(masks.float(), masks, grid=(4, 4), generator=generator)
    expected = (1 / masks.double().mean(dim=(1, 2))).mean()
    assert found.energy == pytest.approx(float(expected))
    assert found.precision == pytest.approx(1)
    assert found.n == 3 and found.best_precision < 1


def test_uniform_maps_have_energy_one(masks, generator):
    found = measure_maps(torch.ones(3, 48, 48), masks, grid=(4, 4), generator=generator)
    assert found.energy == pytest.approx(1) and found.shuffled_energy == pytest.approx(1)
    assert found.precision == pytest.approx(found.uniform_precision)


def test_shuffled_maps_know_nothing(masks, generator):
    found = measure_maps(masks.float(), masks, grid=(4, 4), generator=generator)
    assert found.shuffled_energy == pytest.approx(1, abs=0.3)
    assert found.shuffled_precision < 0.4


def test_precision_is_scikit_learns(masks, generator):
    maps = torch.rand(3, 48, 48, generator=generator)
    expected = [
        average_precision_score(mask.flatten().numpy(), heat.flatten().numpy())
        for heat, mask in zip(maps, masks, strict=True)
    ]
    torch.testing.assert_close(pixel_precision(maps, masks), torch.tensor(expected).double())


def test_empty_map_counts_as_uniform(masks):
    assert energy_ratio(torch.zeros(3, 48, 48).double(), masks).tolist() == [1, 1, 1]


def test_masks_that_tell_nothing_are_left_out(masks, generator):
    masks = masks.clone()
    masks[1], masks[2] = True, False
    found = measure_maps(torch.ones(3, 48, 48), masks, grid=(4, 4), generator=generator)
    assert found.n == 1


def test_bad_input_is_named(masks, generator):
    with pytest.raises(ShapeError, match=r"masks must have shape \(n=3, H=48, W=8\)"):
        measure_maps(torch.ones(3, 48, 8), masks, grid=(4, 4), generator=generator)
    with pytest.raises(CraftError, match=r"masks must cover a part of an image; got shares \[0.0"):
        measure_maps(torch.ones(3, 48, 48), masks & False, grid=(4, 4), generator=generator)
