"""The concept store on disk, and the one module that writes it.

    STORE/
      store.json               network, classes, configuration, seed, hashes
      images.csv               one row an image: hash, split, tie, prediction
      CLASS/bank.json          one class's bank, in words and numbers
      CLASS/bank.safetensors   its tensors
      CLASS/figure.png         what a person looks at

Every field is described in docs/formats.md.
"""

import csv
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from craft_core.backbones import Backbone, Probe, load_backbone
from craft_core.bank import ConceptBank, Importance
from craft_core.crops import Crops
from craft_core.errors import StoreError
from craft_core.probe import with_probe
from craft_core.provenance import file_sha256, git_commit, package_version
from craft_core.stability import NumberOfConcepts
from craft_core.transforms import Transform

SCHEMA_VERSION = 2
BEST_CROPS = 10


@dataclass(frozen=True, kw_only=True)
class StoredImage:
    """A row of ``images.csv``.

    Attributes
    ----------
    file
        Path relative to the image folder.
    sha256
        Of the file.
    label
        Name of its class's folder.
    split
        ``fit`` or ``study``.
    tie
        ``kept``, ``broken``, or empty.
    predicted
        The network's class, by name.
    probability
        The network's softmax for that class, in [0, 1].
    """

    file: str
    sha256: str
    label: str
    split: str
    tie: str
    predicted: str
    probability: float


def save_bank(bank: ConceptBank, path: Path | str) -> None:
    """Write a bank whole or not at all.

    Parameters
    ----------
    bank
        Any bank.
    path
        A folder, which is replaced where it holds a bank.

    Raises
    ------
    StoreError
        If the folder holds something else.
    """
    with replacing(Path(path), "bank.json") as folder:
        tensors = {name: tensor.cpu().contiguous() for name, tensor in _tensors(bank).items()}
        (folder / "bank.safetensors").write_bytes(save(tensors))
        digest = file_sha256(folder / "bank.safetensors")
        write_json(folder / "bank.json", _describe(bank) | {"tensors_sha256": digest})


def load_bank(path: Path | str, backbone: Backbone | None = None) -> ConceptBank:
    """Read a bank and rebuild its network.

    Parameters
    ----------
    path
        Its folder.
    backbone
        The network, where the bank's is a module of the caller's own.

    Returns
    -------
    ConceptBank
        As it was saved.

    Raises
    ------
    StoreError
        If a file is missing, was altered, is of another schema version, or the network's weights
        are not those the bank was made with.
    """
    folder = Path(path)
    described = read_json(folder / "bank.json", "concept-bank")
    file = folder / "bank.safetensors"
    if not file.is_file() or file_sha256(file) != described["tensors_sha256"]:
        raise StoreError(f"{file} must have SHA-256 {described['tensors_sha256']}; it has not.")
    try:
        tensors = load(file.read_bytes())
    except SafetensorError as error:
        raise StoreError(f"{file} must be a safetensors file; got {error}.") from error
    network = _rebuild(described["network"], tensors, backbone)
    if network.weights_sha256 != described["network"]["weights_sha256"]:
        raise StoreError(
            f"network {network.name} must have weights of SHA-256 "
            f"{described['network']['weights_sha256']}; got {network.weights_sha256}."
        )
    return _bank(described, tensors, network)


def describe_network(backbone: Backbone) -> dict[str, Any]:
    """Say which network an artefact rests on.

    Parameters
    ----------
    backbone
        The network.

    Returns
    -------
    dict[str, Any]
        Name, layer, hash and licence of the weights, transform, and the probe's layer.
    """
    return {
        "name": backbone.name,
        "layer": backbone.layer,
        "weights_sha256": backbone.weights_sha256,
        "licence": backbone.licence,
        "transform": asdict(backbone.transform),
        "probe_layer": None if backbone.probe is None else backbone.probe.layer,
    }


def write_images(file: Path, images: Sequence[StoredImage]) -> None:
    """Write ``images.csv``.

    Parameters
    ----------
    file
        Its path.
    images
        Its rows.
    """
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow([field.name for field in fields(StoredImage)])
        for image in images:
            writer.writerow([*asdict(image).values()][:-1] + [f"{image.probability:.6f}"])


def read_images(file: Path) -> list[StoredImage]:
    """Read ``images.csv``.

    Parameters
    ----------
    file
        Its path.

    Returns
    -------
    list[StoredImage]
        Its rows.

    Raises
    ------
    StoreError
        If the file is missing, or its columns are others.
    """
    names = [field.name for field in fields(StoredImage)]
    if not file.is_file():
        raise StoreError(f"concept store must hold {file.name}; got none in {file.parent}.")
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        if list(reader.fieldnames or []) != names:
            raise StoreError(f"{file} must have the columns {names}; got {reader.fieldnames}.")
        return [StoredImage(probability=float(row.pop("probability")), **row) for row in reader]


def read_json(file: Path, schema: str) -> dict[str, Any]:
    """Read a JSON file of the store.

    Parameters
    ----------
    file
        Its path.
    schema
        The name it must carry.

    Returns
    -------
    dict[str, Any]
        What it holds.

    Raises
    ------
    StoreError
        If it is missing, is no JSON, or is of another schema or version.
    """
    try:
        parsed = json.loads(file.read_bytes())
    except OSError as error:
        raise StoreError(
            f"concept store must hold {file.name}; got none in {file.parent}."
        ) from error
    except ValueError as error:
        raise StoreError(f"{file} must be JSON; got {error}.") from error
    found = (parsed.get("schema"), parsed.get("schema_version")) if isinstance(parsed, dict) else ()
    if found != (schema, SCHEMA_VERSION):
        raise StoreError(
            f"{file} must be of schema {schema} and schema_version {SCHEMA_VERSION}; got "
            f'{list(found)}. Make it again with "craft-concepts extract".'
        )
    content: dict[str, Any] = parsed
    return content


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Write a JSON file of the store.

    Parameters
    ----------
    file
        Its path.
    content
        Dictionaries, lists, strings, numbers.
    """
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def replacing(folder: Path, mark: str) -> Iterator[Path]:
    """Fill a new folder, and put it in place only when all went well.

    Parameters
    ----------
    folder
        New, empty, or one that holds `mark`, which is replaced.
    mark
        A file that tells folders of this kind.

    Yields
    ------
    Path
        A folder to write to.

    Raises
    ------
    StoreError
        If the folder holds something else.
    """
    if folder.exists() and not (folder.is_dir() and _is_replaceable(folder, mark)):
        raise StoreError(f"output folder must be new, empty or hold {mark}; got {folder}.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "new"
        unfinished.mkdir()
        yield unfinished
        if folder.exists():
            shutil.move(folder, Path(scratch) / "old")
        unfinished.rename(folder)


def _is_replaceable(folder: Path, mark: str) -> bool:
    return (folder / mark).exists() or not any(folder.iterdir())


def _tensors(bank: ConceptBank) -> dict[str, Tensor]:
    tensors = {
        "W": bank.W,
        "U": bank.U,
        "crop_image": bank.crops.image,
        "crop_box": bank.crops.boxes,
    }
    if bank.importance is not None:
        kept = bank.importance
        tensors |= {"importance": kept.values, "low": kept.low, "high": kept.high}
        tensors |= {"effect": kept.effects}
    if bank.backbone.probe is not None:
        probe = bank.backbone.probe
        tensors |= {"probe_weight": probe.weight, "probe_bias": probe.bias}
    return tensors


def _describe(bank: ConceptBank) -> dict[str, Any]:
    return {
        "schema": "concept-bank",
        "schema_version": SCHEMA_VERSION,
        "package_version": package_version(),
        "git_commit": git_commit(),
        "class_id": bank.class_id,
        "class_name": bank.class_name,
        "network": describe_network(bank.backbone),
        "number": None if bank.number is None else asdict(bank.number),
        "importance_method": None if bank.importance is None else bank.importance.method,
        "concepts": [_describe_concept(bank, concept) for concept in range(bank.n_concepts)],
        "files": list(bank.files),
    }


def _describe_concept(bank: ConceptBank, concept: int) -> dict[str, Any]:
    kept = bank.importance
    figures = (kept.values, kept.low, kept.high, kept.effects) if kept is not None else ()
    importance: list[float | None] = [round(float(figure[concept]), 9) for figure in figures]
    importance = importance or [None] * 4
    return {
        "concept": concept,
        "importance": importance[0],
        "importance_low": importance[1],
        "importance_high": importance[2],
        "effect": importance[3],
        "best_crops": [
            {
                "file": bank.files[int(bank.crops.image[crop])],
                "box": bank.crops.boxes[crop].tolist(),
                "coefficient": round(float(bank.U[crop, concept]), 6),
            }
            for crop in bank.best_crops(concept, BEST_CROPS)
        ],
    }


def _rebuild(
    described: dict[str, Any], tensors: dict[str, Tensor], backbone: Backbone | None
) -> Backbone:
    if backbone is not None:
        return backbone
    if described["name"] == "module":
        raise StoreError("backbone must be given for a network of the caller's own; got None.")
    transform = Transform(
        size_px=described["transform"]["size_px"],
        mean=tuple(described["transform"]["mean"]),
        std=tuple(described["transform"]["std"]),
    )
    network = load_backbone(described["name"], layer=described["layer"], transform=transform)
    if described["probe_layer"] is None:
        return network
    weight, bias = tensors["probe_weight"], tensors["probe_bias"]
    probed = with_probe(network, Probe(layer=described["probe_layer"], weight=weight, bias=bias))
    return probed.at(described["layer"])


def _number(described: dict[str, Any] | None) -> NumberOfConcepts | None:
    if described is None:
        return None
    curves = {name: tuple(described[name]) for name in ("candidates", "errors", "stabilities")}
    return NumberOfConcepts(
        chosen=described["chosen"], least_stability=described["least_stability"], **curves
    )


def _bank(described: dict[str, Any], tensors: dict[str, Tensor], backbone: Backbone) -> ConceptBank:
    importance = None
    if described["importance_method"] is not None:
        names = ("importance", "low", "high", "effect")
        values, low, high, effects = (tensors[name] for name in names)
        importance = Importance(
            method=described["importance_method"],
            values=values,
            low=low,
            high=high,
            effects=effects,
        )
    return ConceptBank(
        backbone=backbone,
        class_id=described["class_id"],
        class_name=described["class_name"],
        W=tensors["W"].to(backbone.device),
        U=tensors["U"].to(backbone.device),
        crops=Crops(image=tensors["crop_image"], boxes=tensors["crop_box"]),
        files=tuple(described["files"]),
        importance=importance,
        number=_number(described["number"]),
    )
