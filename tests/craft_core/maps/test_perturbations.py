import pytest
import torch

from craft_core import load_backbone
from craft_core.maps import perturbations
from craft_core.maps.perturbations import hsic, hsic_of_bits, occlusion, rise, sobol
from craft_core.maps.targets import Target


@pytest.fixture
def target(colour_net):
    """Two scores: the red of the upper left quarter, and of the lower right one twice."""
    backbone = load_backbone(colour_net, device="cpu")

    def score(images):
        upper, lower = images[:, 0, :16, :16].mean((1, 2)), images[:, 0, 16:, 16:].mean((1, 2))
        return torch.stack([upper, 2 * lower], dim=1)

    return Target(backbone=backbone, score=score, slopes=score, positions=None, n_scores=2)


@pytest.fixture
def images():
    return torch.ones(2, 3, 32, 32)


def share_inside(maps):
    """Share of each score's positive map that lies in its quarter; (n, 2)."""
    heat = maps.clamp_min(0)
    inside = torch.stack(
        [heat[:, 0, :16, :16].sum((1, 2)), heat[:, 1, 16:, 16:].sum((1, 2))], dim=1
    )
    return inside / heat.sum((2, 3))


def test_occlusion_is_how_much_the_score_falls(target, images, monkeypatch):
    monkeypatch.setattr(perturbations, "WINDOW_SHARE", 1 / 4)
    monkeypatch.setattr(perturbations, "STRIDE_SHARE", 1 / 4)
    maps = occlusion(target, images)
    # a window of 8 x 8 hides a quarter of the quarter
    torch.testing.assert_close(maps[:, 0, :16, :16], torch.full((2, 16, 16), 0.25))
    torch.testing.assert_close(maps[:, 1, 16:, 16:], torch.full((2, 16, 16), 0.5))
    assert share_inside(maps).min() > 0.999


@pytest.mark.parametrize("method", [rise, sobol, hsic])
def test_maps_lie_where_the_score_comes_from(target, images, method, generator):
    maps = method(target, images, generator=generator)
    assert maps.shape == (2, 2, 32, 32)
    limits = {rise: 0.255, sobol: 0.85, hsic: 0.8}  # a uniform map, which RISE adds to, has 0.25
    assert share_inside(maps).min() > limits[method]
    torch.testing.assert_close(maps[0], maps[1])


def test_rise_is_the_expected_score_where_a_pixel_is_kept(target, images, generator):
    """The mean over masks that keep the pixel: (1/2 + what the pixel itself adds) here."""
    maps = rise(target, images[:1], generator=generator, n_samples=4000)
    assert float(maps[0, 0, 4:12, 4:12].mean()) > float(maps[0, 0, 20:28, 20:28].mean()) + 0.02
    assert float(maps[0, 0, 20:28, 20:28].mean()) == pytest.approx(0.5, abs=0.05)


def test_hsic_agrees_with_the_double_sum(generator):
    kept = (torch.rand(30, 4, generator=generator) < 0.5).double()
    scores = torch.rand(30, generator=generator).double() + kept[:, 0]
    width = (scores[:, None] - scores[None]).abs().median()
    L = torch.exp(-(((scores[:, None] - scores[None]) / width) ** 2) / 2)
    H = torch.eye(30).double() - 1 / 30
    for cell in range(4):
        K = 0.5 - (kept[:, cell][:, None] - kept[:, cell][None]) ** 2
        expected = torch.trace(K @ H @ L @ H) / 29**2
        assert float(hsic_of_bits(kept, scores)[cell]) == pytest.approx(float(expected))


def test_constant_score_depends_on_nothing(generator):
    kept = (torch.rand(30, 4, generator=generator) < 0.5).double()
    assert hsic_of_bits(kept, torch.ones(30).double()).abs().max() < 1e-12


@pytest.mark.parametrize("method", [rise, sobol, hsic])
def test_same_seed_same_maps(target, images, method):
    runs = [
        method(target, images[:1], generator=torch.Generator().manual_seed(3)) for _ in range(2)
    ]
    torch.testing.assert_close(*runs, rtol=0, atol=0)
