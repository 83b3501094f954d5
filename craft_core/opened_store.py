"""A concept store that is read again: verified, its network loaded once for all its classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from craft_core.backbones import Backbone, Probe
from craft_core.bank import ConceptBank
from craft_core.bank_file import load_described
from craft_core.errors import StoreError
from craft_core.store import (
    StoredImage,
    check_sha256,
    load_bank,
    read_images,
    read_json,
    read_parts,
)

STORE_KEYS = ("seed", "config", "network", "model", "licences", "classes")
NETWORK_KEYS = ("name", "layer", "weights_sha256", "transform", "probe_layer")
CLASS_KEYS = ("class_name", "class_id", "folder", "bank_sha256")


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenedStore:
    """A concept store whose files are those that it lists.

    Attributes
    ----------
    path
        Its folder.
    described
        What ``store.json`` holds.
    images
        The rows of ``images.csv``.
    checkpoint
        File of the network's weights, where it is not the one that the configuration names.
    """

    path: Path
    described: dict[str, Any]
    images: list[StoredImage]
    checkpoint: Path | None = None

    @property
    def classes(self) -> dict[str, int]:
        """Class names, in the store's order, each with the network's class."""
        return {found["class_name"]: found["class_id"] for found in self.described["classes"]}

    @cached_property
    def backbone(self) -> Backbone:
        """The network, with its probe.

        Returns
        -------
        Backbone
            Loaded when it is first asked for.

        Raises
        ------
        StoreError
            If it cannot be loaded, its weights are others, or the store has no class.
        """
        if not self.described["classes"]:
            raise StoreError(f"concept store {self.path} must have a class; got none.")
        named = self.described["config"].get("network", {}).get("checkpoint")
        loaded = load_described(self.described["network"], self.checkpoint or named)
        return load_bank(self.path / self.described["classes"][0]["folder"], loaded).backbone

    @property
    def probe(self) -> Probe | None:
        """The network's probe, read without the network; None where there is none.

        Returns
        -------
        Probe or None
            To the last bit as it was fitted.

        Raises
        ------
        StoreError
            If a file is missing or was altered.
        """
        if not self.described["classes"]:
            return None
        folder = self.path / self.described["classes"][0]["folder"]
        described, tensors = read_parts(folder)
        layer = described["network"]["probe_layer"]
        if layer is None:
            return None
        return Probe(layer=layer, weight=tensors["probe_weight"], bias=tensors["probe_bias"])

    def bank(self, name: str) -> ConceptBank:
        """Read a class's bank.

        Parameters
        ----------
        name
            Of the class.

        Returns
        -------
        ConceptBank
            On the store's network, whose weights are compared with those of the bank.

        Raises
        ------
        StoreError
            If the store has no such class, or the network or a file is another.
        """
        folders = {found["class_name"]: found["folder"] for found in self.described["classes"]}
        if name not in folders:
            raise StoreError(f"class must be one of {list(folders)} in {self.path}; got {name!r}.")
        return load_bank(self.path / folders[name], self.backbone)


def open_store(path: Path, checkpoint: Path | None = None) -> OpenedStore:
    """Read what a concept store says of itself, and check that its files are those it lists.

    Stores from before ``images_sha256`` was written are read without that check.

    Parameters
    ----------
    path
        Of ``craft-concepts extract``.
    checkpoint
        File of the network's weights; None takes the one that the store's configuration names.

    Returns
    -------
    OpenedStore
        Whose network is loaded when it is needed.

    Raises
    ------
    StoreError
        If a part of the store is missing or was altered.
    """
    described = read_json(path / "store.json", "concept-store")
    _check_keys(described, STORE_KEYS, path)
    _check_keys(described["network"], NETWORK_KEYS, path)
    for found in described["classes"]:
        _check_keys(found, CLASS_KEYS, path)
        check_sha256(path / found["folder"] / "bank.json", found["bank_sha256"])
    images = read_images(path / "images.csv")
    if "images_sha256" in described:
        check_sha256(path / "images.csv", described["images_sha256"])
    return OpenedStore(path=path, described=described, images=images, checkpoint=checkpoint)


def _check_keys(described: dict[str, Any], keys: Sequence[str], path: Path) -> None:
    missing = [key for key in keys if key not in described]
    if missing:
        raise StoreError(
            f"{path / 'store.json'} must have the keys {missing}; got {sorted(described)}."
        )
