"""Unpack a bundle that somebody sent: nothing leaves its folder, and nothing swells up.

An archive is data from outside. So the names of its members are compared with what a bundle holds
before anything is written, sizes are counted while they are unpacked and not believed, and no
picture is decoded that is larger than a study needs.
"""

import hashlib
import re
import stat
import struct
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from PIL import Image, UnidentifiedImageError

from stimuli_builder.bundle import Bundle, BundleError, read_bundle
from study_app.errors import BadPayloadError

MAX_ARCHIVE_BYTES: Final = 200 * 2**20
MAX_UNPACKED_BYTES: Final = 500 * 2**20
MAX_JSON_BYTES: Final = 20 * 2**20
MAX_PICTURE_BYTES: Final = 10 * 2**20
MAX_PICTURE_PIXELS: Final = 16_000_000
MAX_MEMBERS: Final = 10_000
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
CHUNK_BYTES: Final = 64 * 1024
BOMBS: Final = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    ValueError,
    SyntaxError,
)
FORMATS: Final = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}
MEMBER: Final = re.compile(r"(manifest\.json|answers\.json|media/[0-9a-f]{64}\.(jpg|png|webp))")


def unpack_bundle(archive: Path | IO[bytes], folder: Path) -> Bundle:
    """Check an archive, and put its bundle into a folder, whole or not at all.

    Parameters
    ----------
    archive
        A ZIP file of a bundle's files, or of the one folder that holds them.
    folder
        Where bundles are kept; the new one is named after its study and its manifest's hash.

    Returns
    -------
    Bundle
        As it was kept; or as it had been kept, if it was there.

    Raises
    ------
    BadPayloadError
        If it is no such archive, a member's name, kind or size is not a bundle's, a picture is not
        what it is called, or the study cannot be run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".upload-") as scratch:
        inside = Path(scratch) / "bundle"
        (inside / "media").mkdir(parents=True)
        try:
            with zipfile.ZipFile(archive) as packed:
                _unpack(packed, inside)
        except (
            zipfile.BadZipFile,
            EOFError,
            IndexError,  # a name of no letters
            NotImplementedError,
            RuntimeError,
            ValueError,  # names that are no UTF-8, places before the beginning
            struct.error,
            zlib.error,
        ) as error:
            raise BadPayloadError(f"bundle must be a ZIP file; got {error}.") from error
        bundle = _read(inside)
        _check_media(bundle)
        kept = folder / f"{bundle.manifest.study}-{bundle.manifest_sha256[:12]}"
        if not kept.exists():
            inside.rename(kept)
    return read_bundle(kept)


def _unpack(packed: zipfile.ZipFile, inside: Path) -> None:
    members = [member for member in packed.infolist() if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise BadPayloadError(f"bundle must have at most {MAX_MEMBERS} files; got {len(members)}.")
    prefix = _prefix(members)
    names = [_checked_name(member, prefix) for member in members]
    if len(set(names)) < len(names):
        raise BadPayloadError("files of a bundle must have different names; got one twice.")
    left = MAX_UNPACKED_BYTES
    for member, name in zip(members, names, strict=True):
        limit = MAX_JSON_BYTES if name.endswith(".json") else MAX_PICTURE_BYTES
        with packed.open(member) as source, (inside / name).open("wb") as target:
            left -= _copy(source, target, name=name, limit=min(limit, left))


def _prefix(members: list[zipfile.ZipInfo]) -> str:
    """Return the folder that holds the manifest in the archive, with a slash, or nothing."""
    for member in members:
        parts = member.filename.split("/")
        if parts[-1] == "manifest.json" and len(parts) == 2:
            return f"{parts[0]}/"
    return ""


def _checked_name(member: zipfile.ZipInfo, prefix: str) -> str:
    name = member.filename.removeprefix(prefix)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadPayloadError(f"file of a bundle must be no link; got {member.filename[:80]!r}.")
    if member.compress_type not in METHODS:
        raise BadPayloadError(
            "file of a bundle must be stored or deflated; got "
            f"{member.filename[:80]!r} by method {member.compress_type}."
        )
    if not MEMBER.fullmatch(name):
        raise BadPayloadError(
            "file of a bundle must be manifest.json, answers.json or a picture in media named by "
            f"its hash; got {member.filename[:80]!r}."
        )
    return name


def _copy(source: IO[bytes], target: IO[bytes], *, name: str, limit: int) -> int:
    """Unpack one file, and stop where it is larger than a bundle's could be."""
    n_bytes = 0
    while chunk := source.read(CHUNK_BYTES):
        n_bytes += len(chunk)
        if n_bytes > limit:
            raise BadPayloadError(f"file {name[:80]} must have at most {limit} bytes; got more.")
        target.write(chunk)
    return n_bytes


def _read(inside: Path) -> Bundle:
    try:
        return read_bundle(inside)
    except BundleError as error:
        raise BadPayloadError(str(error)) from error
    except RecursionError as error:
        raise BadPayloadError(
            "bundle must be plain JSON; got one that is nested deeply."
        ) from error


def _check_media(bundle: Bundle) -> None:
    """Require exactly the pictures that the manifest lists, and that each is what it says."""
    found = {file.name for file in (bundle.path / "media").iterdir()}
    odd = sorted(found ^ set(bundle.manifest.media))
    if odd:
        raise BadPayloadError(
            f"media must be those that the manifest lists; got a difference in {odd[0]}."
        )
    for name, listed in bundle.manifest.media.items():
        file = bundle.media_path(name)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if not name.startswith(digest):
            raise BadPayloadError(
                f"picture {name} must have the SHA-256 of its name; got {digest}."
            )
        _check_picture(file, (listed.width_px, listed.height_px))


def _check_picture(file: Path, size_px: tuple[int, int]) -> None:
    """Compare a picture's header with its name and its entry; pixels are not decoded."""
    wanted = FORMATS[file.suffix.removeprefix(".")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=[wanted]) as picture:
                found = picture.size
    except BOMBS as error:
        raise BadPayloadError(
            f"picture {file.name} must be a {wanted} file; got {error}."
        ) from error
    if found != size_px or found[0] * found[1] > MAX_PICTURE_PIXELS:
        raise BadPayloadError(
            f"picture {file.name} must be of {size_px} pixels, as listed, and at most "
            f"{MAX_PICTURE_PIXELS} of them; got {found}."
        )
