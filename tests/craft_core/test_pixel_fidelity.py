"""Pixels replaced in the order of a map."""

import pytest
import torch

from craft_core.backbones import load_backbone
from craft_core.errors import ClassError, CraftError, ShapeError
from craft_core.fidelity import curve_areas
from craft_core.pixel_fidelity import blurred, pixel_curves
from craft_core.transforms import Transform


@pytest.fixture
def backbone(colour_net):
    return load_backbone(
        colour_net, layer="rectify:1", device="cpu", transform=Transform(size_px=32)
    )


def test_ends_are_the_image_and_what_replaces_it(backbone, colour_images):
    images = colour_images[:2]
    maps = images[:, 0]
    gone = pixel_curves(backbone, images, maps, 0, "deletion", n_steps=4)
    there = pixel_curves(backbone, images, maps, 0, "insertion", n_steps=4)
    whole = backbone.predict(images)[:, 0]
    torch.testing.assert_close(gone[:, 0], whole)
    torch.testing.assert_close(there[:, -1], whole)
    torch.testing.assert_close(gone[:, -1], backbone.predict(torch.zeros_like(images))[:, 0])
    torch.testing.assert_close(there[:, 0], backbone.predict(blurred(images))[:, 0])


def test_a_map_of_what_counts_is_best_and_its_opposite_worst(backbone, generator):
    images = torch.rand(3, 3, 32, 32, generator=generator)
    maps = {"true": images[:, 0], "false": -images[:, 0], "chance": torch.rand(3, 32, 32)}
    areas = {
        name: curve_areas(pixel_curves(backbone, images, heat, 0, "deletion"))
        for name, heat in maps.items()
    }
    assert (areas["true"] < areas["chance"]).all() and (areas["chance"] < areas["false"]).all()


def test_every_step_changes_as_many_pixels(backbone, colour_images):
    curves = pixel_curves(
        backbone, torch.ones(1, 3, 32, 32), torch.rand(1, 32, 32), 0, "deletion", n_steps=8
    )
    steps = curves[0].diff()
    torch.testing.assert_close(steps, steps[:1].expand(8), rtol=1e-4, atol=1e-5)


def test_bad_input_is_refused(backbone, colour_images):
    with pytest.raises(ClassError, match=r"images must be at least 1; got 0\."):
        pixel_curves(backbone, colour_images[:0], torch.zeros(0, 32, 32), 0, "deletion")
    with pytest.raises(ShapeError, match=r"maps must have shape \(n, H, W\)=\(2, 32, 32\); got"):
        pixel_curves(backbone, colour_images[:2], torch.zeros(2, 7, 7), 0, "deletion")
    with pytest.raises(CraftError, match=r"n_steps must be at least 1; got 0\."):
        pixel_curves(backbone, colour_images[:1], torch.zeros(1, 32, 32), 0, "deletion", n_steps=0)
