"""The reports in a browser: what axe finds, and what is wider than a phone."""

import dataclasses

import pytest
from axe_playwright_python.sync_playwright import Axe

from analysis.cli import main as analyse
from analysis.report import write_results
from analysis.side_by_side import write_comparison
from study_app.cli import main as study

pytestmark = pytest.mark.slow

STANDARDS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = [(320, 640), (390, 844), (1440, 900)]


@pytest.fixture(scope="module")
def pages(analysed_once, recursivity_path, tmp_path_factory):
    """Reports on people, on a rehearsal, on two scenarios, and on a recursivity study."""
    folder = tmp_path_factory.mktemp("reports")
    assert analyse(["report", "tests/golden/export", "--out", str(folder / "people")]) == 0
    write_results(analysed_once, folder / "rehearsal")
    other = dataclasses.replace(analysed_once.export.study, study="leaves", scenario="leaves")
    tables = {"table_1": analysed_once.tables["table_1"].assign(scenario="leaves")}
    leaves = dataclasses.replace(
        analysed_once,
        export=dataclasses.replace(analysed_once.export, study=other),
        tables=analysed_once.tables | tables,
    )
    write_comparison([analysed_once, leaves], folder / "two")
    database = ["--database", str(folder / "study.sqlite")]
    assert study(["simulate", str(recursivity_path), "--participants", "12", *database]) == 0
    assert study(["export", str(folder / "export"), *database]) == 0
    out = ["--out", str(folder / "recursivity")]
    assert analyse(["report", str(folder / "export"), "--simulated", *out]) == 0
    return {file.parent.name: file for file in sorted(folder.rglob("report.html"))}


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(browser, pages, size):
    context = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)))
    page = context.new_page()
    found = {}
    assert len(pages) >= 4
    for name, file in pages.items():
        page.goto(file.as_uri())
        page.wait_for_load_state("networkidle")
        violations = Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
        found[name] = [(each["id"], each["nodes"][0]["target"]) for each in violations]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size[0]:
            found[name].append(("wider than the window", width))
    context.close()
    assert {name: each for name, each in found.items() if each} == {}
