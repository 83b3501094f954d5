import numpy as np
import pytest

from stimuli_builder.scenarios.leaves import LEAVES, draw_leaf

VARIED = LEAVES.choose_factors(np.random.default_rng(0)) | {"turn": "upright", "length_px": "315"}


def draw(label="betulaceae", seed=0, **factors):
    shown = VARIED | LEAVES.shown(label, "kept") | factors
    drawing = draw_leaf(shown, generator=np.random.default_rng(seed))
    return np.asarray(drawing.image, np.float32), np.asarray(drawing.labels)


def test_same_seed_gives_the_same_picture():
    for first, again in zip(draw(seed=3), draw(seed=3), strict=True):
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("label", LEAVES.classes)
@pytest.mark.parametrize("turn", ["upright", "left", "right"])
def test_all_parts_are_seen(label, turn):
    labels = draw(label, turn=turn)[1]
    n_pixels = {part: int((labels == value).sum()) for part, value in LEAVES.parts.items()}
    assert sum(n_pixels.values()) == labels.size == 448**2
    assert min(n_pixels[part] for part in ("blade", "veins", "margin")) >= 3000
    assert n_pixels["stalk"] >= 60


def test_margin_changes_the_margin_alone_and_no_map():
    (double, labels), (rounded, other_labels) = draw(margin="double"), draw(margin="rounded")
    np.testing.assert_array_equal(labels, other_labels)
    differs = np.abs(double - rounded).max(axis=2)
    inside = np.isin(labels, [LEAVES.parts[part] for part in ("blade", "veins")])
    margin = labels == LEAVES.parts["margin"]
    assert differs[margin].mean() > 10 * differs[inside].mean()
    assert differs[margin].mean() > 3 * differs[labels == 0].mean()  # there its shadow changes


def test_veins_change_the_blade_alone():
    (straight, _), (looped, labels) = draw(veins="straight"), draw(veins="looped")
    differs = (straight != looped).any(axis=2)
    inside = np.isin(labels, [LEAVES.parts[part] for part in ("blade", "veins", "margin")])
    assert differs[inside].mean() > 0.5
    assert not (differs & ~inside).any()


def test_width_changes_the_outline_and_no_cue():
    narrow, broad = (draw(width=width)[1] for width in ("narrow", "broad"))
    spans = [np.ptp(np.flatnonzero((labels == 1).any(axis=0))) for labels in (narrow, broad)]
    assert spans[1] > 1.25 * spans[0]
    assert LEAVES.classes["betulaceae"].keys() == {"veins", "margin"} == set(LEAVES.decides)


def test_colour_leaves_the_map_and_the_ground():
    (green, labels), (gold, other_labels) = draw(colour="green"), draw(colour="gold")
    np.testing.assert_array_equal(labels, other_labels)
    np.testing.assert_array_equal(green[:20], gold[:20])
    assert gold[labels == 1].mean() > green[labels == 1].mean() + 20


def test_blade_lies_within_the_picture():
    for turn in ("upright", "left", "right"):
        labels = draw("betulaceae", width="broad", turn=turn, length_px="330")[1]
        is_leaf = np.isin(labels, [1, 2, 3])
        spans = [np.flatnonzero(is_leaf.any(axis=axis)) for axis in (0, 1)]
        assert all(span.min() > 4 and span.max() < 443 for span in spans)


@pytest.mark.parametrize("ground", LEAVES.varies["ground"])
def test_leaf_stands_out_from_every_ground(ground):
    image, labels = draw(ground=ground, colour="lime")
    difference = image[labels == 1].mean(axis=0) - image[labels == 0].mean(axis=0)
    assert np.linalg.norm(difference) > 60
