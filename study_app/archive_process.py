"""Start the process that makes an export, so that those that serve people go on doing so."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from study_app.config import NAMES
from study_app.errors import SetupError
from study_app.server import source_path

CODE: Final = "from study_app.archive import main; main()"


def export_apart(settings: Mapping[str, object], file: Path) -> None:
    """Export a study into one file, in a process of its own, and wait for it.

    Parameters
    ----------
    settings
        The application's, of which those in `study_app.config.NAMES` are handed on.
    file
        ZIP file to write.

    Raises
    ------
    SetupError
        If it cannot be exported.
    """
    handed_on = {name: str(settings[name]) for name in NAMES}
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(file)],
        env={**os.environ, **handed_on, "PYTHONPATH": source_path()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"nothing, and status {done.returncode}"]
        raise SetupError(f"export must be made by a process that ends well; got {said[-1]!r}.")
