"""The notebooks of docs/ run from their first cell to their last, in the order of the chain."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ("explain_a_class", "build_and_run_a_study", "analyse_a_study")


def read(name):
    return nbformat.read(ROOT / "docs" / "notebooks" / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_kept_without_outputs(name):
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    assert cells and all(not cell.outputs and cell.execution_count is None for cell in cells)


def test_every_notebook_is_run():
    found = {file.stem for file in (ROOT / "docs" / "notebooks").glob("*.ipynb")}
    assert found == set(NOTEBOOKS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore")  # those of the kernel's own libraries
def test_notebooks_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    for name in NOTEBOOKS:
        book = read(name)
        client = NotebookClient(book, timeout=900, resources={"metadata": {"path": str(tmp_path)}})
        client.execute()
        outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
        assert any("data" in output for output in outputs), name
    written = tmp_path / "runs" / "notebook"
    assert (written / "report" / "wolf.html").stat().st_size > 100_000
    assert (written / "results" / "report.html").exists()
