import pytest
import torch

from craft_core.errors import BackboneError
from craft_core.layouts import Layout, layout_of, with_negatives, without_negatives

SHAPES = {
    (6,): Layout(kind="vector"),
    (6, 4, 4): Layout(kind="channels_first"),
    (4, 4, 4): Layout(kind="channels_first"),
    (4, 4, 6): Layout(kind="channels_last"),
    (16, 6): Layout(kind="tokens"),
    (17, 6): Layout(kind="tokens", n_prefix=1),
    (201, 6): Layout(kind="tokens", n_prefix=5),  # a class token and four registers
}


@pytest.fixture(params=SHAPES, ids=str)
def activations(request, generator):
    return torch.randn(3, *request.param, generator=generator)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_layout_is_recognised(shape):
    assert layout_of(shape) == SHAPES[shape]


def test_rows_and_back_are_the_same(activations):
    layout = layout_of(tuple(activations.shape[1:]))
    rows = layout.rows(activations)
    assert rows.ndim == 3 and rows.shape[2] == activations.shape[layout.channel_axis]
    torch.testing.assert_close(layout.native(rows, tuple(activations.shape[1:])), activations)


def test_pooling_is_the_mean_over_the_images_positions(activations):
    layout = layout_of(tuple(activations.shape[1:]))
    expected = layout.rows(activations)[:, layout.n_prefix :].mean(dim=1)
    torch.testing.assert_close(layout.pool(activations), expected)
    torch.testing.assert_close(layout.on_grid(activations).mean(dim=(2, 3)), expected)


def test_class_token_can_be_taken_alone(generator):
    activations = torch.randn(2, 17, 6, generator=generator)
    layout = layout_of((17, 6))
    torch.testing.assert_close(layout.pool(activations, "class_token"), activations[:, 0])


def test_tokens_lie_row_by_row():
    activations = torch.arange(1.0, 5.0).reshape(1, 4, 1)
    grid = layout_of((4, 1)).on_grid(activations)
    assert grid[0, 0].tolist() == [[1, 2], [3, 4]]


def test_tokens_of_a_wide_image_lie_in_a_wide_grid():
    activations = torch.zeros(1, 8, 5)
    assert Layout(kind="tokens").on_grid(activations, aspect=0.5).shape == (1, 5, 2, 4)


@pytest.mark.parametrize("policy", ["refuse", "rectify", "split"])
def test_what_was_done_with_negatives_is_undone(activations, policy):
    layout = layout_of(tuple(activations.shape[1:]))
    given = without_negatives(activations, layout, policy)
    back = with_negatives(given, layout, policy)
    if policy == "rectify":
        assert given.min() == 0
        torch.testing.assert_close(back, activations.clamp_min(0))
    else:
        assert policy == "refuse" or given.min() >= 0
        torch.testing.assert_close(back, activations)


def test_class_token_must_be_there():
    with pytest.raises(BackboneError, match=r"class_token must have a token .* got channels_first"):
        layout_of((6, 4, 4)).pool(torch.zeros(1, 6, 4, 4), "class_token")


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (60, 6)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(BackboneError, match=r"must be vectors, maps or tokens.*got shape \("):
        layout_of(shape)
