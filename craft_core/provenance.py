"""Where an artefact comes from: versions, commits and hashes."""

import hashlib
import subprocess
from importlib import metadata
from pathlib import Path

DISTRIBUTION = "craft-studies"


def package_version() -> str:
    """Return the installed package's version.

    Returns
    -------
    str
        ``unknown`` where the package runs without being installed.
    """
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def git_commit() -> str | None:
    """Return the commit of the working tree that holds this package.

    Returns
    -------
    str or None
        None where the package lies in no working tree, or git is not there.
    """
    folder = Path(__file__).parent
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    tracked = ["git", "-C", str(folder), "ls-files", "--error-unmatch", Path(__file__).name]
    try:
        subprocess.run(tracked, capture_output=True, check=True)
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


def file_sha256(file: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    file
        Any file.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(file.read_bytes()).hexdigest()
