"""A store that is opened again: its checkpoint, its hashes, its network loaded once."""

import json
import shutil

import pytest
import torch

from craft_core import load_bank, opened_store
from craft_core.cli import main
from craft_core.config import ExtractConfig
from craft_core.dataset import stored_probe
from craft_core.errors import StoreError
from craft_core.extraction import extract
from craft_core.opened_store import open_store
from craft_core.store import read_images
from stimuli_builder.cli import main as craft_stimuli
from stimuli_builder.errors import StimuliError
from stimuli_builder.learnt import read_network
from stimuli_builder.stores import read_store
from tests.craft_core.bars import draw_bars

NETWORK = {
    "name": "torchvision:squeezenet1_1",
    "layer": "features.4.expand3x3_activation",
    "device": "cpu",
    "size_px": 64,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return draw_bars(tmp_path_factory.mktemp("pictures"), n=6)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of a network that can't be built without a checkpoint."""
    from torchvision.models import squeezenet1_1

    file = tmp_path_factory.mktemp("weights") / "w.pt"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(squeezenet1_1().state_dict(), file)
    return file


@pytest.fixture(scope="module")
def store(folder, weights, tmp_path_factory):
    config = ExtractConfig.model_validate(
        {
            "classes": {"red": 0, "blue": 1},
            "network": NETWORK | {"checkpoint": str(weights)},
            "probe": {},
            "crops": {"size_px": 32, "per_image": 2},
            "concepts": {"number": 2},
        }
    )
    out = tmp_path_factory.mktemp("stores") / "concepts"
    assert extract(config, folder, out)["failed"] == []
    return out


@pytest.fixture
def moved(store, weights, tmp_path):
    """The store, whose configuration names a checkpoint that is somewhere else now."""
    copied = shutil.copytree(store, tmp_path / "moved")
    file = copied / "store.json"
    file.write_text(file.read_text().replace(str(weights), str(tmp_path / "gone.pt")))
    return copied


def commands(store, folder, out):
    """Every command that loads a store's network, but build."""
    image = str(folder / "red" / "0.png")
    pages = ["report", str(store), "--images", str(folder), "--feature-steps", "0"]
    return [
        (main, [*pages, "--out", str(out / "report")]),
        (main, [*pages, "--figure", "2", "--out", str(out / "figure")]),
        (main, ["explain", str(store), image, "--out", str(out / "why")]),
        (main, ["quality", str(store), "--images", str(folder)]),
    ]


def test_commands_load_the_checkpoint_that_the_store_names(store, folder, tmp_path):
    for run, arguments in commands(store, folder, tmp_path):
        assert run(arguments) == 0, arguments
    backbone, classes = read_network(store)
    assert backbone.probe is not None and classes == {"red": 0, "blue": 1}
    assert list(read_store(store).banks) == ["red", "blue"]
    assert len(stored_probe(store, n_classes=2).weight) == 2


def test_checkpoint_that_has_moved_is_given(moved, weights, folder, tmp_path, capsys):
    for run, arguments in commands(moved, folder, tmp_path):
        assert run(arguments) == 1, arguments
        assert "gone.pt. Give the file with --checkpoint." in capsys.readouterr().err
        assert run([*arguments, "--checkpoint", str(weights)]) == 0, arguments
    assert read_network(moved, weights)[0].name == "torchvision:squeezenet1_1"
    assert list(read_store(moved, weights).banks) == ["red", "blue"]
    assert len(stored_probe(moved, n_classes=2).weight) == 2


def test_learnt_says_that_the_checkpoint_has_moved(moved, weights, tmp_path, capsys):
    arguments = ["learnt", str(moved), "husky_wolf", "--out", str(tmp_path / "learnt.json")]
    assert craft_stimuli(arguments) == 1
    assert "gone.pt. Give the file with --checkpoint." in capsys.readouterr().err
    assert craft_stimuli([*arguments, "--checkpoint", str(weights)]) == 1
    assert "the network must know the classes ['husky', 'wolf']" in capsys.readouterr().err


def test_other_weights_are_refused(store, weights, tmp_path):
    state = torch.load(weights, weights_only=True)
    torch.save({name: 2 * value for name, value in state.items()}, tmp_path / "other.pt")
    with pytest.raises(StoreError, match="must have weights of SHA-256"):
        open_store(store, tmp_path / "other.pt").bank("red")


def test_network_is_loaded_once_for_all_classes(store, monkeypatch):
    loaded = []
    load = opened_store.load_described
    monkeypatch.setattr(
        opened_store, "load_described", lambda *given: loaded.append(given) or load(*given)
    )
    opened = open_store(store)
    assert not loaded
    banks = [opened.bank(name) for name in opened.classes]
    assert len(loaded) == 1 and banks[0].backbone.module is banks[1].backbone.module


def test_class_must_be_in_the_store(store):
    with pytest.raises(StoreError, match=r"class must be one of \['red', 'blue'\] in .*'green'"):
        open_store(store).bank("green")


@pytest.fixture
def altered(store, tmp_path):
    """Return a function that changes a copy's store.json and gives the copy."""

    def alter(change):
        copied = shutil.copytree(store, tmp_path / "altered")
        described = json.loads((copied / "store.json").read_text())
        change(described)
        (copied / "store.json").write_text(json.dumps(described))
        return copied

    return alter


def test_altered_images_are_refused_everywhere(store, folder, tmp_path, capsys):
    copied = shutil.copytree(store, tmp_path / "altered")
    table = (copied / "images.csv").read_text()
    (copied / "images.csv").write_text(table.replace(",red,", ",blue,"))
    for run, arguments in commands(copied, folder, tmp_path):
        assert run(arguments) == 1, arguments
        assert "images.csv must have SHA-256" in capsys.readouterr().err
    for read in (read_network, read_store):
        with pytest.raises(
            StimuliError, match=r"images\.csv must have SHA-256 .*; got [0-9a-f]{64}\."
        ):
            read(copied)


def test_altered_bank_is_refused_everywhere(store, folder, tmp_path, capsys):
    copied = shutil.copytree(store, tmp_path / "altered")
    file = copied / "blue" / "bank.json"
    file.write_text(file.read_text().replace('"class_id": 1', '"class_id": 0'))
    for run, arguments in commands(copied, folder, tmp_path):
        assert run(arguments) == 1, arguments
        assert "blue/bank.json must have SHA-256" in capsys.readouterr().err
    with pytest.raises(StimuliError, match=r"blue/bank\.json must have SHA-256"):
        read_network(copied)


def test_store_from_before_the_hash_of_its_images_is_read(altered):
    old = altered(lambda described: described.pop("images_sha256"))
    assert len(open_store(old).images) == 12


@pytest.mark.parametrize(
    ("place", "key"),
    [
        (lambda store: store, "licences"),
        (lambda store: store["network"], "transform"),
        (lambda store: store["classes"][1], "folder"),
    ],
)
def test_missing_key_is_named(altered, place, key):
    copied = altered(lambda described: place(described).pop(key))
    with pytest.raises(StoreError, match=rf"store\.json must have the keys \['{key}'\]; got \["):
        open_store(copied)


def test_missing_key_of_a_bank_is_named(store, tmp_path):
    bank = shutil.copytree(store / "red", tmp_path / "red")
    described = json.loads((bank / "bank.json").read_text())
    del described["selection"]
    (bank / "bank.json").write_text(json.dumps(described))
    with pytest.raises(StoreError, match=r"bank .*red must have 'selection'; got none"):
        load_bank(bank, open_store(store).backbone)


def test_line_of_images_that_does_not_fit_is_told(store, tmp_path):
    (tmp_path / "images.csv").write_text((store / "images.csv").read_text() + "a.png,,\n")
    with pytest.raises(StoreError, match=r"must have 7 fields a line, .*; got others in line 14"):
        read_images(tmp_path / "images.csv")
