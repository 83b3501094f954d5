"""Images of concepts: they show what was planted, and come again with the same seed."""

import math

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.coders import Coder
from craft_core.concepts import fit_concepts
from craft_core.errors import CraftError
from craft_core.feature_viz import (
    boxes,
    dot_cosine,
    printed,
    transformed,
    variation,
    visualise_concepts,
)
from craft_core.image_parameters import (
    FourierImages,
    MagnitudeConstrainedImages,
    colour_mixing,
    frequency_lengths,
)
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures

CPU = torch.device("cpu")


@pytest.fixture
def bank(colour_net, colour_images, generator):
    """Three concepts: red, green, blue."""
    backbone = load_backbone(
        colour_net, layer="rectify:1", device="cpu", transform=Transform(size_px=32)
    )
    found = fit_concepts(
        backbone, colour_images, class_id=0, n_concepts=3, crop_size=12, generator=generator
    )
    pure = torch.eye(3).repeat_interleave(2, dim=1) * torch.tensor([1.0, 2.0] * 3) / 5**0.5
    object.__setattr__(found, "coder", Coder(W=pure))
    return found


@pytest.mark.parametrize("method", ["fourier", "maco"])
@pytest.mark.parametrize("objective", ["dot_cosine", "printed"])
def test_image_of_a_colour_has_that_colour(bank, method, objective, generator):
    seen = visualise_concepts(
        bank, [0, 2], method, generator=generator, objective=objective, n_steps=60
    )
    assert seen.pictures.shape == (2, 3, 32, 32)
    assert seen.pictures.min() >= 0 and seen.pictures.max() <= 1
    if method == "fourier":  # the mean of a picture by MaCo is grey
        assert seen.pictures.mean(dim=(2, 3)).argmax(dim=1).tolist() == [0, 2]
        assert (seen.scores[-10:].mean(dim=0) > seen.scores[:10].mean(dim=0)).all()
        assert seen.cosines[0] > 0.5


def test_image_of_a_part_shows_its_bars(generator):
    """Red lying bars, which the network's first channel looks for, and not standing ones."""
    transform = Transform(size_px=64, mean=(0, 0, 0), std=(1, 1, 1))
    backbone = load_backbone(PartsNet(), layer="parts", device="cpu", transform=transform)
    images = draw_pictures(8, generator=generator).images
    found = fit_concepts(
        backbone, images, class_id=0, n_concepts=2, crop_size=24, generator=generator
    )
    object.__setattr__(found, "coder", Coder(W=torch.eye(6)[:2]))
    seen = visualise_concepts(found, generator=generator, n_steps=60)
    assert seen.scores[-15:].mean() > 1.5 * seen.scores[:15].mean()
    down = seen.pictures[0, 0].diff(dim=0).abs().mean()
    across = seen.pictures[0, 0].diff(dim=1).abs().mean()
    assert down > across


def test_concepts_are_optimised_together_as_if_alone(bank):
    """The start and the transformations differ with the batch; what is found does not."""
    both = visualise_concepts(bank, [0, 1], generator=torch.Generator().manual_seed(1), n_steps=40)
    alone = visualise_concepts(bank, [0], generator=torch.Generator().manual_seed(1), n_steps=40)
    assert both.scores.shape == (40, 2) and alone.scores.shape == (40, 1)
    assert both.pictures[0].mean(dim=(1, 2)).argmax() == alone.pictures[0].mean(dim=(1, 2)).argmax()


@pytest.mark.parametrize("method", ["fourier", "maco"])
def test_same_seed_same_image(bank, method):
    first, again = (
        visualise_concepts(bank, [1], method, generator=torch.Generator().manual_seed(2), n_steps=3)
        for _ in range(2)
    )
    assert torch.equal(first.pictures, again.pictures)


def test_opacity_is_macos_alone(bank, generator):
    fourier = visualise_concepts(bank, [0], generator=generator, n_steps=2)
    maco = visualise_concepts(bank, [0], "maco", generator=generator, n_steps=2)
    assert (fourier.opacity == 1).all() and maco.opacity.std() > 0


def test_objectives_are_those_of_the_formulas():
    found, W = torch.tensor([[3.0, 4.0]]), torch.tensor([[2.0, 0.0]])
    cosine = 6 / (5 * 2)
    assert float(dot_cosine(found, W)) == pytest.approx(6 * cosine**2)
    assert float(printed(found, W)) == pytest.approx(6 * 6**2 / (5 * 2))


def test_printed_objective_grows_with_the_square_of_the_length():
    found, W = torch.rand(4, 6) + 0.1, torch.rand(4, 6) + 0.1
    torch.testing.assert_close(dot_cosine(2 * found, W), 2 * dot_cosine(found, W))
    torch.testing.assert_close(printed(2 * found, W), 4 * printed(found, W))


def test_total_variation_makes_images_smoother(bank):
    rough, smooth = (
        visualise_concepts(
            bank,
            [0],
            generator=torch.Generator().manual_seed(3),
            total_variation=weight,
            n_steps=40,
        )
        for weight in (0.0, 0.01)
    )
    assert variation(smooth.pictures) < variation(rough.pictures) / 2
    # the start is the same, and what is taken off its objective is its variation
    start = FourierImages(1, 32, generator=torch.Generator().manual_seed(3), device=CPU).pictures()
    apart = rough.scores[0] - smooth.scores[0]
    torch.testing.assert_close(apart, 0.01 * variation(start).detach())


def test_progress_is_shown_on_a_terminal(bank, generator, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    visualise_concepts(bank, [0], generator=generator, n_steps=2)
    assert capsys.readouterr().err == "\rsteps of images: 1 of 2\rsteps of images: 2 of 2\n"


def test_variation_is_the_sum_of_steps():
    ramp = torch.linspace(0, 1, 5).expand(2, 3, 4, 5)
    torch.testing.assert_close(variation(ramp), torch.full((2,), 3.0 * 4))


def test_frequencies_are_weighted_by_the_decay(generator):
    images = FourierImages(1, 16, generator=generator, device=CPU)
    ratio = images._scale[0, 2] / images._scale[0, 4]
    assert float(ratio) == pytest.approx(2**0.8)
    assert float(frequency_lengths(16)[0, 4]) == pytest.approx(0.25)


def test_macos_magnitude_does_not_change(generator):
    images = MagnitudeConstrainedImages(1, 16, generator=generator, device=CPU)
    with torch.no_grad():
        images.parameters.add_(1.0)
        logits = torch.special.logit(images.pictures().double())[0]
        signal = torch.linalg.solve(colour_mixing().double(), logits.flatten(1)).reshape(3, 16, 16)
        spectrum = torch.fft.rfft2(signal, norm="ortho").abs()
    ratio = spectrum[0, 0, 1] / spectrum[0, 0, 4]
    assert float(ratio) == pytest.approx(4, rel=1e-3)


def test_transformations_keep_the_shape_and_a_plain_picture(generator):
    plain = torch.full((3, 3, 32, 32), 0.4)
    torch.testing.assert_close(transformed(plain, generator=generator), plain)
    torch.testing.assert_close(boxes(plain, 0.5, 0.0, generator=generator), plain)
    ramp = torch.linspace(0, 1, 32).expand(1, 3, 32, 32)
    moved = transformed(ramp, generator=generator)
    assert moved.shape == ramp.shape and not torch.allclose(moved, ramp)
    assert math.isfinite(float(moved.sum()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"concepts": [3]}, r"concept must be in \[0, 3\); got 3\."),
        ({"concepts": []}, r"concepts must be at least 1; got \[\]\."),
        ({"method": "dream"}, r"method must be one of \['fourier', 'maco'\]; got 'dream'\."),
        ({"objective": "x"}, r"objective must be one of \['dot_cosine', 'printed'\]; got 'x'\."),
        ({"total_variation": -0.5}, r"total_variation must be at least 0; got -0\.5\."),
        ({"n_steps": 0}, r"n_steps must be at least 1; got 0\."),
    ],
)
def test_bad_input_is_refused(bank, changes, message, generator):
    with pytest.raises(CraftError, match=message):
        visualise_concepts(bank, generator=generator, **changes)
