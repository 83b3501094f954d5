import io
import random

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.study_app.test_unpacking import archive_of, files_of


@pytest.fixture
def folder(app, tmp_path):
    app.config["STUDY_UPLOADS"] = str(tmp_path / "uploads")
    return tmp_path / "uploads"


def send(client, stream, name="bundle.zip"):
    page = client.get("/admin/login").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    boundary, body = encode_multipart(
        {"csrf_token": token, "bundle": FileStorage(stream, name)}
    )  # the client's own way leaves a file open where the body is large
    form = f"multipart/form-data; boundary={boundary}"
    return client.post("/admin/bundles", data=body, content_type=form)


def test_bundle_is_kept_and_the_command_is_shown(admin, bundle, folder):
    answer = send(admin, archive_of(files_of(bundle.path)))
    assert answer.status_code == 200
    (kept,) = folder.iterdir()
    assert f"craft-study serve {kept}" in answer.text
    assert files_of(kept) == files_of(bundle.path)


def test_administrator_alone_may_send_what_is_large(app, admin, bundle, folder):
    large = bytes(200_000)
    assert send(admin, io.BytesIO(large)).status_code == 400
    assert send(app.test_client(), io.BytesIO(large)).status_code == 413
    assert not folder.exists() or list(folder.iterdir()) == []


def test_bundle_of_megabytes_that_cannot_be_compressed_arrives_whole(admin, bundle, folder):
    generator = random.Random(0)
    for _ in range(3):
        files = files_of(bundle.path) | {"media/noise": generator.randbytes(3_000_000)}
        answer = send(admin, archive_of(files))
        assert answer.status_code == 400
        assert "media/noise" in answer.text  # it was opened


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "bundle must be a ZIP file; got nothing"), ("x", "bundle must be a ZIP file; got")],
)
def test_what_is_no_bundle_is_refused(admin, folder, name, message):
    answer = send(admin, io.BytesIO(b"no archive"), name)
    assert (answer.status_code, message in answer.text) == (400, True)


def test_uploads_are_off_by_default(admin, bundle):
    assert admin.get("/admin/bundles").status_code == 404
    assert send(admin, archive_of(files_of(bundle.path))).status_code == 404
