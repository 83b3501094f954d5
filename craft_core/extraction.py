"""From a folder of images and a configuration to a concept store: ``craft-concepts extract``.

Classes are found one by one, on several processes, or on a Dask cluster. Each is written as soon as
it is done, into a folder beside the store that takes the store's place at the end; what is there
when a run is stopped, or when a class fails, is where ``--resume`` goes on.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib

from craft_core.backbones import Backbone
from craft_core.bank_file import describe_network
from craft_core.class_extraction import LAST_WRITTEN, ClassTask, Outcome, run_task
from craft_core.config import ExtractConfig
from craft_core.dataset import Dataset, prepare
from craft_core.errors import CraftError, StoreError
from craft_core.probe import accuracy_by_tie
from craft_core.provenance import file_sha256, git_commit, package_version
from craft_core.store import (
    SCHEMA_VERSION,
    StoredImage,
    check_replaceable,
    put_in_place,
    read_images,
    read_json,
    write_images,
    write_json,
)

CONNECT_SECONDS = 10
STARTED = "config.json"  # in the unfinished folder: what it was started with


def extract(
    config: ExtractConfig,
    folder: Path,
    out: Path,
    *,
    jobs: int = 1,
    dask: str | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Find the concepts of every class and write the store.

    Parameters
    ----------
    config
        Of the file.
    folder
        Images: ``FOLDER/{class}/*``, with an ``images.csv`` or without.
    out
        The store's folder.
    jobs
        Processes that classes are shared out to.
    dask
        Address of a Dask scheduler whose workers see the same files, in the place of processes.
    resume
        Go on with what an earlier run of the same configuration has finished.

    Returns
    -------
    dict[str, Any]
        What ``store.json`` holds. Classes that failed are in it with their errors.

    Raises
    ------
    CraftError
        If images, network, layer or configuration do not do, or every class fails.
    """
    check_replaceable(out, "store.json")
    unfinished = begin(config, out, resume=resume)
    with kept_if_useful(unfinished):
        return _fill(unfinished, config, folder, out, jobs=jobs, dask=dask)


def _fill(
    unfinished: Path,
    config: ExtractConfig,
    folder: Path,
    out: Path,
    *,
    jobs: int,
    dask: str | None,
) -> dict[str, Any]:
    """Find what is missing, and put the store in place."""
    dataset, backbone = prepare(config, folder)
    images = dataset.stored_images()
    _check_images(unfinished / "images.csv", images)
    write_images(unfinished / "images.csv", images)
    done = finished_classes(unfinished)
    tasks = [
        task for task in tasks_of(config, dataset, backbone, unfinished) if task.name not in done
    ]
    outcomes = run_tasks(tasks, backbone, jobs=jobs, dask=dask)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    failed += _lost(unfinished, dataset, failed)
    if len(failed) == len(dataset.classes):
        raise CraftError(str(failed[0].error))
    store = _describe(config, dataset, backbone, failed=failed)
    store["images_sha256"] = file_sha256(unfinished / "images.csv")
    store["classes"] = [
        _describe_class(unfinished / name)
        for name in dataset.classes
        if name in finished_classes(unfinished)
    ]
    (unfinished / STARTED).unlink()
    write_json(unfinished / "store.json", store)
    put_in_place(unfinished, out, "store.json")
    return store


def _check_images(listed: Path, images: Sequence[StoredImage]) -> None:
    """Refuse to go on with other images than those that an earlier run began with."""
    if not listed.exists():
        return
    before, now = (
        {replace(image, predicted="", probability=0.0) for image in every}
        for every in (read_images(listed), images)
    )
    if before != now:
        other = min(before ^ now, key=lambda image: image.file)
        raise StoreError(
            f"run to resume must have the same images, labels and splits; got another "
            f"{other.file}. Leave out --resume to begin anew."
        )


def _lost(unfinished: Path, dataset: Dataset, failed: Sequence[Outcome]) -> list[Outcome]:
    """Find the classes that were done without an error and have written nothing here."""
    known = {*finished_classes(unfinished), *(outcome.name for outcome in failed)}
    return [
        Outcome(
            name=name,
            error=f"class {name} must be in {unfinished.name} when it is done; got nothing. "
            "Workers on other machines must see the same files under the same paths.",
        )
        for name in dataset.classes
        if name not in known
    ]


def finished_classes(unfinished: Path) -> list[str]:
    """List the classes that are complete.

    Parameters
    ----------
    unfinished
        The folder that becomes the store.

    Returns
    -------
    list[str]
        Their names.
    """
    return sorted(file.parent.name for file in unfinished.glob(f"*/{LAST_WRITTEN}"))


@contextmanager
def kept_if_useful(unfinished: Path) -> Iterator[None]:
    """Remove the unfinished folder where a run ends early and no class is complete.

    Parameters
    ----------
    unfinished
        The folder that becomes the store.

    Yields
    ------
    None
        While it is filled.
    """
    try:
        yield
    except BaseException:  # an interruption too
        if not finished_classes(unfinished):
            shutil.rmtree(unfinished, ignore_errors=True)
        raise


def begin(config: ExtractConfig, out: Path, *, resume: bool) -> Path:
    """Make the folder that becomes the store, empty or with what an earlier run has finished.

    Parameters
    ----------
    config
        Of the file.
    out
        The store's folder.
    resume
        Whether to keep what is there.

    Returns
    -------
    Path
        Beside the store.

    Raises
    ------
    StoreError
        If there is nothing to go on with, or it was started with another configuration.
    """
    unfinished = out.parent / f".{out.name}-unfinished"
    described = config.model_dump(mode="json", exclude={"images"})
    if resume:
        _revive(unfinished, out, described)
    elif unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True, exist_ok=True)
    (unfinished / STARTED).write_text(json.dumps(described))
    return unfinished


def tasks_of(
    config: ExtractConfig, dataset: Dataset, backbone: Backbone, out: Path
) -> list[ClassTask]:
    """Make a task of each class.

    Parameters
    ----------
    config
        Of the file.
    dataset
        The images, with their predictions.
    backbone
        The network.
    out
        The folder that becomes the store.

    Returns
    -------
    list[ClassTask]
        Each on the images for fitting that are predicted as the class.
    """
    predictions = dataset.predictions.tolist()
    of_class: dict[int, list[int]] = {}
    for index in dataset.rows("fit"):
        of_class.setdefault(predictions[index], []).append(index)
    counts = {class_id: len(rows) for class_id, rows in of_class.items()}
    placed = _placed(config)  # workers may have another working folder
    return [
        ClassTask(
            config=placed,
            folder=dataset.folder.resolve(),
            files=tuple(dataset.records[index].file for index in of_class.get(class_id, ())),
            labels=tuple(dataset.labels[index] for index in of_class.get(class_id, ())),
            counts=counts,
            name=name,
            class_id=class_id,
            probe=backbone.probe,
            out=out.resolve(),
        )
        for name, class_id in dataset.classes.items()
    ]


def _placed(config: ExtractConfig) -> ExtractConfig:
    """Name the checkpoint by its whole path."""
    checkpoint = config.network.checkpoint
    if checkpoint is None:
        return config
    network = config.network.model_copy(update={"checkpoint": checkpoint.resolve()})
    return config.model_copy(update={"network": network})


def run_tasks(
    tasks: Sequence[ClassTask], backbone: Backbone, *, jobs: int = 1, dask: str | None = None
) -> list[Outcome]:
    """Run tasks here, on several processes, or on a Dask cluster.

    Parameters
    ----------
    tasks
        Classes.
    backbone
        The network, for tasks that run here.
    jobs
        Processes.
    dask
        Address of a scheduler.

    Returns
    -------
    list[Outcome]
        In the order of the tasks.

    Raises
    ------
    CraftError
        If Dask is asked for and not installed, or the scheduler does not answer.
    """
    if dask is None and jobs == 1:
        return [run_task(task, backbone) for task in tasks]
    with dask_cluster(dask):
        work = joblib.Parallel(n_jobs=-1 if dask else jobs)
        outcomes: list[Outcome] = work(joblib.delayed(run_task)(task) for task in tasks)
    return outcomes


@contextmanager
def dask_cluster(address: str | None) -> Iterator[None]:
    """Let joblib send its work to a Dask cluster, where there is an address.

    Parameters
    ----------
    address
        Of a scheduler; None leaves joblib as it is.

    Yields
    ------
    None
        While joblib sends its work there.

    Raises
    ------
    CraftError
        If Dask is not installed, or the scheduler does not answer.
    """
    if address is None:
        yield
        return
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise CraftError(
            'dask must be installed to use a cluster; got none. Install it with "pip install '
            'craft-studies[dask]".'
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise CraftError(f"dask must be the address of a scheduler; got {address!r}.") from error
    with client, joblib.parallel_config("dask"):
        yield


def _revive(unfinished: Path, out: Path, described: dict[str, Any]) -> None:
    """Find what an earlier run has finished: beside the store, or in one that lacks classes."""
    if not unfinished.exists() and (out / "store.json").exists():
        store = read_json(out / "store.json", "concept-store")
        if store["failed"]:
            shutil.copytree(out, unfinished)
            (unfinished / "store.json").unlink()
            (unfinished / STARTED).write_text(json.dumps(store["config"]))
    if not (unfinished / STARTED).exists():
        raise StoreError(f"run to resume must have left something beside {out}; got nothing.")
    if json.loads((unfinished / STARTED).read_text()) != described:
        raise StoreError(
            f"run to resume must have the same configuration; got another one beside {out}. Leave "
            "out --resume to begin anew."
        )


def _describe(
    config: ExtractConfig, dataset: Dataset, backbone: Backbone, *, failed: Sequence[Outcome]
) -> dict[str, Any]:
    return {
        "schema": "concept-store",
        "schema_version": SCHEMA_VERSION,
        "package_version": package_version(),
        "git_commit": git_commit(),
        "seed": config.seed,
        "config": config.model_dump(mode="json", exclude={"images"}),
        "network": describe_network(backbone),
        "model": _accuracies(dataset),
        "licences": {
            "weights": backbone.licence,
            "images": _image_licence(dataset.folder, config),
        },
        "n_images": len(dataset.records),
        "n_skipped": len(dataset.skipped),
        "skipped": dataset.skipped,
        "failed": [{"class_name": outcome.name, "error": outcome.error} for outcome in failed],
    }


def _accuracies(dataset: Dataset) -> dict[str, float]:
    """Measure accuracy on images that fitted nothing."""
    held_out = [i for i, record in enumerate(dataset.records) if record.split != "fit"]
    return accuracy_by_tie(
        dataset.predictions[held_out].tolist(),
        [dataset.labels[index] for index in held_out],
        [dataset.records[index].tie for index in held_out],
    )


def _image_licence(folder: Path, config: ExtractConfig) -> str:
    """Read the licence of a generated scenario; of photographs, the configuration's word."""
    scenario = folder / "scenario.json"
    if config.image_licence == "unknown" and scenario.exists():
        return str(json.loads(scenario.read_text()).get("licence", "unknown"))
    return config.image_licence


def _describe_class(folder: Path) -> dict[str, Any]:
    bank = read_json(folder / "bank.json", "concept-bank")
    return {
        "class_name": bank["class_name"],
        "class_id": bank["class_id"],
        "folder": folder.name,
        "n_images": len(bank["files"]),
        "n_crops": bank["n_crops"],
        "bank_sha256": file_sha256(folder / "bank.json"),
    }
