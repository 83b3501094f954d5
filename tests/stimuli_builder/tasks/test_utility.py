"""Images of utility studies."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from craft_core.provenance import file_sha256
from stimuli_builder.config import PhaseConfig
from stimuli_builder.errors import StimuliError
from stimuli_builder.tasks.utility import draw_images


def test_misspelt_tie_is_named(tmp_path):
    image = SimpleNamespace(
        file="a.png", label="wolf", predicted="wolf", split="study", tie="Broken"
    )
    store = SimpleNamespace(images=[image], banks={"wolf": None}, classes=["wolf"])
    message = r"tie of image a.png must be one of \['kept', 'broken'\] or empty; got 'Broken'"
    with pytest.raises(StimuliError, match=message):
        draw_images(None, store, tmp_path, np.random.default_rng(0))


@pytest.fixture
def pictures(tmp_path):
    """Twelve pictures of two classes."""
    rng = np.random.default_rng(0)
    images = []
    for number in range(12):
        name = f"{number}.png"
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize((128, 128), Image.Resampling.BICUBIC).save(tmp_path / name)
        images.append(image_row(tmp_path / name, ("husky", "wolf")[number % 2], "study"))
    banks = dict.fromkeys(("husky", "wolf"))
    return SimpleNamespace(images=images, banks=banks, classes=list(banks))


def image_row(file, label, split):
    return SimpleNamespace(
        file=file.name, label=label, predicted=label, split=split, tie="", sha256=file_sha256(file)
    )


def drawn(store, folder, **options):
    config = SimpleNamespace(training=PhaseConfig(images=4), test=PhaseConfig(images=4), sessions=1)
    found = draw_images(config, store, folder, np.random.default_rng(0), **options)
    return {each.file for session in found for phase in session for each in phase}


def test_image_that_a_panel_shows_a_crop_of_is_not_asked_about(pictures, tmp_path):
    before = drawn(pictures, tmp_path)
    twin = sorted(before)[0]
    with Image.open(tmp_path / twin) as picture:
        picture.crop((2, 2, 126, 126)).save(tmp_path / "cut.png")
    pictures.images.append(image_row(tmp_path / "cut.png", "husky", "fit"))
    assert drawn(pictures, tmp_path) == before
    after = drawn(pictures, tmp_path, shown=["cut.png"])
    assert twin not in after and len(after) == len(before)


def test_hashes_of_pictures_are_kept_between_builds(pictures, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    first = drawn(pictures, tmp_path, cache=cache)
    assert len(list(cache.iterdir())) == 12
    monkeypatch.setattr("stimuli_builder.tasks.utility.perceptual_hash", None)
    assert drawn(pictures, tmp_path, cache=cache) == first
