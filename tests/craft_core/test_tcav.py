import pytest
import torch
from scipy import stats

from craft_core import concept_importance, fit_concepts, load_backbone
from craft_core.coders import Coder
from craft_core.errors import CraftError, MemoryWarning
from craft_core.importance import positional_coefficients
from craft_core.tcav import logit_slopes, tcav_importance, tcav_scores
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture
def bank(generator):
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    return fit_concepts(
        backbone,
        draw_pictures(40, generator=generator).images,
        class_id=0,
        n_concepts=3,
        crop_size=32,
        generator=generator,
    )


def test_batch_that_does_not_fit_the_memory_is_halved(bank):
    images = bank.images[:5]
    expected, (U, _) = logit_slopes(bank, images, 0), positional_coefficients(bank, images)

    def refuse(_module, inputs):
        if len(inputs[0]) > 3:
            raise torch.OutOfMemoryError("tried to allocate 7 GiB.")

    handle = bank.backbone.module.filters.register_forward_pre_hook(refuse)
    try:
        with pytest.warns(MemoryWarning, match="does not fit the device's memory"):
            found, (halved, _) = (
                logit_slopes(bank, images, 0),
                positional_coefficients(bank, images),
            )
    finally:
        handle.remove()
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(halved, U)


def test_slopes_are_finite_differences_of_the_logit(bank):
    images = bank.images[:3]
    slopes = logit_slopes(bank, images, 0)
    activations = bank.backbone.encode(images).double().detach()
    direction = bank.W[0][:, None, None].double()
    network = bank.backbone.module.double()
    ahead = bank.backbone.decode(activations + 1e-4 * direction)[:, 0]
    behind = bank.backbone.decode(activations - 1e-4 * direction)[:, 0]
    network.float()
    expected = ((ahead - behind) / 2e-4).detach().float()
    torch.testing.assert_close(slopes @ bank.W[0], expected, rtol=1e-3, atol=1e-4)


def test_scores_count_rises():
    slopes = torch.tensor([[1.0, -1.0], [1.0, 0.0], [-2.0, 1.0]])
    found = tcav_scores(slopes, torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    torch.testing.assert_close(found, torch.tensor([2 / 3, 1 / 3, 1 / 3]))


def test_behind_a_linear_head_scores_are_zero_or_one(bank, generator):
    found = concept_importance(bank, bank.images, 0, "tcav", generator=generator)
    assert set(found.values.tolist()) <= {0.0, 1.0}
    assert found.method == "tcav, 0 or 1 for a linear head"
    assert found.ranks == [2.0, 2.0, 2.0]  # all colours speak for class 0, so that all are tied


def test_effects_are_first_order_changes_of_the_logit(bank, generator):
    found = tcav_importance(bank, bank.images, 0, generator=generator)
    exact = concept_importance(bank, bank.images, 0, generator=generator)
    torch.testing.assert_close(found.effects, exact.effects, rtol=1e-4, atol=1e-6)


def test_scores_at_an_earlier_layer_tell_more(generator):
    """A ReLU closes for images that lack what the concept needs beside it."""

    class Gated(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.rectify = torch.nn.ReLU()
            self.mix = torch.nn.Conv2d(3, 2, 1)
            self.later = torch.nn.ReLU()
            self.head = torch.nn.Linear(2, 2)
            with torch.no_grad():
                self.mix.weight.copy_(torch.tensor([[1.0, 0, 0], [1.0, 1.0, -1]])[:, :, None, None])
                self.mix.bias.copy_(torch.tensor([0.0, -0.5]))
                self.head.weight.copy_(torch.tensor([[1.0, -2.0], [0, 0]]))

        def forward(self, images):
            return self.head(self.later(self.mix(self.rectify(images))).mean((2, 3)))

    backbone = load_backbone(Gated(), layer="rectify", device="cpu", transform=Transform(size_px=8))
    images = torch.rand(40, 3, 1, 1, generator=generator).expand(40, 3, 8, 8)
    bank = fit_concepts(
        backbone,
        images,
        class_id=0,
        n_concepts=3,
        crop_size=4,
        crops_per_image=1,
        generator=generator,
        predictions=torch.zeros(40, dtype=torch.long),
    )
    object.__setattr__(bank, "coder", Coder(W=torch.eye(3)))
    found = tcav_importance(bank, images, 0, generator=generator)
    is_open = (images[:, 0, 0, 0] + images[:, 1, 0, 0] - images[:, 2, 0, 0]) > 0.5
    assert float(found.values[0]) == pytest.approx(1 - float(is_open.float().mean()))
    interval = stats.binomtest(int((~is_open).sum()), 40).proportion_ci(0.95, method="wilson")
    assert (float(found.low[0]), float(found.high[0])) == pytest.approx(tuple(interval))


def test_concept_that_matters_stands_out_from_its_counterparts(bank, generator):
    """Class 1 falls along red in every image and rises along most mixes of channels."""
    found = tcav_importance(bank, bank.images, 1, generator=generator)
    assert ((found.p_values > 0) & (found.p_values <= 1)).all()
    flat = tcav_importance(bank, bank.images, 0, generator=generator)
    assert (flat.p_values == 1).all()  # whatever the direction, the logit rises: nothing stands out


def test_same_seed_same_p_values(bank):
    runs = [
        tcav_importance(bank, bank.images, 1, generator=torch.Generator().manual_seed(2)).p_values
        for _ in range(2)
    ]
    torch.testing.assert_close(*runs, rtol=0, atol=0)


def test_a_counterpart_is_needed(bank, generator):
    with pytest.raises(CraftError, match=r"n_random must be at least 1; got 0"):
        tcav_importance(bank, bank.images, 1, generator=generator, n_random=0)
