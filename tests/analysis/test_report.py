import html.parser
import json
import re

import pytest

from analysis.errors import ResultsError
from analysis.report import check_results_folder, write_results
from analysis.responses import read_export
from analysis.results import analyse


class Outline(html.parser.HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.stack = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "img"}:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def results(rehearsed):
    return rehearsed


@pytest.fixture
def page(results, tmp_path):
    return write_results(results, tmp_path / "out", ["One arm is small."]).read_text("utf-8")


def test_page_is_well_formed_and_loads_nothing(page):
    outline = Outline(page)
    assert outline.stack == []
    assert not outline.all("script") and not outline.all("link")
    assert all(
        image["src"].startswith("data:image/svg+xml;base64,") for image in outline.all("img")
    )
    assert not re.search(r"(src|href)=\"http", page)


def test_page_can_be_read_by_a_screen_reader(page):
    outline = Outline(page)
    assert outline.all("html")[0]["lang"] == "en"
    assert len(outline.all("h1")) == 1 and len(outline.all("img")) == 7
    assert all(len(image["alt"]) > 40 for image in outline.all("img"))
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = [attributes.get("aria-labelledby") for attributes in outline.all("table")]
    assert set(labels) <= set(ids)
    assert all("scope" in attributes for attributes in outline.all("th"))


def test_page_mentions_what_a_reader_must_know(page):
    assert "Simulated participants: a rehearsal, not data about people." in page
    assert "One arm is small." in page
    for text in ("1a" * 32, "c0" * 32, "ab" * 32, "efficientnet_lite0", "Apache-2.0"):
        assert text in page
    assert "Model, accuracy tie broken" in page and "4.0\u00a0%" in page
    assert "Seed of the assignment" in page
    assert "Of accuracies Wilson’s, of their differences Newcombe’s hybrid" in page
    assert "Fieller’s own of 1954, from Student’s t, stands beside it in tables/utility.csv" in page


def test_report_on_people_has_no_banner(exported, tmp_path):
    export = read_export(exported(tmp_path / "export", mix={"learner": 3}, n_people=30))
    page = write_results(analyse(export, "people"), tmp_path / "out").read_text("utf-8")
    assert "rehearsal" not in page and "imulated" not in page


def test_titles_are_escaped(results, tmp_path):
    object.__setattr__(results.export.study, "title", "<script>alert(1)</script>")
    page = write_results(results, tmp_path / "out").read_text("utf-8")
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_record_lists_what_is_there(results, page, tmp_path):
    out = tmp_path / "out"
    record = json.loads((out / "results.json").read_text("utf-8"))
    assert (record["schema"], record["schema_version"]) == ("study-results", 2)
    assert record["population"] == "simulated"
    assert record["config"]["baseline"] == "baseline" and record["config"]["level"] == 0.95
    assert record["export"]["sha256"] == results.export.sha256
    assert record["notes"] == ["One arm is small."]
    listed = {
        *record["tables"],
        *record["figures"],
        *record["latex"],
        record["report"],
        "results.json",
    }
    there = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert listed == there


def test_same_export_gives_the_same_folder(results, tmp_path):
    for name in ("one", "two"):
        write_results(results, tmp_path / name)
    for file in (tmp_path / "one").rglob("*.*"):
        twin = tmp_path / "two" / file.relative_to(tmp_path / "one")
        assert file.read_bytes() == twin.read_bytes()


def test_earlier_results_are_replaced_whole(results, tmp_path):
    out = tmp_path / "out"
    write_results(results, out)
    (out / "tables" / "old.csv").touch()
    write_results(results, out)
    assert not (out / "tables" / "old.csv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_empty_folder_is_filled(results, tmp_path):
    (tmp_path / "out").mkdir()
    assert write_results(results, tmp_path / "out").is_file()


def test_folder_of_something_else_is_left_alone(results, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").touch()
    with pytest.raises(ResultsError, match=r"must be new, empty or of results; got .*thesis\."):
        write_results(results, tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]
    with pytest.raises(ResultsError, match=r"must be a folder; got the file .*chapter\.txt\."):
        check_results_folder(tmp_path / "thesis" / "chapter.txt")


def test_nothing_is_left_behind_by_a_failure(results, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr("analysis.report.save_figures", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        write_results(results, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
