"""An export as one file, made by a process that `study_app.archive_process` starts."""

import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from stimuli_builder.bundle import Bundle, BundleError
from study_app.app import create_app
from study_app.errors import StudyError
from study_app.formats import export_as

NICENESS: Final = 10  # those who answer people go first


def main() -> None:
    """Export the study of the environment's settings into the file that is named.

    Raises
    ------
    SystemExit
        If it cannot be exported; one line on stderr says why.
    """
    os.nice(NICENESS)
    try:
        app = create_app()
        with app.app_context():
            write_archive(app.extensions["study_bundle"], Path(sys.argv[1]))
    except (StudyError, BundleError, OSError, SQLAlchemyError) as error:
        raise SystemExit(str(error).splitlines()[0]) from error


def write_archive(bundle: Bundle, file: Path) -> None:
    """Write the database's study, as tidy CSV files in a folder of its name.

    Parameters
    ----------
    bundle
        The study's bundle.
    file
        ZIP file to write.
    """
    with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
        folder = export_as(bundle, Path(scratch) / "export")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for each in sorted(folder.iterdir()):
                archive.write(each, f"{bundle.manifest.study}/{each.name}")
