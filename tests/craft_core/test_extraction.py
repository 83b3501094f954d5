"""Many classes in one run: shared out, failing alone, resumed."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core import load_backbone, load_bank
from craft_core.class_extraction import ClassTask, Outcome, run_task
from craft_core.cli import main
from craft_core.config import ExtractConfig
from craft_core.dataset import Dataset
from craft_core.errors import ConfigError, CraftError, StoreError
from craft_core.extraction import begin, extract, finished_classes, tasks_of
from craft_core.images import ImageRecord
from craft_core.map_figures import maps_figure
from craft_core.publication import draw_figure

NETWORK = "python:tests.planted_network:PartsNet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three folders of pictures with bars of one colour each."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, channel in (("red", 0), ("green", 1), ("blue", 2)):
        (folder / name).mkdir()
        for index in range(8):
            pixels = np.full((64, 64, 3), 128, dtype=np.uint8)
            bars = ((np.arange(64) // 2) % 2 * 255).astype(np.uint8)
            pixels[8:40, 8:56, channel] = bars[None, 8:56] if index % 2 else bars[8:40, None]
            noise = rng.integers(0, 6, pixels.shape)
            Image.fromarray((pixels // 2 + noise).astype(np.uint8)).save(
                folder / name / f"{index}.png"
            )
    return folder


def config_of(**changes):
    described = {
        "classes": {"red": 0, "blue": 1},
        "network": {
            "name": NETWORK,
            "layer": "colours",
            "device": "cpu",
            "size_px": 64,
            "mean": [0, 0, 0],
            "std": [1, 1, 1],
        },
        "crops": {"size_px": [24, 32], "per_image": 4},
        "concepts": {"number": 2},
    }
    return ExtractConfig.model_validate(described | changes)


def test_tree_names_and_shams_come_from_the_configuration(folder, tmp_path):
    config = config_of(
        concepts={
            "number": 3,
            "names": {"red": {0: "first"}},
            "merge": {"red": [[0, 1]]},
            "exclude": {"blue": [2]},
        },
        recursion={
            "layers": ["smooth", "parts"],
            "number": 1,
            "percentile": 50,
            "shams": ["same_layer", "random_groups"],
        },
    )
    store = extract(config, folder, tmp_path / "store")
    red = load_bank(tmp_path / "store" / "red")
    assert red.names == ("first", "concept 2") and red.curation.members == ((0, 1), (2,))
    assert [child.origin.kind for child in red.children] == [
        "split",
        "same_layer",
        "random_groups",
    ]
    assert red.children[0].children[0].backbone.layer == "parts"
    assert load_bank(tmp_path / "store" / "blue").n_concepts == 2
    assert store["failed"] == [] and store["network"]["negatives"] == "refuse"
    for name in ("figure.png", "maps.png", "tree.png", "coherence.png"):
        assert (tmp_path / "store" / "red" / name).stat().st_size > 5000


@pytest.mark.slow
def test_processes_give_the_same_bytes(folder, tmp_path):
    config = config_of()
    extract(config, folder, tmp_path / "one")
    extract(config, folder, tmp_path / "two", jobs=2)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) > 8
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


@pytest.mark.slow
def test_dask_cluster_gives_the_same_bytes(folder, tmp_path):
    from dask.distributed import LocalCluster

    config = config_of()
    extract(config, folder, tmp_path / "one")
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        extract(config, folder, tmp_path / "two", dask=cluster.scheduler_address)
    for name in ("store.json", "red/bank.safetensors", "blue/bank.json", "blue/figure.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_no_scheduler_is_told(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("craft_core.extraction.CONNECT_SECONDS", 1)
    with pytest.raises(
        CraftError, match=r"dask must be the address of a scheduler; got 'tcp://127"
    ):
        extract(config_of(), folder, tmp_path / "store", dask="tcp://127.0.0.1:9")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def one_fails(tmp_path, folder):
    """The network calls no picture class 7, so that there is nothing to look at."""
    config = config_of(classes={"red": 0, "green": 7})
    return config, extract(config, folder, tmp_path / "store")


def test_failure_of_one_class_does_not_lose_the_others(one_fails, tmp_path):
    _, store = one_fails
    assert [found["class_name"] for found in store["classes"]] == ["red"]
    (failure,) = store["failed"]
    assert failure["class_name"] == "green"
    assert failure["error"].startswith("class_id must be predicted for an image; got 7. Predict")
    written = json.loads((tmp_path / "store" / "store.json").read_text())
    assert written["failed"] == store["failed"]


def test_command_says_which_class_failed(folder, tmp_path, capsys):
    (tmp_path / "c.toml").write_text(
        f"""
        classes = {{ red = 0, green = 7 }}
        [network]
        name = "{NETWORK}"
        layer = "colours"
        size_px = 64
        mean = [0, 0, 0]
        std = [1, 1, 1]
        [crops]
        size_px = 32
        [concepts]
        number = 2
        """
    )
    out = tmp_path / "store"
    arguments = ["extract", str(tmp_path / "c.toml"), "--images", str(folder), "--out", str(out)]
    assert main(arguments) == 1
    told = capsys.readouterr()
    assert "classes ['green'] failed; the others are in the store. green: class_id must" in told.err
    assert (out / "red" / "bank.json").exists()


def test_resuming_keeps_what_is_finished(one_fails, folder, tmp_path):
    config, _ = one_fails
    before = (tmp_path / "store" / "red" / "bank.json").stat().st_mtime_ns
    store = extract(config, folder, tmp_path / "store", resume=True)
    assert (tmp_path / "store" / "red" / "bank.json").stat().st_mtime_ns >= before
    assert [found["class_name"] for found in store["classes"]] == ["red"]
    assert store["failed"][0]["class_name"] == "green"


def test_run_that_was_stopped_goes_on(folder, tmp_path, monkeypatch):
    """Stopped after the first class, as by Ctrl-C."""
    config, out = config_of(), tmp_path / "store"
    expected = tmp_path / "expected"
    extract(config, folder, expected)

    def stop_at_blue(task: ClassTask, backbone=None):
        if task.name == "blue":
            raise KeyboardInterrupt
        return run_task(task, backbone)

    monkeypatch.setattr("craft_core.extraction.run_task", stop_at_blue)
    with pytest.raises(KeyboardInterrupt):
        extract(config, folder, out)
    unfinished = tmp_path / ".store-unfinished"
    assert not out.exists() and finished_classes(unfinished) == ["red"]
    done = []
    monkeypatch.setattr(
        "craft_core.extraction.run_task",
        lambda task, backbone=None: done.append(task.name) or run_task(task, backbone),
    )
    extract(config, folder, out, resume=True)
    assert done == ["blue"] and not unfinished.exists()
    for name in ("store.json", "red/bank.json", "blue/bank.json"):
        assert (out / name).read_bytes() == (expected / name).read_bytes()


@pytest.mark.parametrize(
    ("table", "value"), [("names", {0: "bars"}), ("exclude", [0]), ("merge", [[0, 1]])]
)
def test_decision_about_a_class_that_is_not_there_is_refused(folder, tmp_path, table, value):
    config = config_of(concepts={"number": 2, table: {"redd": value}})
    message = rf"concepts\.{table} must be of the classes \['red', 'blue'\]; got \['redd'\]\."
    with pytest.raises(ConfigError, match=message):
        extract(config, folder, tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_failed_class_is_kept(folder, tmp_path, monkeypatch):
    def refuse(bank, *_):
        if bank.class_name == "blue":
            raise MemoryError
        return maps_figure(bank, *_)

    monkeypatch.setattr("craft_core.class_extraction.maps_figure", refuse)
    store = extract(config_of(), folder, tmp_path / "store")
    assert store["failed"] == [{"class_name": "blue", "error": "MemoryError: no reason given"}]
    assert (tmp_path / "store" / "red").exists() and not (tmp_path / "store" / "blue").exists()


@pytest.mark.parametrize("state", ["stopped", "lacks a class"])
def test_other_images_are_not_resumed(state, folder, tmp_path, monkeypatch):
    config, out = config_of(classes={"red": 0, "blue": 1}), tmp_path / "store"
    pictures = shutil.copytree(folder, tmp_path / "pictures")

    def stop_at_blue(task: ClassTask, backbone=None):
        if task.name == "blue":
            if state == "stopped":
                raise KeyboardInterrupt
            return Outcome(name="blue", error="no memory")
        return run_task(task, backbone)

    with monkeypatch.context() as patched:
        patched.setattr("craft_core.extraction.run_task", stop_at_blue)
        with suppress(KeyboardInterrupt):
            extract(config, pictures, out)
    shutil.copy(pictures / "red" / "1.png", pictures / "red" / "0.png")
    with pytest.raises(StoreError, match=r"same images, labels and splits; got another red/0\.png"):
        extract(config, pictures, out, resume=True)
    shutil.copy(folder / "red" / "0.png", pictures / "red" / "0.png")
    store = extract(config, pictures, out, resume=True)
    assert [found["class_name"] for found in store["classes"]] == ["red", "blue"]


def test_run_that_finished_nothing_leaves_nothing(folder, tmp_path):
    with pytest.raises(CraftError, match=r"class_id must be predicted for an image; got 7"):
        extract(config_of(classes={"red": 7, "green": 8}), folder, tmp_path / "store")
    assert list(tmp_path.iterdir()) == []


class CountedLookups(dict):
    """Classes of a folder that count how often they are asked for a number."""

    n = 0

    def get(self, *arguments):
        self.n += 1
        return super().get(*arguments)


def test_images_are_labelled_once_and_each_class_gets_its_own(colour_net):
    n, n_classes = 60, 3
    names = [f"c{index}" for index in range(n_classes)]
    records = [
        ImageRecord(file=f"{index}.png", label=names[index % 3], split="fit", tie="")
        for index in range(n)
    ]
    classes = CountedLookups({name: index for index, name in enumerate(names)})
    logits = torch.eye(n_classes)[torch.arange(n) % n_classes]
    logits[0] = torch.tensor([0.0, 0.0, 1.0])  # an error of the network
    dataset = Dataset(
        folder=Path("pictures"), records=records, skipped=[], classes=classes, logits=logits
    )
    network = load_backbone(colour_net, device="cpu")
    tasks = tasks_of(config_of(), dataset, network, Path("out"))
    assert classes.n == n and dataset.predictions is dataset.predictions
    assert [len(task.files) for task in tasks] == [19, 20, 21]
    assert tasks[2].files[:2] == ("0.png", "2.png") and tasks[2].labels[:2] == (0, 2)
    assert tasks[0].counts == {0: 19, 1: 20, 2: 21}


def test_layer_without_positions_gives_concepts_without_maps(folder, tmp_path):
    config = config_of(network=config_of().network.model_dump() | {"layer": "flatten"})
    store = extract(config, folder, tmp_path / "store")
    assert store["failed"] == []
    assert (tmp_path / "store" / "red" / "figure.png").stat().st_size > 5000
    assert not (tmp_path / "store" / "red" / "maps.png").exists()
    assert draw_figure("2", tmp_path / "store", folder, tmp_path / "figures")


def test_paths_of_tasks_are_whole(colour_net, monkeypatch, tmp_path):
    """A worker may have another working folder."""
    monkeypatch.chdir(tmp_path)
    dataset = Dataset(
        folder=Path("pictures"),
        records=[ImageRecord(file="0.png", label="red", split="fit", tie="")],
        skipped=[],
        classes={"red": 0},
        logits=torch.ones(1, 1),
    )
    config = config_of(network={"name": NETWORK, "checkpoint": "w.pt"})
    (task,) = tasks_of(config, dataset, load_backbone(colour_net, device="cpu"), Path("out"))
    assert task.folder == tmp_path / "pictures" and task.out == tmp_path / "out"
    assert task.config.network.checkpoint == tmp_path / "w.pt"
    assert config.network.checkpoint == Path("w.pt")


@pytest.mark.parametrize("lost", [("blue",), ("red", "blue")])
def test_class_that_was_written_elsewhere_is_a_failure(lost, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "craft_core.extraction.run_task",
        lambda task, backbone=None: (
            Outcome(name=task.name) if task.name in lost else run_task(task, backbone)
        ),
    )
    message = "must be in .store-unfinished when it is done; got nothing. Workers on other machines"
    if len(lost) == 2:
        with pytest.raises(CraftError, match=message):
            extract(config_of(), folder, tmp_path / "store")
        return
    store = extract(config_of(), folder, tmp_path / "store")
    assert [found["class_name"] for found in store["classes"]] == ["red"]
    (failure,) = store["failed"]
    assert failure["class_name"] == "blue" and message in failure["error"]


def test_class_that_is_never_predicted_rightly_is_told_what_is_predicted(folder, tmp_path):
    shutil.copytree(folder / "red", tmp_path / "pictures" / "blue")
    shutil.copytree(folder / "blue", tmp_path / "pictures" / "red")
    config = config_of(concepts={"number": 2, "selection": "correct"})
    with pytest.raises(
        CraftError, match=r"predicted rightly for an image; got 0\. .*\{0: 4, 1: 4\}"
    ):
        extract(config, tmp_path / "pictures", tmp_path / "store")


def test_nothing_to_resume_is_told(tmp_path):
    with pytest.raises(StoreError, match=r"must have left something beside .*store; got nothing"):
        begin(config_of(), tmp_path / "store", resume=True)


def test_another_configuration_is_not_resumed(tmp_path):
    begin(config_of(), tmp_path / "store", resume=False)
    with pytest.raises(StoreError, match=r"must have the same configuration; got another one"):
        begin(config_of(seed=3), tmp_path / "store", resume=True)


def test_new_run_begins_anew(tmp_path):
    first = begin(config_of(), tmp_path / "store", resume=False)
    (first / "red").mkdir()
    (first / "red" / "figure.png").touch()
    assert finished_classes(begin(config_of(), tmp_path / "store", resume=False)) == []
    shutil.rmtree(first)


@pytest.mark.parametrize("method", ["ace", "pca", "kmeans"])
def test_other_ways_to_find_concepts_are_a_word_in_the_configuration(folder, tmp_path, method):
    config = config_of(
        concepts={"method": method, "number": 2}, importance={"method": "tcav"}, classes={"red": 0}
    )
    extract(config, folder, tmp_path / "store")
    bank = load_bank(tmp_path / "store" / "red")
    assert bank.method == method and bank.importance.method.startswith("tcav")
    assert bank.importance.p_values is not None


def test_numbers_are_chosen_for_craft_alone(folder, tmp_path):
    config = config_of(concepts={"method": "pca", "number": [2, 3]}, classes={"red": 0})
    with pytest.raises(CraftError, match=r"must be one number for the method 'pca'; got \[2, 3\]"):
        extract(config, folder, tmp_path / "store")
