import pytest
import torch

from craft_core.transforms import Transform


@pytest.mark.parametrize(("height", "width"), [(60, 100), (100, 60), (80, 80), (51, 77)])
def test_seen_box_is_what_is_left_of_the_picture(height, width, generator):
    """A picture that is bright within the box alone is bright everywhere to the network."""
    transform = Transform(size_px=32, mean=(0, 0, 0), std=(1, 1, 1))
    left, top, right, bottom = transform.seen_box(height, width)
    picture = torch.zeros(3, height, width, dtype=torch.uint8)
    picture[:, top:bottom, left:right] = 255
    seen = transform.whole(picture)
    assert seen.shape == (3, 32, 32)
    assert seen[:, 2:-2, 2:-2].min() > 0.99


def test_maps_go_back_to_where_the_network_saw_them():
    transform = Transform(size_px=40)
    maps = torch.zeros(2, 40, 40)
    maps[:, :20, 20:] = 1  # upper right
    placed = transform.to_picture(maps, 80, 160)
    assert placed.shape == (2, 80, 160)
    assert (placed[:, :, :40] == 0).all() and (placed[:, :, 120:] == 0).all()
    assert placed[:, 2:38, 82:118].min() > 0.99 and placed[:, 42:, :].max() < 0.01


@pytest.mark.parametrize(
    ("size_px", "height", "width"), [(32, 60, 100), (32, 100, 60), (8, 100, 60), (32, 51, 77)]
)
def test_maps_are_aligned_to_the_pixel(size_px, height, width):
    """What the network sees, as a map, is the picture again: a spot stays where it was."""
    transform = Transform(size_px=size_px, mean=(0, 0, 0), std=(1, 1, 1))
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    centre = (height / 2 - 3, width / 2 + 4)
    spot = torch.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / 2 / 9**2)
    picture = (255 * spot).to(torch.uint8).expand(3, -1, -1)
    placed = transform.to_picture(transform.whole(picture)[0], height, width)
    weight = placed**4  # the spot's middle, which the edges do not cut
    found = [float((weight * place).sum() / weight.sum()) for place in (rows, columns)]
    assert found == pytest.approx(centre, abs=0.35)


def test_values_are_in_the_networks_units():
    transform = Transform(mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    white = torch.full((3, 2, 2), 255, dtype=torch.uint8)
    torch.testing.assert_close(transform.normalise(white), torch.full((3, 2, 2), 2.0))
