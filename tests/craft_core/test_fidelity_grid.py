"""The grid in small: its tables and figures, its resumption, and what it refuses."""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch

from craft_core import fidelity_tasks
from craft_core.baselines.ice import ice_positions
from craft_core.cli import main
from craft_core.config import read_toml
from craft_core.errors import ConfigError, CraftError, StoreError
from craft_core.fidelity_config import BANKS, FidelityConfig
from craft_core.fidelity_figures import mean_and_spread
from craft_core.fidelity_grid import run_grid
from craft_core.fidelity_tables import (
    AREA_COLUMNS,
    CURVE_COLUMNS,
    PIXEL_COLUMNS,
    PIXEL_CURVE_COLUMNS,
    Curve,
    area_rows,
    read_curves,
)
from tests.craft_core.bars import NETWORK, draw_bars
from tests.planted_network import PartsNet

CLASSES = {"red": 0, "blue": 1}
FILES = ["areas.csv", "curves.csv", "fidelity.json", "figure_6.png", "figure_s8.pdf", "pixels.csv"]


def config_of(**grid):
    described = {
        "seeds": [0, 1],
        "classes": CLASSES,
        "network": NETWORK,
        "crops": {"size_px": 32, "per_image": 4},
        "grid": {
            "number": 3,
            "banks": ["craft", "pca"],
            "rankings": ["sobol", "tcav", "random", "best", "worst"],
            "draws": 200,
        }
        | grid,
        "pixels": {"methods": ["saliency", "rise"], "images": 2, "steps": 4, "samples": 20},
    }
    return FidelityConfig.model_validate(described)


def rows_of(file):
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return draw_bars(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def result(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("grid") / "fidelity"
    run_grid(config_of(), folder, out)
    return out


def test_tables_hold_every_class_bank_ranking_seed_and_point(result):
    curves = rows_of(result / "curves.csv")
    assert len(curves) == 2 * 2 * 5 * 2 * 2 * 4  # the last: r + 1 points
    areas = rows_of(result / "areas.csv")
    assert {row["class_name"] for row in areas} == {"red", "blue", "all"}
    pooled = [row for row in areas if row["class_name"] == "all"]
    assert {row["n_images"] for row in pooled} == {"16"} and {row["n_seeds"] for row in areas} == {
        "2"
    }
    assert all(float(row["low"]) <= float(row["area"]) <= float(row["high"]) for row in areas)
    pixels = rows_of(result / "pixels.csv")
    assert {row["method"] for row in pixels} == {"saliency", "rise"} and len(pixels) == 12
    for name in FILES:
        assert (result / name).stat().st_size > 200


def test_best_and_worst_orders_hold_the_others_between_them(result):
    for bank in ("craft", "pca"):
        for kind, sign in (("deletion", 1), ("insertion", -1)):
            area = {
                row["ranking"]: sign * float(row["area"])
                for row in rows_of(result / "areas.csv")
                if (row["class_name"], row["bank"], row["kind"]) == ("red", bank, kind)
            }
            assert area["best"] <= area["sobol"] + 1e-6 and area["sobol"] <= area["worst"] + 1e-6
            assert area["best"] < area["worst"]


def test_both_kinds_follow_one_order(folder, tmp_path):
    """Behind a linear head the deletion's areas give the insertion's, whatever the order."""
    config = config_of(banks=["craft"], rankings=["tcav", "random"])
    run_grid(config.model_copy(update={"pixels": None}), folder, tmp_path / "out")
    areas, ends = {}, {}
    for curve in read_curves(tmp_path / "out" / "parts", list(CLASSES), [0, 1]):
        key = curve.class_name, curve.ranking, curve.seed
        areas[*key, curve.kind] = float(curve.areas.double().mean())
        ends[key] = float(curve.logits[0] + curve.logits[-1])
    for key, total in ends.items():
        assert areas[*key, "deletion"] + areas[*key, "insertion"] == pytest.approx(total, abs=1e-4)


def test_pixels_curves_have_the_areas_of_the_table(result):
    rows = rows_of(result / "pixel_curves.csv")
    assert len(rows) == 2 * 2 * 2 * 5  # classes, methods, kinds, and steps + 1
    for pixels in [row for row in rows_of(result / "pixels.csv") if row["class_name"] == "red"]:
        logits = [
            float(row["logit"])
            for row in rows
            if all(row[name] == pixels[name] for name in ("class_name", "method", "kind"))
        ]
        area = torch.trapezoid(torch.tensor(logits)) / 4
        assert float(area) == pytest.approx(float(pixels["area"]), rel=1e-4)


def curve_of(class_name="red", seed=0, logits=(2.0, 1.0, 0.0), areas=(1.0, 2.0)):
    return Curve(
        class_name=class_name,
        bank="ace",
        ranking="sobol",
        kind="deletion",
        seed=seed,
        logits=torch.tensor(logits, dtype=torch.float64),
        areas=torch.tensor(areas),
    )


def test_classes_are_pooled_where_they_have_the_same_seeds():
    """A bank that failed with seed 0 in one class and with seed 2 in the other."""
    seeds = {"red": (1, 2), "blue": (0, 1), "green": (0, 1)}
    curves = [
        curve_of(name, seed, areas=(float(seed), 10.0 * seed))
        for name, those in seeds.items()
        for seed in those
    ]
    pooled = area_rows(curves[2:], config_of())[-1]
    assert pooled[:6] == ["all", "ace", "sobol", "deletion", 4, 2]
    every = area_rows(curves, config_of())[-1]
    assert every[4:6] == [2, 2] and every[6] == pytest.approx((1 + 10 + 2 + 20) / 4)  # red's alone


def test_figures_draw_the_points_of_the_curves():
    three, four = curve_of(logits=(1.0, 0.5, 0.0, 0.0)), curve_of(logits=(1.0, 0.0, 0.0, 0.0, 0.0))
    points, mean, spread = mean_and_spread([three])
    assert points.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert mean.tolist() == [1, 0.5, 0, 0] and not spread.any()
    points, mean, _ = mean_and_spread([three, four])
    assert points.tolist() == pytest.approx([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])
    assert mean[1] == pytest.approx((0.625 + 0) / 2)


def test_all_rankings_of_a_bank_share_their_ends(result):
    ends = {}
    for curve in read_curves(result / "parts", list(CLASSES), [0, 1]):
        full, none = (0, -1) if curve.kind == "deletion" else (-1, 0)
        key = curve.class_name, curve.bank, curve.seed
        found = (float(curve.logits[full]), float(curve.logits[none]))
        assert ends.setdefault(key, found) == pytest.approx(found, abs=1e-12)


def test_differences_from_sobol_are_paired(result):
    rows = [row for row in rows_of(result / "areas.csv") if row["class_name"] == "all"]
    area = {(row["bank"], row["ranking"], row["kind"]): float(row["area"]) for row in rows}
    for row in rows:
        if row["ranking"] == "sobol":
            assert row["minus_sobol"] == ""
            continue
        expected = area[row["bank"], row["ranking"], row["kind"]]
        expected -= area[row["bank"], "sobol", row["kind"]]
        assert float(row["minus_sobol"]) == pytest.approx(expected, abs=2e-4)


def stop_at_second_part(monkeypatch):
    """Let runs be interrupted there; return the list of the seeds that were asked for."""
    full = fidelity_tasks._part
    calls = []

    def stops(shared, seed, failed):
        calls.append(seed)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return full(shared, seed, failed)

    monkeypatch.setattr(fidelity_tasks, "_part", stops)
    return calls


def test_what_was_stopped_is_resumed_to_the_same_bytes(folder, result, tmp_path, monkeypatch):
    out = tmp_path / "fidelity"
    calls = stop_at_second_part(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run_grid(config_of(), folder, out)
    assert not out.exists()
    with pytest.raises(StoreError, match="must have the same configuration; got another one"):
        run_grid(config_of(draws=10), folder, out, resume=True)
    run_grid(config_of(), folder, out, resume=True)
    assert len(calls) == 5  # two before the stop, and the three that were missing
    for file in sorted(path.relative_to(result) for path in result.rglob("*.*")):
        assert (out / file).read_bytes() == (result / file).read_bytes(), file


@pytest.mark.slow
def test_processes_give_the_same_parts(folder, result, tmp_path):
    run_grid(config_of(), folder, tmp_path / "two", jobs=2)
    for file in (result / "parts").iterdir():
        assert (tmp_path / "two" / "parts" / file.name).read_bytes() == file.read_bytes()


@pytest.mark.slow
def test_seeds_may_change_the_start_alone(folder, tmp_path):
    config = config_of(vary="start", banks=["pca", "rca"], rankings=["gradient_input"])
    run_grid(config, folder, tmp_path / "out")
    curves = read_curves(tmp_path / "out" / "parts", ["red"], [0, 1])
    by_seed = {(c.bank, c.seed, c.kind): c.logits for c in curves}
    assert torch.allclose(by_seed["pca", 0, "deletion"], by_seed["pca", 1, "deletion"], atol=1e-5)
    assert not torch.allclose(by_seed["rca", 0, "deletion"], by_seed["rca", 1, "deletion"])


@pytest.mark.parametrize("vary", ["crops", "start"])
def test_seeds_change_the_start_of_ice(vary, folder, tmp_path, monkeypatch):
    config = config_of(banks=["ice"], rankings=["gradient_input"], number=5, vary=vary)
    config = config.model_copy(update={"pixels": None, "classes": {"red": 0}})
    calls = []

    def counted(backbone, images):
        calls.append(len(images))
        return ice_positions(backbone, images)

    monkeypatch.setattr(fidelity_tasks, "ice_positions", counted)
    run_grid(config, folder, tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "areas.csv")
    assert max(float(row["sd_seeds"]) for row in rows) > 1e-6  # 0 from one start
    assert calls == [8]  # once for both seeds


@pytest.mark.slow
def test_all_seven_banks_are_followed(folder, tmp_path):
    config = config_of(banks=list(BANKS), rankings=["sobol", "random"])
    config = config.model_copy(update={"pixels": None})
    assert run_grid(config, folder, tmp_path / "out")["failed"] == []
    rows = [row for row in rows_of(tmp_path / "out" / "areas.csv") if row["class_name"] == "all"]
    assert {row["bank"] for row in rows} == set(BANKS)
    assert {(row["n_images"], row["n_seeds"]) for row in rows} == {("16", "2")}
    area = {(row["bank"], row["ranking"], row["kind"]): float(row["area"]) for row in rows}
    for bank in ("craft", "kmeans", "ace", "ice"):  # whose concepts nearly all speak for a class
        assert area[bank, "sobol", "deletion"] <= area[bank, "random", "deletion"] + 1e-6
        assert area[bank, "sobol", "insertion"] >= area[bank, "random", "insertion"] - 1e-6


def test_a_bank_that_fails_leaves_the_others_whole(folder, tmp_path, capsys):
    config = config_of(banks=["craft", "pca"], number=7, rankings=["sobol"])
    described = config.model_copy(update={"pixels": None})
    run_grid(described, folder, tmp_path / "out")
    failed = json.loads((tmp_path / "out" / "fidelity.json").read_text())["failed"]
    assert {failure["bank"] for failure in failed} == {"pca"}  # six channels, seven components


def test_class_that_is_never_predicted_is_named(folder, tmp_path):
    config = config_of().model_copy(update={"classes": {"red": 0}, "images": None})
    shutil.copytree(folder / "blue", tmp_path / "only" / "red")
    message = r"class red must have images that the network predicts as it; got 0 for concepts"
    with pytest.raises(CraftError, match=message):
        run_grid(config, tmp_path / "only", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["only"]


def test_where_every_bank_fails_the_first_failure_is_told(folder, tmp_path):
    config = config_of(banks=["pca"], number=7, rankings=["sobol"])
    message = r"^banks must give a curve; got none\. class red, bank pca, seed 0: .*7"
    with pytest.raises(CraftError, match=message):
        run_grid(config.model_copy(update={"pixels": None}), folder, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_folder_without_images_leaves_nothing(tmp_path):
    with pytest.raises(CraftError, match="image folder must"):
        run_grid(config_of(), tmp_path / "nope", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def stopped(folder, tmp_path, monkeypatch):
    """A run that was stopped after its first part, on a copy of the pictures."""
    pictures = shutil.copytree(folder, tmp_path / "pictures")
    stop_at_second_part(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run_grid(small_config(), pictures, tmp_path / "out")
    return pictures


def small_config():
    return config_of(banks=["craft"], rankings=["sobol"]).model_copy(update={"pixels": None})


def test_parts_of_other_images_are_not_resumed(stopped, tmp_path):
    kept = (stopped / "red" / "0.png").read_bytes()
    shutil.copy(stopped / "red" / "1.png", stopped / "red" / "0.png")  # as many as before
    message = r"must have the same images and network; got other \['images of red'\]"
    with pytest.raises(StoreError, match=message):
        run_grid(small_config(), stopped, tmp_path / "out", resume=True)
    (stopped / "red" / "0.png").write_bytes(kept)
    run_grid(small_config(), stopped, tmp_path / "out", resume=True)
    assert (tmp_path / "out" / "fidelity.json").exists()


def test_parts_of_another_network_are_not_resumed(stopped, tmp_path, monkeypatch):
    load = PartsNet.__init__

    def other(module):
        load(module)
        module.head.bias.data += 0.125

    monkeypatch.setattr(PartsNet, "__init__", other)
    with pytest.raises(StoreError, match=r"got other \['weights'\]"):
        run_grid(small_config(), stopped, tmp_path / "out", resume=True)


def test_command_fails_with_a_class_and_resumes_what_failed(folder, tmp_path, monkeypatch, capsys):
    network = "\n".join(f"{key} = {json.dumps(value)}" for key, value in NETWORK.items())
    (tmp_path / "a.toml").write_text(
        "seeds = [3]\nclasses = { red = 0, blue = 1 }\n[network]\n"
        + network
        + '\n[crops]\nsize_px = 32\n[grid]\nnumber = 2\nbanks = ["craft"]\n'
    )
    arguments = ["fidelity", str(tmp_path / "a.toml"), "--images", str(folder)]
    arguments += ["--out", str(tmp_path / "out")]
    full = fidelity_tasks._run
    done = []

    def fails_on_blue(task, backbone):
        done.append(task.name)
        if done == ["red", "blue"]:
            raise CraftError("no.")
        full(task, backbone)

    monkeypatch.setattr(fidelity_tasks, "_run", fails_on_blue)
    assert main(arguments) == 1
    told = capsys.readouterr().err
    assert "classes ['blue'] failed; the others are in the tables. class blue: no." in told
    assert main([*arguments, "--resume"]) == 0
    assert done == ["red", "blue", "blue"]  # red's part was kept
    assert {row["class_name"] for row in rows_of(tmp_path / "out" / "areas.csv")} == {
        "red",
        "blue",
        "all",
    }
    assert main([*arguments, "--resume"]) == 1
    assert "must have left something beside" in capsys.readouterr().err


def test_resuming_nothing_is_refused(folder, tmp_path):
    with pytest.raises(StoreError, match="must have left something beside"):
        run_grid(config_of(), folder, tmp_path / "out", resume=True)


def test_brute_force_of_many_concepts_is_refused_beforehand(tmp_path):
    (tmp_path / "a.toml").write_text('[grid]\nrankings = ["best"]\nnumber = 25\n')
    with pytest.raises(ConfigError, match="number is at most 12 for the rankings best and worst"):
        read_toml(tmp_path / "a.toml", FidelityConfig)


def test_seeds_must_be_distinct(tmp_path):
    (tmp_path / "a.toml").write_text("seeds = [1, 1]\n")
    with pytest.raises(ConfigError, match=r"seeds are distinct numbers from 0"):
        read_toml(tmp_path / "a.toml", FidelityConfig)


def test_command_prints_where_things_are(folder, tmp_path, capsys):
    network = "\n".join(f"{key} = {json.dumps(value)}" for key, value in NETWORK.items())
    (tmp_path / "a.toml").write_text(
        "seeds = [3]\nclasses = { red = 0 }\n[network]\n"
        + network
        + '\n[crops]\nsize_px = 32\n[grid]\nnumber = 2\nbanks = ["craft"]\n'
    )
    arguments = ["fidelity", str(tmp_path / "a.toml"), "--images", str(folder)]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 0
    assert "class red: 8 images" in capsys.readouterr().out
    assert main(["fidelity", str(tmp_path / "a.toml")]) == 1
    assert "images must be given in" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fidelity_small", "fidelity_paper"])
def test_shipped_configurations_are_right(name):
    config = read_toml(Path("configs") / f"{name}.toml", FidelityConfig)
    assert config.grid.number == 25 and len(config.seeds) == 5


@pytest.mark.parametrize(
    "columns", [CURVE_COLUMNS, AREA_COLUMNS, PIXEL_COLUMNS, PIXEL_CURVE_COLUMNS]
)
def test_columns_are_documented(columns):
    text = Path("docs/formats.md").read_text().split("## Fidelity")[1].split("\n## ")[0]
    assert [name for name in columns if f"`{name}`" not in text] == []
