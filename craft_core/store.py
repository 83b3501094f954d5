"""The concept store on disk, and the one module that writes it.

    STORE/
      store.json               network, classes, configuration, seed, hashes
      images.csv               one row an image: hash, split, tie, prediction
      CLASS/bank.json          one class's bank, in words and numbers
      CLASS/bank.safetensors   its tensors
      CLASS/children/N/        banks of sub-concepts, which may have children themselves
      CLASS/*.png              what a person looks at

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

from craft_core.backbones import Backbone
from craft_core.bank import ConceptBank
from craft_core.bank_file import bank_from, bank_tensors, describe_bank, rebuild_backbone
from craft_core.errors import StoreError
from craft_core.provenance import file_sha256, git_commit, package_version

SCHEMA_VERSION = 2


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
    """Write a bank and the banks of its sub-concepts, whole or not at all.

    Parameters
    ----------
    bank
        At the root of its tree.
    path
        A folder, which is replaced where it holds a bank.

    Raises
    ------
    StoreError
        If the folder holds something else, or the bank is not at the root.
    """
    if bank.parent is not None:
        raise StoreError(
            f"bank must be at the root of its tree to be saved; got one at depth {bank.depth}."
        )
    with replacing(Path(path), "bank.json") as folder:
        _write_bank(bank, folder)


def _write_bank(bank: ConceptBank, folder: Path) -> None:
    """Write a bank's files, its children's first."""
    children = []
    for number, child in enumerate(bank.children):
        inside = folder / "children" / str(number)
        inside.mkdir(parents=True)
        _write_bank(child, inside)
        children.append(
            {"folder": f"children/{number}", "bank_sha256": file_sha256(inside / "bank.json")}
        )
    (folder / "bank.safetensors").write_bytes(save(bank_tensors(bank)))
    described = {
        "schema": "concept-bank",
        "schema_version": SCHEMA_VERSION,
        "package_version": package_version(),
        "git_commit": git_commit(),
        **describe_bank(bank),
        "children": children,
        "tensors_sha256": file_sha256(folder / "bank.safetensors"),
    }
    write_json(folder / "bank.json", described)


def load_bank(path: Path | str, backbone: Backbone | None = None) -> ConceptBank:
    """Read a bank with its tree, and rebuild its network.

    Parameters
    ----------
    path
        Its folder.
    backbone
        The network, where the bank's is a module of the caller's own.

    Returns
    -------
    ConceptBank
        As it was saved; without source images, which are no part of a store.

    Raises
    ------
    StoreError
        If a file is missing, was altered, is of another schema version, or the network's weights
        are not those the bank was made with.
    """
    folder = Path(path)
    try:
        described, tensors = read_parts(folder)
        network = rebuild_backbone(described["network"], tensors, backbone)
        bank = bank_from(described, tensors, network, None)
        _load_children(bank, folder, described)
    except KeyError as error:
        raise StoreError(f"bank {folder} must have {error.args[0]!r}; got none.") from error
    return bank


def _load_children(bank: ConceptBank, folder: Path, described: dict[str, Any]) -> None:
    """Read the banks of sub-concepts, whose hashes their parent knows."""
    for listed in described["children"]:
        inside = folder / listed["folder"]
        check_sha256(inside / "bank.json", listed["bank_sha256"])
        child_described, tensors = read_parts(inside)
        backbone = bank.backbone.at(child_described["network"]["layer"])
        child = bank_from(child_described, tensors, backbone, bank)
        bank.children.append(child)
        _load_children(child, inside, child_described)


def read_parts(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read a bank's two files, without its network, and check that they belong together.

    Parameters
    ----------
    folder
        Of the bank.

    Returns
    -------
    tuple[dict[str, Any], dict[str, Tensor]]
        What ``bank.json`` and ``bank.safetensors`` hold.

    Raises
    ------
    StoreError
        If a file is missing or was altered, or is of another schema version.
    """
    described = read_json(folder / "bank.json", "concept-bank")
    file = folder / "bank.safetensors"
    check_sha256(file, described["tensors_sha256"])
    try:
        return described, load(file.read_bytes())
    except SafetensorError as error:
        raise StoreError(f"{file} must be a safetensors file; got {error}.") from error


def check_sha256(file: Path, expected: str) -> None:
    """Require a file with the hash that another file of the store says.

    Parameters
    ----------
    file
        Of the store.
    expected
        Its SHA-256.

    Raises
    ------
    StoreError
        If it is missing or was altered.
    """
    found = file_sha256(file) if file.is_file() else "no file"
    if found != expected:
        raise StoreError(f"{file} must have SHA-256 {expected}; got {found}.")


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
        If the file is missing, or its columns are others, or a line does not fit them.
    """
    names = [field.name for field in fields(StoredImage)]
    if not file.is_file():
        raise StoreError(f"concept store must hold {file.name}; got none in {file.parent}.")
    with file.open(newline="") as lines:
        reader = csv.DictReader(lines)
        if list(reader.fieldnames or []) != names:
            raise StoreError(f"{file} must have the columns {names}; got {reader.fieldnames}.")
        try:
            return [StoredImage(probability=float(row.pop("probability")), **row) for row in reader]
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"{file} must have {len(names)} fields a line, the last a number; got others in "
                f"line {reader.line_num}."
            ) from error


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
    check_replaceable(folder, mark)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        unfinished = Path(scratch) / "new"
        unfinished.mkdir()
        yield unfinished
        _exchange(unfinished, folder, Path(scratch) / "old")


def put_in_place(finished: Path, folder: Path, mark: str) -> None:
    """Let a folder that is complete take the place of another one, or of none.

    Parameters
    ----------
    finished
        Beside the other, on the same file system.
    folder
        New, empty, or one that holds `mark`, which is replaced.
    mark
        A file that tells folders of this kind.

    Raises
    ------
    StoreError
        If the folder holds something else.
    """
    check_replaceable(folder, mark)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        _exchange(finished, folder, Path(scratch) / "old")


def check_replaceable(folder: Path, mark: str) -> None:
    """Refuse to replace a folder that was not made by the same command.

    Parameters
    ----------
    folder
        Any path.
    mark
        A file that tells folders of this kind.

    Raises
    ------
    StoreError
        If the folder exists, is not empty and does not hold `mark`.
    """
    if folder.exists() and not (folder.is_dir() and _is_replaceable(folder, mark)):
        raise StoreError(f"output folder must be new, empty or hold {mark}; got {folder}.")


def _exchange(finished: Path, folder: Path, old: Path) -> None:
    if folder.exists():
        shutil.move(folder, old)
    finished.rename(folder)


def _is_replaceable(folder: Path, mark: str) -> bool:
    return (folder / mark).exists() or not any(folder.iterdir())
