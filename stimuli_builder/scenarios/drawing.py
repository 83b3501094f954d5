"""Draws a scenario into a folder: images, maps of their parts, and which image breaks the tie.

FOLDER/scenario.json          what was drawn, from which seed
FOLDER/images.csv             one row per image
FOLDER/{class}/NNN.png        RGB
FOLDER/masks/{class}/NNN.png  greyscale; its values are those of masks/parts.json
FOLDER/masks/parts.json       value of each part
"""

import csv
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import metadata
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import cast

import numpy as np

from stimuli_builder.errors import StimuliError
from stimuli_builder.scenarios.planning import Planned, plan_images
from stimuli_builder.scenarios.scenario import DrawImage, Scenario

SCHEMA_VERSION = 1
DISTRIBUTION = "craft-studies"
LICENCE = "generated; public domain (CC0-1.0)"

_RUNS_ONLY = 3  # zlib's Z_RLE: a quarter faster than its lowest level, and as small


def draw_scenario(  # noqa: PLR0913 - what is drawn, and how it is run
    scenario: Scenario,
    folder: Path,
    *,
    n_fit_per_class: int,
    n_study_per_cell: int,
    generator: np.random.Generator,
    n_workers: int = 1,
    report: Callable[[int, int], None] | None = None,
) -> None:
    """Draw a scenario into a new folder: all of it or nothing.

    The split ``fit`` trains a classifier and has the scenario's `fit_ties`; half of ``study``
    breaks the tie. The k-th images of all cells (class and tie) of a split share their factors, so
    that no factor tells one cell from another. An image depends on the seed, its cell and its place
    in it, not on how many there are, nor on who draws it; its number in the folder is drawn by lot
    and tells nothing.

    Parameters
    ----------
    scenario
        What to draw.
    folder
        New or empty. It is written under another name beside it, and renamed when complete.
    n_fit_per_class
        >= 1. Images of each class in ``fit``.
    n_study_per_cell
        >= 1. Images of each class in ``study`` that keep the tie, and as many that break it.
    generator
        Fresh from ``np.random.default_rng(seed)``; the seed is read from it for the record.
    n_workers
        >= 1. Processes that draw. More than one import the caller's main module, which must not
        draw when imported, and the scenario's `draw`, which must be a function of a module.
    report
        Called with the number of images drawn and of all images after each.

    Raises
    ------
    StimuliError
        If a count is below 1, or the folder is not empty or cannot be written.
    """
    counts = {"n_fit_per_class": n_fit_per_class, "n_study_per_cell": n_study_per_cell}
    for name, count in (counts | {"n_workers": n_workers}).items():
        if count < 1:
            raise StimuliError(f"{name} must be at least 1; got {count}.")
    plan_rng, number_rng = generator.spawn(2)
    plan = plan_images(
        scenario,
        n_fit_per_class=n_fit_per_class,
        n_study_per_cell=n_study_per_cell,
        generator=plan_rng,
    )
    numbers = _numbers(plan, number_rng)
    with _complete_or_absent(folder) as draft:
        draw_one = partial(_draw_one, scenario.draw, draft)
        rows = []
        with _mapping(min(n_workers, len(plan))) as map_rows:
            for row in map_rows(draw_one, plan, numbers):
                rows.append(row)
                if report is not None:
                    report(len(rows), len(plan))
        _write_table(rows, draft / "images.csv")
        _write_json(dict(scenario.parts), draft / "masks" / "parts.json")
        _write_json(_record(scenario, counts, rows, generator), draft / "scenario.json")


def _numbers(plan: list[Planned], generator: np.random.Generator) -> list[int]:
    """Draw each image's number within its class by lot."""
    labels = [planned.label for planned in plan]
    lots = {
        label: iter(generator.permutation(labels.count(label)).tolist())
        for label in sorted(set(labels))
    }
    return [next(lots[label]) for label in labels]


@contextmanager
def _complete_or_absent(folder: Path) -> Iterator[Path]:
    """Give a folder to write into; rename it to `folder` at the end, or remove it on any error."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise StimuliError(f"folder must be new or empty; got {folder}.")
    draft = folder.resolve().parent / f".{folder.name}.draft-{os.getpid()}"
    try:
        draft.mkdir(parents=True)
        yield draft
        if folder.exists():
            folder.rmdir()
        draft.rename(folder)
    except OSError as error:
        reason = error.strerror or error
        raise StimuliError(f"folder must be writable; got {folder} ({reason}).") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


_Row = dict[str, str]
_DrawOne = Callable[[Planned, int], _Row]
_MapRows = Callable[[_DrawOne, list[Planned], list[int]], Iterator[_Row]]


@contextmanager
def _mapping(n_workers: int) -> Iterator[_MapRows]:
    """Give a `map` over `n_workers` processes; on any error the images begun are finished first."""
    if n_workers == 1:
        yield map
        return
    # a fresh interpreter each: a fork would copy locks that threads of torch or NumPy hold
    fresh = multiprocessing.get_context("spawn")
    with _interrupts_held():  # a semaphore half made would be reported as leaked
        pool = ProcessPoolExecutor(n_workers, mp_context=fresh, initializer=_live_with_parent)
    try:
        yield partial(_submitted, pool)
    finally:
        pool.shutdown(cancel_futures=True)


def _submitted(
    pool: ProcessPoolExecutor, draw_one: _DrawOne, plan: list[Planned], numbers: list[int]
) -> Iterator[_Row]:
    """Start the workers so that Ctrl-C reaches the parent alone, from their first moment on."""
    with _interrupts_held():  # workers inherit it
        return pool.map(draw_one, plan, numbers)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back until the end; processes started meanwhile never get it."""
    if not hasattr(signal, "pthread_sigmask") or current_thread() is not main_thread():
        yield
        return
    held: list[int] = []  # NumPy's threads still get it: a mask is one thread's alone
    handler = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if held:
        signal.raise_signal(signal.SIGINT)


def _live_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when it ends, even where it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_exit_after_parent, daemon=True).start()


def _exit_after_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _draw_one(draw: DrawImage, folder: Path, planned: Planned, number: int) -> _Row:
    """Draw and save one image and its map; return its row of the table."""
    drawing = draw(planned.factors, generator=planned.generator)
    file = f"{planned.label}/{number:03d}.png"
    for path, picture in (
        (folder / file, drawing.image),
        (folder / "masks" / file, drawing.labels),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, compress_type=_RUNS_ONLY)
    row = {"file": file, "label": planned.label, "split": planned.split, "tie": planned.tie}
    return row | {"mask": f"masks/{file}", "cues": planned.cues} | planned.factors


def _write_table(rows: list[dict[str, str]], path: Path) -> None:
    """Write the rows in the order of their files, which tells nothing either."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["label"], int(Path(row["file"]).stem))))


def _record(
    scenario: Scenario,
    counts: dict[str, int],
    rows: list[dict[str, str]],
    generator: np.random.Generator,
) -> dict[str, object]:
    seeds = cast(np.random.SeedSequence, generator.bit_generator.seed_seq)
    return {
        "schema": "scenario",
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "seed": seeds.entropy,
        "package_version": _package_version(),
        "git_commit": _git_commit(),
        "parameters": counts,
        "classes": list(scenario.classes),
        "tied": scenario.tied,
        "ties": dict(scenario.ties),
        "decides": list(scenario.decides),
        "deciding_parts": list(scenario.deciding_parts),
        "nuisances": list(scenario.nuisances),
        "counts": _counts(rows),
        "licence": LICENCE,
    }


def _package_version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def _git_commit() -> str | None:
    """Return the commit, as `craft_core.provenance` does, which would load torch."""
    git = ["git", "-C", str(Path(__file__).parent)]
    tracked = [*git, "ls-files", "--error-unmatch", Path(__file__).name]
    try:
        subprocess.run(tracked, capture_output=True, check=True)
        found = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.decode().strip()


def _counts(rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """Count the images of each class, split and tie."""
    cells = [(row["label"], row["split"], row["tie"]) for row in rows]
    return [
        {"label": cell[0], "split": cell[1], "tie": cell[2], "n_images": cells.count(cell)}
        for cell in sorted(set(cells))
    ]


def _write_json(content: dict[str, object], path: Path) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
