import re

import pytest
import torch
from scipy import stats

from craft_core.backbones import load_backbone
from craft_core.coders import Coder
from craft_core.concepts import fit_concepts
from craft_core.designs import sobol_design
from craft_core.errors import BackboneError, ClassError, ConvergenceWarning, CraftError
from craft_core.importance import (
    _folded_images,
    concept_importance,
    positional_coefficients,
)
from craft_core.masked_decoding import decode_masks
from craft_core.sobol import total_sobol_indices
from craft_core.transforms import Transform


def fitted(colour_net, colour_images, generator, layer):
    backbone = load_backbone(colour_net, layer=layer, device="cpu", transform=Transform(size_px=32))
    return fit_concepts(
        backbone, colour_images, class_id=0, n_concepts=3, crop_size=12, generator=generator
    )


def test_sampled_indices_agree_with_the_closed_form(colour_net, colour_images, generator):
    """The layer before is decoded through one more convolution, the identity: the same function.

    The concepts are pure colours, so that positional and pooled coefficients agree.
    """
    exact_bank = fitted(colour_net, colour_images, generator, "rectify:1")
    pure = torch.eye(3).repeat_interleave(2, dim=1) * torch.tensor([1.0, 2.0] * 3) / 5**0.5
    object.__setattr__(exact_bank, "coder", Coder(W=pure))
    exact = concept_importance(exact_bank, colour_images[:4], 0, generator=generator)
    sampled_bank = fitted(colour_net, colour_images, torch.Generator().manual_seed(0), "rectify:0")
    object.__setattr__(sampled_bank, "coder", Coder(W=pure))
    sampled = concept_importance(
        sampled_bank, colour_images[:4], 0, generator=generator, n_points=256
    )
    assert exact.method == "sobol, exact for a linear head"
    assert sampled.method == "sobol, Jansen's estimator, 8 scramblings of 256 points"
    torch.testing.assert_close(sampled.values, exact.values, rtol=0, atol=0.02)


def test_the_class_colour_matters_most(colour_net, colour_images, generator):
    bank = fitted(colour_net, colour_images, generator, "rectify:1")
    of_class = colour_images[[int(name) for name in bank.files]]
    importance = concept_importance(bank, of_class, 0, generator=generator)
    red = bank.W.reshape(-1, 3, 2).norm(dim=2)[:, 0].argmax()
    assert importance.ranking[0] == int(red)
    assert importance.values[red] > 0.9


def test_interval_holds_the_mean(colour_net, colour_images, generator):
    bank = fitted(colour_net, colour_images, generator, "rectify:1")
    importance = concept_importance(bank, colour_images, 0, generator=generator)
    assert (importance.low <= importance.values).all()
    assert (importance.values <= importance.high).all()
    assert importance.low.min() >= 0


def test_no_image_is_refused(colour_net, colour_images, generator):
    bank = fitted(colour_net, colour_images, generator, "rectify:1")
    with pytest.raises(ClassError, match=r"images must be at least 1; got 0"):
        concept_importance(bank, colour_images[:0], 0, generator=generator)


def test_unknown_method_is_named(colour_net, colour_images, generator):
    bank = fitted(colour_net, colour_images, generator, "rectify:1")
    with pytest.raises(CraftError, match=r"method must be one of \['sobol', 'tcav'\]; got 'magic'"):
        concept_importance(bank, colour_images, 0, "magic", generator=generator)


def test_class_colour_speaks_for_the_class_and_others_say_nothing(
    colour_net, colour_images, generator
):
    with torch.no_grad():
        colour_net.head.weight[0, 4:] = -1.0  # blue speaks against class 0
    bank = fitted(colour_net, colour_images, generator, "rectify:1")
    pure = torch.eye(3).repeat_interleave(2, dim=1) * torch.tensor([1.0, 2.0] * 3) / 5**0.5
    object.__setattr__(bank, "coder", Coder(W=pure))
    effects = concept_importance(bank, colour_images, 0, generator=generator).effects
    assert effects[0] > 0 > effects[2]
    assert abs(effects[1]) < 1e-6


def test_affine_head_over_positions_is_exact_too(generator):
    class Placed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.filters = torch.nn.Conv2d(3, 4, 1)
            self.rectify = torch.nn.ReLU()
            self.head = torch.nn.Linear(4 * 64, 2)

        def forward(self, images):
            return self.head(self.rectify(self.filters(images)).flatten(1))

    torch.manual_seed(0)
    backbone = load_backbone(
        Placed(), layer="rectify", device="cpu", transform=Transform(size_px=8)
    )
    images = torch.rand(6, 3, 8, 8, generator=generator)
    bank = fit_concepts(
        backbone,
        images,
        class_id=0,
        n_concepts=2,
        crop_size=4,
        generator=generator,
        predictions=torch.zeros(6, dtype=torch.long),
    )
    found = concept_importance(bank, images, 0, generator=generator)
    assert found.method == "sobol, exact for a linear head"
    U, shape = positional_coefficients(bank, images)
    added = [
        (backbone.decode(((U[0] * keep) @ bank.W).T.reshape(1, *shape)))[0, 0]
        for keep in (torch.tensor([1.0, 0]), torch.tensor([0.0, 1]), torch.tensor([0.0, 0]))
    ]
    c = torch.stack(added[:2]) - added[2]
    alone = concept_importance(bank, images[:1], 0, generator=generator)
    torch.testing.assert_close(alone.values, (c.square() / c.square().sum()).double().detach())
    torch.testing.assert_close(alone.effects, c.double().detach(), rtol=1e-4, atol=1e-6)


def test_interval_of_one_image_is_students_t_over_the_scramblings(
    colour_net, colour_images, generator
):
    bank = fitted(colour_net, colour_images, generator, "rectify:0")
    seeds = [torch.Generator().manual_seed(4) for _ in range(2)]
    found = concept_importance(bank, colour_images[1:2], 0, generator=seeds[0])
    (folded,) = _folded_images(bank, colour_images[1:2])
    design = sobol_design(3, generator=seeds[1])
    logits = decode_masks(bank.backbone, folded, design.masks.flatten(0, 2))[:, 0]
    expected = total_sobol_indices(logits.reshape(design.masks.shape[:3]), design)
    torch.testing.assert_close(found.values, expected.total)
    torch.testing.assert_close(found.high, expected.high)


def test_interval_of_exact_indices_is_students_t_over_the_images(
    colour_net, colour_images, generator
):
    bank = fitted(colour_net, colour_images, generator, "rectify:1")
    found = concept_importance(bank, colour_images, 0, generator=generator)
    exact = torch.cat(
        [
            concept_importance(bank, image[None], 0, generator=generator).values[None]
            for image in colour_images
        ]
    )
    margin = stats.t.ppf(0.975, 23) * exact.std(dim=0) / 24**0.5
    torch.testing.assert_close(found.high - found.values, margin)


def test_designs_are_added_until_the_interval_is_narrow(colour_net, colour_images, generator):
    bank = fitted(colour_net, colour_images, generator, "rectify:0")
    wide = concept_importance(bank, colour_images[1:2], 0, generator=generator)
    wanted = 0.35 * float((wide.high - wide.values).max())
    narrow = concept_importance(bank, colour_images[1:2], 0, generator=generator, half_width=wanted)
    assert (narrow.high - narrow.values).max() <= wanted
    n_scramblings = int(re.search(r"(\d+) scramblings", narrow.method)[1])
    assert n_scramblings > 8 and n_scramblings % 8 == 0


def test_width_that_can_not_be_reached_is_told(colour_net, colour_images, generator, monkeypatch):
    monkeypatch.setattr("craft_core.importance.MOST_SCRAMBLINGS", 16)
    bank = fitted(colour_net, colour_images, generator, "rectify:0")
    with pytest.warns(ConvergenceWarning, match=r"at most 16 scramblings; got .* instead of 1e-09"):
        concept_importance(
            bank, colour_images[1:2], 0, generator=generator, n_points=2, half_width=1e-9
        )


def test_layer_that_can_not_be_decoded_is_named(colour_images, generator):
    backbone = load_backbone("efficientnet_lite0", layer="_blocks.13._swish:1", device="cpu")
    images = torch.rand(2, 3, 64, 64, generator=generator)
    bank = fit_concepts(
        backbone,
        images,
        class_id=3,
        n_concepts=2,
        crop_size=64,
        generator=generator,
        predictions=torch.full((2,), 3),
    )
    with pytest.raises(BackboneError, match=r"not be passed by a skip connection to be decoded"):
        concept_importance(bank, images, 3, generator=generator)
