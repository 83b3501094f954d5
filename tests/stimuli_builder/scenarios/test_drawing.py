import csv
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from stimuli_builder.errors import StimuliError
from stimuli_builder.scenarios.drawing import draw_scenario
from stimuli_builder.scenarios.husky_wolf import HUSKY_WOLF
from stimuli_builder.scenarios.scenario import Drawing, Scenario


def draw_dot(factors, *, generator):
    colours = generator.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Drawing(
        image=Image.fromarray(colours),
        labels=Image.fromarray(np.full((4, 4), int(factors["size"]), np.uint8)),
    )


DOTS = Scenario(
    name="dots",
    classes={"a": {"shape": "round"}, "b": {"shape": "square"}},
    tied="background",
    ties={"a": "sea", "b": "land"},
    decides=("background",),
    deciding_parts=("background",),
    parts={"background": 0, "dot": 1},
    varies={"size": [str(size) for size in range(100)]},
    fit_ties=("kept",),
    draw=draw_dot,
)


def draw(folder, *, scenario=DOTS, n_fit=3, n_study=2, seed=0, **options):
    draw_scenario(
        scenario,
        folder,
        n_fit_per_class=n_fit,
        n_study_per_cell=n_study,
        generator=np.random.default_rng(seed),
        **options,
    )
    with (folder / "images.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_folder_holds_what_the_table_names_and_nothing_else(tmp_path):
    rows = draw(tmp_path / "dots")
    named = {row[column] for row in rows for column in ("file", "mask")}
    assert set(contents(tmp_path / "dots")) == named | {
        "images.csv",
        "scenario.json",
        "masks/parts.json",
    }


def test_every_cell_has_its_count(tmp_path):
    rows = draw(tmp_path / "dots", n_fit=3, n_study=2)
    counts = Counter((row["label"], row["split"], row["tie"]) for row in rows)
    fit = {(label, "fit", "kept"): 3 for label in "ab"}
    study = {(label, "study", tie): 2 for label in "ab" for tie in ("kept", "broken")}
    assert counts == fit | study


def test_columns_are_those_of_the_format_and_then_the_factors(tmp_path):
    rows = draw(tmp_path / "dots")
    named = ["file", "label", "split", "tie", "mask", "cues", "background", "shape", "size"]
    assert list(rows[0]) == named


def test_background_column_agrees_with_the_tie(tmp_path):
    for row in draw(tmp_path / "dots"):
        assert row["background"] == DOTS.shown(row["label"], row["tie"])["background"]


def test_cells_of_a_split_share_their_factors(tmp_path):
    rows = draw(tmp_path / "dots", n_fit=6, n_study=5)
    sizes = {}
    for row in rows:
        cell = (row["split"], row["label"], row["tie"])
        sizes.setdefault(cell, Counter())[row["size"]] += 1
    for split in ("fit", "study"):
        first, *others = [values for cell, values in sizes.items() if cell[0] == split]
        assert all(other == first for other in others)


def test_numbers_are_drawn_by_lot(tmp_path):
    rows = draw(tmp_path / "dots", n_fit=20, n_study=10)
    splits = [row["split"] for row in rows if row["label"] == "a"]
    assert [row["file"] for row in rows if row["label"] == "a"] == [
        f"a/{number:03d}.png" for number in range(40)
    ]
    assert splits[:20] != ["fit"] * 20 and set(splits[:10]) == {"fit", "study"}


def test_record_names_seed_counts_and_licence(tmp_path):
    draw(tmp_path / "dots", seed=7)
    record = json.loads((tmp_path / "dots" / "scenario.json").read_text())
    assert (record["schema"], record["schema_version"], record["scenario"]) == (
        "scenario",
        1,
        "dots",
    )
    assert record["seed"] == 7
    assert {"package_version", "git_commit"} <= set(record)
    assert record["parameters"] == {"n_fit_per_class": 3, "n_study_per_cell": 2}
    assert sum(cell["n_images"] for cell in record["counts"]) == 14
    assert record["tied"] == "background" and record["ties"] == {"a": "sea", "b": "land"}
    assert record["decides"] == record["deciding_parts"] == ["background"]
    assert record["nuisances"] == ["shape", "size"]
    assert record["licence"] == "generated; public domain (CC0-1.0)"


def test_same_seed_gives_the_same_bytes(tmp_path):
    draw(tmp_path / "one", seed=4)
    draw(tmp_path / "two", seed=4)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_bytes_do_not_depend_on_the_number_of_workers(tmp_path):
    for n_workers in (1, 2, 3):
        draw(
            tmp_path / str(n_workers), scenario=HUSKY_WOLF, n_fit=2, n_study=1, n_workers=n_workers
        )
    alone, *together = (contents(tmp_path / name) for name in "123")
    assert len(alone) == 19 and all(other == alone for other in together)


def test_workers_report_in_the_parent(tmp_path):
    seen = []
    options = {"n_fit": 1, "n_study": 1, "n_workers": 2}
    draw(
        tmp_path / "images",
        scenario=HUSKY_WOLF,
        report=lambda *state: seen.append(state),
        **options,
    )
    assert seen == [(done, 6) for done in range(1, 7)]


def test_another_seed_gives_other_images(tmp_path):
    draw(tmp_path / "one", seed=4)
    draw(tmp_path / "two", seed=5)
    assert contents(tmp_path / "one")["a/000.png"] != contents(tmp_path / "two")["a/000.png"]


def test_image_does_not_depend_on_how_many_there_are(tmp_path):
    draw(tmp_path / "few", n_fit=2, n_study=1)
    draw(tmp_path / "many", n_fit=5, n_study=3)
    few, many = ({*contents(tmp_path / name).values()} for name in ("few", "many"))
    pictures = {content for content in few if content.startswith(b"\x89PNG")}
    assert pictures and pictures <= many


def test_numbers_above_999_stay_in_order(tmp_path):
    rows = draw(tmp_path / "dots", n_fit=1001, n_study=1)
    files = [row["file"] for row in rows if row["label"] == "a"]
    assert files == [f"a/{number:03d}.png" for number in range(1003)]


def test_images_carry_no_metadata(tmp_path):
    draw(tmp_path / "dots")
    with Image.open(tmp_path / "dots" / "a" / "000.png") as image:
        assert image.info == {}


def test_progress_is_reported_after_each_image(tmp_path):
    seen = []
    draw(tmp_path / "dots", n_fit=1, n_study=1, report=lambda *state: seen.append(state))
    assert seen == [(done, 6) for done in range(1, 7)]


def test_empty_folder_is_filled(tmp_path):
    (tmp_path / "dots").mkdir()
    assert draw(tmp_path / "dots")


def test_folder_with_a_file_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(StimuliError, match=rf"folder must be new or empty; got {tmp_path}\."):
        draw(tmp_path)
    assert set(contents(tmp_path)) == {"mine.txt"}


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "dots").write_text("a file")
    with pytest.raises(StimuliError, match=r"folder must be new or empty; got .*dots\."):
        draw(tmp_path / "dots")


def test_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StimuliError, match=r"folder must be writable; got .*dots \("):
        draw(tmp_path / "file" / "dots")


def test_number_of_workers_must_be_positive(tmp_path):
    with pytest.raises(StimuliError, match=r"n_workers must be at least 1; got 0\."):
        draw(tmp_path / "dots", n_workers=0)


@pytest.mark.parametrize("name", ["n_fit", "n_study"])
def test_counts_must_be_positive(tmp_path, name):
    with pytest.raises(StimuliError, match=rf"{name}_per_\w+ must be at least 1; got 0\."):
        draw(tmp_path / "dots", **{name: 0})
    assert list(tmp_path.iterdir()) == []


def test_error_of_a_worker_is_raised_and_leaves_nothing(tmp_path):
    scenario = replace(HUSKY_WOLF, varies={"coat": ["striped"]})
    with pytest.raises(KeyError, match="facing"):
        draw(tmp_path / "images", scenario=scenario, n_workers=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_workers", [1, 2])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_when_drawing_stops(tmp_path, error, n_workers):
    def stop(done, total):
        if done == 3:
            raise error

    with pytest.raises(error):
        draw(tmp_path / "images", scenario=HUSKY_WOLF, report=stop, n_workers=n_workers)
    assert list(tmp_path.iterdir()) == []
