"""Pictures on disk: find them, read them, batch them."""

import csv
import sys
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from craft_core.backbones import Backbone
from craft_core.errors import ImageError, SkippedImageWarning
from craft_core.memory import in_halves
from craft_core.transforms import Transform

EXTENSIONS = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
BATCH_SIZE = 16
READERS = 4  # threads; decoding lets go of the interpreter
READ_AHEAD = 16  # pictures that wait decoded, so that memory does not grow with their number
EXIF_ORIENTATION, FIRST_TURNED = 0x0112, 5  # from 5 on, width and height change places
TABLE_VALUES = {"split": ("fit", "study", ""), "tie": ("kept", "broken", "")}

Images = Tensor | Sequence[Path]


@dataclass(frozen=True, kw_only=True)
class ImageRecord:
    """One picture of a folder, with what the folder says of it.

    Attributes
    ----------
    file
        Path relative to the folder, with ``/``.
    label
        Name of its class's folder.
    split
        ``fit`` (trains a probe, gives concepts), ``study`` (shown to people), or empty.
    tie
        ``kept``, ``broken``, or empty where the folder's ``images.csv`` does not say.
    """

    file: str
    label: str
    split: str
    tie: str


def list_images(folder: Path, classes: Sequence[str] = ()) -> list[ImageRecord]:
    """List a folder's pictures: ``FOLDER/{class}/*``, or what its ``images.csv`` lists.

    Parameters
    ----------
    folder
        With one folder a class; ``masks`` is none.
    classes
        Those wanted; empty takes all.

    Returns
    -------
    list[ImageRecord]
        In order of class, then file.

    Raises
    ------
    ImageError
        If the folder does not exist, has no pictures, or lacks a class; or its ``images.csv`` has
        other columns or values.
    """
    if not folder.is_dir():
        raise ImageError(f"image folder must exist; got {folder}.")
    listed = folder / "images.csv"
    records = _read_table(listed) if listed.exists() else _walk(folder)
    found = sorted({record.label for record in records})
    missing = [name for name in classes if name not in found]
    if missing or not records:
        wanted = list(classes) or "one folder of pictures a class"
        raise ImageError(f"image folder {folder} must hold {wanted}; got {found}.")
    order = {name: index for index, name in enumerate(classes or found)}
    kept = [record for record in records if record.label in order]
    return sorted(kept, key=lambda record: (order[record.label], record.file))


def read_picture(file: Path) -> Tensor | None:
    """Read a picture upright, in RGB.

    Parameters
    ----------
    file
        In any format that Pillow reads.

    Returns
    -------
    Tensor or None
        (3, H, W), bytes; None, with a warning, where it can't be read.

    Warns
    -----
    SkippedImageWarning
        If the file can't be read as a picture.
    """
    try:
        with Image.open(file) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        warnings.warn(
            f"image {file} must be readable; got {reason}. It is skipped.",
            SkippedImageWarning,
            stacklevel=2,
        )
        return None
    return torch.from_numpy(np.array(upright)).permute(2, 0, 1)


def picture_size(file: Path) -> tuple[int, int]:
    """Measure a picture by its header.

    Parameters
    ----------
    file
        A readable picture.

    Returns
    -------
    tuple[int, int]
        Height and width when it is held upright, pixels.

    Raises
    ------
    ImageError
        If its header can't be read.
    """
    try:
        with Image.open(file) as picture:
            width, height = picture.size
            is_turned = picture.getexif().get(EXIF_ORIENTATION, 1) >= FIRST_TURNED
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ImageError(f"image must be readable; got {file}.") from error
    return (width, height) if is_turned else (height, width)


def read_ahead(files: Sequence[Path]) -> Iterator[Tensor]:
    """Read pictures in their order on a few threads, a few ahead of the one that is asked for.

    Parameters
    ----------
    files
        Paths of readable pictures.

    Yields
    ------
    Tensor
        (3, H, W), bytes.

    Raises
    ------
    ImageError
        If one can't be read.
    """
    waiting: deque[Future[Tensor]] = deque()
    with ThreadPoolExecutor(READERS) as pool:
        for file in files:
            waiting.append(pool.submit(_must_read, file))
            if len(waiting) > READ_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def readable(files: Sequence[Path]) -> list[Path]:
    """Keep the pictures that can be read, warning of the others.

    Parameters
    ----------
    files
        Any paths.

    Returns
    -------
    list[Path]
        In the same order.

    Warns
    -----
    SkippedImageWarning
        Once for each file that can't be read.
    """
    return [file for file in files if read_picture(file) is not None]


def batches(images: Images, transform: Transform, size: int = BATCH_SIZE) -> Iterator[Tensor]:
    """Bring images to the network in batches.

    Parameters
    ----------
    images
        (n, 3, H, W), transformed; or paths of readable pictures.
    transform
        Of the network; applied to paths only.
    size
        Images a batch.

    Yields
    ------
    Tensor
        (at most size, 3, H, W).

    Raises
    ------
    ImageError
        If a picture can't be read.
    """
    if isinstance(images, Tensor):
        yield from (part for part in torch.split(images, size) if len(part))
        return
    part: list[Tensor] = []
    for picture in read_ahead(images):
        part.append(transform.whole(picture))
        if len(part) == size:
            yield torch.stack(part)
            part = []
    if part:
        yield torch.stack(part)


def predict(backbone: Backbone, images: Images) -> Tensor:
    """Compute logits of any number of images.

    Parameters
    ----------
    backbone
        The network.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.

    Returns
    -------
    Tensor
        (n, classes).
    """
    logits = [
        in_halves(backbone.predict, batch)
        for batch in progress(batches_for(backbone, images), len(images), "predictions")
    ]
    return torch.cat(logits) if logits else torch.zeros(0, 0, device=backbone.device)


def batches_for(backbone: Backbone, images: Images) -> Iterator[Tensor]:
    """Bring images to a network in batches of the size that its device likes.

    Parameters
    ----------
    backbone
        The network.
    images
        (n, 3, H, W), transformed; or paths of readable pictures.

    Returns
    -------
    Iterator[Tensor]
        (at most `backbone.batch_size`, 3, H, W) each.
    """
    return batches(images, backbone.transform, backbone.batch_size)


def progress(parts: Iterator[Tensor], total: int, name: str) -> Iterator[Tensor]:
    """Show how far a loop over batches is, where the output is a terminal.

    Parameters
    ----------
    parts
        Batches along their first axis.
    total
        Rows of all of them.
    name
        Shown before the figures.

    Yields
    ------
    Tensor
        The same batches.
    """
    done = 0
    for part in parts:
        yield part
        done += len(part)
        if sys.stderr.isatty():
            end = "\n" if done >= total else ""
            print(f"\r{name}: {done} of {total}", end=end, file=sys.stderr, flush=True)  # noqa: T201


def _must_read(file: Path) -> Tensor:
    picture = read_picture(file)
    if picture is None:
        raise ImageError(f"image must be readable; got {file}.")
    return picture


def _read_table(file: Path) -> list[ImageRecord]:
    """Read an ``images.csv``; spreadsheets begin it with a byte order mark."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            rows = list(reader)
    except UnicodeDecodeError as error:
        raise ImageError(f"{file} must be text in UTF-8; got {error}.") from error
    names = list(reader.fieldnames or [])
    missing = [name for name in ("file", "label") if name not in names]
    if missing:
        raise ImageError(f"{file} must have the columns ['file', 'label']; got {names}.")
    return [_record(file, row) for row in rows]


def _record(file: Path, row: dict[str, str | None]) -> ImageRecord:
    """Check a line of the table, by what it says of an image."""
    name, label = row["file"], row["label"]
    if not name or not label:
        raise ImageError(f"file and label in {file} must be given; got {name!r} and {label!r}.")
    found = {}
    for column, known in TABLE_VALUES.items():
        found[column] = row.get(column) or ""
        if found[column] not in known:
            raise ImageError(
                f"{column} of {name} in {file} must be one of {list(known)}; got {found[column]!r}."
            )
    return ImageRecord(file=name, label=label, split=found["split"], tie=found["tie"])


def _walk(folder: Path) -> list[ImageRecord]:
    return [
        ImageRecord(
            file=file.relative_to(folder).as_posix(), label=file.parent.name, split="", tie=""
        )
        for file in folder.glob("*/*")
        if file.suffix.lower() in EXTENSIONS and file.parent.name != "masks"
    ]
