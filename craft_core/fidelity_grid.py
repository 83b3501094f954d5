"""The grid of ``craft-concepts fidelity``: classes x seeds x banks x rankings, and its tables.

    OUT/
      fidelity.json      configuration, network, images with their hashes, and failures
      curves.csv         one row a point of a class's, bank's, ranking's and seed's curve
      areas.csv          areas with intervals, by bank and ranking; class ``all`` over classes
      pixels.csv         areas of attribution methods, where asked for
      pixel_curves.csv   one row a point of their curves
      parts/             what the tables are made of; see `craft_core.fidelity_tasks`
      figure_6.*         Sobol against the others, for CRAFT's bank (figure 6 of the paper)
      figure_s8.*        the same for every bank (figure S8)

Parts are written one by one into a folder beside OUT that takes its place at the end.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import torch
from safetensors import safe_open
from safetensors.torch import save

from craft_core.backbones import Backbone
from craft_core.bank_file import describe_network
from craft_core.class_extraction import Outcome, class_generator
from craft_core.dataset import Dataset, prepare
from craft_core.errors import CraftError, StoreError
from craft_core.extraction import dask_cluster
from craft_core.fidelity_config import FidelityConfig
from craft_core.fidelity_tables import read_curves, read_failures, write_tables
from craft_core.fidelity_tasks import PIXELS, FidelityTask, part_file, run_fidelity_task
from craft_core.provenance import file_sha256, git_commit, package_version
from craft_core.store import check_replaceable, put_in_place

SCHEMA_VERSION = 1
MARK = "fidelity.json"
STARTED = "config.json"  # in the unfinished folder: what it was started with


def run_grid(
    config: FidelityConfig,
    folder: Path,
    out: Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Follow the curves of every class, seed, bank and ranking, and write tables and figures.

    Parameters
    ----------
    config
        Of the file.
    folder
        Images: ``FOLDER/{class}/*``, with an ``images.csv`` or without.
    out
        A folder, new or of an earlier run.
    jobs
        Processes that classes are shared out to.
    dask
        Address of a Dask scheduler whose workers see the same files, in the place of processes.
    resume
        Go on with the parts that an earlier run of the same configuration, images and network has
        finished; where that run is complete, do again what failed in it.

    Returns
    -------
    dict[str, Any]
        What ``fidelity.json`` holds. Classes and banks that failed are in it with their errors.

    Raises
    ------
    CraftError
        If images, network or configuration do not do, or every class or every bank fails.
    """
    check_replaceable(out, MARK)
    unfinished = _begin(config, out, resume=resume)
    with _kept_if_useful(unfinished):
        return _fill(unfinished, config, folder, out, jobs=jobs, dask=dask)


def fidelity_tasks(
    config: FidelityConfig, dataset: Dataset, backbone: Backbone, parts: Path
) -> list[FidelityTask]:
    """Make a task of each class, of the parts that are missing.

    Parameters
    ----------
    config
        Of the file.
    dataset
        The images, with their predictions.
    backbone
        The network.
    parts
        Folder of the parts.

    Returns
    -------
    list[FidelityTask]
        One a class; a task without seeds is done.
    """
    wanted: list[int | str] = list(config.seeds)
    if config.pixels is not None:
        wanted.append(PIXELS)
    return [
        FidelityTask(
            config=config,
            folder=dataset.folder,
            fit_files=_files(config, dataset, class_id, config.grid.concepts_from),
            files=_files(config, dataset, class_id, config.grid.evaluate_on),
            name=name,
            class_id=class_id,
            seeds=tuple(seed for seed in wanted if not part_file(parts, name, seed).exists()),
            probe=backbone.probe,
            out=parts,
        )
        for name, class_id in dataset.classes.items()
    ]


def in_words(failure: dict[str, Any]) -> str:
    """Say what failed, in one line.

    Parameters
    ----------
    failure
        Of the list ``failed`` in ``fidelity.json``.

    Returns
    -------
    str
        Class, bank and seed where it is one's, and the error.
    """
    what = f", bank {failure['bank']}, seed {failure['seed']}" if "bank" in failure else ""
    return f"class {failure['class_name']}{what}: {failure['error']}"


def _begin(config: FidelityConfig, out: Path, *, resume: bool) -> Path:
    """Make the folder that becomes the result, empty or with the parts that are there."""
    unfinished = out.parent / f".{out.name}-unfinished"
    described = config.model_dump(mode="json", exclude={"images"})
    if resume:
        _revive(unfinished, out, described)
    elif unfinished.exists():
        shutil.rmtree(unfinished)
    (unfinished / "parts").mkdir(parents=True, exist_ok=True)
    if not resume:
        (unfinished / STARTED).write_text(json.dumps({"config": described}))
    return unfinished


def _revive(unfinished: Path, out: Path, described: dict[str, Any]) -> None:
    """Find an earlier run's parts: beside the result, or in one where something failed."""
    started, finished = unfinished / STARTED, out / MARK
    is_finished = not started.exists() and finished.exists()
    kept = finished if is_finished else started
    found = json.loads(kept.read_text()) if kept.exists() else {}
    if not found or (is_finished and not found["failed"]):
        raise StoreError(f"run to resume must have left something beside {out}; got nothing.")
    if found.get("config") != described:
        raise StoreError(
            f"run to resume must have the same configuration; got another one beside {out}. Leave "
            "out --resume to begin anew."
        )
    if is_finished:
        shutil.copytree(out / "parts", unfinished / "parts", dirs_exist_ok=True)
        for failure in [failure for failure in found["failed"] if "bank" in failure]:
            lacking = part_file(unfinished / "parts", failure["class_name"], failure["seed"])
            lacking.unlink(missing_ok=True)  # several banks of one part may have failed
        started.write_text(json.dumps({"config": described, "inputs": found.get("inputs")}))


@contextmanager
def _kept_if_useful(unfinished: Path) -> Iterator[None]:
    """Remove the unfinished folder where a run ends early and no part holds a curve."""
    try:
        yield
    except BaseException:  # an interruption too
        if not any(map(_holds_curves, (unfinished / "parts").glob("*.safetensors"))):
            shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _holds_curves(part: Path) -> bool:
    with safe_open(part, framework="pt") as stored:
        return len(stored.keys()) > 0


def _fill(
    unfinished: Path,
    config: FidelityConfig,
    folder: Path,
    out: Path,
    *,
    jobs: int,
    dask: str | None,
) -> dict[str, Any]:
    """Make the parts that are missing, tables and figures, and put the result in place."""
    from craft_core.fidelity_figures import save_figures  # matplotlib, which parts do not need

    parts = unfinished / "parts"
    dataset, backbone = prepare(config.of_images, folder)
    tasks = fidelity_tasks(config, dataset, backbone, parts)
    inputs = _check_inputs(unfinished / STARTED, tasks, backbone)
    outcomes = _run_tasks([task for task in tasks if task.seeds], backbone, jobs=jobs, dask=dask)
    lost = [outcome for outcome in outcomes if outcome.error is not None]
    if len(lost) == len(tasks):
        raise CraftError(str(lost[0].error))
    failed = _failures(config, tasks, outcomes)
    curves = read_curves(parts, list(dataset.classes), config.seeds)
    if not curves:
        raise CraftError(f"banks must give a curve; got none. {in_words(failed[0])}")
    write_tables(unfinished, curves, list(dataset.classes), config)
    save_figures(curves, unfinished)
    described = _describe(config, backbone, tasks, failed) | {"inputs": inputs}
    (unfinished / MARK).write_text(json.dumps(described, indent=1) + "\n")
    (unfinished / STARTED).unlink()
    put_in_place(unfinished, out, MARK)
    return described


def _check_inputs(
    started: Path, tasks: Sequence[FidelityTask], backbone: Backbone
) -> dict[str, str | None]:
    """Refuse to go on with parts of other images or another network; what they are is kept."""
    probe = backbone.probe
    inputs: dict[str, str | None] = {"weights": backbone.weights_sha256, "probe": None}
    if probe is not None:
        fitted = save({"weight": probe.weight.contiguous(), "bias": probe.bias.contiguous()})
        inputs["probe"] = hashlib.sha256(fitted).hexdigest()
    inputs |= {f"images of {task.name}": _images_sha256(task) for task in tasks}
    kept = json.loads(started.read_text())
    if "inputs" not in kept:
        started.write_text(json.dumps(kept | {"inputs": inputs}))
    known = kept.get("inputs", inputs) or {}
    others = [name for name in {**known, **inputs} if known.get(name) != inputs.get(name)]
    if others:
        raise StoreError(
            f"run to resume must have the same images and network; got other {others}. Leave out "
            "--resume to begin anew."
        )
    return inputs


def _images_sha256(task: FidelityTask) -> str:
    """Hash the names and contents of a class's images, those for concepts first."""
    files = [*task.fit_files, "", *task.files]
    each = [f"{file} {file_sha256(task.folder / file)}" if file else "" for file in files]
    return hashlib.sha256("\n".join(each).encode()).hexdigest()


def _files(config: FidelityConfig, dataset: Dataset, class_id: int, split: str) -> tuple[str, ...]:
    """Draw a class's images among those that the network predicts as it."""
    rows = range(len(dataset.records)) if split == "all" else dataset.rows(split)
    predictions = dataset.predictions.tolist()
    found = [dataset.records[row].file for row in rows if predictions[row] == class_id]
    drawn = torch.randperm(len(found), generator=class_generator(config.seeds[0], class_id))
    kept = sorted(drawn[: config.grid.most_images].tolist())
    return tuple(found[place] for place in kept)


def _run_tasks(
    tasks: Sequence[FidelityTask], backbone: Backbone, *, jobs: int, dask: str | None
) -> list[Outcome]:
    if dask is None and jobs == 1:
        return [run_fidelity_task(task, backbone) for task in tasks]
    with dask_cluster(dask):
        work = joblib.Parallel(n_jobs=-1 if dask else jobs)
        outcomes: list[Outcome] = work(joblib.delayed(run_fidelity_task)(task) for task in tasks)
    return outcomes


def _failures(
    config: FidelityConfig, tasks: Sequence[FidelityTask], outcomes: Sequence[Outcome]
) -> list[dict[str, Any]]:
    """List the classes that failed, then the banks."""
    failed: list[dict[str, Any]] = [
        {"class_name": outcome.name, "error": outcome.error}
        for outcome in outcomes
        if outcome.error is not None
    ]
    for task in tasks:
        for seed in config.seeds:
            for bank, error in read_failures(part_file(task.out, task.name, seed)).items():
                failed.append({"class_name": task.name, "seed": seed, "bank": bank, "error": error})
    return failed


def _describe(
    config: FidelityConfig,
    backbone: Backbone,
    tasks: Sequence[FidelityTask],
    failed: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "schema": "fidelity",
        "schema_version": SCHEMA_VERSION,
        "package_version": package_version(),
        "git_commit": git_commit(),
        "config": config.model_dump(mode="json", exclude={"images"}),
        "network": describe_network(backbone),
        "classes": [
            {
                "class_name": task.name,
                "class_id": task.class_id,
                "n_images": len(task.files),
                "n_images_for_concepts": len(task.fit_files),
            }
            for task in tasks
        ],
        "failed": failed,
    }
