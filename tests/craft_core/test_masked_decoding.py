import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.coders import Coder
from craft_core.errors import ShapeError
from craft_core.masked_decoding import contributions, decode_masks, fold_concepts
from craft_core.transforms import Transform


@pytest.fixture
def concepts(generator):
    """Coefficients at 8 x 8 positions, and a bank over the colour network's six channels."""
    return torch.rand(64, 3, generator=generator), torch.rand(3, 6, generator=generator)


def backbone_at(colour_net, layer):
    return load_backbone(colour_net, layer=layer, device="cpu", transform=Transform(size_px=8))


@pytest.mark.parametrize("layer", ["filters", "rectify:0", "later", "rectify:1"])
def test_agrees_with_rebuilding_under_each_mask(colour_net, concepts, layer, generator):
    U, W = concepts
    backbone = backbone_at(colour_net, layer)
    M = torch.rand(7, 3, generator=generator)
    folded = fold_concepts(backbone, U, Coder(W=W), (6, 8, 8))
    rebuilt = torch.stack([((U * mask) @ W).T.reshape(6, 8, 8) for mask in M])
    expected = backbone.decode(rebuilt).detach()
    torch.testing.assert_close(decode_masks(backbone, folded, M), expected)


def test_without_positions_it_does_too(colour_net, concepts, generator):
    U, W = concepts
    backbone = backbone_at(colour_net, "flatten")
    M = torch.rand(7, 3, generator=generator)
    folded = fold_concepts(backbone, U[:1], Coder(W=W), (6,))
    expected = backbone.decode((U[:1] * M) @ W).detach()
    torch.testing.assert_close(decode_masks(backbone, folded, M), expected)


def test_masks_of_ones_and_zeros_are_everything_and_nothing(colour_net, concepts):
    U, W = concepts
    backbone = backbone_at(colour_net, "rectify:0")
    folded = fold_concepts(backbone, U, Coder(W=W), (6, 8, 8))
    M = torch.tensor([[1.0, 1, 1], [0, 0, 0]])
    whole = (U @ W).T.reshape(1, 6, 8, 8)
    expected = backbone.decode(torch.cat([whole, 0 * whole])).detach()
    torch.testing.assert_close(decode_masks(backbone, folded, M), expected)


def test_contributions_of_an_affine_tail_add_up(colour_net, concepts):
    U, W = concepts
    backbone = backbone_at(colour_net, "rectify:1")
    folded = fold_concepts(backbone, U, Coder(W=W), (6, 8, 8))
    c = contributions(folded, 1)
    whole, nothing = decode_masks(backbone, folded, torch.tensor([[1.0, 1, 1], [0, 0, 0]]))[:, 1]
    assert float(c.sum()) == pytest.approx(float(whole - nothing), rel=1e-5)


def test_where_the_tail_bends_nothing_is_read_off(colour_net, concepts):
    U, W = concepts
    folded = fold_concepts(backbone_at(colour_net, "rectify:0"), U, Coder(W=W), (6, 8, 8))
    assert contributions(folded, 1) is None


def test_network_is_left_in_its_mode(colour_net, concepts, generator):
    U, W = concepts
    colour_net.train()
    backbone = backbone_at(colour_net, "rectify:0")
    folded = fold_concepts(backbone, U, Coder(W=W), (6, 8, 8))
    first, again = (decode_masks(backbone, folded, torch.ones(4, 3)) for _ in range(2))
    assert colour_net.dropout.training
    torch.testing.assert_close(first, again, rtol=0, atol=0)  # no dropout


def test_no_masks_have_no_logits(colour_net, concepts):
    U, W = concepts
    for layer in ("rectify:0", "rectify:1"):
        backbone = backbone_at(colour_net, layer)
        folded = fold_concepts(backbone, U, Coder(W=W), (6, 8, 8))
        assert decode_masks(backbone, folded, torch.zeros(0, 3)).shape == (0, 2)


def test_masks_must_be_as_wide_as_the_bank(colour_net, concepts):
    U, W = concepts
    backbone = backbone_at(colour_net, "rectify:0")
    folded = fold_concepts(backbone, U, Coder(W=W), (6, 8, 8))
    with pytest.raises(ShapeError, match=r"masks must have shape \(k, r=3\); got \(5, 4\)"):
        decode_masks(backbone, folded, torch.zeros(5, 4))


def test_coefficients_must_fit_bank_and_positions(colour_net, concepts):
    U, W = concepts
    backbone = backbone_at(colour_net, "rectify:0")
    with pytest.raises(ShapeError, match=r"W must have shape \(r=3, p\); got \(2, 6\)"):
        fold_concepts(backbone, U, Coder(W=W[:2]), (6, 8, 8))
    with pytest.raises(ShapeError, match=r"U must have 56 rows, one a position; got 64"):
        fold_concepts(backbone, U, Coder(W=W), (6, 7, 8))


def test_mean_of_a_coder_is_masked_by_nothing(colour_net, concepts, generator):
    U, W = concepts
    mean = torch.rand(6, generator=generator)
    backbone = backbone_at(colour_net, "rectify:0")
    M = torch.rand(7, 3, generator=generator)
    folded = fold_concepts(backbone, U, Coder(W=W, mean=mean), (6, 8, 8))
    rebuilt = torch.stack([((U * mask) @ W + mean).T.reshape(6, 8, 8) for mask in M])
    torch.testing.assert_close(decode_masks(backbone, folded, M), backbone.decode(rebuilt).detach())
