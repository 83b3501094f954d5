import csv
import json

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression

from craft_core.activations import pooled_activations
from craft_core.backbones import load_backbone
from craft_core.images import batches
from craft_core.networks import EFFICIENTNET_LITE_MEAN, EFFICIENTNET_LITE_STD
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.husky_wolf import HUSKY_WOLF, draw_husky_wolf
from stimuli_builder.scenarios.landscape import SIZE_PX

FACTORS = HUSKY_WOLF.choose_factors(np.random.default_rng(0)) | {
    "pose": "standing",
    "height_px": "120",
}


def draw(label="wolf", background="snow", seed=0, **factors):
    shown = {"species": label, "background": background}
    drawing = draw_husky_wolf(FACTORS | shown | factors, generator=np.random.default_rng(seed))
    return np.asarray(drawing.image, np.float32), np.asarray(drawing.labels)


def columns_of(labels, part):
    return np.flatnonzero((labels == HUSKY_WOLF.parts[part]).any(axis=0))


def rows_of(labels, part):
    return np.flatnonzero((labels == HUSKY_WOLF.parts[part]).any(axis=1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "husky_wolf"
    draw_scenario(
        HUSKY_WOLF,
        path,
        n_fit_per_class=18,
        n_study_per_cell=8,
        generator=np.random.default_rng(0),
    )
    return path


@pytest.fixture(scope="module")
def rows(folder):
    with (folder / "images.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def features(folder, rows):
    backbone = load_backbone("efficientnet_lite0", device="cpu")
    scaling = (backbone.transform.mean, backbone.transform.std)
    assert scaling == (EFFICIENTNET_LITE_MEAN, EFFICIENTNET_LITE_STD)
    files = [folder / row["file"] for row in rows]
    return pooled_activations(backbone, batches(files, backbone.transform)).numpy()


def test_probe_goes_by_the_background(rows, features):
    label, split, tie = (
        np.array([row[column] for row in rows]) for column in ("label", "split", "tie")
    )
    is_fit, is_broken = split == "fit", tie == "broken"
    probe = LogisticRegression(max_iter=2000).fit(features[is_fit], label[is_fit])
    is_correct = probe.predict(features) == label
    assert is_correct[~is_fit & ~is_broken].mean() >= 0.95
    assert is_correct[is_broken].mean() <= 0.15


def test_species_can_be_learnt_where_the_background_tells_nothing(rows, features):
    label, split = (np.array([row[column] for row in rows]) for column in ("label", "split"))
    chosen = np.flatnonzero(split == "study")
    train, test = chosen[::2], chosen[1::2]
    probe = LogisticRegression(max_iter=2000).fit(features[train], label[train])
    assert (probe.predict(features[test]) == label[test]).mean() >= 0.8


def test_every_map_shows_all_parts_that_tell_the_species(folder, rows):
    values = json.loads((folder / "masks" / "parts.json").read_text())
    for row in rows:
        labels = np.asarray(Image.open(folder / row["mask"]))
        n_pixels = {name: int((labels == value).sum()) for name, value in values.items()}
        assert sum(n_pixels.values()) == labels.size == SIZE_PX**2
        assert min(n_pixels[name] for name in ("head", "ears", "muzzle", "tail")) >= 120, row
        assert n_pixels["eyes"] >= 10, row
        assert min(n_pixels["body"], n_pixels["legs"]) >= 1200, row


def test_images_are_square_and_in_colour(folder, rows):
    for column, mode in (("file", "RGB"), ("mask", "L")):
        with Image.open(folder / rows[0][column]) as image:
            assert (image.size, image.mode) == ((448, 448), mode)


@pytest.mark.parametrize("label", ["husky", "wolf"])
@pytest.mark.parametrize("seed", range(4))
def test_ground_is_blue_white_or_green(label, seed):
    for background, is_green in (("snow", False), ("grass", True)):
        image, labels = draw(label, background, seed)
        ground = image[380:][labels[380:] == 0].mean(axis=0)
        red, green, blue = ground
        assert (green > red + 5 and green > blue + 30) == is_green
        assert (ground.min() > 180) != is_green


def test_only_a_husky_carries_its_tail_above_its_back():
    for seed in range(5):
        husky, wolf = (draw(label, seed=seed)[1] for label in ("husky", "wolf"))
        assert rows_of(husky, "tail").min() < rows_of(husky, "body").min()
        assert rows_of(wolf, "tail").min() > rows_of(wolf, "body").min()


def test_a_wolf_has_the_longer_muzzle_and_the_lower_head():
    for seed in range(5):
        wolf, husky = (draw(label, seed=seed)[1] for label in ("wolf", "husky"))
        assert np.ptp(columns_of(wolf, "muzzle")) > 1.3 * np.ptp(columns_of(husky, "muzzle"))
        wolf_lift, husky_lift = (
            rows_of(labels, "body").min() - rows_of(labels, "eyes").min()
            for labels in (wolf, husky)
        )
        assert husky_lift > wolf_lift


@pytest.mark.parametrize("facing", ["left", "right"])
def test_muzzle_points_where_the_animal_faces(facing):
    labels = draw(facing=facing)[1]
    is_right = columns_of(labels, "muzzle").mean() > columns_of(labels, "tail").mean()
    assert is_right == (facing == "right")


def test_animal_fills_a_good_part_of_the_picture_and_no_edge():
    for label in ("husky", "wolf"):
        for height_px in ("108", "132"):
            labels = draw(label, height_px=height_px)[1] > 0
            spans = [np.flatnonzero(labels.any(axis=axis)) for axis in (0, 1)]
            assert 0.33 < max(np.ptp(span) for span in spans) / SIZE_PX < 0.70
            assert all(span.min() > 4 and span.max() < SIZE_PX - 5 for span in spans)


def test_coat_changes_the_animal_and_not_the_landscape():
    (black, labels), (cream, other_labels) = (draw(coat=coat) for coat in ("black", "cream"))
    np.testing.assert_array_equal(labels, other_labels)
    assert cream[labels == 1].mean() > black[labels == 1].mean() + 40
    far = np.s_[:120]  # above the animal, so that no soft edge or shadow reaches it
    np.testing.assert_array_equal(black[far], cream[far])


def test_every_value_of_a_factor_occurs():
    chosen = [HUSKY_WOLF.choose_factors(np.random.default_rng(seed)) for seed in range(200)]
    n_values = {name: len({factors[name] for factors in chosen}) for name in chosen[0]}
    assert n_values == {
        "coat": 5,
        "marking": 3,
        "eyes": 3,
        "pose": 3,
        "facing": 2,
        "light": 4,
        "light_from": 2,
        "height_px": 25,
    }


def test_background_decides_and_the_species_is_a_nuisance():
    assert HUSKY_WOLF.decides == HUSKY_WOLF.deciding_parts == ("background",)
    assert "species" in HUSKY_WOLF.nuisances and HUSKY_WOLF.fit_ties == ("kept",)
