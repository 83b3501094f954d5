import pytest
import torch

from craft_core import load_backbone
from craft_core.maps.superpixels import kernel_shap, lime, superpixels
from craft_core.maps.targets import Target


@pytest.fixture
def images():
    """A bright square on a dark ground."""
    images = torch.full((1, 3, 32, 32), 0.1)
    images[:, :, 8:24, 8:24] = 1
    return images


@pytest.fixture
def target(colour_net):
    def score(images):
        inside = images[:, :, 8:24, 8:24].mean((1, 2, 3))
        return torch.stack([inside, -inside], dim=1)

    backbone = load_backbone(colour_net, device="cpu")
    return Target(backbone=backbone, score=score, slopes=score, positions=None, n_scores=2)


def test_segments_do_not_cross_edges(images):
    segments = superpixels(images[0], n_segments=20)
    inside = set(segments[8:24, 8:24].flatten().tolist())
    outside = set(segments[:6].flatten().tolist()) | set(segments[26:].flatten().tolist())
    assert not inside & outside
    assert sorted(inside | outside | set(segments.flatten().tolist())) == list(
        range(int(segments.max()) + 1)
    )


@pytest.mark.parametrize("method", [lime, kernel_shap])
def test_maps_lie_on_what_counts(target, images, method, generator):
    maps = method(target, images, generator=generator)
    assert maps.shape == (1, 2, 32, 32)
    inside, outside = maps[0, 0, 9:23, 9:23], maps[0, 0, :6]
    assert inside.mean() > 0 and inside.mean() > 20 * outside.abs().mean()


def test_shapley_values_add_up_to_the_score(target, images, generator):
    """Efficiency: one value a segment, which sum to what the image has more than a grey one."""
    maps = kernel_shap(target, images, generator=generator)[0, 0]
    segments = superpixels(images[0])
    values = [float(maps[segments == label][0]) for label in range(int(segments.max()) + 1)]
    assert sum(values) == pytest.approx(float(target.values(images)[0, 0]), rel=0.02)


def test_scores_are_explained_on_the_same_copies(target, images, generator):
    maps = kernel_shap(target, images, generator=generator)[0]
    torch.testing.assert_close(maps[0], -maps[1], rtol=1e-3, atol=1e-4)


def test_same_seed_same_maps(target, images):
    runs = [lime(target, images, generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    torch.testing.assert_close(*runs, rtol=0, atol=0)
