"""From a folder of images and a configuration to a concept store: ``craft-concepts extract``."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from craft_core.attribution import concept_maps
from craft_core.backbones import Backbone, load_backbone
from craft_core.bank import ConceptBank
from craft_core.bank_file import describe_network
from craft_core.concepts import fit_concepts
from craft_core.config import ExtractConfig, ProbeConfig
from craft_core.errors import ImageError
from craft_core.figures import (
    IMAGES_SHOWN,
    class_figure,
    number_of_concepts_figure,
    save_figure,
)
from craft_core.images import ImageRecord, list_images, predict, readable
from craft_core.importance import concept_importance
from craft_core.probe import accuracy_by_tie, fit_probe, with_probe
from craft_core.provenance import file_sha256, git_commit, package_version
from craft_core.store import (
    SCHEMA_VERSION,
    StoredImage,
    replacing,
    save_bank,
    write_images,
    write_json,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """The readable images of a folder, each in a split, and what the network says of them.

    Attributes
    ----------
    folder
        Where they are.
    records
        One an image.
    classes
        Class name -> the network's class.
    logits
        (n, classes).
    """

    folder: Path
    records: list[ImageRecord]
    classes: dict[str, int]
    logits: Tensor

    @property
    def predictions(self) -> Tensor:
        """Predicted classes, (n,)."""
        return self.logits.argmax(dim=1)

    def paths(self, chosen: Sequence[int]) -> list[Path]:
        """Return the paths of some images.

        Parameters
        ----------
        chosen
            Their places.

        Returns
        -------
        list[Path]
            In that order.
        """
        return [self.folder / self.records[index].file for index in chosen]


def extract(config: ExtractConfig, folder: Path, out: Path) -> dict[str, Any]:
    """Find the concepts of every class and write the store.

    Parameters
    ----------
    config
        Of the file.
    folder
        Images: ``FOLDER/{class}/*``, with an ``images.csv`` or without.
    out
        The store's folder; it is written whole or not at all.

    Returns
    -------
    dict[str, Any]
        What ``store.json`` holds.

    Raises
    ------
    CraftError
        If images, network, layer or configuration do not do; see `craft_core.errors`.
    """
    with replacing(out, "store.json") as unfinished:
        return _fill(unfinished, config, folder)


def _fill(unfinished: Path, config: ExtractConfig, folder: Path) -> dict[str, Any]:
    """Compute and write every part of the store."""
    generator = torch.Generator().manual_seed(config.seed)
    listed = list_images(folder, list(config.classes))
    records = _assign_splits(_readable_records(folder, listed), config.probe, generator)
    classes = config.classes or _classes_of(records)
    backbone = _prepare(config, folder, records, classes)
    logits = predict(backbone, [folder / record.file for record in records])
    dataset = Dataset(folder=folder, records=records, classes=classes, logits=logits)
    write_images(unfinished / "images.csv", _stored_images(dataset))
    banks = {
        name: _extract_class(dataset, backbone, name, config=config, generator=generator)
        for name in classes
    }
    for name, bank in banks.items():
        save_bank(bank, unfinished / name)
        save_figure(_figure(dataset, bank), unfinished / name / "figure.png")
        if bank.number is not None:
            save_figure(number_of_concepts_figure(bank.number), unfinished / name / "number.png")
    store = _describe(config, dataset, banks, n_listed=len(listed)) | {
        "skipped": sorted({record.file for record in listed} - {r.file for r in records}),
        "classes": [_describe_class(bank, unfinished / name) for name, bank in banks.items()],
    }
    write_json(unfinished / "store.json", store)
    return store


def _readable_records(folder: Path, listed: list[ImageRecord]) -> list[ImageRecord]:
    """Keep the images that can be read; each other one is named in a warning."""
    good = set(readable([folder / record.file for record in listed]))
    kept = [record for record in listed if folder / record.file in good]
    if not kept:
        raise ImageError(
            f"image folder {folder} must hold a readable image; got 0 of {len(listed)}."
        )
    return kept


def _assign_splits(
    records: list[ImageRecord], probe: ProbeConfig | None, generator: torch.Generator
) -> list[ImageRecord]:
    """Give a split to images whose folder names none: a share of each class is for fitting."""
    share = 0.5 if probe is None else probe.fit_share
    places: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        if not record.split:
            places.setdefault(record.label, []).append(index)
    fitting: set[int] = set()
    for of_class in places.values():
        order = torch.randperm(len(of_class), generator=generator).tolist()
        fitting |= {of_class[place] for place in order[: round(share * len(of_class))]}
    return [
        record if record.split else replace(record, split="fit" if index in fitting else "study")
        for index, record in enumerate(records)
    ]


def _classes_of(records: list[ImageRecord]) -> dict[str, int]:
    names = list(dict.fromkeys(record.label for record in records))
    return {name: index for index, name in enumerate(names)}


def _prepare(
    config: ExtractConfig, folder: Path, records: list[ImageRecord], classes: dict[str, int]
) -> Backbone:
    """Load the network and, where one is asked for, fit the probe."""
    network = config.network
    backbone = load_backbone(
        network.name, layer=network.layer, device=network.device, checkpoint=network.checkpoint
    )
    if config.probe is None:
        return backbone
    fitting = [record for record in records if record.split == "fit"]
    probe = fit_probe(
        backbone.at(config.probe.layer or backbone.layer),
        [folder / record.file for record in fitting],
        [classes[record.label] for record in fitting],
        n_classes=len(classes),
        inverse_penalty=config.probe.inverse_penalty,
    )
    return with_probe(backbone, probe).at(backbone.layer)


def _extract_class(
    dataset: Dataset,
    backbone: Backbone,
    name: str,
    *,
    config: ExtractConfig,
    generator: torch.Generator,
) -> ConceptBank:
    """Find one class's concepts, in the images for fitting that are predicted as it."""
    fitting = [i for i, record in enumerate(dataset.records) if record.split == "fit"]
    bank = fit_concepts(
        backbone,
        dataset.paths(fitting),
        class_id=dataset.classes[name],
        class_name=name,
        n_concepts=config.concepts.number,
        crop_size=config.crops.size_px,
        crops_per_image=config.crops.per_image,
        strategy=config.crops.strategy,
        init=config.concepts.init,
        generator=generator,
        predictions=dataset.predictions[fitting],
        names=[dataset.records[index].file for index in fitting],
    )
    importance = concept_importance(
        bank,
        [dataset.folder / file for file in bank.files],
        bank.class_id,
        generator=generator,
        n_points=config.importance.points,
        n_scramblings=config.importance.scramblings,
        half_width=config.importance.half_width,
    )
    return replace(bank, importance=importance)


def _figure(dataset: Dataset, bank: ConceptBank) -> Any:  # noqa: ANN401 - matplotlib's Figure
    files = [dataset.folder / file for file in bank.files]
    shown = files[:IMAGES_SHOWN]
    return class_figure(bank, files, shown, concept_maps(bank, shown))


def _stored_images(dataset: Dataset) -> list[StoredImage]:
    names = {number: name for name, number in dataset.classes.items()}
    probabilities = dataset.logits.softmax(dim=1).amax(dim=1).tolist()
    predictions = dataset.predictions.tolist()
    return [
        StoredImage(
            file=record.file,
            sha256=file_sha256(dataset.folder / record.file),
            label=record.label,
            split=record.split,
            tie=record.tie,
            predicted=names.get(predictions[index], str(predictions[index])),
            probability=probabilities[index],
        )
        for index, record in enumerate(dataset.records)
    ]


def _describe(
    config: ExtractConfig, dataset: Dataset, banks: dict[str, ConceptBank], *, n_listed: int
) -> dict[str, Any]:
    backbone = next(iter(banks.values())).backbone
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
        "n_skipped": n_listed - len(dataset.records),
    }


def _accuracies(dataset: Dataset) -> dict[str, float]:
    """Measure accuracy on images that fitted nothing."""
    held_out = [i for i, record in enumerate(dataset.records) if record.split != "fit"]
    return accuracy_by_tie(
        dataset.predictions[held_out].tolist(),
        [dataset.classes[dataset.records[index].label] for index in held_out],
        [dataset.records[index].tie for index in held_out],
    )


def _image_licence(folder: Path, config: ExtractConfig) -> str:
    """Read the licence of a generated scenario; of photographs, the configuration's word."""
    scenario = folder / "scenario.json"
    if config.image_licence == "unknown" and scenario.exists():
        return str(json.loads(scenario.read_text()).get("licence", "unknown"))
    return config.image_licence


def _describe_class(bank: ConceptBank, folder: Path) -> dict[str, Any]:
    return {
        "class_name": bank.class_name,
        "class_id": bank.class_id,
        "folder": folder.name,
        "n_images": len(bank.files),
        "n_crops": len(bank.crops),
        "bank_sha256": file_sha256(folder / "bank.json"),
    }
