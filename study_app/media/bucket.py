"""Pictures in a bucket, by any file system that fsspec knows.

A picture's name is the SHA-256 of its bytes, so that whatever the bucket sends is checked before a
participant gets it. A bucket that does not answer is left alone for a moment: requests that wait
for it would keep the answers of others waiting, too.
"""

import hashlib
import importlib
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from study_app.errors import MediaError, SetupError

CONNECT_S: Final = 2
READ_S: Final = 4
LONGEST_S: Final = 8.0  # of one picture, with what is tried again
REST_S: Final = 2.0  # for which a bucket that did not answer is not asked again
S3_OPTIONS: Final = {
    "config_kwargs": {
        "connect_timeout": CONNECT_S,
        "read_timeout": READ_S,
        "retries": {"max_attempts": 1},
    }
}


class Bucket:
    """A folder of a bucket that holds a study's pictures.

    Parameters
    ----------
    url
        As fsspec writes it, such as ``s3://bucket/study``.

    Raises
    ------
    SetupError
        If it is no such address, or its package is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files, self._root = _open(url)
        self._limit = {"timeout": LONGEST_S} if self._files.async_impl else {}
        self._rests_until_s = 0.0

    def read(self, name: str) -> bytes:
        """Return a picture.

        Parameters
        ----------
        name
            As in the manifest.

        Returns
        -------
        bytes
            With the SHA-256 of their name.

        Raises
        ------
        MediaError
            If the bucket does not answer, has no such picture, or another one.
        """
        if time.monotonic() < self._rests_until_s:
            raise MediaError("bucket must answer; got nothing a moment ago.")
        try:
            content: bytes = self._files.cat_file(self._path(name), **self._limit)
        except FileNotFoundError as error:
            raise MediaError(f"bucket must hold {name}; got no such file.") from error
        except Exception as error:  # each file system has errors of its own
            self._rests_until_s = time.monotonic() + REST_S
            raise MediaError(f"bucket must answer; got {type(error).__name__}.") from error
        digest = hashlib.sha256(content).hexdigest()
        if not name.startswith(digest):
            raise MediaError(
                f"{name} of the bucket must have the SHA-256 of its name; got {digest}."
            )
        return content

    def sizes(self) -> dict[str, int]:
        """Return what the bucket holds.

        Returns
        -------
        dict[str, int]
            Name -> bytes; empty where there is no such folder yet.

        Raises
        ------
        MediaError
            If the bucket does not answer.
        """
        try:
            self._files.invalidate_cache()
            found = self._files.find(self._root, maxdepth=1, detail=True, **self._limit)
        except FileNotFoundError:
            return {}
        except Exception as error:  # each file system has errors of its own
            raise MediaError(f"bucket must answer; got {type(error).__name__}.") from error
        return {path.rpartition("/")[2]: int(about["size"]) for path, about in found.items()}

    def write(self, pictures: Mapping[str, bytes]) -> None:
        """Put pictures into the bucket, side by side where its file system can do that.

        Parameters
        ----------
        pictures
            Name -> bytes.

        Raises
        ------
        MediaError
            If the bucket does not take them.
        """
        try:
            if not self._files.async_impl:  # object stores have no folders to be made
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe({self._path(name): content for name, content in pictures.items()})
        except Exception as error:  # each file system has errors of its own
            raise MediaError(
                f"bucket must take pictures; got {type(error).__name__}: {_first_line(error)}."
            ) from error

    def check_holds(self, names: Iterable[str]) -> None:
        """Make sure that no picture is missing.

        Parameters
        ----------
        names
            As in the manifest.

        Raises
        ------
        SetupError
            If one is.
        MediaError
            If the bucket does not answer.
        """
        missing = sorted(set(names) - set(self.sizes()))
        if missing:
            raise SetupError(
                f"{self.url} must hold every picture; got {len(missing)} missing, such as "
                f'{missing[0][:12]}…. Send them with "craft-study push-media".'
            )

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"


def _open(url: str) -> tuple[Any, str]:
    """Return the file system of an address, and the folder in it."""
    protocol, separator, _ = url.partition("://")
    if not separator:  # fsspec would take it for a folder here
        raise SetupError(f"STUDY_MEDIA must be an address such as s3://bucket/study; got {url!r}.")
    try:
        url_to_fs = importlib.import_module("fsspec.core").url_to_fs
        files, root = url_to_fs(url, **(S3_OPTIONS if protocol in ("s3", "s3a") else {}))
    except ImportError as error:
        raise SetupError(
            f"STUDY_MEDIA must be of a store whose package is installed; got {protocol}. "
            'Run "pip install craft-studies[s3]".'
        ) from error
    except ValueError as error:
        raise SetupError(
            f"STUDY_MEDIA must be an address such as s3://bucket/study; got {url!r}."
        ) from error
    if hasattr(files, "retries"):
        files.retries = 2
    return files, str(root).rstrip("/")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
