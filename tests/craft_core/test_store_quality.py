"""Stores of other methods and seeds in one table."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from craft_core import load_bank
from craft_core.bank_quality import overlap
from craft_core.cli import main
from craft_core.config import ExtractConfig
from craft_core.extraction import extract
from craft_core.store_quality import COLUMNS, deciding_masks
from tests.craft_core.bars import NETWORK, draw_bars


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return draw_bars(tmp_path_factory.mktemp("pictures"), n=4)


@pytest.fixture(scope="module")
def stores(folder, tmp_path_factory):
    """Stores by NMF from two seeds, and by PCA."""
    parent = tmp_path_factory.mktemp("stores")
    changes = {
        "craft": {},
        "other_seed": {"seed": 1},
        "pca": {"concepts": {"number": 2, "method": "pca"}},
    }
    for name, change in changes.items():
        config = {
            "classes": {"red": 0, "blue": 1},
            "network": NETWORK,
            "crops": {"size_px": 24, "per_image": 3},
            "concepts": {"number": 2},
        }
        extract(ExtractConfig.model_validate(config | change), folder, parent / name)
    return [parent / name for name in changes]


def test_one_row_a_class_and_store(stores, folder, tmp_path, capsys):
    out = tmp_path / "new" / "quality.csv"
    arguments = ["quality", *map(str, stores), "--images", str(folder), "--out", str(out)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == COLUMNS and len(printed) == 7
    with out.open() as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["class_name"], row["store"]) for row in rows] == [
        (name, str(store)) for name in ("red", "blue") for store in stores
    ]
    for row in rows:
        assert 0 <= float(row["error"]) <= 1 and float(row["explained"]) <= 1
        bank = load_bank(f"{row['store']}/{row['class_name']}")
        assert float(row["overlap"]) == pytest.approx(overlap(bank.W), rel=1e-5, abs=1e-12)


def test_stability_is_that_of_other_seeds(stores, folder, tmp_path, capsys):
    arguments = ["quality", *map(str, stores), "--images", str(folder), "--class", "red"]
    assert main([*arguments, "--out", str(tmp_path / "quality.csv")]) == 0
    with (tmp_path / "quality.csv").open() as lines:
        craft, other_seed, pca = csv.DictReader(lines)
    assert craft["stability"] == other_seed["stability"] != ""
    assert float(craft["stability"]) > 0.9  # two planted colours
    assert pca["stability"] == "" and capsys.readouterr().out.count("red") == 3


def test_class_must_be_there(stores, folder, capsys):
    assert main(["quality", str(stores[0]), "--images", str(folder), "--class", "green"]) == 1
    assert "class must be one of ['red', 'blue']" in capsys.readouterr().err


@pytest.fixture
def scenario(folder, tmp_path):
    """Maps of parts beside the bars: 1 where they are, 2 in a corner, 0 elsewhere."""
    for file in folder.glob("*/*.png"):
        parts = np.zeros((64, 64), dtype=np.uint8)
        parts[8:40, 8:56], parts[60:, 60:] = 1, 2
        (tmp_path / "masks" / file.parent.name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(parts).save(tmp_path / "masks" / file.parent.name / file.name)
    (tmp_path / "masks" / "parts.json").write_text('{"bars": 1, "corner": 2}')
    (tmp_path / "scenario.json").write_text('{"deciding_parts": ["bars"]}')
    return tmp_path


def test_maps_are_held_against_the_parts_that_decide(stores, folder, scenario, tmp_path, capsys):
    out = tmp_path / "quality.csv"
    arguments = ["quality", str(stores[0]), "--images", str(folder), "--out", str(out)]
    assert main(arguments) == 0
    with out.open() as lines:
        assert {row["mask_energy"] for row in csv.DictReader(lines)} == {""}
    energies = {}
    for part in ("bars", "corner"):
        (scenario / "scenario.json").write_text(json.dumps({"deciding_parts": [part]}))
        assert main([*arguments, "--masks", str(scenario)]) == 0
        with out.open() as lines:
            energies[part] = [float(row["mask_energy"]) for row in csv.DictReader(lines)]
    assert min(energies["bars"]) > 1.2 and max(energies["corner"]) < 1
    (scenario / "masks" / "red" / "0.png").unlink()
    assert main([*arguments, "--masks", str(scenario)]) == 1
    assert "masks must be the folder of a drawn scenario with its maps" in capsys.readouterr().err


def test_masks_are_cut_as_images_are(scenario, tmp_path):
    parts = np.zeros((20, 40), dtype=np.uint8)
    parts[:, 10:20] = 1
    Image.fromarray(parts).save(scenario / "masks" / "wide.png")
    (mask,) = deciding_masks(scenario, ["wide.png"], size_px=10)
    assert mask[:, :5].all() and not mask[:, 5:].any()


def test_columns_are_documented():
    text = Path("docs/formats.md").read_text().split("## Quality of banks")[1].split("\n## ")[0]
    assert [name for name in COLUMNS if f"`{name}`" not in text] == []
