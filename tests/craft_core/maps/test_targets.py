import pytest
import torch

from craft_core import fit_concepts, load_backbone
from craft_core.maps.targets import Recorded, concept_target, logit_target, seeded
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture
def images(generator):
    return draw_pictures(24, generator=generator).images


@pytest.fixture
def bank(images, generator):
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    return fit_concepts(
        backbone, images, class_id=0, n_concepts=3, crop_size=32, generator=generator
    )


def test_scores_of_concepts_are_their_coefficients(bank, images):
    target = concept_target(bank, [2, 0])
    torch.testing.assert_close(target.values(images), bank.encode(images)[:, [2, 0]])


def test_scores_of_a_logit_are_the_networks(bank, images):
    target = logit_target(bank.backbone, 1)
    torch.testing.assert_close(target.values(images)[:, 0], bank.backbone.predict(images)[:, 1])


@pytest.mark.parametrize("kind", ["concept", "logit"])
def test_slopes_are_the_positions_derivatives_together(bank, images, kind):
    """Of a score that depends on the mean over positions, each has the same one."""
    target = concept_target(bank, [0, 1]) if kind == "concept" else logit_target(bank.backbone, 0)
    activations = bank.backbone.encode(images[:3]).detach().requires_grad_()
    if kind == "concept":
        scores = bank.coder.coefficients(bank.backbone.pool(activations))[:, [0, 1]]
    else:
        scores = bank.backbone.decode(activations)[:, :1]
    slopes = target.slopes(activations.detach())
    for k in range(target.n_scores):
        (slope,) = torch.autograd.grad(scores[:, k].sum(), activations, retain_graph=True)
        torch.testing.assert_close(slopes[:, k], slope.sum(dim=(2, 3)))


def test_recorded_columns_are_the_scores(bank, images):
    target = concept_target(bank, [0, 1, 2])
    recorded = Recorded(target)
    columns = []
    for k in range(3):
        recorded.rewind(k)
        columns.append(torch.cat([recorded(images[:5]), recorded(images[5:9])]))
    torch.testing.assert_close(torch.stack(columns, dim=1), target.values(images[:9]))
    assert len(recorded.record) == 2


def test_seed_is_given_back_as_it_was(generator):
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    with seeded(generator, torch.device("cpu")):
        first = torch.rand(3)
    torch.testing.assert_close(torch.rand(2), expected, rtol=0, atol=0)
    again = torch.Generator().manual_seed(0)
    with seeded(again, torch.device("cpu")):
        torch.testing.assert_close(torch.rand(3), first, rtol=0, atol=0)
