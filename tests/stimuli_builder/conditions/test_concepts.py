"""Panels of concepts, of examples, and of attribution maps, of a planted bank."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core.errors import SkippedImageWarning
from craft_core.images import read_picture
from craft_core.pictures import seen_square
from stimuli_builder.cache import keep
from stimuli_builder.conditions.concepts import shown_concepts, warn_of_unimportant
from stimuli_builder.conditions.condition import PanelMaker, Shown
from stimuli_builder.conditions.registry import CONDITIONS
from stimuli_builder.errors import StimuliError, UnimportantWarning
from stimuli_builder.heats import HeatMaker
from stimuli_builder.orders import Candidate
from stimuli_builder.pictures import MediaCollector
from stimuli_builder.trials import TrialMaker
from tests.planted_banks import planted_bank


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "images"


@pytest.fixture
def maker(folder):
    return maker_of(planted_bank(folder, kinds=(), n_images=8), folder)


def maker_of(bank, folder, cache=None):
    heats = HeatMaker(
        folder,
        dict.fromkeys(bank.files[:3], "wolf"),
        backbone=bank.backbone,
        class_ids={"wolf": 0},
        seed=0,
        cache=cache,
    )
    return PanelMaker(
        banks={"craft": {"wolf": bank}},
        folder=folder,
        heats=heats,
        n_concepts=3,
        n_crops=4,
        image_px=96,
        crop_px=48,
        dense=1,
        media=MediaCollector(90),
        licence="CC0",
        sources={},
        seed=0,
    )


def shown(folder, number=0):
    file = f"wolf/{number:03d}.png"
    square = seen_square(read_picture(folder / file), 96)
    return Shown(file=file, prediction="wolf", square=square)


def panel(condition, maker, folder, number=0):
    return CONDITIONS[condition].panel(maker, shown(folder, number))


def test_every_condition_of_the_paper_is_there():
    paper = {
        *("baseline", "control", "saliency", "integrated_gradients", "smoothgrad", "grad_cam"),
        *("occlusion", "gradient_input", "ace", "craft_concepts", "craft"),
    }
    beyond = {"rise", "sobol", "hsic", "lime", "kernel_shap", "exemplars"}
    assert set(CONDITIONS) == paper | beyond


def test_baseline_shows_nothing(maker, folder):
    assert panel("baseline", maker, folder) == ()


def test_craft_shows_the_most_important_concepts_with_maps(maker, folder):
    groups = panel("craft", maker, folder)
    assert [group.title for group in groups] == ["Concept 1", "Concept 2", "Concept 3"]
    assert [group.importance for group in groups] == pytest.approx([0.4, 0.3, 0.2])
    assert all(len(group.crops) == 4 for group in groups)


def test_concepts_only_differ_in_the_map_alone(maker, folder):
    for whole, bare in zip(
        panel("craft", maker, folder), panel("craft_concepts", maker, folder), strict=True
    ):
        assert bare.map is None and bare.crops == whole.crops and bare.title == whole.title


def test_exemplars_are_as_many_crops_of_other_concepts_too(maker, folder):
    craft, examples = (panel(name, maker, folder) for name in ("craft_concepts", "exemplars"))
    assert [len(group.crops) for group in examples] == [len(group.crops) for group in craft]
    sources = [[maker.sources[crop] for crop in group.crops] for group in examples]
    for group in sources:
        assert len({source.file for source in group}) == len(group)
    assert len({crop for group in examples for crop in group.crops}) == 12
    assert panel("exemplars", maker, folder, number=1) == examples


def test_missing_stores_are_named(maker, folder):
    message = r"concept store of the method 'ace' must be given .*; got \['craft'\].*\"ace\""
    with pytest.raises(StimuliError, match=message):
        panel("ace", maker, folder)


def test_control_is_not_the_map_of_its_image(maker, folder):
    (control,), (real,) = panel("control", maker, folder), panel("grad_cam", maker, folder)
    assert control.title == real.title and control.map != real.map


@pytest.mark.parametrize("method", ["saliency", "grad_cam", "rise"])
def test_attribution_shows_one_map_of_the_images_size(method, maker, folder):
    (group,) = panel(method, maker, folder)
    with Image.open(io.BytesIO(maker.media.contents[group.map])) as picture:
        assert picture.size == (96, 96)
    assert group.crops == () and group.importance is None


def test_maps_are_kept_by_content(folder, tmp_path):
    bank = planted_bank(folder, kinds=(), n_images=8)
    cache = tmp_path / "cache"
    first = maker_of(bank, folder, cache).heats.of_class("grad_cam", "wolf", bank.files[0])
    places = sorted(cache.rglob("*.png"))
    assert len(places) == 3  # all images of the class at once
    sevens = io.BytesIO()
    Image.fromarray(np.full_like(first, 7)).save(sevens, "PNG")
    for place in places:
        keep(place, sevens.getvalue())
    again = maker_of(bank, folder, cache).heats.of_class("grad_cam", "wolf", bank.files[0])
    assert (again == 7).all()
    Image.new("RGB", (128, 64), "red").save(folder / bank.files[0])
    other = maker_of(bank, folder, cache).heats.of_class("grad_cam", "wolf", bank.files[0])
    assert not (other == 7).all()


@pytest.mark.parametrize(
    "changes",
    [{"negatives": "rectify"}, {"precision": "mixed"}, {"pooling": "class_token"}, {}, "code"],
)
def test_kept_maps_are_those_of_the_same_network_and_code(folder, tmp_path, monkeypatch, changes):
    bank = planted_bank(folder, kinds=(), n_images=8)
    computed = []

    def compute(_backbone, files, *_, **__):
        computed.append(files)
        return torch.ones(len(files), 8, 8)

    monkeypatch.setattr("stimuli_builder.heats.attribution_maps", compute)
    for changed in (False, True):
        if changed and changes == "code":
            monkeypatch.setattr("stimuli_builder.heats.code_sha256", lambda: "another")
        elif changed:
            bank = replace(bank, backbone=replace(bank.backbone, **changes))
        maker_of(bank, folder, tmp_path / "cache").heats.of_class("grad_cam", "wolf", bank.files[0])
    assert len(computed) == (2 if changes else 1)


def test_kept_maps_of_concepts_are_those_of_the_same_coder(folder, tmp_path, monkeypatch):
    bank = planted_bank(folder, kinds=(), n_images=8)
    computed = []

    def compute(_bank, files, *_):
        computed.append(files)
        return torch.ones(len(files), 1, 8, 8)

    monkeypatch.setattr("stimuli_builder.heats.concept_maps", compute)
    other = replace(bank, coder=replace(bank.coder, kind="nearest"))
    for each in (bank, other):
        maker_of(each, folder, tmp_path / "cache").heats.of_concept(each, 0, each.files[0])
    assert len(computed) == 2


def test_kept_map_that_was_cut_short_is_computed_again(folder, tmp_path):
    bank = planted_bank(folder, kinds=(), n_images=8)
    first = maker_of(bank, folder, tmp_path / "cache").heats
    found = first.of_class("grad_cam", "wolf", bank.files[0])
    for place in (tmp_path / "cache").rglob("*.png"):
        place.write_bytes(place.read_bytes()[:-9])
    again = maker_of(bank, folder, tmp_path / "cache").heats
    assert (again.of_class("grad_cam", "wolf", bank.files[0]) == found).all()


def test_any_failure_names_method_and_image(folder, monkeypatch):
    bank = planted_bank(folder, kinds=(), n_images=8)
    maker = maker_of(bank, folder)

    def run_out(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.\nmore lines")

    monkeypatch.setattr("stimuli_builder.heats.attribution_maps", run_out)
    message = r"maps by 'saliency' .*; got wolf/000.png: OutOfMemoryError: CUDA out of memory\.$"
    with pytest.raises(StimuliError, match=message):
        maker.heats.of_class("saliency", "wolf", bank.files[0])


def test_any_failure_of_a_condition_names_condition_and_image(folder, maker, monkeypatch):
    def refuse(*_):
        raise AssertionError

    failing = replace(CONDITIONS["craft"], panel=refuse)
    monkeypatch.setitem(CONDITIONS, "craft", failing)
    trials = TrialMaker(
        maker, conditions=["craft"], classes=["wolf"], generator=np.random.default_rng(0)
    )
    image = Candidate(file="wolf/000.png", prediction="wolf", label="wolf", tie="")
    message = r"condition craft on image wolf/000\.png: AssertionError: no reason given"
    with pytest.raises(StimuliError, match=message):
        trials.training(image)


def test_a_method_that_fails_names_the_image(folder):
    bank = planted_bank(folder, kinds=(), n_images=8)
    maker = maker_of(bank, folder)
    (folder / bank.files[1]).write_bytes(b"no picture")
    message = r"maps by 'saliency' .*; got wolf/001.png"
    with pytest.warns(SkippedImageWarning), pytest.raises(StimuliError, match=message):
        maker.heats.of_class("saliency", "wolf", bank.files[0])


def with_importance(bank, values, effects):
    figures = torch.tensor(values, dtype=torch.float64)
    kept = replace(
        bank.importance,
        values=figures,
        low=figures,
        high=figures,
        effects=torch.tensor(effects, dtype=torch.float64),
    )
    return replace(bank, importance=kept)


def test_equal_concepts_are_shown_by_effect_then_by_share(folder):
    bank = planted_bank(folder, kinds=(), n_images=8)
    more = bank.U.clone()
    more[:, 2] *= 3
    bank = with_importance(replace(bank, U=more), [0, 0, 0, 0], [0, 0, 0, 0.5])
    assert shown_concepts(bank, 3)[:2] == [3, 2]


def test_concepts_without_importance_are_warned_of(folder):
    bank = planted_bank(folder, kinds=(), n_images=8)
    warn_of_unimportant({"ace": {"wolf": bank}}, 3)
    bank = with_importance(bank, [1, 0, 0, 0], [1, 0, 0, 0])
    with pytest.warns(
        UnimportantWarning, match=r"of wolf \(ace\) must have importance; got none for 2 of 3"
    ):
        warn_of_unimportant({"ace": {"wolf": bank}}, 3)


def test_crops_have_the_licence_of_their_image(folder):
    bank = planted_bank(folder, kinds=(), n_images=8)
    own = {bank.files[0]: "CC BY 4.0"}
    maker = replace(maker_of(bank, folder), licences=own)
    rows = [int((bank.crops.image == number).nonzero()[0]) for number in range(2)]
    names = maker.crops(bank, rows)
    assert [maker.sources[name].licence for name in names] == ["CC BY 4.0", "CC0"]
