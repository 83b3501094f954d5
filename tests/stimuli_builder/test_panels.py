"""What conditions show beside a training image."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core.figures import GREY
from craft_core.store import load_bank
from stimuli_builder.panels import PanelMaker, craft_panel
from stimuli_builder.pictures import MediaCollector


@pytest.fixture(scope="module")
def bank(store):
    return load_bank(store / "wolf")


def panel(bank, drawn):
    """Return CRAFT's panel of a grey picture, and the pictures in it."""
    media = MediaCollector(95)
    maker = PanelMaker(
        banks={"wolf": bank}, folder=drawn, n_concepts=2, n_crops=3, crop_px=48, media=media
    )
    maps = torch.ones(2, 96, 96)
    return craft_panel(maker, "wolf", Image.new("RGB", (96, 96)), list(maps)), media.contents


def test_concepts_are_numbered_by_rank(bank, drawn):
    groups, _ = panel(bank, drawn)
    assert [group.title for group in groups] == ["Concept 1", "Concept 2"]


def test_a_researchers_names_are_shown(bank, drawn):
    named = replace(bank, names=("snow", "trunks", "sky", "paws"))
    groups, _ = panel(named, drawn)
    ranking = bank.importance.ranking[:2]
    assert [group.title for group in groups] == [named.names[concept] for concept in ranking]


def test_crops_of_segments_are_grey_beside_the_segment(bank, drawn):
    masks = torch.zeros(len(bank.crops), 8, 8, dtype=torch.bool)
    masks[:, :, :4] = True
    segments = replace(bank, crops=replace(bank.crops, masks=masks))
    groups, pictures = panel(segments, drawn)
    for name in groups[0].crops:
        shown = np.asarray(open_image(pictures[name]))
        assert np.abs(shown[:, 36:].astype(int) - np.array(GREY)).max() <= 8
        assert shown[:, :20].std() > 0


def open_image(content):
    return Image.open(io.BytesIO(content))
