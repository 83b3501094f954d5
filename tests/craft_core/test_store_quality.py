"""Stores of other methods and seeds in one table."""

import csv

import pytest

from craft_core import load_bank
from craft_core.bank_quality import overlap
from craft_core.cli import main
from craft_core.config import ExtractConfig
from craft_core.extraction import extract
from craft_core.store_quality import COLUMNS
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
