import numpy as np
import pytest

from stimuli_builder.scenarios.canine import PARTS
from stimuli_builder.scenarios.foxes import FOXES, draw_fox

VARIED = FOXES.choose_factors(np.random.default_rng(0)) | {"pose": "standing", "height_px": "124"}


def draw(label="red_fox", seed=0, **factors):
    shown = VARIED | FOXES.shown(label, "kept") | factors
    drawing = draw_fox(shown, generator=np.random.default_rng(seed))
    return np.asarray(drawing.image, np.float32), np.asarray(drawing.labels)


def n_pixels(labels, part):
    return int((labels == FOXES.parts[part]).sum())


def test_same_seed_gives_the_same_picture():
    for first, again in zip(draw(seed=3), draw(seed=3), strict=True):
        np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("facing", ["left", "right"])
@pytest.mark.parametrize("pose", ["standing", "striding"])
def test_all_parts_are_seen(facing, pose):
    labels = draw(facing=facing, pose=pose)[1]
    assert labels.shape == (448, 448)
    assert set(np.unique(labels)) == set(FOXES.parts.values()) >= set(PARTS.values())
    assert min(n_pixels(labels, part) for part in FOXES.deciding_parts) >= 200


def test_kit_fox_has_ears_twice_as_large_on_the_same_head():
    for seed in range(3):
        red, kit = (draw(label, seed)[1] for label in ("red_fox", "kit_fox"))
        assert n_pixels(kit, "ears") > 2 * n_pixels(red, "ears")
        assert n_pixels(kit, "muzzle") == n_pixels(red, "muzzle")


def test_tip_is_white_in_a_red_fox_and_black_in_a_kit_fox():
    for seed in range(3):
        tones = {}
        for tip in ("white", "none", "black"):
            image, labels = draw(tail_tip=tip, seed=seed, background="grass", light="clear")
            tones[tip] = image[labels == FOXES.parts["tail_tip"]].mean()
        assert tones["white"] > tones["none"] + 40 > tones["black"] + 80


@pytest.mark.parametrize("coat", ["rust", "sand"])
def test_tip_has_the_same_colour_whatever_the_coat(coat):
    image, labels = draw("kit_fox", coat=coat)
    assert image[labels == FOXES.parts["tail_tip"]].mean() < 70


@pytest.mark.parametrize(
    ("changed", "parts"),
    [({"tail_tip": "black"}, ["tail", "tail_tip"]), ({"ears": "large"}, ["ears", "head"])],
)
def test_flipping_a_cue_changes_its_part_alone(changed, parts):
    (before, labels), (after, other_labels) = draw(), draw(**changed)
    is_part = np.isin(labels, [FOXES.parts[part] for part in parts])
    is_part |= np.isin(other_labels, [FOXES.parts[part] for part in parts])
    for shift in (-2, -1, 1, 2):  # soft edges
        is_part |= np.roll(is_part, shift, axis=0) | np.roll(is_part, shift, axis=1)
    differs = (before != after).any(axis=2)
    assert differs.any() and not (differs & ~is_part).any()


def test_coat_leaves_the_map_and_the_landscape():
    (rust, labels), (sand, other_labels) = draw(coat="rust"), draw(coat="sand")
    np.testing.assert_array_equal(labels, other_labels)
    np.testing.assert_array_equal(rust[:80], sand[:80])


def test_coat_is_a_nuisance_and_both_cues_decide():
    assert FOXES.decides == ("ears", "tail_tip") and "coat" in FOXES.nuisances
    assert FOXES.fit_ties == ("kept", "broken")


def test_fox_fits_into_the_picture():
    for pose in ("standing", "striding"):
        labels = draw("kit_fox", height_px="132", pose=pose)[1] > 0
        spans = [np.flatnonzero(labels.any(axis=axis)) for axis in (0, 1)]
        assert all(span.min() > 4 and span.max() < 443 for span in spans)
