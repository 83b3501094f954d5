import pytest
import torch

from craft_core.backbones import Transform, load_backbone
from craft_core.bank import fit_concepts
from craft_core.errors import ClassError, CraftError
from craft_core.importance import concept_importance


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
    object.__setattr__(exact_bank, "W", pure)
    exact = concept_importance(exact_bank, colour_images[:4], 0, generator=generator)
    sampled_bank = fitted(colour_net, colour_images, torch.Generator().manual_seed(0), "rectify:0")
    object.__setattr__(sampled_bank, "W", pure)
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
    with pytest.raises(CraftError, match=r"method must be one of \['sobol'\]; got 'magic'"):
        concept_importance(bank, colour_images, 0, "magic", generator=generator)
