from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core.errors import CraftError
from craft_core.figures import number_of_concepts_figure
from craft_core.pictures import PALETTE, concept_color, cut_box, draw_map, seen_square
from craft_core.stability import NumberOfConcepts


def picture(height, width):
    values = torch.arange(3 * height * width) % 256
    return values.reshape(3, height, width).byte()


def test_light_falls_where_the_map_is():
    image = Image.new("RGB", (64, 64), (200, 100, 50))
    heat = torch.zeros(8, 8)
    heat[:, :4] = 1
    drawn = np.asarray(draw_map(image, heat, "#0072b2"))
    assert tuple(drawn[32, 4]) == (200, 100, 50)
    assert drawn[32, 60].max() < 60


def test_line_has_the_concepts_colour():
    heat = torch.zeros(8, 8)
    heat[2:6, 2:6] = 1
    drawn = np.asarray(draw_map(Image.new("RGB", (64, 64), "white"), heat, "#0072b2"))
    assert (drawn == (0, 0x72, 0xB2)).all(axis=2).any()


def test_empty_map_leaves_the_image_in_the_dark():
    drawn = np.asarray(draw_map(Image.new("RGB", (32, 32), "white"), torch.zeros(4, 4), "#000000"))
    assert drawn.max() < 100


def test_map_follows_the_image_that_is_not_square():
    drawn = draw_map(Image.new("RGB", (60, 40), "white"), torch.ones(4, 6), "#000000")
    assert drawn.size == (60, 40)


def test_square_is_the_centre():
    square = np.asarray(seen_square(picture(20, 40), 20))
    assert (square == picture(20, 40)[:, :, 10:30].permute(1, 2, 0).numpy()).all()


def test_box_is_cut_out():
    cut = np.asarray(cut_box(picture(20, 40), [5, 2, 15, 12], 10))
    assert (cut == picture(20, 40)[:, 2:12, 5:15].permute(1, 2, 0).numpy()).all()


def test_neighbouring_concepts_differ_in_colour():
    colors = [concept_color(rank) for rank in range(12)]
    assert all(one != other for one, other in zip(colors, colors[1:], strict=False))
    assert colors[:6] == list(PALETTE)


def test_bank_without_importance_cannot_be_drawn(colour_net, colour_images, generator):
    from craft_core.backbones import load_backbone
    from craft_core.concepts import fit_concepts
    from craft_core.figures import class_figure
    from craft_core.transforms import Transform

    backbone = load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))
    bank = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )
    with pytest.raises(CraftError, match=r"bank 1 must have importance to be drawn; got none"):
        class_figure(bank, [], [], torch.zeros(0, 2, 4, 4))


def test_bars_have_the_concepts_names(colour_net, colour_images, generator):
    from craft_core import concept_importance, fit_concepts, load_backbone
    from craft_core.figures import class_figure
    from craft_core.transforms import Transform

    backbone = load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))
    bank = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )
    importance = concept_importance(bank, colour_images, 1, generator=generator)
    named = replace(bank, importance=importance, names=("sky", "grass"), U=bank.U[:0])
    figure = class_figure(named, [], [], torch.zeros(0))
    titles = [axes.get_title().split(":")[0] for axes in figure.axes]
    assert {title for title in titles if title} == {"sky", "grass"}


def test_curves_of_a_choice_mark_it():
    choice = NumberOfConcepts(
        chosen=8,
        candidates=(4, 8, 12),
        errors=(0.4, 0.3, 0.25),
        stabilities=(0.99, 0.98, 0.9),
        least_stability=0.97,
    )
    upper, lower = number_of_concepts_figure(choice).axes
    assert upper.get_title() == "8 concepts chosen"
    assert upper.lines[0].get_ydata().tolist() == [0.99, 0.98, 0.9]
    assert lower.lines[0].get_ydata().tolist() == [0.4, 0.3, 0.25]
