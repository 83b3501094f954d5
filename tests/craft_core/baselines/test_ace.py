from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core import concept_importance, load_backbone
from craft_core.baselines.ace import ace_bank, is_shared, keep_nearest, segment
from craft_core.class_images import ClassImages
from craft_core.concepts import class_crops
from craft_core.crops import crop_batches
from craft_core.errors import ClassError
from craft_core.maps.superpixels import superpixels
from craft_core.transforms import Transform
from tests.planted_network import PartsNet, draw_pictures


@pytest.fixture(scope="module")
def found():
    generator = torch.Generator().manual_seed(0)
    backbone = load_backbone(
        PartsNet(), layer="colours", device="cpu", transform=Transform(size_px=64)
    )
    images = draw_pictures(40, generator=generator).images
    return class_crops(
        backbone, images, class_id=0, n_concepts=3, crop_size=32, generator=generator
    )


def test_segments_lie_in_their_boxes_and_touch_all_sides(found):
    crops = segment(found.of)
    assert len(crops) > 20 * len(found.of.names)
    assert crops.masks.any(dim=(1, 2)).all()
    for edge in (
        crops.masks[:, 0],
        crops.masks[:, -1],
        crops.masks[:, :, 0],
        crops.masks[:, :, -1],
    ):
        assert edge.any(dim=1).float().mean() > 0.95


def test_progress_is_shown_on_a_terminal(found, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    segment(replace(found.of, images=found.of.images[:2], names=found.of.names[:2]))
    assert "segments of images: 2 of 2\n" in capsys.readouterr().err


def test_large_pictures_are_segmented_at_a_bounded_size(tmp_path, monkeypatch):
    """Left half black, right half in four colours: no box of a half reaches into the other."""
    pixels = np.zeros((800, 1200, 3), dtype=np.uint8)
    for place, colour in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]):
        pixels[200 * place : 200 * (place + 1), 600:] = colour
    Image.fromarray(pixels).save(tmp_path / "large.png")
    seen = []

    def noting(picture, **options):
        seen.append(tuple(picture.shape))
        return superpixels(picture, **options)

    monkeypatch.setattr("craft_core.baselines.ace.superpixels", noting)
    of = ClassImages(
        images=[tmp_path / "large.png"],
        names=("large",),
        class_id=0,
        class_name="large",
        selection="predicted",
    )
    left, top, right, bottom = segment(of).boxes.unbind(1)
    assert seen == [(3, 320, 480)] * 3
    assert (left.min(), top.min(), right.max(), bottom.max()) == (0, 0, 1200, 800)
    assert (((right <= 610) | (left >= 590)).float().mean()) > 0.9


def test_what_lies_beside_a_segment_is_the_mean_colour(found):
    crops = segment(found.of)
    few = crops.at(torch.arange(8))
    batch = torch.cat(list(crop_batches(found.of.images, few, Transform(size_px=64))))
    outside = ~few.masks[:, None].expand_as(batch)
    assert (batch[outside] == 0).all() and (batch[~outside] != 0).any()


def test_clusters_tell_colours_and_are_ranked_by_tcav(found, generator):
    bank = ace_bank(found, 6, generator=generator)
    assert bank.method == "ace" and bank.coder.kind == "nearest"
    strongest = bank.W.reshape(bank.n_concepts, 3, 2).norm(dim=2).argmax(dim=1)
    assert 0 in strongest.tolist()
    ranked = concept_importance(bank, bank.images, 0, "tcav", generator=generator)
    assert len(ranked.ranking) == bank.n_concepts


def test_segment_has_the_coefficient_of_its_own_cluster_or_none(found, generator):
    bank = ace_bank(found, 6, generator=generator, nearest=30)
    uses = (bank.U > 0).sum(dim=1)
    assert set(uses.tolist()) <= {0, 1}
    assert (bank.U > 0).sum(dim=0).max() <= 30


def test_nearest_segments_of_each_cluster_are_kept():
    A = torch.tensor([[0.0], [1.0], [3.0], [10.0], [11.0]])
    kept = keep_nearest(A, torch.tensor([[0.0], [10.0]]), torch.tensor([0, 0, 0, 1, 1]), 2)
    assert kept.tolist() == [True, True, False, True, True]


@pytest.mark.parametrize(
    ("images", "n_images", "expected"),
    [
        ([0, 1, 2], 5, True),  # more than half of the images
        ([0, 0, 0, 1, 1, 1, 1], 6, True),  # a third of them, and more than one segment an image
        ([0, 0, 0, 1, 1, 1], 6, False),
        ([0] * 11, 5, True),  # more than two segments an image
        ([0, 1], 8, False),
    ],
)
def test_clusters_must_be_shared(images, n_images, expected):
    assert is_shared(torch.tensor(images), n_images) is expected


def test_too_few_segments_are_counted(found, generator):
    with pytest.raises(ClassError, match=r"must have at least n_concepts=100000 segments; got"):
        ace_bank(found, 100_000, generator=generator)


def test_a_cluster_is_shared_by_the_images_of_all_its_segments_not_of_the_nearest_alone(
    found, generator
):
    """Else no cluster of forty nearest segments could be shared by half of a hundred images."""
    bank = ace_bank(found, 6, generator=generator, nearest=2)
    assert bank.n_concepts >= 3
