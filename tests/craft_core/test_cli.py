"""The command on a small folder of pictures with EfficientNet-Lite0, and on bad input."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craft_core.cli import main
from craft_core.store import load_bank, read_images

CONFIG = """
seed = 1
classes = { sea = 0, sand = 1 }
[network]
name = "efficientnet_lite0"
device = "cpu"
[probe]
[crops]
size_px = 96
per_image = 3
[concepts]
number = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten pictures of waves and ten of dunes, and one file that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    rows = np.arange(160)[:, None]
    for name, color in (("sea", (40, 110, 190)), ("sand", (220, 190, 130))):
        (folder / name).mkdir()
        for index in range(10):
            waves = 30 * np.sin(rows / rng.uniform(3, 9) + rng.normal(size=(1, 200)).cumsum() / 9)
            noise = rng.normal(0, 12, (160, 200, 3))
            pixels = np.clip(np.array(color) + waves[:, :, None] + noise, 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"{index}.png")
    (folder / "sea" / "broken.png").write_bytes(b"\x89PNG no more")
    return folder


@pytest.fixture
def config(tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path / "config.toml"


@pytest.fixture(scope="module")
def store(folder, tmp_path_factory):
    base = tmp_path_factory.mktemp("store")
    (base / "config.toml").write_text(CONFIG)
    arguments = ["extract", str(base / "config.toml"), "--images", str(folder)]
    assert main([*arguments, "--out", str(base / "concepts")]) == 0
    return base / "concepts"


def fails(capsys, *arguments):
    """Run the command, which must fail with one line, and return that line."""
    code = main([str(argument) for argument in arguments])
    lines = capsys.readouterr().err.splitlines()
    assert code == 1
    errors = [line for line in lines if "warning" not in line]
    assert len(errors) == 1
    return errors[0]


def test_store_describes_what_it_came_from(store):
    described = json.loads((store / "store.json").read_text())
    assert described["schema"] == "concept-store" and described["seed"] == 1
    assert described["model"]["accuracy"] == 1.0
    assert (described["n_images"], described["n_skipped"]) == (20, 1)
    assert described["skipped"] == ["sea/broken.png"]
    assert described["network"]["name"] == "efficientnet_lite0"
    assert len(described["network"]["weights_sha256"]) == 64


def test_store_holds_each_class(store):
    for name in ("sea", "sand"):
        bank = load_bank(store / name)
        assert bank.n_concepts == 3 and bank.importance is not None
        assert all(file.startswith(name) for file in bank.files)
        with Image.open(store / name / "figure.png") as figure:
            assert figure.width > 500


def test_images_are_split_in_halves(store):
    splits = [image.split for image in read_images(store / "images.csv")]
    assert splits.count("fit") == splits.count("study") == 10


def test_same_seed_same_bytes(store, folder, config, tmp_path):
    out = tmp_path / "again"
    assert main(["extract", str(config), "--images", str(folder), "--out", str(out)]) == 0
    files = sorted(file.relative_to(store) for file in store.rglob("*") if file.is_file())
    assert [file.as_posix() for file in files] == [
        "images.csv",
        "sand/bank.json",
        "sand/bank.safetensors",
        "sand/figure.png",
        "sand/maps.png",
        "sea/bank.json",
        "sea/bank.safetensors",
        "sea/figure.png",
        "sea/maps.png",
        "store.json",
    ]
    for file in files:
        assert (store / file).read_bytes() == (out / file).read_bytes(), file


def test_no_path_of_this_machine_is_in_the_store(store, folder):
    for file in store.rglob("*.json"):
        assert str(folder) not in file.read_text()


def test_unreadable_image_is_named_in_a_warning(folder, config, tmp_path, capsys):
    main(["extract", str(config), "--images", str(folder), "--out", str(tmp_path / "out")])
    printed = capsys.readouterr()
    assert "warning: image" in printed.err and "sea/broken.png must be readable" in printed.err
    assert "images: 20, skipped: 1" in printed.out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("number = 3", "number = 90", "class sea must have at least n_concepts=90 crops; got"),
        ('device = "cpu"', 'device = "cpu"\nlayer = "nose"', "got 'nose'"),
        (
            'device = "cpu"',
            'device = "cpu"\nlayer = "_fc"',
            "activations at layer '_fc' must be >= 0",
        ),
        ("sand = 1", "sand = 1, ice = 2", "must hold ['sea', 'sand', 'ice']; got ['sand', 'sea']"),
    ],
)
def test_bad_input_fails_with_one_line(old, new, message, folder, config, tmp_path, capsys):
    config.write_text(CONFIG.replace(old, new))
    line = fails(capsys, "extract", config, "--images", folder, "--out", tmp_path / "out")
    assert message in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml"]


def test_layer_message_lists_layers(folder, config, tmp_path, capsys):
    config.write_text(CONFIG.replace('device = "cpu"', 'device = "cpu"\nlayer = "nose"'))
    line = fails(capsys, "extract", config, "--images", folder, "--out", tmp_path / "out")
    assert "_blocks.15._swish" in line


def test_folder_without_images_fails_with_one_line(config, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    line = fails(capsys, "extract", config, "--images", tmp_path / "empty")
    assert "must hold ['sea', 'sand']; got []" in line


def test_folder_of_broken_images_fails_with_one_line(config, tmp_path, capsys):
    for name in ("sea", "sand"):
        (tmp_path / "bad" / name).mkdir(parents=True)
        (tmp_path / "bad" / name / "a.png").write_text("no picture")
    line = fails(capsys, "extract", config, "--images", tmp_path / "bad")
    assert "must hold a readable image; got 0 of 2" in line


def test_images_must_be_given(config, capsys):
    assert "images must be given in" in fails(capsys, "extract", config)


def test_other_folders_are_not_overwritten(folder, config, tmp_path, capsys):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "a.tex").touch()
    arguments = ("extract", config, "--images", folder, "--out", tmp_path / "thesis")
    assert "must be new, empty or hold store.json" in fails(capsys, *arguments)


def test_wrong_usage_leaves_with_2(capsys):
    with pytest.raises(SystemExit) as left:
        main(["extract"])
    assert left.value.code == 2
    assert "CONFIG.toml" in capsys.readouterr().err


def test_help_has_an_example():
    command = [sys.executable, "-m", "craft_core.cli", "extract", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert "craft-concepts extract configs/husky_wolf.toml" in shown.stdout


@pytest.mark.slow
def test_number_of_concepts_is_chosen_from_a_list(folder, config, tmp_path):
    config.write_text(CONFIG.replace("number = 3", "number = [2, 4]"))
    out = tmp_path / "concepts"
    assert main(["extract", str(config), "--images", str(folder), "--out", str(out)]) == 0
    number = load_bank(out / "sea").number
    assert number.candidates == (2, 4) and number.chosen in (2, 4)
    assert len(load_bank(out / "sea").W) == number.chosen
    assert (out / "sea" / "number.png").stat().st_size > 5000


def test_probe_of_another_store_is_taken_to_the_last_bit(store, folder, tmp_path):
    (tmp_path / "config.toml").write_text(
        CONFIG.replace("[probe]", "[probe]\ninverse_penalty = 0.1")
    )
    arguments = ["extract", str(tmp_path / "config.toml"), "--images", str(folder)]
    for out, more in (("its_own", []), ("taken", ["--probe", str(store)])):
        assert main([*arguments, "--out", str(tmp_path / out), *more]) == 0
    hashes = [
        json.loads((path / "store.json").read_text())["network"]["weights_sha256"]
        for path in (store, tmp_path / "taken", tmp_path / "its_own")
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_probe_must_be_there_and_of_as_many_classes(store, folder, tmp_path, capsys):
    config = tmp_path / "config.toml"
    arguments = ["extract", str(config), "--images", str(folder), "--out", str(tmp_path / "out")]
    config.write_text(CONFIG.replace("[probe]\n", ""))
    assert main([*arguments, "--probe", str(store)]) == 1
    assert "must have a [probe] for --probe; got none." in capsys.readouterr().err
    config.write_text(CONFIG.replace("sea = 0, sand = 1", "sea = 0"))
    assert main([*arguments, "--probe", str(store)]) == 1
    assert "must tell 1 classes apart; got one of 2." in capsys.readouterr().err
    config.write_text(CONFIG)
    assert main([*arguments, "--probe", str(tmp_path / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
