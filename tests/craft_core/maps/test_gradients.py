import pytest
import torch

from craft_core import load_backbone
from craft_core.maps.gradients import gradient_input, integrated_gradients, saliency, smoothgrad
from craft_core.maps.targets import Target


@pytest.fixture
def images(generator):
    return torch.randn(2, 3, 8, 8, generator=generator)


@pytest.fixture
def target(colour_net, generator):
    """A linear score, whose derivatives are its weights, and a quadratic one."""
    weights = torch.randn(3, 8, 8, generator=generator)

    def score(images):
        linear = (images * weights).sum((1, 2, 3))
        return torch.stack([linear, images.square().sum((1, 2, 3)) / 2], dim=1)

    backbone = load_backbone(colour_net, device="cpu")
    target = Target(backbone=backbone, score=score, slopes=score, positions=None, n_scores=2)
    return target, weights


def test_saliency_is_the_largest_absolute_derivative(target, images):
    maps = saliency(target[0], images)
    torch.testing.assert_close(maps[0, 0], target[1].abs().amax(dim=0))
    torch.testing.assert_close(maps[:, 1], images.abs().amax(dim=1))


def test_gradient_times_input_is_that(target, images):
    maps = gradient_input(target[0], images)
    torch.testing.assert_close(maps[:, 0], (target[1] * images).sum(dim=1))
    torch.testing.assert_close(maps[:, 1], images.square().sum(dim=1))


def test_integrated_gradients_add_up_to_the_score(target, images):
    maps = integrated_gradients(target[0], images)
    torch.testing.assert_close(maps.sum(dim=(2, 3)), target[0].values(images), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(maps[:, 1], images.square().sum(dim=1) / 2, rtol=1e-4, atol=1e-4)


def test_smoothgrad_of_a_linear_score_is_its_saliency(target, images, generator):
    maps = smoothgrad(target[0], images, generator=generator)
    torch.testing.assert_close(maps[:, 0], saliency(target[0], images)[:, 0])


def test_smoothgrad_averages_over_noise_of_its_own_seed(target, images):
    runs = [
        smoothgrad(target[0], images, generator=torch.Generator().manual_seed(seed), n_samples=200)
        for seed in (1, 1, 2)
    ]
    torch.testing.assert_close(runs[0], runs[1], rtol=0, atol=0)
    assert not torch.equal(runs[0], runs[2])
    expected = images.abs().amax(dim=1)
    torch.testing.assert_close(runs[0][:, 1], expected, rtol=0.3, atol=0.3)


def test_images_are_left_alone(target, images):
    before = images.clone()
    saliency(target[0], images)
    assert images.grad is None and not images.requires_grad
    torch.testing.assert_close(images, before, rtol=0, atol=0)
