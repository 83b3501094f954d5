"""The images of a folder, each in a split, and what a network says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from craft_core.backbones import Backbone, Probe, load_backbone
from craft_core.config import ExtractConfig, NetworkConfig, ProbeConfig
from craft_core.errors import ConfigError, ImageError, StoreError
from craft_core.images import ImageRecord, list_images, predict, readable
from craft_core.opened_store import open_store
from craft_core.probe import fit_probe, with_probe
from craft_core.provenance import file_sha256
from craft_core.store import StoredImage
from craft_core.transforms import Transform


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """The readable images of a folder.

    Attributes
    ----------
    folder
        Where they are.
    records
        One an image.
    skipped
        Files that could not be read.
    classes
        Class name -> the network's class.
    logits
        (n, classes).
    """

    folder: Path
    records: list[ImageRecord]
    skipped: list[str]
    classes: dict[str, int]
    logits: Tensor

    @cached_property
    def predictions(self) -> Tensor:
        """Predicted classes, (n,)."""
        return self.logits.argmax(dim=1)

    @cached_property
    def labels(self) -> list[int]:
        """Classes of the folders, (n,); -1 where a folder is none of the classes."""
        return [self.classes.get(record.label, -1) for record in self.records]

    def rows(self, split: str) -> list[int]:
        """List the images of a split.

        Parameters
        ----------
        split
            ``fit`` or ``study``.

        Returns
        -------
        list[int]
            Their places.
        """
        return [index for index, record in enumerate(self.records) if record.split == split]

    def stored_images(self) -> list[StoredImage]:
        """Describe the images for ``images.csv``.

        Returns
        -------
        list[StoredImage]
            One an image.
        """
        names = {number: name for name, number in self.classes.items()}
        probabilities = self.logits.softmax(dim=1).amax(dim=1).tolist()
        predictions = self.predictions.tolist()
        return [
            StoredImage(
                file=record.file,
                sha256=file_sha256(self.folder / record.file),
                label=record.label,
                split=record.split,
                tie=record.tie,
                predicted=names.get(predictions[index], str(predictions[index])),
                probability=probabilities[index],
            )
            for index, record in enumerate(self.records)
        ]


def prepare(config: ExtractConfig, folder: Path) -> tuple[Dataset, Backbone]:
    """Read a folder, load the network, fit the probe where one is asked for, and predict.

    Parameters
    ----------
    config
        Of the file.
    folder
        Images: ``FOLDER/{class}/*``, with an ``images.csv`` or without.

    Returns
    -------
    tuple[Dataset, Backbone]
        The images with their predictions, and the network.

    Raises
    ------
    CraftError
        If images, network, layer or configuration do not do; see `craft_core.errors`.
    """
    generator = torch.Generator().manual_seed(config.seed)
    listed = list_images(folder, list(config.classes))
    readable_records = _readable(folder, listed)
    records = assign_splits(readable_records, config.probe, generator)
    classes = config.classes or _classes_of(records)
    _check_decisions(config, classes)
    backbone = _with_probe(config, folder, records, classes)
    dataset = Dataset(
        folder=folder,
        records=records,
        skipped=sorted({record.file for record in listed} - {r.file for r in records}),
        classes=classes,
        logits=predict(backbone, [folder / record.file for record in records]),
    )
    return dataset, backbone


def load_configured(network: NetworkConfig) -> Backbone:
    """Load the network that a configuration names.

    Parameters
    ----------
    network
        The table of the file.

    Returns
    -------
    Backbone
        Without a probe.
    """
    backbone = load_backbone(
        network.name,
        layer=network.layer,
        device=network.device,
        checkpoint=network.checkpoint,
        negatives=network.negatives,
        pooling=network.pooling,
        precision=network.precision,
    )
    own = backbone.transform
    transform = Transform(
        size_px=network.size_px or own.size_px,
        mean=network.mean or own.mean,
        std=network.std or own.std,
    )
    return replace(backbone, transform=transform)


def assign_splits(
    records: list[ImageRecord], probe: ProbeConfig | None, generator: torch.Generator
) -> list[ImageRecord]:
    """Give a split to images whose folder names none: a share of each class is for fitting.

    Parameters
    ----------
    records
        Of a folder.
    probe
        Whose share it is; a half without one.
    generator
        Draws.

    Returns
    -------
    list[ImageRecord]
        In the same order.
    """
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


def _check_decisions(config: ExtractConfig, classes: Mapping[str, int]) -> None:
    """Refuse what was decided about concepts of a class that there is not."""
    for table in ("names", "exclude", "merge"):
        unknown = [name for name in getattr(config.concepts, table) if name not in classes]
        if unknown:
            raise ConfigError(
                f"concepts.{table} must be of the classes {list(classes)}; got {unknown}."
            )


def _readable(folder: Path, listed: list[ImageRecord]) -> list[ImageRecord]:
    """Keep the images that can be read; each other one is named in a warning."""
    good = set(readable([folder / record.file for record in listed]))
    kept = [record for record in listed if folder / record.file in good]
    if not kept:
        raise ImageError(
            f"image folder {folder} must hold a readable image; got 0 of {len(listed)}."
        )
    return kept


def _classes_of(records: list[ImageRecord]) -> dict[str, int]:
    names = list(dict.fromkeys(record.label for record in records))
    return {name: index for index, name in enumerate(names)}


def stored_probe(store: Path, *, n_classes: int) -> Probe:
    """Read the probe of a concept store.

    Parameters
    ----------
    store
        Of ``craft-concepts extract``.
    n_classes
        That it has to tell apart.

    Returns
    -------
    Probe
        To the last bit as it was fitted.

    Raises
    ------
    StoreError
        If the store was altered, has no class, no probe, or one of other classes.
    """
    probe = open_store(store).probe
    if probe is None:
        raise StoreError(f"store {store} must have a probe; got none.")
    if len(probe.weight) != n_classes:
        raise StoreError(
            f"probe of {store} must tell {n_classes} classes apart; got one of {len(probe.weight)}."
        )
    return probe


def _with_probe(
    config: ExtractConfig,
    folder: Path,
    records: list[ImageRecord],
    classes: dict[str, int],
) -> Backbone:
    """Load the network and, where one is asked for, fit the probe."""
    backbone = load_configured(config.network)
    if config.probe is None:
        return backbone
    if config.probe.store is not None:
        probe = stored_probe(config.probe.store, n_classes=len(classes))
        return with_probe(backbone, probe).at(backbone.layer)
    fitting = [record for record in records if record.split == "fit"]
    probe = fit_probe(
        backbone.at(config.probe.layer or backbone.layer),
        [folder / record.file for record in fitting],
        [classes[record.label] for record in fitting],
        n_classes=len(classes),
        inverse_penalty=config.probe.inverse_penalty,
    )
    return with_probe(backbone, probe).at(backbone.layer)
