import os
from pathlib import Path

from study_app.workers import SHARED_FOLDER, on_exit, on_starting


def test_folder_lasts_as_long_as_the_server(monkeypatch):
    monkeypatch.setenv(SHARED_FOLDER, "")
    on_starting(None)
    folder = Path(os.environ[SHARED_FOLDER])
    assert list(folder.iterdir()) == []
    on_exit(None)
    assert not folder.exists()
