"""Images of utility studies."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from craft_core.provenance import file_sha256
from stimuli_builder.config import PhaseConfig
from stimuli_builder.errors import BalanceWarning, StimuliError
from stimuli_builder.orders import Candidate
from stimuli_builder.tasks.utility import (
    _check_errors,
    _warn_of_lists,
    _warn_of_shares,
    draw_images,
    list_name,
)


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
    monkeypatch.setattr("stimuli_builder.same_images.hash_image", None)
    assert drawn(pictures, tmp_path, cache=cache) == first


def study(**changes):
    """What `utility_lists` reads of a configuration."""
    phase = PhaseConfig(images=5)
    return SimpleNamespace(
        **{
            "scenario": "foxes",
            "lists": 6,
            "sessions": 3,
            "training": phase,
            "test": phase.model_copy(update={"images": 7}),
        }
        | changes
    )


def test_errors_are_refused_where_the_tie_makes_them(tmp_path):
    image = SimpleNamespace(file="a.png", label="wolf", predicted="wolf", split="study", tie="kept")
    store = SimpleNamespace(images=[image], banks={"wolf": None}, classes=["wolf"])
    asked = study(scenario="husky_wolf", training=PhaseConfig(images=5, error_share=0.2))
    message = (
        r"error_share must not be given in the scenario 'husky_wolf', where the network decides by "
        r"the tie \(background\) .*; got \[0.2, None\]"
    )
    with pytest.raises(StimuliError, match=message):
        draw_images(asked, store, tmp_path, np.random.default_rng(0))


@pytest.mark.parametrize("scenario", ["foxes", "leaves", "my_own"])
def test_errors_may_be_asked_for_where_the_tie_decides_nothing(scenario):
    _check_errors(study(scenario=scenario, training=PhaseConfig(images=5, error_share=0.2)))


@pytest.mark.parametrize(("n_lists", "following"), [(4, 6), (26, 30), (3, 6)])
def test_lists_that_cannot_balance_are_warned_of(n_lists, following):
    message = (
        rf"lists must be a multiple of 6 .*; got {n_lists}. The next that is one is {following}"
    )
    with pytest.warns(BalanceWarning, match=message):
        _warn_of_lists(study(lists=n_lists), 2)


def test_lists_that_balance_are_not_warned_of():
    _warn_of_lists(study(lists=12), 2)
    even = PhaseConfig(images=4)
    _warn_of_lists(study(lists=3, training=even, test=even), 2)


def images(n, n_broken):
    return [
        Candidate(file=f"{i}", prediction="a", label="a", tie=("kept", "broken")[i < n_broken])
        for i in range(n)
    ]


def test_share_that_whole_images_cannot_meet_is_warned_of():
    asked = study(lists=1, sessions=1, training=PhaseConfig(images=4, tie_broken_share=0.1))
    message = r"tie_broken_share of training must be one that 4 images .*; got 0.1. .* be 0.00."
    with pytest.warns(BalanceWarning, match=message):
        _warn_of_shares(asked, [(images(4, 0), images(7, 0))])


def test_share_that_is_met_over_sessions_is_not_warned_of():
    asked = study(training=PhaseConfig(images=5, tie_broken_share=0.5))
    _warn_of_shares(asked, [(images(5, n), images(7, 0)) for n in (2, 3)])


def test_lists_after_the_26th_have_two_letters():
    names = [list_name(number) for number in range(702)]
    assert len(set(names)) == 702 and names[:2] == ["a", "b"]
    assert names[51:53] == ["az", "ba"] and names[-1] == "zz"
