"""What gunicorn does around its workers: they share a folder in which they count requests.

gunicorn reads the functions' names; see its documentation of server hooks.
"""

import os
import shutil
import tempfile
from typing import Final

SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # the name is prometheus_client's


def on_starting(server: object) -> None:
    """Make an empty folder before the first worker starts.

    Parameters
    ----------
    server
        gunicorn's main process, which the workers get their environment from.
    """
    os.environ[SHARED_FOLDER] = tempfile.mkdtemp(prefix="study-metrics-")


def on_exit(server: object) -> None:
    """Remove the folder when the last worker has ended.

    Parameters
    ----------
    server
        gunicorn's main process.
    """
    shutil.rmtree(os.environ[SHARED_FOLDER], ignore_errors=True)
