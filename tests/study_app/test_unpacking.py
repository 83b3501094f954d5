import hashlib
import io
import json
import stat
import zipfile

import pytest

from study_app import unpacking
from study_app.errors import BadPayloadError
from study_app.unpacking import unpack_bundle


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def archive_of(files, *, prefix=""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"{prefix}{name}", content)
    stream.seek(0)
    return stream


@pytest.fixture
def files(bundle):
    return files_of(bundle.path)


@pytest.mark.parametrize("prefix", ["", "bundle/"])
def test_bundle_is_kept_as_it_was_sent_and_once(files, bundle, tmp_path, prefix):
    for _ in range(2):
        kept = unpack_bundle(archive_of(files, prefix=prefix), tmp_path)
    assert kept.path.name == f"small-{bundle.manifest_sha256[:12]}"
    assert files_of(kept.path) == files
    assert [path.name for path in tmp_path.iterdir()] == [kept.path.name]


def refused(archive, folder, message):
    with pytest.raises(BadPayloadError, match=message):
        unpack_bundle(archive, folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "/etc/cron.d/evil",
        "media/../../evil.png",
        "media\\..\\evil.png",
        "C:/evil.png",
        "extra.txt",
        "media/short.png",
        f"media/{'a' * 64}.svg",
        f"media/{'a' * 64}.png/x",
        "MANIFEST.JSON",
    ],
)
def test_name_that_no_bundle_has_is_refused(files, tmp_path, name):
    folder = tmp_path / "uploads"
    refused(archive_of(files | {name: b"x"}), folder, "file of a bundle must be manifest.json")
    assert [path.name for path in tmp_path.iterdir()] == ["uploads"]


def test_link_is_refused(files, tmp_path):
    stream = archive_of(files)
    with zipfile.ZipFile(stream, "a") as packed:
        link = zipfile.ZipInfo(f"media/{'a' * 64}.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    refused(stream, tmp_path, "must be no link")


def test_same_name_twice_is_refused(files, tmp_path):
    stream = archive_of(files)
    with zipfile.ZipFile(stream, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("manifest.json", files["manifest.json"])
    refused(stream, tmp_path, "must have different names")


def test_file_that_swells_up_is_stopped(files, tmp_path, monkeypatch):
    bomb = archive_of(files | {f"media/{'a' * 64}.png": bytes(11 * 2**20)})
    assert len(bomb.getvalue()) < 2**20
    refused(bomb, tmp_path, "must have at most 10485760 bytes; got more")
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 1000)
    refused(archive_of(files), tmp_path, "must have at most")


def test_too_many_files_are_refused(files, tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "MAX_MEMBERS", 3)
    refused(archive_of(files), tmp_path, "bundle must have at most 3 files; got")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"x" * 50])
def test_what_is_no_archive_is_refused(tmp_path, content):
    refused(io.BytesIO(content), tmp_path, "bundle must be a ZIP file")


def test_archive_that_is_damaged_is_refused(files, tmp_path):
    content = bytearray(archive_of(files).getvalue())
    content[60:90] = bytes(30)
    refused(io.BytesIO(bytes(content)), tmp_path, "bundle must be|file of a bundle must be")


def changed(files, name, content):
    return archive_of(files | {name: content})


def named(files, study):
    """Pack a bundle whose two files belong together, under another study's name."""
    manifest = json.dumps(json.loads(files["manifest.json"]) | {"study": study}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    answers = json.loads(files["answers.json"]) | {"manifest_sha256": digest}
    both = {"manifest.json": manifest, "answers.json": json.dumps(answers).encode()}
    return archive_of(files | both)


@pytest.mark.parametrize("name", ["../evil", "{folder}/pwned", "a\0b", "y" * 300, "", "."])
def test_study_whose_name_leads_elsewhere_is_refused(files, tmp_path, name):
    folder = tmp_path / "uploads"
    study = name.replace("{folder}", str(tmp_path))
    refused(named(files, study), folder, "study must be small letters, digits, - and _")
    assert [path.name for path in tmp_path.iterdir()] == ["uploads"]


def test_study_that_cannot_be_run_is_refused(files, tmp_path):
    refused(changed(files, "manifest.json", b"{"), tmp_path, "manifest.json")
    deep = b"[" * 100_000
    refused(changed(files, "manifest.json", deep), tmp_path, ".")
    unknown = json.loads(files["manifest.json"]) | {"stages": []}
    refused(changed(files, "manifest.json", json.dumps(unknown)), tmp_path, "stages|manifest")


def test_picture_must_be_what_it_is_called(files, tmp_path):
    pictures = [name for name in files if name.startswith("media/")]
    refused(changed(files, pictures[0], b"no picture"), tmp_path, "must")
    refused(changed(files, pictures[0], files[pictures[1]]), tmp_path, "must")
    left_out = {name: content for name, content in files.items() if name != pictures[0]}
    refused(archive_of(left_out), tmp_path, "must")
    more = files | {f"media/{'a' * 64}.png": files[pictures[0]]}
    refused(archive_of(more), tmp_path, "media must be those that the manifest lists")
