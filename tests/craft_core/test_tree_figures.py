import pytest
import torch
from PIL import Image

from craft_core import concept_importance, fit_concepts, load_backbone
from craft_core.recursion import propose_split, sham_split
from craft_core.transforms import Transform
from craft_core.tree_figures import coherence_figure, lay_out, tree_figure


@pytest.fixture
def files(tmp_path, colour_images):
    paths = []
    for index, image in enumerate(colour_images):
        paths.append(tmp_path / f"{index:02d}.png")
        pixels = (image.clamp(0, 1) * 255).byte().permute(1, 2, 0).contiguous().numpy()
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture
def bank(colour_net, files, generator):
    from dataclasses import replace

    transform = Transform(size_px=32, mean=(0, 0, 0), std=(1, 1, 1))
    backbone = load_backbone(colour_net, device="cpu", transform=transform)
    bank = fit_concepts(
        backbone,
        files,
        class_id=1,
        n_concepts=3,
        crop_size=12,
        generator=generator,
        predictions=torch.ones(24, dtype=torch.long),
    )
    importance = concept_importance(bank, files, 1, generator=generator)
    bank = replace(bank, importance=importance)
    child = bank.split(
        importance.ranking[1], layer="rectify:0", n_concepts=2, generator=generator, percentile=50
    )
    sham_split(child, "random_groups", generator=generator)
    return bank


def test_concepts_lie_in_the_middle_of_their_sub_concepts(bank):
    nodes = lay_out(bank)
    assert [node.concept for node in nodes] == bank.importance.ranking
    assert [node.row for node in nodes] == [0, 1.5, 3]
    assert [lower.row for lower in nodes[1].below] == [1, 2]
    assert [lower.depth for lower in nodes[1].below] == [1, 1]
    assert not nodes[0].below and not nodes[2].below


def test_tree_shows_every_concept_with_its_share(bank, files):
    figure = tree_figure(bank, files)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert len(titles) == 5
    assert sum("of its parent" in title for title in titles) == 2
    assert sum("importance" in title for title in titles) == 3


def test_least_coherent_concept_is_marked(bank, generator):
    proposal = propose_split(bank, layer="rectify:0", generator=generator)
    (axes,) = coherence_figure(bank, proposal).axes
    assert axes.get_title(loc="left") == f"concept {proposal.concept} is the least coherent"
    assert [patch.get_width() for patch in axes.patches] == pytest.approx(
        sorted(proposal.coherence.tolist(), reverse=True)
    )
