"""What is kept between builds, in the user's cache folder: maps and drawn pictures, by content."""

import hashlib
import os
from pathlib import Path

from platformdirs import user_cache_path

DIGEST_BYTES = hashlib.sha256().digest_size


def user_cache() -> Path:
    """Return where maps and pictures are kept between builds.

    Returns
    -------
    Path
        In the user's cache folder.
    """
    return user_cache_path("craft-studies") / "maps"


def keep(place: Path, content: bytes) -> None:
    """Write a file of the cache, with its hash before it: all of it or nothing.

    Parameters
    ----------
    place
        In the cache.
    content
        Its bytes.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_suffix(f".{os.getpid()}.part")
    partial.write_bytes(hashlib.sha256(content).digest() + content)
    partial.replace(place)


def kept(place: Path) -> bytes | None:
    """Read a file of the cache.

    Parameters
    ----------
    place
        In the cache.

    Returns
    -------
    bytes | None
        What `keep` was given; None where there is no such file, or it was cut short or altered.
    """
    if not place.exists():
        return None
    whole = place.read_bytes()
    digest, content = whole[:DIGEST_BYTES], whole[DIGEST_BYTES:]
    return content if hashlib.sha256(content).digest() == digest else None
