"""Out of memory can't be had without a device that is; the error itself is torch's."""

import pytest
import torch

from craft_core.errors import BackboneError, MemoryWarning
from craft_core.memory import in_halves


def room_for(n):
    def compute(batch):
        if len(batch) > n:
            raise torch.OutOfMemoryError("tried to allocate 7 GiB.\nmore lines")
        return 2 * batch

    return compute


def test_batch_that_fits_is_computed_at_once():
    torch.testing.assert_close(in_halves(room_for(8), torch.arange(8.0)), 2 * torch.arange(8.0))


def test_batch_that_does_not_is_computed_in_halves():
    with pytest.warns(MemoryWarning) as told:
        found = in_halves(room_for(2), torch.arange(7.0))
    torch.testing.assert_close(found, 2 * torch.arange(7.0))
    assert "batch of 7 does not fit" in str(told[0].message)
    assert "in halves of 3" in str(told[0].message)
    assert len(told) == 3


def test_single_image_that_does_not_fit_is_an_error():
    with (
        pytest.warns(MemoryWarning),
        pytest.raises(BackboneError, match=r"cpu must have memory for one image; got tried to al"),
    ):
        in_halves(room_for(0), torch.arange(2.0))
