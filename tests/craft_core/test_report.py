"""Pages, figures and explanations from a small store, on paper and in a browser."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from craft_core import load_bank
from craft_core.cli import main
from craft_core.config import ExtractConfig
from craft_core.errors import CraftError, ImageError, StoreError
from craft_core.explanation import explain_image
from craft_core.extraction import extract
from craft_core.publication import FIGURES, GRIDS, draw_figure
from craft_core.report import open_class, render_page, write_report
from tests.craft_core.bars import NETWORK, draw_bars


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of two classes; one with blue bars lies among the red ones."""
    folder = draw_bars(tmp_path_factory.mktemp("pictures"), n=6)
    shutil.copy(folder / "blue" / "1.png", folder / "red" / "blue_indeed.png")
    (folder / "images.csv").write_text(
        "file,label,split\n"
        + "".join(
            f"{path.parent.name}/{path.name},{path.parent.name},fit\n"
            for path in sorted(folder.glob("*/*.png"))
        )
    )
    return folder


@pytest.fixture(scope="module")
def store(folder, tmp_path_factory):
    config = ExtractConfig.model_validate(
        {
            "classes": {"red": 0, "blue": 1},
            "network": NETWORK,
            "crops": {"size_px": [24, 32], "per_image": 4},
            "concepts": {"number": 2, "names": {"blue": {0: "bars & <b>stripes</b>"}}},
            "recursion": {"layers": ["smooth"], "number": 2, "percentile": 50},
        }
    )
    out = tmp_path_factory.mktemp("stores") / "concepts"
    extract(config, folder, out)
    return out


@pytest.fixture(scope="module")
def report(store, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "report"
    arguments = ["report", str(store), "--images", str(folder), "--out", str(out)]
    assert main([*arguments, "--feature-steps", "3"]) == 0
    return out


def test_there_is_a_page_a_class_that_needs_nothing_else(report):
    assert sorted(path.name for path in report.iterdir()) == [
        "blue.html",
        "index.html",
        "red.html",
    ]
    for path in report.iterdir():
        page = path.read_text()
        sources = re.findall(r'src="([^"]{0,30})', page)
        assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
        assert "http" not in page and str(path.parents[2]) not in page


def test_page_holds_every_part(report):
    page = (report / "blue.html").read_text()
    for part in ("importance", "concepts", "images", "errors"):
        assert f'id="{part}"' in page
    assert page.count('class="card concept"') == 2
    assert page.count("made for it") == 2
    assert page.count("<details>") == 1 and page.count('class="below"') == 2
    assert "bars &amp; &lt;b&gt;stripes&lt;/b&gt;" in page and "<b>stripes" not in page


def test_page_shows_what_drove_an_error(report):
    page = (report / "blue.html").read_text()
    assert "“red” taken for “blue”" in page and "red/blue_indeed.png" in page
    assert "1 of the 7 images" in page
    assert "None of the 6 images" in (report / "red.html").read_text()


def test_class_called_index_has_a_page_beside_the_list(store, folder, tmp_path):
    pictures = shutil.copytree(folder, tmp_path / "pictures")
    (pictures / "red").rename(pictures / "index")
    listed = (folder / "images.csv").read_text().replace("red", "index")
    (pictures / "images.csv").write_text(listed)
    config = json.loads((store / "store.json").read_text())["config"]
    config |= {"classes": {"index": 0}, "recursion": None}
    config["concepts"]["names"] = {}
    extract(ExtractConfig.model_validate(config), pictures, tmp_path / "concepts")
    pages = write_report(tmp_path / "concepts", pictures, tmp_path / "out", feature_steps=0)
    assert [page.name for page in pages] == ["index.html", "_index.html"]
    assert 'href="_index.html"' in pages[0].read_text()
    assert "Concepts of “index”" in pages[1].read_text()


def test_pages_and_figures_have_folders_of_their_own(store, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["report", str(store), "--images", str(folder)]
    assert main([*arguments, "--figure", "1", "--class", "blue"]) == 0
    assert main([*arguments, "--feature-steps", "0"]) == 0
    assert main([*arguments, "--figure", "1", "--class", "blue"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures", "report"]
    assert (tmp_path / "figures" / "figure_1_blue.png").exists()


def test_same_store_same_page(store, folder, report):
    stored = open_class(store, "red", folder)
    page = render_page(stored, names=["red", "blue"], feature_steps=3)
    assert page == (report / "red.html").read_text()


def test_features_may_be_left_out(store, folder):
    page = render_page(open_class(store, "red", folder), feature_steps=0)
    assert "made for it" not in page


@pytest.mark.parametrize("width", [1280, 390])
def test_page_fits_the_window_and_trees_open(report, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((report / "blue.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    below = page.locator(".below").first
    assert not below.is_visible()
    page.locator("summary").first.click()
    assert below.is_visible()
    broken = "[...document.images].filter(image => !image.naturalWidth).length"
    assert page.evaluate(broken) == 0
    page.close()


def test_page_has_no_accessibility_faults(report, browser):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page()
    page.goto((report / "blue.html").as_uri())
    found = Axe().run(page).response["violations"]
    assert [violation["id"] for violation in found] == []
    page.close()


def test_effects_are_what_concepts_add_to_the_logit(store, folder):
    bank = load_bank(store / "blue")
    found = explain_image(bank, folder / "red" / "blue_indeed.png")
    U = bank.encode([folder / "red" / "blue_indeed.png"]).double()
    expected = U[0] * (bank.W.double() @ bank.backbone.linear_head.weight[1].double())
    torch.testing.assert_close(found.effects, expected, rtol=1e-6, atol=1e-6)
    assert found.predicted == 1 and found.probability > 0.5
    assert found.rebuilt == pytest.approx(found.logit, rel=0.05)
    assert found.drivers[0] == int(expected.argmax())
    assert all(found.effects[concept] < 0 for concept in found.against)


QUICK = ["1", "5"]
OTHERS = [name for name in [*FIGURES, *GRIDS] if name not in QUICK and name != "s1"]


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def test_figures_are_written_in_three_formats(name, store, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("craft_core.publication.FEATURE_STEPS", 2)
    files = draw_figure(name, store, folder, tmp_path, class_name="blue")
    assert [file.suffix for file in files] == [".png", ".pdf", ".svg"]
    assert all(file.stat().st_size > 2000 for file in files)


def test_figure_5_shows_an_image_made_for_each_concept(store, folder, tmp_path, monkeypatch):
    asked = []

    def made(stored, n_steps, concepts):
        asked.append((stored.bank.class_name, list(concepts)))
        return [Image.new("RGB", (64, 64), (255, 0, 0))] * len(concepts)

    monkeypatch.setattr("craft_core.publication.feature_pictures", made)
    five, *_ = draw_figure("5", store, folder, tmp_path)
    ranking = {name: load_bank(store / name).importance.ranking for name in ("red", "blue")}
    assert asked == [("red", ranking["red"]), ("blue", ranking["blue"])]
    pure = (np.asarray(Image.open(five).convert("RGB")) == [255, 0, 0]).all(axis=2)
    assert pure.mean() > 0.1
    draw_figure("s2", store, folder, tmp_path)
    assert len(asked) == 2


def test_figure_s1_puts_two_methods_below_each_other(store, folder, tmp_path, capsys):
    config = json.loads((store / "store.json").read_text())["config"]
    config |= {"recursion": None}
    config["concepts"] |= {"method": "kmeans", "names": {}}
    extract(ExtractConfig.model_validate(config), folder, tmp_path / "kmeans")
    given = ["report", str(store), "--images", str(folder), "--out", str(tmp_path / "out")]
    assert main([*given, "--figure", "S1"]) == 1
    assert "figure s1 must have a second store, by another method; got" in capsys.readouterr().err
    beside = ["--beside", str(tmp_path / "kmeans"), "--class", "blue"]
    assert main([*given, "--figure", "S1", *beside]) == 0
    shown = (tmp_path / "out" / "figure_s1_blue.svg").read_text()
    assert shown.count("<image") == 2 * 2  # concepts of each method


def test_feature_figures_have_the_papers_three_names(store, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("craft_core.publication.FEATURE_STEPS", 1)
    files = draw_figure("S4", store, folder, tmp_path, class_name="red")
    assert files[0].name == "figure_s4_red.png"


def test_sanity_figure_takes_the_documented_steps(store, folder, tmp_path, monkeypatch):
    def stop(*_, **settings):
        raise CraftError(f"{settings['scope']} {settings['n_steps']}")

    monkeypatch.setattr("craft_core.publication.sanity_check", stop)
    with pytest.raises(CraftError, match="cascade 4"):  # the rows of docs/benchmarks.md
        draw_figure("s9", store, folder, tmp_path)


@pytest.mark.slow
def test_figures_come_out_the_same(store, folder, tmp_path):
    first = draw_figure("2", store, folder, tmp_path / "a", class_name="blue")
    again = draw_figure("2", store, folder, tmp_path / "b", class_name="blue")
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_explain_prints_what_each_concept_adds(store, folder, tmp_path, capsys):
    image = folder / "red" / "blue_indeed.png"
    arguments = ["explain", str(store), str(image), "--out", str(tmp_path / "why")]
    assert main([*arguments, "--images", str(folder)]) == 0
    printed = capsys.readouterr().out
    assert "blue_indeed.png: class blue, probability" in printed
    assert len(re.findall(r"^  .*: [+-]\d", printed, re.M)) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["why.pdf", "why.png", "why.svg"]
    assert main([*arguments, "--class", "red"]) == 0
    assert "class red, probability" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--figure", "7"],
            "figure must be one of ['1', '2', '3', 's3', 's9', '5', 's2', 's1']; got",
        ),
        (["--figure", "1", "--class", "red"], "must have an image wrongly called red; got none"),
        (["--figure", "5", "--class", "cat"], "class must be one of ['red', 'blue'] in"),
        (["--figure", "2", "--class", "cat"], "class must be one of ['red', 'blue'] in"),
        (["--feature-steps", "-1"], "feature-steps must be at least 0; got -1."),
    ],
)
def test_bad_choices_fail_with_one_line(arguments, message, store, folder, tmp_path, capsys):
    given = ["report", str(store), "--images", str(folder), "--out", str(tmp_path / "out")]
    assert main([*given, *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_other_pictures_are_refused(store, tmp_path):
    with pytest.raises(StoreError, match="image folder must hold the 6 images of class red; red/0"):
        open_class(store, "red", tmp_path)


def test_a_store_of_another_network_is_refused(store, folder, tmp_path, monkeypatch):
    import tests.planted_network as planted

    class Other(planted.PartsNet):
        def __init__(self):
            super().__init__()
            with torch.no_grad():
                self.head.weight.mul_(2)

    monkeypatch.setattr(planted, "PartsNet", Other)
    with pytest.raises(StoreError, match="must have weights of SHA-256"):
        open_class(store, "red", folder)


def test_unreadable_image_is_named(store, folder, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with (
        pytest.warns(UserWarning, match="must be readable"),
        pytest.raises(ImageError, match=r"image must be readable; got .*a\.png"),
    ):
        explain_image(load_bank(store / "red"), tmp_path / "a.png")


def test_image_of_no_class_of_the_store_needs_one_to_be_named(store, folder, tmp_path):
    one = tmp_path / "one"
    shutil.copytree(store, one)
    described = (one / "store.json").read_text()
    start = described.index('"classes": [\n')
    cut = described.index("},", start)
    (one / "store.json").write_text(described[: cut + 1] + "\n ]\n}\n")
    from craft_core.publication import explain_stored

    message = r"image 0\.png must be predicted as one of \['red'\]; got class 1\. Name one"
    with pytest.raises(CraftError, match=message):
        explain_stored(one, folder / "blue" / "0.png", tmp_path / "why")
