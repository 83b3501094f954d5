from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core import fit_concepts, load_backbone
from craft_core.bank import Importance
from craft_core.coders import Coder
from craft_core.errors import CraftError
from craft_core.map_figures import concept_line, maps_figure
from craft_core.transforms import Transform


@pytest.fixture
def bank(colour_net, colour_images, generator):
    """Of 25 concepts."""
    backbone = load_backbone(colour_net, device="cpu", transform=Transform(size_px=32))
    small = fit_concepts(
        backbone, colour_images, class_id=1, n_concepts=2, crop_size=12, generator=generator
    )
    values = torch.linspace(1, 0.01, 25)
    importance = Importance(method="", values=values, low=values, high=values, effects=values)
    coder = Coder(W=torch.rand(25, 6, generator=generator))
    return replace(small, coder=coder, importance=importance)


@pytest.fixture
def picture(tmp_path):
    pixels = np.full((40, 40, 3), 120, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def test_thirty_concepts_have_lines_of_their_own():
    assert len({str(concept_line(rank)) for rank in range(30)}) == 30


def test_legend_names_all_25_concepts(bank, picture):
    maps = torch.rand(1, 25, 8, 8, generator=torch.Generator().manual_seed(0))
    figure = maps_figure(bank, [picture], maps)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(texts) == 25 and texts[0] == "1  concept 0 (1.00)"
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    whole = figure.bbox
    assert box.x1 <= whole.x1 and box.y0 >= whole.y0 and box.y1 <= whole.y1


def test_strongest_concepts_alone_are_outlined_with_their_numbers(bank, picture):
    maps = torch.zeros(1, 25, 8, 8)
    for concept in range(12):
        maps[0, concept, concept % 8, 3] = 12.0 - concept
    axes = maps_figure(bank, [picture], maps).axes[0]
    assert sorted(int(text.get_text()) for text in axes.texts) == [1, 2, 3, 4, 5]


def test_image_without_concepts_is_shown_as_it_is(bank, picture):
    axes = maps_figure(bank, [picture], torch.zeros(1, 25, 8, 8)).axes[0]
    assert not axes.texts and len(axes.images) == 1


def test_importance_is_needed(bank, picture):
    with pytest.raises(CraftError, match=r"bank not.*1 must have importance|must have importance"):
        maps_figure(replace(bank, importance=None), [picture], torch.zeros(1, 25, 8, 8))
