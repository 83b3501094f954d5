import io
import re
import tempfile
import zipfile
from pathlib import Path

import pytest

from study_app.archive_process import export_apart
from study_app.errors import SetupError
from study_app.formats import export_as
from tests.study_app.walker import Walker


def test_archive_holds_the_files_of_an_export(app, bundle, tmp_path):
    Walker(app.test_client(), bundle).walk_to("debriefing")
    export_apart(app.config, tmp_path / "export.zip")
    with app.app_context():
        folder = export_as(bundle, tmp_path / "export")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files == {f"small/{file.name}": file.read_bytes() for file in folder.iterdir()}


def test_export_that_cannot_be_made_says_why(app, tmp_path):
    with pytest.raises(SetupError, match=re.escape(f"got 'bundle {tmp_path}/none must hold")):
        export_apart({**app.config, "STUDY_BUNDLE": tmp_path / "none"}, tmp_path / "export.zip")


def test_nothing_is_left_behind_once_it_is_sent(admin, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    token = admin.get("/admin").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = admin.post("/admin/export.zip", data={"csrf_token": token}, buffered=True)
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert zipfile.is_zipfile(io.BytesIO(answer.data))
    assert list(Path(tmp_path).glob("study-export-*")) == []
