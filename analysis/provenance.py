"""Which version of this package a result was made with."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path


def package_version() -> str:
    """Return the installed version of this project.

    Returns
    -------
    str
        Such as ``0.1.0``; ``unknown`` where it runs without being installed.
    """
    try:
        return importlib.metadata.version("craft-studies")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def git_commit() -> str | None:
    """Return the commit of the working tree that this package runs from.

    Returns
    -------
    str | None
        Forty hexadecimal digits, or None where this file is no part of a git working tree.
    """
    here = Path(__file__).resolve()
    if _git(here.parent, "ls-files", "--error-unmatch", here.name) is None:
        return None
    return _git(here.parent, "rev-parse", "HEAD")


def software() -> dict[str, str]:
    """Return the versions of what computes the numbers.

    Returns
    -------
    dict[str, str]
        Name -> version: Python and the libraries for tables, statistics and figures.
    """
    libraries = ("matplotlib", "numpy", "pandas", "scipy", "statsmodels")
    versions = {name: importlib.metadata.version(name) for name in libraries}
    return {"python": platform.python_version(), **versions}


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what a git command says, or None if it fails."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
